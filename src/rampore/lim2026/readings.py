"""What the paper says of its simulations, read off a pair of discharges.

The paper does not define its quantities. Each claim is computed in every reading that its words
allow, as a margin; one of them decides, and why is said where it is made; the others show how much
hangs on the definition.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from rampore.p4d.discharge import Discharge
from rampore.p4d.errors import CellError

#: of the smaller capacity: where two discharges are compared [-]
COMMON = np.linspace(0.02, 1.0, 50)


class Finding(NamedTuple):
    """One reading of one claim: it holds where the margin is positive."""

    claim: str
    reading: str
    margin: float
    unit: str
    decides: bool  #: whether the verdict rests on it; a claim that says several things has several


def _throughout(bare, perforated, of):
    """Bare less perforated at equal charges, from 2 % of the smaller capacity on (m,)."""
    charges = COMMON * min(bare.capacity, perforated.capacity)
    first, second = (
        np.interp(charges, one.curve.charge, of(one.curve)) for one in (bare, perforated)
    )
    return first - second


def _marks(bare, perforated):
    """Pairs of profiles at the marks that both discharges reached."""
    pairs = list(zip(bare.profiles[:-1], perforated.profiles[:-1], strict=False))
    return [pair for pair in pairs if np.isclose(pair[0].charge, pair[1].charge, rtol=1e-3)]


def _overpotential(bare: Discharge, perforated: Discharge):
    cell = _throughout(bare, perforated, lambda curve: curve.overpotential)
    local = _throughout(bare, perforated, lambda curve: curve.kinetic)
    claim = "p4d-overpotential"
    # Fig. 4b draws it against the charge, beside the voltages that it is to explain: the cell's, at
    # every charge.
    yield Finding(claim, "of the cell, at every charge", float(cell.min()), "V", True)
    yield Finding(claim, "of the cell, mean over the discharge", float(cell.mean()), "V", False)
    yield Finding(
        claim,
        "local, mean over the negative electrode, at every charge",
        float(local.min()),
        "V",
        False,
    )
    yield Finding(
        claim, "local, mean over electrode and discharge", float(local.mean()), "V", False
    )


def _by_domain(bare: Discharge, perforated: Discharge):
    claim = "p4d-overpotential-hpd"
    # The map colours points of the electrode: the local one, and at the surface, where it drives
    # the reaction.
    for name, one, other, decides in (
        ("local", bare.overpotential, perforated.overpotential, True),
        (
            "local, with diffusion in the particles",
            bare.overpotential_bulk,
            perforated.overpotential_bulk,
            False,
        ),
    ):
        yield Finding(
            claim, f"{name}: smaller in the porous domains", other.lpd - other.hpd, "V", decides
        )
        yield Finding(claim, f"{name}: smaller over the holes", other.lpd - other.above, "V", False)
        yield Finding(
            claim, f"{name}: on bare foil larger at the top", one.top - one.bottom, "V", decides
        )
        yield Finding(claim, f"{name}: larger on bare foil", one.all - other.all, "V", decides)


def _depth_of_discharge(bare: Discharge, perforated: Discharge):
    # A depth of discharge counts what was given against what there was; particles as a whole, since
    # it is a charge.
    for name, one, other, decides in (
        ("over what was held", bare.depth, perforated.depth, True),
        ("over what can be held", bare.depth_capacity, perforated.depth_capacity, False),
        ("of the surfaces", bare.depth_surface, perforated.depth_surface, False),
    ):
        # HPd and LPd are whole domains in the paper, the holes' filling belongs to the porous one.
        yield Finding("p4d-dod-hpd", name, other.hpd - other.lpd, "1", decides)
        yield Finding(
            "p4d-dod-hpd",
            f"{name}, without what is in the holes",
            other.above - other.lpd,
            "1",
            False,
        )
        yield Finding(
            "p4d-dod-lpd-near",
            f"{name}, near half over far half",
            other.near - other.far,
            "1",
            decides,
        )
        yield Finding(
            "p4d-dod-lpd-near",
            f"{name}, fall with the distance, per 10 um",
            -1e-5 * other.slope,
            "1",
            False,
        )
        least = min(other.hpd, other.near, other.far)
        yield Finding(
            "p4d-dod-bcue",
            f"{name}, mean of the bare against every domain",
            least - one.all,
            "1",
            decides,
        )
        yield Finding(
            "p4d-dod-bcue", f"{name}, deepest point of the bare", least - one.largest, "1", False
        )


def _salt(bare: Discharge, perforated: Discharge):
    pairs = _marks(bare, perforated)
    ends = (bare.profiles[-1], perforated.profiles[-1])
    last = pairs[-1] if pairs else ends

    def smaller(pair, of):
        return of(pair[0]) - of(pair[1])

    # Equal charge, as the figures draw it over the charge: the last one that both cells reach.
    for claim, unit, readings in (
        (
            "p4d-accumulation",
            "mol/m3",
            (
                ("mean in the pores", lambda p: p.mean, "mol/m3"),
                ("highest anywhere", lambda p: p.highest, "mol/m3"),
                ("amount per area", lambda p: p.amount, "mol/m2"),
            ),
        ),
        (
            "p4d-gradient",
            "mol/m3",
            (
                ("largest less smallest mean of a plane", lambda p: p.range, "mol/m3"),
                ("the same over foil alone", lambda p: p.range_lpd, "mol/m3"),
                ("the same per depth", lambda p: p.range / p.depth, "mol/m4"),
            ),
        ),
    ):
        for n, (name, of, its_unit) in enumerate(readings):
            yield Finding(claim, f"{name}, at equal charge", smaller(last, of), its_unit, n == 0)
        first = readings[0][1]
        if pairs:
            yield Finding(
                claim,
                f"{readings[0][0]}, at every charge",
                min(smaller(p, first) for p in pairs),
                unit,
                False,
            )
        yield Finding(
            claim, f"{readings[0][0]}, each at its end", smaller(ends, first), unit, False
        )


def compare(bare: Discharge, perforated: Discharge) -> tuple[Finding, ...]:
    """Every reading of every claim that the paper's simulations make, by its margin.

    Parameters
    ----------
    bare, perforated : Discharge
        At the same rate, on matched meshes.

    Raises
    ------
    CellError
        Where a cell cannot carry the current, and has no curve to compare.
    """
    if not (bare.capacity and perforated.capacity):
        raise CellError("a cell that gave nothing cannot be compared")
    gain = perforated.capacity / bare.capacity - 1
    return (
        # That both are "about what was measured" cannot be asked: no number is printed.
        Finding("p4d-3c-capacity", "gain of capacity", gain, "1", True),
        *_overpotential(bare, perforated),
        *_by_domain(bare, perforated),
        *_depth_of_discharge(bare, perforated),
        *_salt(bare, perforated),
    )


class Judgement(NamedTuple):
    """A claim, whether it holds, and how clearly."""

    claim: str
    holds: bool | None  #: None where the margin is smaller than its error
    margin: float  #: the smallest of those that decide
    error: float  #: numerical, of that margin
    unit: str
    readings: tuple[float, ...]  #: margins of the readings that do not decide


def judge(findings: Iterable[Finding], errors: Iterable[float]) -> dict[str, Judgement]:
    """Whether each claim holds; a margin below its numerical error decides nothing.

    Parameters
    ----------
    findings : iterable of Finding
        As :func:`compare` gives them.
    errors : iterable of float
        Numerical error of each margin, in its unit.
    """
    by_claim: dict[str, list[tuple[Finding, float]]] = {}
    for finding, error in zip(findings, errors, strict=True):
        by_claim.setdefault(finding.claim, []).append((finding, error))
    return {claim: _judged(claim, pairs) for claim, pairs in by_claim.items()}


def _judged(claim, pairs) -> Judgement:
    deciding = [(finding, error) for finding, error in pairs if finding.decides]
    others = tuple(finding.margin for finding, _ in pairs if not finding.decides)
    fails = [pair for pair in deciding if pair[0].margin <= -pair[1]]
    open_ones = [pair for pair in deciding if not abs(pair[0].margin) >= pair[1]]
    weakest, error = min(fails or open_ones or deciding, key=lambda pair: pair[0].margin)
    holds = False if fails else None if open_ones else True
    return Judgement(claim, holds, weakest.margin, error, weakest.unit, others)
