"""Every number that a chapter prints or draws, with its numerical error, so that two runs are
compared as numbers.

Another processor rounds differently, and an adaptive computation then ends at other last digits:
text would differ where nothing did. A chapter therefore keeps what it shows in :class:`Numbers`, as
``results/<chapter>/numbers.json`` and in its last cell's output, and :func:`differences` holds one
record against another: numbers within the error of the first, texts and counts exactly.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike

#: Relative error of a closed formula in double precision, whatever the order of its sums [-].
ROUNDING = 1e-9

#: Of a longer row as many values are kept, evenly spaced.
LONGEST = 24

#: A numerical error may come out this much larger on another processor, where it is itself computed
#: [-].
GROWTH = 2.0

_BETWEEN = " ± "

#: A number, or a number and its numerical error.
Number = float | np.number | tuple[float, float]


class Phrase(str):
    """A text with numbers in it that are kept beside it.

    Attributes
    ----------
    numbers : tuple of (float, float)
        Value and numerical error of each [as printed].
    masked : str
        The text with ``#`` for each of them.
    """

    numbers: tuple[tuple[float, float], ...]
    masked: str


def phrase(template: str, *values: Number | str, accuracy: float = ROUNDING) -> Phrase:
    """A text made of a template and numbers.

    Parameters
    ----------
    template : str
        With a field of ``str.format`` for each value, e.g. ``"{:.1f} times the stress"``; a
        minus is set as a true one.
    *values : float, (float, float), int or str
        A number, or a number and its numerical error. Whole numbers and texts are exact.
    accuracy : float
        Relative error of a number that comes without one [-].
    """
    numbers, shown, masks = [], [], []
    for value in values:
        number, error = value if isinstance(value, tuple) else (value, None)
        if isinstance(number, float | np.floating):
            numbers.append(
                (float(number), abs(number) * accuracy if error is None else float(error))
            )
            shown.append(_Signed(number))
            masks.append(_Mask())
        else:
            shown.append(number)
            masks.append(number)
    text = Phrase(template.format(*shown))
    text.numbers, text.masked = tuple(numbers), template.format(*masks)
    return text


def with_error(
    template: str, value: float, error: float, decimals: tuple[int, int] = (2, 3), unit: str = ""
) -> Phrase:
    """A number and its numerical error, rounded up, with the decimals that the error's first digit
    leaves.

    Parameters
    ----------
    template : str
        For the number, with ``%d`` for the decimals, e.g. ``"{:+.%df}"``.
    value, error : float
        As printed; an error of 0 is none that is known.
    decimals : (int, int)
        Where the error is not known, and at most.
    unit : str
        Comes last, with what sets it apart.
    """
    usual, most = decimals
    if not error:
        return phrase(template % usual + unit, float(value))
    shown = max(0, min(most, -math.floor(math.log10(error))))
    upper = math.ceil(error * 10**shown - 1e-9) / 10**shown
    return phrase(
        f"{template % shown} ± {{:.{shown}f}}{unit}", (float(value), float(error)), (upper, upper)
    )


def fixed(value: float, spec: str) -> str:
    """A number as it is printed: with a true minus, and none before what rounds to zero.

    Parameters
    ----------
    value : float
    spec : str
        Of ``format``.
    """
    text = format(float(value), spec)
    if math.isfinite(value) and not any(digit in text for digit in "123456789"):
        text = format(abs(float(value)), spec)
    return text.replace("-", "\N{MINUS SIGN}")


class _Signed(float):
    """A number that is formatted by :func:`fixed`."""

    def __format__(self, spec: str) -> str:
        return fixed(self, spec)


class _Mask:
    def __format__(self, spec: str) -> str:
        return "#"


class Numbers:
    """What a chapter has shown so far, by name.

    An entry is ``"0.25 0.3 ± 1e-9"`` for numbers, and a list such as ``["text"]`` for what is
    exact.
    """

    def __init__(self) -> None:
        self.entries: dict[str, str | list] = {}

    def keep(
        self,
        name: str,
        values: ArrayLike,
        error: ArrayLike | None = None,
        accuracy: float = ROUNDING,
    ) -> None:
        """Keep numbers (a few, or evenly spaced ones of many) with their numerical error.

        Parameters
        ----------
        name : str
        values : float or array
            Whole numbers, words and what holds or not are kept exactly.
        error : float or array, optional
            Absolute, one for all or one each [as the values].
        accuracy : float
            Relative error where none is given [-].
        """
        array = np.asarray(values)
        if isinstance(values, Phrase):
            return self.keep_text(name, values)
        if array.dtype.kind not in "fc":
            return self._add(name, array.ravel().tolist())
        array = np.atleast_1d(array).ravel()
        if error is None:
            finite = np.abs(array[np.isfinite(array)])
            error = accuracy * (np.abs(array) if array.size <= LONGEST else finite.max(initial=0.0))
        errors = np.broadcast_to(np.asarray(error, dtype=float), array.shape)
        chosen = spaced(array.size)
        array, errors = array[chosen], errors[chosen]
        errors = errors[:1] if len({*errors.tolist()}) == 1 else errors
        self._add(
            name,
            " ".join(map(_text, array)) + _BETWEEN + " ".join(f"{error:.2g}" for error in errors),
        )
        return None

    def keep_text(self, name: str, text: str) -> None:
        """Keep a text exactly, and the numbers of a :class:`Phrase` as numbers."""
        self._add(name, [text.masked if isinstance(text, Phrase) else str(text)])
        for index, (value, error) in enumerate(text.numbers if isinstance(text, Phrase) else ()):
            self.keep(f"{name}/{index}", value, error)

    def _add(self, name: str, entry: str | list) -> None:
        if name in self.entries:
            raise ValueError(f"{name!r} is kept already: give it another name")
        self.entries[name] = entry


def spaced(size: int) -> np.ndarray:
    """Indices of at most :data:`LONGEST` entries of a row, evenly spaced, with first and last."""
    return np.unique(np.linspace(0, max(size - 1, 0), min(size, LONGEST)).round().astype(int))


def summary(array: np.ndarray) -> np.ndarray:
    """A field too large to keep: extremes, mean, spread and quartiles of its finite values [its
    unit].

    Unlike single entries they do not depend on where an adaptive computation has put its points.
    """
    finite = array[np.isfinite(array)]
    if not finite.size:
        return np.array([])
    return np.array(
        [
            finite.min(),
            finite.max(),
            finite.mean(),
            finite.std(),
            *np.quantile(finite, [0.25, 0.5, 0.75]),
        ]
    )


def _text(value: float) -> str:
    return f"{value:.12g}"


def differences(reference: Mapping[str, str | list], fresh: Mapping[str, str | list]) -> list[str]:
    """What a fresh record says otherwise than the reference, a line each; nothing where they agree.

    Numbers agree within the numerical error that the reference gives; an error may have grown by
    :data:`GROWTH`.

    Parameters
    ----------
    reference, fresh : mapping
        ``entries`` of :class:`Numbers`.
    """
    lines = [f"{name}: no longer there" for name in reference if name not in fresh]
    lines += [f"{name}: is new" for name in fresh if name not in reference]
    for name in reference:
        if name in fresh and reference[name] != fresh[name]:
            lines += [f"{name}: {why}" for why in _unlike(reference[name], fresh[name])]
    return lines


def _unlike(reference: str | list, fresh: str | list) -> Iterator[str]:
    if not (isinstance(reference, str) and isinstance(fresh, str)):
        old, new = (json.dumps(value, ensure_ascii=False) for value in (reference, fresh))
        yield f"{old} has become {new}"
        return
    (old, errors), (new, grown) = _parse(reference), _parse(fresh)
    if old.shape != new.shape:
        yield f"{old.size} numbers have become {new.size}"
        return
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    for place in np.flatnonzero(~same):
        difference, allowed = abs(new[place] - old[place]), errors[place if errors.size > 1 else 0]
        if not difference <= allowed:
            where = f" (number {place + 1})" if old.size > 1 else ""
            change = f"{old[place]:.10g} has become {new[place]:.10g}{where}"
            yield f"{change}, by {difference:.2g}; its error is {allowed:.2g}"
    if np.max(grown) > GROWTH * np.max(errors):
        yield f"its error has grown from {np.max(errors):.2g} to {np.max(grown):.2g}"


def _parse(entry: str) -> tuple[np.ndarray, np.ndarray]:
    values, errors = (
        np.array(part.split(), dtype=float) for part in entry.split(_BETWEEN.rstrip())
    )
    return values, errors


def decimals_allowed(decimals: int, errors: Iterable[float]) -> int:
    """As many of the wanted decimals as the largest numerical error leaves: its last digit may be
    off by one.

    Parameters
    ----------
    decimals : int
    errors : iterable of float
        Absolute [as the number is printed].
    """
    largest = max((error for error in errors if math.isfinite(error)), default=0.0)
    return decimals if largest <= 0 else min(decimals, math.floor(-math.log10(largest) + 1e-9))
