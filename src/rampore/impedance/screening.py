"""Points that do not belong to a spectrum: named by their frequency, and left out.

Leads resonate at the top, a cell drifts at the bottom, a single point is wrong. A spectrum is not
condemned for that. Points are taken out one by one, or as a run from either end, as long as what is
left obeys Kramers and Kronig's relations better than chance would have it. Runs go only where the
relations are broken, and all stay where what is left is not much better than the whole: then not a
few points are bad, but the measurement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.impedance.kramers_kronig import (
    ACCEPTED,
    BEYOND,
    RESOLVED,
    SPARSEST,
    KramersKronig,
    TooFewError,
    chain,
    kramers_kronig,
)
from rampore.impedance.spectrum import FEWEST, ImpedanceError, Spectrum

#: Share of the frequencies that may be left out; a spectrum with more of them is a bad one.
MOST_LEFT_OUT = 0.15
#: Probability with which a good spectrum loses a point.
FALSE_ALARM = 1e-4
#: How many times less noise what is left must have: than a spectrum that breaks the relations, and
#: than one that does not, if a run goes from its end.
MUCH_BETTER, BETTER = 5.0, 3.0
#: Time constants of the model for each frequency, at most: with more it follows single points [-].
STIFF = 2 / 3
#: What the other points must leave of a single one's freedom: near the ends the model would follow
#: anything [-].
DETERMINED = 0.5
#: A frequency that is masked is the nearest one measured, if it is as near as this [-].
NEAREST = 0.05

PLACES = {
    "top": "at the top, where leads and contacts resonate",
    "bottom": "at the bottom, where a cell drifts while it is measured",
    "single": "by itself",
}


class LeftOut(NamedTuple):
    """Frequencies that are left out, and why."""

    place: str  #: one of `PLACES`
    frequencies: tuple[float, ...]  #: [Hz]
    departure: float  #: largest distance from what the others allow, over the modulus [-]

    def __str__(self) -> str:
        named = ", ".join(f"{each:.4g}" for each in self.frequencies)
        return (
            f"{named} Hz left out ({PLACES[self.place]}): up to {100 * self.departure:.2g} % from "
            "what the other frequencies allow"
        )


class Screening(NamedTuple):
    """Which frequencies of a spectrum to believe."""

    kept: np.ndarray  #: (n,) of bool
    findings: tuple[LeftOut, ...]


def screen(spectrum: Spectrum, per_decade: float = 3.0) -> Screening:
    """Find the frequencies that do not belong to a spectrum.

    The linear model of :func:`~rampore.impedance.kramers_kronig.kramers_kronig` is fitted to the
    rest; a candidate is left out where that lowers the squares of the residuals more than chance
    does (Fisher's test, all candidates counted) and it lies further away than a residual that is
    accepted. The best goes first.

    Parameters
    ----------
    spectrum : Spectrum
    per_decade : float
        As in the test.

    Returns
    -------
    Screening
        All are kept where there are too few frequencies for the test, or too many bad ones.
    """
    with suppress(TooFewError):
        return _screened(spectrum, kramers_kronig(spectrum, per_decade), per_decade)
    return Screening(np.ones(spectrum.frequency.size, bool), ())


def _screened(spectrum: Spectrum, whole: KramersKronig, per_decade: float) -> Screening:
    n = spectrum.frequency.size
    first, last = 1 / spectrum.omega.max() / BEYOND, BEYOND / spectrum.omega.min()
    decades = np.log10(last / first)
    stiff = min(per_decade, max((STIFF * n - 3) / decades, SPARSEST))
    model = chain(spectrum, np.geomspace(first, last, int(stiff * decades)))
    noise = kramers_kronig(spectrum, stiff).noise
    for runs in (True, False):
        kept, found = _search(*model, runs)
        rest = kramers_kronig(spectrum.where(kept), stiff).noise
        enough = noise >= (BETTER if whole.passed else MUCH_BETTER) * rest
        if enough or (whole.passed and not runs):
            return Screening(kept, tuple(_named(spectrum.frequency, kept, found)))
    return Screening(np.ones(n, bool), ())


def _search(
    matrix: np.ndarray, wanted: np.ndarray, runs: bool
) -> tuple[np.ndarray, list[tuple[np.ndarray, float]]]:
    """Take out what is least like the rest, one after another; gives what is kept, and what went
    with its distance from what the others allow.
    """
    n = wanted.size // 2
    kept, found = np.ones(n, bool), []
    while best := _worst(matrix, wanted, kept, int(MOST_LEFT_OUT * n), runs):
        kept[best[0]] = False
        found.append(best)
    return kept, found


def _worst(
    matrix: np.ndarray, wanted: np.ndarray, kept: np.ndarray, most: int, runs: bool
) -> tuple[np.ndarray, float] | None:
    """The points that are least like the others, with their distance from what these allow; None
    where all are alike.
    """
    from scipy.stats import f as fisher

    n, places = kept.size, np.flatnonzero(kept)
    allowed = most - (n - places.size)
    rows = np.concatenate([places, places + n])
    basis, sizes, _ = np.linalg.svd(matrix[rows], full_matrices=False)
    basis = basis[:, sizes > 1e-10 * sizes[0]]
    residual = wanted[rows] - basis @ (basis.T @ wanted[rows])
    squares, freedom = float(residual @ residual), rows.size - basis.shape[1]
    candidates = list(_candidates(places.size, allowed, runs))
    best, surest = None, np.log(FALSE_ALARM / max(len(candidates), 1))
    for chosen in candidates:
        both = np.concatenate([chosen, chosen + places.size])
        share = np.eye(both.size) - basis[both] @ basis[both].T
        if freedom - both.size < 2 or np.linalg.cond(share) > 1e10:
            continue
        if chosen[0] and chosen[-1] < places.size - 1 and share.diagonal().min() < DETERMINED:
            continue
        deleted = np.linalg.solve(share, residual[both])
        gain = float(residual[both] @ deleted)
        left = max(squares - gain, both.size * RESOLVED**2 * 1e-3)
        ratio = (gain / both.size) / (left / (freedom - both.size))
        chance = float(fisher.logsf(ratio, both.size, freedom - both.size))
        real, imaginary = np.split(deleted, 2)
        departure = float(np.hypot(real, imaginary).max())
        # of a run the point inside counts too: else a good one beside a bad one would go with it
        inner = np.hypot(real, imaginary)[-1 if chosen[0] == 0 else 0]
        if chance < surest and inner > ACCEPTED:
            best, surest = (places[chosen], departure), chance
    return best


def _candidates(size: int, allowed: int, runs: bool) -> Iterator[np.ndarray]:
    """Places in the row of those kept: each inner one alone, and runs from either end."""
    for place in range(1, size - 1 if allowed else 0):
        yield np.array([place])
    for length in range(1, allowed + 1 if runs else 0):
        yield np.arange(length)
        yield np.arange(size - length, size)


def _named(
    frequency: np.ndarray, kept: np.ndarray, found: Sequence[tuple[np.ndarray, float]]
) -> Iterator[LeftOut]:
    """What was left out, by where it lies."""
    places = np.flatnonzero(kept)
    departures = {int(row): departure for rows, departure in found for row in rows}
    for place, rows in (
        ("top", range(places[0])),
        ("bottom", range(places[-1] + 1, kept.size)),
        ("single", (row for row in range(places[0], places[-1]) if not kept[row])),
    ):
        if rows := list(rows):
            yield LeftOut(
                place,
                tuple(float(frequency[row]) for row in rows),
                max(departures[row] for row in rows),
            )


def select(
    spectrum: Spectrum,
    fmin: float | None = None,
    fmax: float | None = None,
    mask: Iterable[float | tuple[float, float]] = (),
) -> Spectrum:
    """The part of a spectrum that is asked for.

    Parameters
    ----------
    spectrum : Spectrum
    fmin, fmax : float, optional
        Least and greatest frequency [Hz].
    mask : iterable of float or pair of float
        Frequencies to leave out, each the nearest one measured, and ranges of them [Hz].

    Raises
    ------
    ImpedanceError
        Where nothing is measured at a frequency or in a range, or too little is left.
    """
    f = spectrum.frequency
    kept = np.ones(f.size, bool)
    for name, value, side in (("fmin", fmin, f < (fmin or 0)), ("fmax", fmax, f > (fmax or 0))):
        if value is not None:
            quantity(name, value, ImpedanceError, above=0, unit="Hz")
            kept &= ~side
    for each in mask:
        ends = each if isinstance(each, tuple) else (each, each)
        for value in ends:
            quantity("mask", value, ImpedanceError, at_least=0, unit="Hz")
        if isinstance(each, tuple):
            hit = (f >= min(ends)) & (f <= max(ends))
        else:
            hit = np.abs(f - each) == np.abs(f - each).min()
            hit &= np.abs(f - each) <= NEAREST * f
        if not hit.any():
            shown = " to ".join(f"{value:g}" for value in dict.fromkeys(ends))
            raise ImpedanceError(f"nothing is measured at {shown} Hz, which is to be masked")
        kept &= ~hit
    if kept.sum() < FEWEST:
        raise ImpedanceError(f"{kept.sum()} frequencies are left; {FEWEST} or more are needed")
    return spectrum.where(kept)
