"""The coating on a perforated foil: local thickness, loading, N/P ratio, porosity, and what the
calender does to them.

NPR is the coating over foil, PR the coating in and over a hole. The coating fills the holes and its
top is flat, before the calender and after it. Equations are numbered as in chapter 1 of the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity, shares

__all__ = [
    "Calendered",
    "CoatingError",
    "Dried",
    "Keep",
    "Local",
    "LocalDesign",
    "Porosity",
    "calender",
    "coating_loading",
    "coating_thickness",
    "dried_from_densities",
    "dried_from_loading",
    "dried_sink",
    "local_design",
    "local_loading",
    "local_thickness",
    "mass_conserving_porosity",
    "np_ratio",
    "open_fraction_from_loadings",
    "open_fraction_from_local_densities",
    "open_fraction_from_saving",
    "other_density",
    "other_loading",
    "recipe_porosity",
    "recipe_porosity_samples",
    "solid_density",
    "thickness_saving",
]


class CoatingError(RamporeError, ValueError):
    """A coating that cannot be: the message names the quantity and the reason."""


def _positive(**quantities) -> None:
    for name, value in quantities.items():
        quantity(name.replace("_", " "), value, CoatingError, above=0)


class Local(NamedTuple):
    """A quantity over foil and over a hole [its unit]."""

    npr: float
    pr: float

    def mean(self, open_fraction: FloatOrArray) -> FloatOrArray:
        """Mean over the plan area, of a quantity that adds up over it [its unit]."""
        return (1 - open_fraction) * self.npr + open_fraction * self.pr


def coating_thickness(loading: FloatOrArray, density: FloatOrArray) -> FloatOrArray:
    """Thickness [m] of a coating of `loading` [kg/m2] at `density` [kg/m3]."""
    _positive(loading=loading, density=density)
    return loading / density


def coating_loading(thickness: FloatOrArray, density: FloatOrArray) -> FloatOrArray:
    """Loading [kg/m2] of a coating of `thickness` [m] at `density` [kg/m3]."""
    _positive(thickness=thickness, density=density)
    return thickness * density


def thickness_saving(open_fraction: FloatOrArray, hole_depth: FloatOrArray) -> FloatOrArray:
    """Thickness that the coating lacks above the foil because it fills the holes, f t (Eq. 1.3)
    [m].
    """
    _check_open_fraction(open_fraction)
    quantity("hole depth", hole_depth, CoatingError, at_least=0, unit="m")
    return open_fraction * hole_depth


def local_thickness(
    bare_thickness: FloatOrArray, open_fraction: FloatOrArray, hole_depth: FloatOrArray
) -> Local:
    r"""Thickness over foil and over a hole, of a coating that has one density everywhere (Eq. 1.3).

    What fills the holes is missing above: :math:`h_\mathrm{NPR} = H - f t`, :math:`h_\mathrm{PR} =
    h_\mathrm{NPR} + t`.

    Parameters
    ----------
    bare_thickness : float or array
        Thickness H of the same coating on bare foil [m].
    open_fraction : float or array
        f [-].
    hole_depth : float or array
        Depth t of the holes, the foil's thickness [m].

    Returns
    -------
    Local
        [m]

    Raises
    ------
    CoatingError
        Where the holes take up all of the coating.
    """
    _positive(bare_thickness=bare_thickness)
    npr = bare_thickness - thickness_saving(open_fraction, hole_depth)
    if np.any(npr <= 0):
        raise CoatingError("the holes take up the whole coating: nothing is left over the foil")
    return Local(npr, npr + hole_depth)


def local_loading(
    loading: FloatOrArray,
    density: FloatOrArray,
    open_fraction: FloatOrArray,
    hole_depth: FloatOrArray,
) -> Local:
    """Loading over foil and over a hole [kg/m2], of a coating that has one density everywhere (Eq.
    1.3).

    Parameters
    ----------
    loading, density : float or array
        Mean loading [kg/m2] and density [kg/m3].
    open_fraction, hole_depth : float or array
        f [-] and t [m].
    """
    thickness = local_thickness(coating_thickness(loading, density), open_fraction, hole_depth)
    return Local(density * thickness.npr, density * thickness.pr)


def np_ratio(
    local_loading: FloatOrArray,
    loading: FloatOrArray,
    negative_capacity: FloatOrArray,
    positive_capacity: FloatOrArray,
) -> FloatOrArray:
    """Local N/P ratio of a negative coating that faces a uniform positive one (Eq. 1.5).

    Parameters
    ----------
    local_loading, loading : float or array
        Of the negative electrode, local and mean [kg/m2].
    negative_capacity, positive_capacity : float or array
        Mean areal capacities [C/m2].

    Returns
    -------
    float or array
        [-]
    """
    quantity("local loading", local_loading, CoatingError, at_least=0, unit="kg/m2")
    _positive(
        loading=loading, negative_capacity=negative_capacity, positive_capacity=positive_capacity
    )
    return local_loading / loading * negative_capacity / positive_capacity


class LocalDesign(NamedTuple):
    """What a foil makes of a coating that has one density everywhere."""

    thickness: Local  #: [m]
    loading: Local  #: [kg/m2]
    np_ratio: Local  #: [-]


def local_design(
    loading: float,
    density: float,
    negative_capacity: float,
    positive_capacity: float,
    open_fraction: float,
    hole_depth: float,
) -> LocalDesign:
    """Local thickness, loading and N/P ratio of a coating that has one density everywhere (Eqs. 1.3
    and 1.5).

    Parameters
    ----------
    loading, density : float
        Mean loading [kg/m2] and density [kg/m3] of the negative coating.
    negative_capacity, positive_capacity : float
        Mean areal capacities [C/m2].
    open_fraction, hole_depth : float
        f [-] and t [m].
    """
    local = local_loading(loading, density, open_fraction, hole_depth)
    return LocalDesign(
        local_thickness(coating_thickness(loading, density), open_fraction, hole_depth),
        local,
        Local(*(np_ratio(part, loading, negative_capacity, positive_capacity) for part in local)),
    )


def open_fraction_from_saving(saving: FloatOrArray, hole_depth: FloatOrArray) -> FloatOrArray:
    """Open fraction [-] from the thickness that a perforated foil saves and its own thickness [m]
    (Eq. 1.3).
    """
    quantity("saving", saving, CoatingError, at_least=0, unit="m")
    _positive(hole_depth=hole_depth)
    return quantity("open fraction by the saving", saving / hole_depth, CoatingError, at_most=1)


def open_fraction_from_loadings(
    total: FloatOrArray, npr: FloatOrArray | None, pr: FloatOrArray | None
) -> FloatOrArray:
    """Open fraction [-] with which two local loadings make the mean one [kg/m2] (Eq. 1.4).

    Raises
    ------
    CoatingError
        Where the mean does not lie between the two.
    """
    _positive(mean_loading=total, loading_over_foil=npr, loading_at_a_hole=pr)
    span = np.subtract(pr, npr)
    fraction = np.divide(
        np.subtract(total, npr), span, out=np.full(np.shape(total - span), -1.0), where=span != 0
    )[()]
    if np.any((fraction <= 0) | (fraction >= 1)):
        raise CoatingError(
            f"no open fraction mixes {npr} and {pr} kg/m2 to {total} kg/m2: the mean must lie "
            "between the two"
        )
    return fraction


def open_fraction_from_local_densities(
    total: float, npr_density: float, pr_density: float, npr_thickness: float, hole_depth: float
) -> float:
    """Open fraction [-] with which two local densities [kg/m3] make the mean loading [kg/m2] (Eq.
    1.4).

    Parameters
    ----------
    total : float
        Mean loading [kg/m2].
    npr_density, pr_density : float
        [kg/m3]
    npr_thickness, hole_depth : float
        Thickness over foil, and what a hole adds to it [m].
    """
    return open_fraction_from_loadings(
        total, npr_density * npr_thickness, pr_density * (npr_thickness + hole_depth)
    )


def other_loading(
    total: FloatOrArray,
    open_fraction: FloatOrArray,
    *,
    npr: FloatOrArray | None = None,
    pr: FloatOrArray | None = None,
) -> FloatOrArray:
    """The local loading that completes the mass balance, where the other one is known (Eq. 1.4)
    [kg/m2].

    Parameters
    ----------
    total : float or array
        Mean loading [kg/m2].
    open_fraction : float or array
        f [-].
    npr, pr : float or array
        The loading that is known, over foil or at a hole [kg/m2]; one of the two.

    Raises
    ------
    CoatingError
        Where not exactly one loading is given, or the open fraction is none.
    """
    _check_open_fraction(open_fraction)
    if (npr is None) == (pr is None):
        raise CoatingError(
            "the mass balance takes one of the two, `npr` or `pr`, and gives the other"
        )
    _positive(mean_loading=total, known_loading=npr if pr is None else pr)
    if pr is None:
        _positive(open_fraction=open_fraction)
        other = (total - (1 - open_fraction) * npr) / open_fraction
    else:
        other = (total - open_fraction * pr) / (1 - open_fraction)
    return quantity(
        "loading that completes the balance", other, CoatingError, above=0, unit="kg/m2"
    )


def other_density(
    total: FloatOrArray,
    open_fraction: FloatOrArray,
    npr_thickness: FloatOrArray,
    hole_depth: FloatOrArray,
    *,
    npr: FloatOrArray | None = None,
    pr: FloatOrArray | None = None,
) -> FloatOrArray:
    """The local density that completes the mass balance, where the other one is known (Eq. 1.4)
    [kg/m3].

    Parameters
    ----------
    total : float or array
        Mean loading [kg/m2].
    open_fraction : float or array
        f [-].
    npr_thickness, hole_depth : float or array
        Thickness over foil, and what a hole adds to it [m].
    npr, pr : float or array
        The density that is known, over foil or at a hole [kg/m3]; one of the two.

    Raises
    ------
    CoatingError
        Where not exactly one density is given, or the open fraction is none.
    """
    _positive(thickness_over_foil=npr_thickness)
    quantity("hole depth", hole_depth, CoatingError, at_least=0, unit="m")
    pr_thickness = npr_thickness + hole_depth
    over_foil = None if npr is None else npr * npr_thickness
    at_hole = None if pr is None else pr * pr_thickness
    other = other_loading(total, open_fraction, npr=over_foil, pr=at_hole)
    return other / (pr_thickness if pr is None else npr_thickness)


class Keep(StrEnum):
    """What of a pair of porosities stays when both are moved to conserve mass."""

    SOLID_RATIO = "ratio of the solids"
    DIFFERENCE = "difference of the porosities"
    POROSITY_RATIO = "ratio of the porosities"


def mass_conserving_porosity(
    porosity: Local, thickness: Local, solid_height: float, open_fraction: float, keep: Keep
) -> Local:
    r"""The porosities nearest to a pair that hold a given amount of solid (Eq. 1.6).

    Two porosities and one balance leave one freedom; `keep` says what of the pair is held.

    Parameters
    ----------
    porosity : Local
        The pair to start from [-].
    thickness : Local
        Over foil and over a hole [m].
    solid_height : float
        Solid volume per plan area to be held, e.g. :math:`(1 - \varepsilon) H` of the bare
        electrode [m].
    open_fraction : float
        f [-].
    keep : Keep

    Returns
    -------
    Local
        [-]

    Raises
    ------
    CoatingError
        Where the balance leaves no porosity between 0 and 1.
    """
    _check_open_fraction(open_fraction)
    choice("keep", keep, Keep, CoatingError)
    _positive(thickness=thickness, solid_height=solid_height)
    quantity("porosity", porosity, CoatingError, above=0, below=1)
    solid = Local(*(1 - eps for eps in porosity))
    held = Local(*(s * h for s, h in zip(solid, thickness, strict=True))).mean(open_fraction)
    room = thickness.mean(open_fraction)
    match Keep(keep):
        case Keep.SOLID_RATIO:
            moved = Local(*(1 - s * solid_height / held for s in solid))
        case Keep.DIFFERENCE:
            moved = Local(*(eps + (held - solid_height) / room for eps in porosity))
        case Keep.POROSITY_RATIO:
            moved = Local(*(eps * (room - solid_height) / (room - held) for eps in porosity))
    if not all(0 < eps < 1 for eps in moved):
        raise CoatingError(
            f"{solid_height * 1e6:.1f} um of solid do not fit: porosities would be "
            f"{moved.npr:.3f} and {moved.pr:.3f}"
        )
    return moved


def solid_density(mass_fractions: Sequence[float], densities: Sequence[float]) -> float:
    r"""True density of a mixture, :math:`1 / \sum w_i/\rho_i` (Eq. 1.7) [kg/m3].

    Parameters
    ----------
    mass_fractions : (n,) sequence of float
        Summing to one [-]; where rounding leaves up to 1e-3, they are divided by their sum.
    densities : (n,) or (m, n) sequence of float
        [kg/m3]

    Raises
    ------
    CoatingError
        Where the fractions do not sum to one, or a density is not positive.
    """
    shares("mass fractions", mass_fractions, CoatingError)
    _positive(density=densities)
    w, rho = np.asarray(mass_fractions, dtype=float), np.asarray(densities, dtype=float)
    if rho.shape[-1:] != w.shape:
        raise CoatingError(f"{w.size} mass fractions do not go with densities of shape {rho.shape}")
    return w.sum() / (w / rho).sum(axis=-1)


class Porosity(NamedTuple):
    """A porosity with what the uncertainty of its inputs makes of it [-]."""

    value: float
    #: standard uncertainty to first order, every input evenly spread over its range
    standard: float
    low: float  #: with all inputs at the ends of their ranges that lower it
    high: float  #: with all inputs at the ends that raise it


def recipe_porosity(
    coating_density: float,
    mass_fractions: Sequence[float],
    densities: Sequence[float],
    ranges: Sequence[tuple[float, float]] | None = None,
    coating_range: tuple[float, float] | None = None,
) -> Porosity:
    r"""Porosity that a recipe implies at a coating density, :math:`1 - \rho \sum w_i/\rho_i` (Eq.
    1.7).

    Parameters
    ----------
    coating_density : float
        rho, of the calendered coating [kg/m3].
    mass_fractions, densities : (n,) sequence of float
        w_i [-] and true densities rho_i [kg/m3] of what it is made of.
    ranges : (n, 2) sequence of float, optional
        Lowest and highest true density that sources allow [kg/m3]; by default the densities are
        exact.
    coating_range : (float, float), optional
        The same of the coating density [kg/m3].

    Returns
    -------
    Porosity

    Raises
    ------
    CoatingError
        Where the recipe is no mixture, or is denser than its parts: a negative porosity.
    """
    _positive(coating_density=coating_density)
    solid = solid_density(mass_fractions, densities)
    w, rho = np.asarray(mass_fractions, dtype=float), np.asarray(densities, dtype=float)
    lowest, highest = _bounds(rho, ranges)
    coating_lowest, coating_highest = _coating_range(coating_density, coating_range)
    value = 1 - coating_density / solid
    if value < 0:
        raise CoatingError(
            f"a coating of {coating_density:g} kg/m3 is denser than what it is made of "
            f"({solid:.0f} kg/m3)"
        )
    slopes = np.append(coating_density * w / rho**2, 1 / solid)
    widths = np.append(highest - lowest, coating_highest - coating_lowest)
    return Porosity(
        float(value),
        float(np.linalg.norm(slopes * widths) / np.sqrt(12)),
        float(1 - coating_highest / solid_density(w, lowest)),
        float(1 - coating_lowest / solid_density(w, highest)),
    )


def recipe_porosity_samples(
    coating_density: float,
    mass_fractions: Sequence[float],
    ranges: Sequence[tuple[float, float]],
    rng: np.random.Generator,
    coating_range: tuple[float, float] | None = None,
    size: int = 10_000,
) -> np.ndarray:
    """Porosities of a recipe with every input drawn evenly from its range (Eq. 1.7).

    Parameters
    ----------
    coating_density, mass_fractions, ranges, coating_range
        As in :func:`recipe_porosity`.
    rng : numpy.random.Generator
    size : int
        Number of draws.

    Returns
    -------
    (size,) array of float
        [-]
    """
    quantity("size", size, CoatingError, at_least=1, whole=True)
    _positive(coating_density=coating_density)
    lowest, highest = _ends(ranges)
    drawn = rng.uniform(lowest, highest, (size, lowest.size))
    coating = rng.uniform(*_coating_range(coating_density, coating_range), size)
    return 1 - coating / solid_density(mass_fractions, drawn)


def _bounds(values: np.ndarray, ranges) -> tuple[np.ndarray, np.ndarray]:
    lowest, highest = (values, values) if ranges is None else _ends(ranges)
    if lowest.shape != values.shape or np.any((values < lowest) | (values > highest)):
        raise CoatingError("a density lies outside the range that is given for it")
    return lowest, highest


def _ends(ranges) -> tuple[np.ndarray, np.ndarray]:
    _positive(density=ranges)
    ends = np.asarray(ranges, dtype=float)
    if ends.ndim != 2 or ends.shape[1] != 2 or np.any(ends[:, 0] > ends[:, 1]):
        raise CoatingError("a range of densities is a row of the lowest and the highest")
    return ends[:, 0], ends[:, 1]


def _coating_range(density: float, ends: tuple[float, float] | None) -> tuple[float, float]:
    if ends is None:
        return density, density
    (lowest,), (highest,) = _bounds(np.array([density]), [ends])
    return lowest, highest


class Dried(NamedTuple):
    """The coating as it comes from the dryer: one density everywhere."""

    thickness: float  #: over foil [m]
    density: float  #: [kg/m3], or the share of solid [-]


class Calendered(NamedTuple):
    """The coating behind the calender."""

    thickness: Local  #: [m]
    density: Local  #: [kg/m3], or the share of solid [-]


def dried_from_loading(
    loading: FloatOrArray,
    density: FloatOrArray,
    open_fraction: FloatOrArray,
    hole_depth: FloatOrArray,
) -> Dried:
    r"""The dried coating that carries a loading, :math:`h_0 = m/\rho_0 - f t` (Eq. 1.9).

    Parameters
    ----------
    loading : float or array
        Mean loading m [kg/m2], or solid volume per area [m].
    density : float or array
        Density rho_0 of the dried coating [kg/m3], or its share of solid [-].
    open_fraction, hole_depth : float or array
        f [-] and t [m].

    Raises
    ------
    CoatingError
        Where the holes take up all of the coating.
    """
    return Dried(
        local_thickness(coating_thickness(loading, density), open_fraction, hole_depth).npr, density
    )


def dried_sink(
    dry_density: FloatOrArray,
    solids: FloatOrArray,
    solid_density: FloatOrArray,
    liquid_density: FloatOrArray,
    hole_depth: FloatOrArray,
) -> FloatOrArray:
    r"""By how much a slurry that is cast flat and dries in place sinks over a hole (Eq. 1.17).

    Every column shrinks by the same factor, the dry mass that a volume of slurry holds over the
    density that it dries to. The column over a hole is taller by :math:`t`, and loses more.

    Parameters
    ----------
    dry_density : float or array
        Of the dried coating [kg/m3].
    solids : float or array
        Mass of what stays over the mass of the slurry [-].
    solid_density, liquid_density : float or array
        True density of what stays, and of what dries off [kg/m3].
    hole_depth : float or array
        t [m].

    Returns
    -------
    float or array
        [m]

    Raises
    ------
    CoatingError
        Where the slurry holds less liquid than the pores of the dried coating.
    """
    quantity("solids content", solids, CoatingError, above=0, below=1)
    _positive(dry_density=dry_density, solid_density=solid_density, liquid_density=liquid_density)
    quantity("hole depth", hole_depth, CoatingError, at_least=0, unit="m")
    held = solids / (solids / solid_density + (1 - solids) / liquid_density)
    if np.any(held > dry_density):
        raise CoatingError(
            f"{held} kg/m3 of solid in the slurry are more than in a coating of {dry_density} kg/m3"
        )
    return hole_depth * (1 - held / dry_density)


def calender(dried: Dried, hole_depth: FloatOrArray, compression: FloatOrArray) -> Calendered:
    r"""Compress a dried coating to one flat top, each column keeping its mass (Eq. 1.8).

    A column of :math:`h_0` over foil becomes :math:`h = (1 - \Pi) h_0`, one of :math:`h_0 + t` over
    a hole becomes :math:`h + t`: nothing flows sideways, nothing springs back.

    Parameters
    ----------
    dried : Dried
    hole_depth : float or array
        t [m].
    compression : float or array
        Degree of calendering Pi, the thickness over foil that is taken away over the one that was
        there [-].

    Returns
    -------
    Calendered

    Raises
    ------
    CoatingError
        Where the degree of calendering lies outside [0, 1).
    """
    quantity("degree of calendering", compression, CoatingError, at_least=0, below=1)
    quantity("hole depth", hole_depth, CoatingError, at_least=0, unit="m")
    _positive(dried_thickness=dried.thickness, dried_density=dried.density)
    h = (1 - compression) * dried.thickness
    thickness = Local(h, h + hole_depth)
    density = Local(
        dried.density * dried.thickness / thickness.npr,
        dried.density * (dried.thickness + hole_depth) / thickness.pr,
    )
    return Calendered(thickness, density)


def dried_from_densities(density: Local, thickness: float, hole_depth: float) -> Dried:
    r"""The dried coating from which calendering makes two local densities; the inverse of
    :func:`calender` (Eq. 1.10).

    Parameters
    ----------
    density : Local
        Behind the calender, over foil and over a hole [kg/m3]; or the shares of solid [-].
    thickness : float
        Behind the calender, over foil [m].
    hole_depth : float
        t [m].

    Returns
    -------
    Dried

    Raises
    ------
    CoatingError
        Where no dried coating leads there: the hole is the denser part, or the contrast exceeds
        what the heights allow.
    """
    _positive(density=density, thickness=thickness, hole_depth=hole_depth)
    share = density.npr * thickness / (density.pr * (thickness + hole_depth))  # h0 / (h0 + t)
    if np.any(density.npr < density.pr):
        raise CoatingError(
            f"calendering leaves the coating denser over foil; {density.npr} there and "
            f"{density.pr} at a hole"
        )
    if np.any(share >= 1):
        raise CoatingError(
            f"no dried coating gives {density.npr} over foil and {density.pr} at a hole: columns "
            f"of {thickness} m and {thickness + hole_depth} m cannot differ that much"
        )
    dried = hole_depth * share / (1 - share)
    return Dried(dried, density.npr * thickness / dried)


def _check_open_fraction(open_fraction) -> None:
    quantity("open fraction", open_fraction, CoatingError, at_least=0, below=1)
