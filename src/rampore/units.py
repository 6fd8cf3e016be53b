"""Units: the paper's on paper, SI in the code.

A thin layer over pint that knows how battery papers write units (``mg/cm2``, ``mAh/cm2``, ``um``)
and that always names the dimension it wanted when a unit does not fit.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rampore import RamporeError


class UnitError(RamporeError, ValueError):
    """A unit that is unknown, or that measures another quantity than the one asked for."""


LONGEST = 60  #: text of a unit [characters]

# What pint is given to compute stays small: 1, or a name with at most one exponent below ten
_PIECE = re.compile(r"1|[^\W\d]+(?:\^?[-+]?\d(?:\.\d+)?)?|[%\N{DEGREE SIGN}][^\W\d]*")


def _check(unit: str) -> None:
    """Refuse what is no unit before anything computes it."""
    if len(unit) > LONGEST:
        raise UnitError(
            f"the unit {unit[:20]!r}... is not one that can be read: it is longer than {LONGEST} "
            "characters"
        )
    for piece in re.split(r"[\s*/()\N{MIDDLE DOT}]+", re.sub(r"\s*(?:\*\*|\^)\s*", "^", unit)):
        if piece and not _PIECE.fullmatch(piece):
            raise UnitError(
                f"the unit {unit!r} is not one that can be read: {piece!r} is no name with a "
                "small exponent"
            )


@lru_cache(maxsize=1)
def _registry():
    import pint

    registry = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True,
        preprocessors=[lambda text: re.sub(r"(?<=[A-Za-z])(?=-?\d)", "**", text)],
        on_redefinition="ignore",
    )
    registry.define("ampere_hour = ampere * hour = Ah")
    registry.define("cycle = 1 = cycles")  # of a battery; pint's own is a turn of 2 pi radian
    return registry


@lru_cache(maxsize=1000)
def _scale(unit: str, si: str | None) -> tuple[float, float]:
    """Factor and offset that take a number in `unit` to `si`, or to pint's base units where `si` is
    None.
    """
    import pint

    for text in (unit, si):
        if text is not None:
            _check(text)
    registry = _registry()
    try:
        origin, one = (
            registry.Quantity(number, registry.parse_units(unit)) for number in (0.0, 1.0)
        )
        target = origin.to_base_units().units if si is None else registry.parse_units(si)
        zero = origin.to(target).magnitude
        return one.to(target).magnitude - zero, zero
    except pint.DimensionalityError:
        raise UnitError(f"the unit {unit!r} cannot be expressed in {si!r}") from None
    except Exception as error:  # pint lets the errors of Python's own tokenizer and parser through
        raise UnitError(f"the unit {unit!r} is not one that can be read ({error})") from None


def _decimal(number: float) -> float:
    """Drop the last binary digit, so that 1.5 g/cm3 is 1500 kg/m3 and not 1499.9999999999998."""
    return float(f"{number:.15g}")


@lru_cache(maxsize=1000)
def si_unit(unit: str) -> str:
    """The SI base unit of what a unit measures, e.g. ``kg/m**2`` of ``mg/cm2``; ``1`` of a pure
    number.

    Raises
    ------
    UnitError
        Where the unit is unknown.
    """
    _scale(unit, None)
    registry = _registry()
    base = registry.Quantity(1.0, registry.parse_units(unit)).to_base_units().units
    return f"{base:~C}" or "1"


def to_si(value: float, unit: str, si: str | None = None) -> float:
    """A number given in `unit`, in SI.

    Parameters
    ----------
    value : float
        Number in `unit`.
    unit : str
        Unit as papers write it, e.g. ``"mg/cm2"``, ``"degC"``, ``"1"``.
    si : str, optional
        SI unit that is expected; a unit of another dimension is refused.

    Returns
    -------
    float
        The number in `si`, or in SI base units.

    Raises
    ------
    UnitError
        Where the unit is unknown or of another dimension than `si`.
    """
    factor, offset = _scale(unit, si)
    return _decimal(value * factor + offset)


def from_si(value: float, unit: str) -> float:
    """A number in SI base units, in `unit`; the inverse of :func:`to_si`."""
    factor, offset = _scale(unit, None)
    return _decimal((value - offset) / factor)


def difference_to_si(value: float, unit: str, si: str | None = None) -> float:
    """A difference (tolerance, half-width) given in `unit`, in SI: the offset of a scale such as
    degC drops out.
    """
    return _decimal(value * _scale(unit, si)[0])


def difference_from_si(value: float, unit: str) -> float:
    """A difference in SI base units, in `unit`; the inverse of :func:`difference_to_si`."""
    return _decimal(value / _scale(unit, None)[0])


def duration(seconds: float) -> str:
    """A time in words, to one or two digits.

    Parameters
    ----------
    seconds : float
        [s]
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
