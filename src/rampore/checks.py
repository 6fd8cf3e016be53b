"""What a quantity, a choice or a key goes through where it enters: one line says what is wrong and
what would be right.

Each function gives back what it was given, or raises the error class of the module that asks, so
that a user reads of a cell, a coating or an option, and never of a check.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Hashable, Iterable
from typing import TypeVar

from rampore import RamporeError

T = TypeVar("T")

#: Shares that were computed from rounded numbers add up to one within this [-].
SHARES = 1e-3


def nearest(name: object, names: Iterable[str]) -> str:
    """A hint at what may have been meant: ``; did you mean 'a' or 'b'?``, or all there is where
    nothing is near.
    """
    names = [str(known) for known in names]
    near = difflib.get_close_matches(str(name), names, n=3)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    return f"; there are: {', '.join(map(repr, names))}" if names else ""


def choice(name: str, value: T, choices: Iterable, error: type[RamporeError]) -> T:
    """One of a few words (or numbers), exactly.

    Parameters
    ----------
    name : str
        Of the argument, key or option.
    value
    choices : iterable
    error : type
        What is raised.
    """
    choices = list(choices)
    alike = [known for known in choices if isinstance(known, bool) == isinstance(value, bool)]
    if not isinstance(value, Hashable) or value not in alike:
        raise error(f"{name} = {value!r} is not one of the choices{nearest(value, choices)}")
    return value


def known_keys(
    where: str, given: Iterable[str], known: Iterable[str], error: type[RamporeError]
) -> None:
    """No key but the known ones; the message names the nearest."""
    known = list(known)
    for key in given:
        if key not in known:
            raise error(f"{where}: unknown key {key!r}{nearest(key, known)}")


def quantity(
    name: str,
    value: T,
    error: type[RamporeError],
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    unit: str = "",
    whole: bool = False,
) -> T:
    """A finite real number, or an array of them, within its limits.

    Parameters
    ----------
    name : str
        As the user knows it.
    value : float or array
    error : type
        What is raised.
    above, at_least, below, at_most : float, optional
        Limits, the first and third of them excluded [unit].
    unit : str
        Of the value; empty for a number without one.
    whole : bool
        Whether only whole numbers will do.
    """
    if isinstance(value, float) and not whole and _within(value, above, at_least, below, at_most):
        return value  # what follows takes ten times as long
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in ("iu" if whole else "iuf"):
        shown = " ".join(repr(value).split())
        raise error(f"{name} = {shown:.200} is no {'whole ' * whole}number")
    limits = {
        "above": (above, np.greater),
        "at least": (at_least, np.greater_equal),
        "below": (below, np.less),
        "at most": (at_most, np.less_equal),
    }
    asked = [(word, limit, holds) for word, (limit, holds) in limits.items() if limit is not None]
    wanted = " and ".join(f"{word} {limit:g}" for word, limit, _ in asked)
    good = np.isfinite(array)
    for _, limit, holds in asked:
        good = good & holds(array, limit)
    if not np.all(good):
        where = "" if array.ndim == 0 else f" at index {tuple(map(int, np.argwhere(~good)[0]))}"
        wrong = float(array[~good].flat[0]) if array.ndim else float(array)
        shown = f"{wrong:.6g} {unit}".rstrip()
        raise error(
            f"{name}{where} = {shown} must be {'finite' if not wanted else f'finite and {wanted}'}"
        )
    return value


def _within(
    value: float,
    above: float | None,
    at_least: float | None,
    below: float | None,
    at_most: float | None,
) -> bool:
    return (
        math.isfinite(value)
        and (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
        and (at_most is None or value <= at_most)
    )


def increasing(name: str, values: T, error: type[RamporeError]) -> T:
    """A row of finite numbers, each above the one before it."""
    quantity(name, values, error)
    import numpy as np

    array = np.asarray(values)
    steps = np.diff(array)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + 1
        raise error(
            f"{name} must increase: {array[row]:g} at row {row + 1} follows {array[row - 1]:g}"
        )
    return values


def shares(name: str, values: Iterable[float], error: type[RamporeError]) -> list[float]:
    """Shares between 0 and 1 that sum to one, to :data:`SHARES`."""
    values = list(values)
    for value in values:
        quantity(name, value, error, at_least=0, at_most=1)
    total = float(sum(values))
    if abs(total - 1) > SHARES:
        raise error(f"{name} must sum to 1, and sum to {total:.6g}")
    return values
