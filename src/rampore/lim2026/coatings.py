r"""What diffusion says of the paper's two coatings: in sections, in volumes, and as a continuum of
local porosity.

Sections and volumes of :mod:`rampore.micrograph` need no closure (:mod:`rampore.closures`): there
it is what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, quantity
from rampore.closures import Closure, fit_closure
from rampore.coating import (
    Calendered,
    Dried,
    Keep,
    Local,
    calender,
    dried_from_loading,
    local_thickness,
    mass_conserving_porosity,
    solid_density,
)
from rampore.collector import PerforatedFoil
from rampore.diffusion import Diffusion, flow_paths, steady_diffusion
from rampore.micrograph import (
    GRAPHITE_SIOX,
    Mixture,
    Phantom,
    Phase,
    bare_electrode,
    perforated_electrode,
    section,
    volume,
)
from rampore.pores.analysis import measure

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from rampore.lim2026.parameters import CellInputs

#: Uptake in metal that holds it at no concentration: the field decays within a ten thousandth of a
#: pixel's D / h^2.
_AT_ONCE = 1e4

#: Largest imbalance of the fluxes in a resolved structure [-]; what is read off one is known to
#: that share of it.
BALANCE = 1e-3

#: Imbalance to which a structure is solved where single pixels are read off it, whose error can
#: exceed that of the whole flux [-].
SOLVED = BALANCE / 10

#: Edge of a cell in the unit cell of holes [m].
STEP = 3e-6

#: On which a dried porosity may be read: that of the weighed recipe, or that of the image.
SCALES = ("recipe", "image")

#: What a structure is told by: porosity, mean radius and coordination number of its pores,
#: tortuosity factor, share of the flux in the most loaded tenth of its pores.
TOLD = ("porosity", "radius", "coordination", "tortuosity", "share")

#: Regions that a figure tells apart: over bare foil, over a hole and over the metal of a perforated
#: foil.
PLACES = ("bCuE", "pCuE, PR", "pCuE, NPR")


class TransportError(RamporeError, ValueError):
    """A coating, a region or a closure that cannot be used; the message says why."""


def literature_closures(cell: CellInputs) -> list[Closure]:
    """Bruggeman's relation, other cells' closures and the impedance fit to graphite coatings, as
    `cell` has them.

    Parameters
    ----------
    cell : parameters.CellInputs
    """
    found = []
    for rival in cell.records["negative.bruggeman_exponent"].not_chosen:
        [source] = rival.source
        name = "Bruggeman" if source == "here" else re.sub(r"(\d{4})", r" \1", source).capitalize()
        found.append(Closure(name, rival.value))
    prefactor, power = cell.negative.tortuosity_law.coefficients  # tau = p1 eps^p2
    return [*found, Closure("Landesfeind 2016, impedance", 1 - power, 1 / prefactor)]


@dataclass(frozen=True)
class CoatingPair:
    """The two electrodes that are compared.

    Attributes
    ----------
    open_fraction : float
        Area of the holes [-].
    thickness, porosity : Local
        Of the coating over foil and over a hole [m], [-].
    bare_thickness, bare_porosity : float
        Of the coating on bare foil [m], [-].
    """

    open_fraction: float
    thickness: Local
    porosity: Local
    bare_thickness: float
    bare_porosity: float

    def __post_init__(self) -> None:
        quantity("open_fraction", self.open_fraction, TransportError, at_least=0, below=1)
        for name in ("thickness", "bare_thickness"):
            quantity(name, getattr(self, name), TransportError, above=0, unit="m")
        for name in ("porosity", "bare_porosity"):
            quantity(name, getattr(self, name), TransportError, above=0, below=1)

    @property
    def pore_volume_ratio(self) -> float:
        """Pore volume of the coating on perforated foil over that on bare foil [-]."""
        f = self.open_fraction
        held = (
            1 - f
        ) * self.porosity.npr * self.thickness.npr + f * self.porosity.pr * self.thickness.pr
        return held / (self.bare_porosity * self.bare_thickness)

    @property
    def solid_volume_ratio(self) -> float:
        """Solid volume of the coating on perforated foil over that on bare foil [-]."""
        f = self.open_fraction
        held = (1 - f) * (1 - self.porosity.npr) * self.thickness.npr + f * (
            1 - self.porosity.pr
        ) * self.thickness.pr
        return held / ((1 - self.bare_porosity) * self.bare_thickness)


def coating_pairs(cell: CellInputs) -> dict[str, CoatingPair]:
    """The paper's two electrodes, with the porosities that it prints and with those of equal solid.

    Returns
    -------
    dict of str to CoatingPair
        ``as printed``; and ``equal solid``, in which both regions of the perforated coating hold
        more or less solid in one proportion, so that it is as much as on bare foil.
    """
    negative, holes = cell.negative, cell.perforation
    f, bare, eps = holes.open_fraction, negative.thickness, negative.porosity_image
    height = local_thickness(bare, f, holes.foil_thickness)
    printed = Local(negative.porosity_npr, negative.porosity_pr)
    equal = mass_conserving_porosity(printed, height, (1 - eps) * bare, f, Keep.SOLID_RATIO)
    return {
        "as printed": CoatingPair(f, height, printed, bare, eps),
        "equal solid": CoatingPair(f, height, equal, bare, eps),
    }


class Pressed(NamedTuple):
    """A coating before and behind the calender that makes its top flat (Eqs. 1.8 and 1.9)."""

    dried: Dried  #: its density as a share of solid on the image's scale [-]
    degree: float  #: of calendering [-]
    behind: Calendered  #: likewise

    @property
    def porosity(self) -> Local:
        """Behind the calender, as an image shows it [-]."""
        return Local(*(1 - share for share in self.behind.density))

    @property
    def contrast(self) -> float:
        """Porosity at a hole less that over foil [-]."""
        return self.porosity.pr - self.porosity.npr


def pressed(cell: CellInputs, dried_porosity: float, scale: Literal["recipe", "image"]) -> Pressed:
    """The paper's coating from a dried porosity down to the thickness that it states over foil.

    Parameters
    ----------
    cell : CellInputs
    dried_porosity : float
        Before the calender [-].
    scale : {"recipe", "image"}
        What it is a porosity of: of the weighed coating, one less its density over that of its
        solid; or of an image, which shows less of it.
    """
    choice("scale", scale, SCALES, TransportError)
    quantity("dried_porosity", dried_porosity, TransportError, above=0, below=1)
    negative, holes = cell.negative, cell.perforation
    share = 1 - dried_porosity
    if scale == "recipe":
        parts = ((part.mass_fraction, part.density) for part in negative.composition)
        of_image = negative.density / (1 - negative.porosity_image)
        share *= solid_density(*zip(*parts, strict=True)) / of_image
    solid = (1 - negative.porosity_image) * negative.thickness
    dried = dried_from_loading(solid, share, holes.open_fraction, holes.foil_thickness)
    height = local_thickness(negative.thickness, holes.open_fraction, holes.foil_thickness).npr
    degree = 1 - height / dried.thickness
    return Pressed(dried, degree, calender(dried, holes.foil_thickness, degree))


def solid_balance(
    *,
    eps_npr: float,
    eps_pr: float,
    eps_bare: float,
    dense: float,
    saved: float,
    depth: float,
    all_in_all: float,
    npr: float,
    pr: float,
) -> float:
    """Solid of the coating on perforated foil over that on bare foil, from printed numbers [-].

    Parameters
    ----------
    eps_npr, eps_pr, eps_bare : float
        Porosity over foil, at a hole and on bare foil [-].
    dense, saved, depth : float
        Thickness over foil, by how much it is less than on bare foil, and depth of a hole [m].
    all_in_all, npr, pr : float
        Loading of the electrode, over foil and at a hole [kg/m2], which make the open fraction.
    """
    open_fraction = (all_in_all - npr) / (pr - npr)
    thickness = Local(dense, dense + depth)
    pair = CoatingPair(open_fraction, thickness, Local(eps_npr, eps_pr), dense + saved, eps_bare)
    return pair.solid_volume_ratio


def conductance_gain(pair: CoatingPair, closure: Callable) -> float:
    r"""How much better the perforated coating conducts to its bottom, less 1 (Eq. 3.7).

    :math:`\left[(1-f)\,g(\varepsilon_\mathrm{NPR})/h_\mathrm{NPR} +
    f\,g(\varepsilon_\mathrm{PR})/h_\mathrm{PR}\right] H/g(\varepsilon_0) - 1`: the two regions side
    by side, against bare foil.

    Parameters
    ----------
    pair : CoatingPair
    closure : callable
        Of porosity.
    """
    f, h, eps = pair.open_fraction, pair.thickness, pair.porosity
    side_by_side = (1 - f) * closure(eps.npr) / h.npr + f * closure(eps.pr) / h.pr
    return side_by_side * pair.bare_thickness / closure(pair.bare_porosity) - 1


# Resolved structures ------------------------------------------------------------------------------


class Localisation(NamedTuple):
    """How unevenly a flux is spread over a region."""

    share: float  #: of the flux that the most loaded part of the region carries [-]
    participation: float  #: <q>^2 / <q^2>; 1 where the flux is the same everywhere [-]


def localisation(flux: np.ndarray, region: np.ndarray, part: float = 0.1) -> Localisation:
    r"""Share of the flux in the most loaded `part` of a region, and participation ratio (Eq. 3.5).

    Parameters
    ----------
    flux : array
        Its magnitude.
    region : array of bool, shape of `flux`
        The pores that count.
    part : float
        [-]
    """
    if np.asarray(region).dtype != bool or np.shape(region) != np.shape(flux):
        raise TransportError(f"a region is an array of bool of the flux's shape, {np.shape(flux)}")
    quantity("part", part, TransportError, above=0, at_most=1)
    values = np.sort(quantity("flux", flux[region], TransportError, at_least=0))[::-1]
    if not values.size or not values[0] > 0:
        raise TransportError("no flux passes through the region")
    most = max(1, round(part * values.size))
    return Localisation(
        float(values[:most].sum() / values.sum()), float(values.mean() ** 2 / np.mean(values**2))
    )


def phase_diffusivity(phantom: Phantom, solid: float = 0.0) -> np.ndarray:
    """D / D_0 of each pixel [-]: 1 in pores, `solid` in grains and binder, 0 elsewhere."""
    quantity("solid", solid, TransportError, at_least=0)
    return np.where(phantom.pore, 1.0, np.where(phantom.coating, solid, 0.0))


def over_hole(phantom: Phantom, diameter: float) -> np.ndarray:
    """Whether a column stands over the hole at x = y = 0; (1, n1[, n2]) array."""
    quantity("diameter", diameter, TransportError, above=0, unit="m")
    y = phantom.origin[1]
    if phantom.phase.ndim == 2:
        return np.hypot(phantom.x, y)[np.newaxis] < diameter / 2
    across = y + (np.arange(phantom.phase.shape[2]) + 0.5) * phantom.pixel_size
    return np.hypot(phantom.x[:, np.newaxis], across)[np.newaxis] < diameter / 2


def wall_area(phantom: Phantom) -> np.ndarray:
    """Area of pore wall per volume of each pixel of pore [1/m]: faces towards grains or binder."""
    grains = phantom.coating & ~phantom.pore
    faces = np.zeros(phantom.phase.shape, np.uint8)
    for axis in range(grains.ndim):
        before, after = np.moveaxis(grains, axis, 0), np.moveaxis(faces, axis, 0)
        after[1:] += before[:-1]
        after[:-1] += before[1:]
    return np.where(phantom.pore, faces, 0) / phantom.pixel_size


def diffuse(
    phantom: Phantom,
    taken_by: Literal["foil", "walls"],
    solid: float = 0.0,
    rate: float = 0.0,
    tolerance: float = SOLVED,
) -> Diffusion:
    """Diffusion from the free surface into a coating.

    Parameters
    ----------
    phantom : Phantom
        With its foil.
    taken_by : {"foil", "walls"}
        Where lithium goes: to the metal, at which c = 0; or into the grains through the walls of
        the pores.
    solid : float
        D / D_0 of grains and binder [-].
    rate : float
        Of the walls' first-order uptake, over D_0 [1/m].
    tolerance : float
        Largest imbalance.

    Raises
    ------
    TransportError
        Where lithium can go nowhere, or a rate is given for what has none.
    """
    choice("taken_by", taken_by, ("foil", "walls"), TransportError)
    quantity("rate", rate, TransportError, at_least=0, unit="1/m")
    if (taken_by == "walls") != (rate > 0):
        raise TransportError(
            f"walls take lithium at a rate above 0, and the foil at once: rate = {rate!r}"
        )
    image, h = phase_diffusivity(phantom, solid), phantom.pixel_size
    if taken_by == "walls":
        uptake = rate * wall_area(phantom)
    else:
        metal = phantom.phase == Phase.COLLECTOR
        image[metal], uptake = 1.0, np.where(metal, _AT_ONCE / h**2, 0.0)
    return steady_diffusion(image, spacing=h, outlet="closed", uptake=uptake, tolerance=tolerance)


def depth_profile(field: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Mean of a field over a region at each depth, (n0,) array; NaN where the region has no pixel
    with a value.
    """
    if np.asarray(region).dtype != bool or np.shape(region) != np.shape(field):
        raise TransportError(
            f"a region is an array of bool of the field's shape, {np.shape(field)}"
        )
    counts = region & np.isfinite(field)
    others = tuple(range(1, field.ndim))
    number = counts.sum(axis=others)
    total = np.where(counts, field, 0).sum(axis=others)
    return np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)


def cube(mixture: Mixture, porosity: float, edge: float, seed: int, pixel_size: float) -> Phantom:
    """A cube of a coating of one porosity [-], without foil; edge and pixel size in m."""
    size = {"width": edge, "breadth": edge, "pixel_size": pixel_size}
    return volume(bare_electrode(edge, porosity), mixture, rng=np.random.default_rng(seed), **size)


@dataclass(frozen=True)
class StructureRecipe:
    """How the study's structures are generated.

    Attributes
    ----------
    pair : CoatingPair
    foil : PerforatedFoil
    mixture : Mixture
    pixel_size, width : float
        Edge of a pixel and width of a section [m]; the middle of a hole lies in its middle.
    """

    pair: CoatingPair
    foil: PerforatedFoil
    mixture: Mixture
    pixel_size: float
    width: float

    def __post_init__(self) -> None:
        quantity("pixel_size", self.pixel_size, TransportError, above=0, unit="m")
        quantity("width", self.width, TransportError, above=0, unit="m")

    def bare(self, seed: int, porosity: float | None = None) -> Phantom:
        """A section of the coating on bare foil, of the pair's porosity or another one [-]."""
        eps = self.pair.bare_porosity if porosity is None else porosity
        return self._section(
            bare_electrode(self.pair.bare_thickness, eps, self.foil.thickness), 2 * seed
        )

    def perforated(self, seed: int) -> Phantom:
        """A section of the coating on perforated foil, through the middle of a hole."""
        pair = self.pair
        return self._section(
            perforated_electrode(pair.thickness.npr, pair.porosity, self.foil), 2 * seed + 1
        )

    def _section(self, electrode, seed: int) -> Phantom:
        size = {"width": self.width, "x": -self.width / 2, "pixel_size": self.pixel_size}
        return section(electrode, self.mixture, rng=np.random.default_rng(seed), **size)

    def cube(
        self, porosity: float, edge: float, seed: int, pixel_size: float | None = None
    ) -> Phantom:
        """A cube of a coating of one porosity, without foil."""
        return cube(
            self.mixture,
            porosity,
            edge,
            seed,
            self.pixel_size if pixel_size is None else pixel_size,
        )

    def slices(self, breadth: float, pixel_size: float, seed: int) -> tuple[Phantom, Phantom]:
        """Half a section of either electrode, from the middle of a hole on, `breadth` thick: bare
        and perforated.
        """
        pair = self.pair
        electrodes = (
            bare_electrode(pair.bare_thickness, pair.bare_porosity, self.foil.thickness),
            perforated_electrode(pair.thickness.npr, pair.porosity, self.foil),
        )
        size = {"width": self.width / 2, "breadth": breadth, "pixel_size": pixel_size}
        bare, perforated = (
            volume(electrode, self.mixture, rng=np.random.default_rng(2 * seed + number), **size)
            for number, electrode in enumerate(electrodes)
        )
        return bare, perforated


class _Through(NamedTuple):
    """What passes a cube of a coating from its free surface down."""

    pore: np.ndarray
    efficiency: float  #: D_eff / D_0 [-]
    flux: np.ndarray  #: magnitude in each voxel of the pores [D_0 c_0 / L]
    macmullin_along: np.ndarray  #: of each layer of voxels [-]


@lru_cache(maxsize=32)  # the two tables of a chapter ask for the same cubes, of a megabyte each
def _through(
    mixture: Mixture, porosity: float, edge: float, seed: int, pixel_size: float
) -> _Through:
    pore = cube(mixture, porosity, edge, seed, pixel_size).pore
    found = steady_diffusion(pore, tolerance=SOLVED)
    flux = found.flux_magnitude[pore]
    return _Through(pore, found.relative_diffusivity, flux, found.macmullin_along)


def _each(function: Callable, items: Iterable, workers: int) -> list:
    """Results in the order of the items; the solver's kernels and the image filters run beside each
    other.
    """
    quantity("workers", workers, TransportError, at_least=1, whole=True)
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def percolation(
    recipe: StructureRecipe, porosities: Sequence[float], seeds: Sequence[int], workers: int = 2
) -> pd.DataFrame:
    """Whether sections of one porosity let anything through their pores.

    Returns
    -------
    pandas.DataFrame
        ``porosity`` [-], ``seed``, ``percolates``, ``reached`` (share of the pore area that joins
        the surface [-]) and ``deepest`` (how far down that reaches, of the thickness [-]).
    """
    import pandas as pd

    def one(case):
        porosity, seed = case
        phantom = recipe.bare(seed, porosity)
        pore = phantom.pore[phantom.coating.any(axis=1)]
        joined = flow_paths(pore, 0, (False,) * 2, dead_end=True)
        depth = (np.flatnonzero(joined.any(axis=1)).max(initial=-1) + 1) / len(pore)
        return porosity, seed, bool(joined[-1].any()), joined.sum() / pore.sum(), depth

    rows = _each(one, [(porosity, seed) for porosity in porosities for seed in seeds], workers)
    return pd.DataFrame(rows, columns=["porosity", "seed", "percolates", "reached", "deepest"])


def tortuosities(
    recipe: StructureRecipe,
    porosities: Sequence[float],
    seeds: Sequence[int],
    edge: float,
    pixel_size: float,
    workers: int = 2,
) -> pd.DataFrame:
    """Tortuosity of cubes, and what their own sections would say.

    Parameters
    ----------
    recipe : StructureRecipe
    porosities, seeds : sequence
    edge, pixel_size : float
        [m]
    workers : int

    Returns
    -------
    pandas.DataFrame
        ``asked`` and ``porosity`` (prescribed, and of the voxels), ``seed``, ``efficiency`` (D_eff
        / D_0 of the cube), ``share`` and ``participation`` of its flux, ``sections`` (share of
        eight of its sections that percolate) and ``section_efficiency`` (their mean), all [-].
    """
    import pandas as pd

    def one(case):
        porosity, seed = case
        whole = _through(recipe.mixture, porosity, edge, seed, pixel_size)
        pore = whole.pore
        crowded = localisation(whole.flux, np.ones(len(whole.flux), bool))
        planes = np.linspace(0, len(pore) - 1, 8).round().astype(int)
        flat = np.array(
            [
                steady_diffusion(pore[:, :, k], tolerance=BALANCE).relative_diffusivity
                for k in planes
            ]
        )
        return (
            porosity,
            seed,
            pore.mean(),
            whole.efficiency,
            *crowded,
            np.mean(flat > 0),
            flat.mean(),
        )

    rows = _each(one, [(porosity, seed) for porosity in porosities for seed in seeds], workers)
    columns = [
        "asked",
        "seed",
        "porosity",
        "efficiency",
        *Localisation._fields,
        "sections",
        "section_efficiency",
    ]
    return pd.DataFrame(rows, columns=columns)


def local_tortuosities(
    recipe: StructureRecipe,
    porosities: Sequence[float],
    seeds: Sequence[int],
    edge: float,
    pixel_size: float,
    workers: int = 2,
) -> xr.DataArray:
    """Tortuosity factor of each layer of voxels of cubes, from the free surface down.

    A layer's porosity times its MacMullin number
    (:attr:`rampore.diffusion.Diffusion.macmullin_along`).

    Parameters
    ----------
    recipe : StructureRecipe
    porosities, seeds : sequence
    edge, pixel_size : float
        [m]
    workers : int

    Returns
    -------
    xarray.DataArray
        Over ``porosity`` [-], ``seed`` and ``depth`` [m]; [-].
    """
    import xarray as xr

    def one(case):
        porosity, seed = case
        through = _through(recipe.mixture, porosity, edge, seed, pixel_size)
        return through.pore.mean(axis=(1, 2)) * through.macmullin_along

    rows = _each(one, [(porosity, seed) for porosity in porosities for seed in seeds], workers)
    depth = pixel_size * (np.arange(len(rows[0])) + 0.5)
    return xr.DataArray(
        np.reshape(rows, (len(porosities), len(seeds), -1)),
        {
            "porosity": ("porosity", list(porosities), {"units": "1"}),
            "seed": ("seed", list(seeds), {"units": "1"}),
            "depth": ("depth", depth, {"units": "m"}),
        },
        name="tortuosity",
        attrs={"units": "1"},
    )


def told_by_sections(
    recipe: StructureRecipe,
    porosities: Sequence[float],
    seeds: Sequence[int],
    edge: float,
    pixel_size: float,
    planes: int = 8,
    workers: int = 2,
) -> pd.DataFrame:
    """What cubes are, and what their own sections show of it.

    Parameters
    ----------
    recipe : StructureRecipe
    porosities, seeds : sequence
    edge, pixel_size : float
        [m]
    planes : int
        Sections of each cube, evenly apart.
    workers : int

    Returns
    -------
    pandas.DataFrame
        ``asked`` (prescribed porosity [-]), ``seed``, ``plane`` (from 0; -1: the cube itself),
        number of ``pores`` [-] and :data:`TOLD`: ``porosity`` [-], mean ``radius`` [m] and
        ``coordination`` number of the pores [-], ``tortuosity`` factor (infinite where nothing
        passes) and ``share`` of the flux in the most loaded tenth of the pores (NaN there) [-].
    """
    import pandas as pd

    def told(pore):
        table = measure(pore, pixel_size).table
        result = steady_diffusion(pore, tolerance=SOLVED)
        flows = result.relative_diffusivity > 0
        share = localisation(result.flux_magnitude, pore).share if flows else np.nan
        means = table["equivalent_radius"].mean(), table["coordination"].mean()
        return len(table), pore.mean(), *means, result.tortuosity_factor, share

    def one(case):
        porosity, seed = case
        pore = recipe.cube(porosity, edge, seed, pixel_size).pore
        cuts = ((np.arange(planes) + 0.5) * pore.shape[2] / planes).astype(int)
        images = [(-1, pore), *enumerate(pore[:, :, k] for k in cuts)]
        return [(porosity, seed, plane, *told(image)) for plane, image in images]

    rows = _each(one, [(porosity, seed) for porosity in porosities for seed in seeds], workers)
    every = [row for of_cube in rows for row in of_cube]
    return pd.DataFrame(every, columns=["asked", "seed", "plane", "pores", *TOLD])


def told_apart(table: pd.DataFrame, porosity: float, reference: float) -> pd.DataFrame:
    """What two porosities differ by in the cubes of each seed, and in each two of their sections.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`told_by_sections` returns it.
    porosity, reference : float
        Of those that were asked for [-].

    Returns
    -------
    pandas.DataFrame
        Quotients of :data:`TOLD` [-] over ``seed`` and ``plane`` (-1: the cubes); NaN where either
        has no value, as the tortuosity factor of a section through which nothing passes.
    """
    for value in (porosity, reference):
        choice("porosity", value, list(table["asked"].unique()), TransportError)
    finite = table.where(np.isfinite(table), np.nan)
    of = finite.groupby("asked")
    at, beside = (
        of.get_group(value).set_index(["seed", "plane"])[list(TOLD)]
        for value in (porosity, reference)
    )
    return at / beside


def generated_closure(
    porosities: Sequence[float] = (0.19, 0.24, 0.28, 0.35, 0.45),
    seeds: Sequence[int] = (0, 1, 2),
    edge: float = 40e-6,
    pixel_size: float = 0.5e-6,
) -> Closure:
    """The closure that fits cubes of the study's mixture.

    Parameters
    ----------
    porosities, seeds : sequence
        Of the cubes; each porosity [-] with each seed.
    edge, pixel_size : float
        [m]
    """
    pores = [
        cube(GRAPHITE_SIOX, porosity, edge, seed, pixel_size).pore
        for porosity in porosities
        for seed in seeds
    ]
    efficiency = [steady_diffusion(pore, tolerance=BALANCE).relative_diffusivity for pore in pores]
    return fit_closure([pore.mean() for pore in pores], efficiency, "cubes, fitted")


class Case(NamedTuple):
    """One way to let lithium into a coating, see :func:`diffuse`."""

    taken_by: Literal["foil", "walls"]
    solid: float  #: D / D_0 of grains and binder [-]
    rate: float = 0.0  #: of the walls' uptake over D_0 [1/m]


def compare_sections(
    recipe: StructureRecipe, seeds: Sequence[int], cases: Sequence[Case], workers: int = 2
) -> xr.Dataset:
    """Flux and concentration in sections of both electrodes, over seeds and cases.

    Parameters
    ----------
    recipe : StructureRecipe
    seeds : sequence of int
    cases : sequence of Case
    workers : int

    Returns
    -------
    xarray.Dataset
        Over ``place`` (:data:`PLACES`), ``seed`` and ``case``: ``share`` and ``participation`` of
        the flux in pores above the foil's plane, ``concentration`` of pores over ``depth`` [m], and
        ``bottom``, its mean over the last 2 um above the foil or the bottom of the hole; all [-].
    """
    import xarray as xr

    if not len(seeds) or not len(cases):
        raise TransportError("a comparison takes one seed and one case, or more")

    def one(seed):
        phantoms = recipe.bare(seed), recipe.perforated(seed)
        return [
            [row for phantom in phantoms for row in _of_regions(phantom, recipe.foil, case)]
            for case in cases
        ]

    each = _each(one, seeds, workers)
    depth = recipe.pixel_size * (
        np.arange(max(len(row[-1]) for found in each for of in found for row in of)) + 0.5
    )
    numbers = np.array([[[row[:3] for row in of] for of in found] for found in each])
    profiles = np.full((*numbers.shape[:3], len(depth)), np.nan)
    for i, j, k in np.ndindex(*profiles.shape[:3]):
        values = each[i][j][k][-1]
        profiles[i, j, k, : len(values)] = values
    dims, units = ("seed", "case", "place"), {"units": "1"}
    names = ("share", "participation", "bottom")
    return xr.Dataset(
        {name: (dims, numbers[..., column], units) for column, name in enumerate(names)}
        | {"concentration": ((*dims, "depth"), profiles, units)},
        {
            "seed": ("seed", list(seeds), units),
            "place": list(PLACES),
            "depth": ("depth", depth, {"units": "m"}),
        },
    )


def difference(values: xr.DataArray, place: str, other: str = PLACES[0]) -> tuple[float, float]:
    """Mean over the seeds of a place's value less that of another, and half of its 95 % interval
    (Student's t).
    """
    from scipy.stats import t

    for name in (place, other):
        choice("place", name, list(map(str, values.place.values)), TransportError)
    if values.sizes["seed"] < 2:
        raise TransportError("an interval over the seeds takes two of them or more")
    apart = (values.sel(place=place) - values.sel(place=other)).values
    return float(apart.mean()), float(
        t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart))
    )


def places(phantom: Phantom, foil: PerforatedFoil) -> dict[str, np.ndarray]:
    """Pores of each of :data:`PLACES` that a phantom shows."""
    if not (phantom.coating & (phantom.z < 0).reshape(-1, *[1] * (phantom.phase.ndim - 1))).any():
        return {PLACES[0]: phantom.pore}
    hole = over_hole(phantom, foil.hole_diameter)
    return {PLACES[1]: phantom.pore & hole, PLACES[2]: phantom.pore & ~hole}


def _of_regions(
    phantom: Phantom, foil: PerforatedFoil, case: Case
) -> list[tuple[float, float, float, np.ndarray]]:
    """Share, participation, concentration at the bottom and over depth of each place."""
    result = diffuse(phantom, *case)
    above = (phantom.z > 0).reshape(-1, *[1] * (phantom.phase.ndim - 1))
    found = []
    for region in places(phantom, foil).values():
        profile = depth_profile(result.concentration, region)
        profile = profile[: np.flatnonzero(region)[-1] // region[0].size + 1]
        last = profile[np.isfinite(profile)][-max(1, round(2e-6 / phantom.pixel_size)) :]
        found.append(
            (*localisation(result.flux_magnitude, region & above), float(last.mean()), profile)
        )
    return found


# The coating as a continuum -----------------------------------------------------------------------


class Fields(NamedTuple):
    """Concentrations in the unit cell of a perforated coating, and on bare foil."""

    #: (n0, n1, n2) over that of the electrolyte above; NaN in metal and beside the holes [-]
    concentration: np.ndarray
    distance: np.ndarray  #: (n1, n2) from the axis of the nearest hole [m]
    on_metal: np.ndarray  #: (n1, n2) on the plane of the foil; over the holes the field there [-]
    hole_bottom: float  #: mean at the bottom of the hole [-]
    foil_near: float  #: mean on the metal within 10 um of the hole [-]
    foil_far: float  #: mean on the metal farther away than half of the ligament's half width [-]
    bare_foil: float  #: on bare foil [-]
    #: on the metal of a coating of the dense region's thickness and porosity alone [-]
    alone: float


def consuming_unit_cell(
    pair: CoatingPair,
    foil: PerforatedFoil,
    closure: Callable,
    left_on_bare: float,
    step: float = STEP,
    taken_by_foil: float = 0.0,
) -> Fields:
    r"""First-order consumption in the unit cell of a perforated coating, as a continuum.

    Solves :math:`\nabla\cdot(g(\varepsilon)\nabla c) = k\,(1-\varepsilon)\,c` (Eq. 3.8) below a
    face with c = 1, with :math:`-g\,\partial_n c = \beta c` on the metal, the walls of the holes
    included. On bare foil :math:`k` and :math:`\beta` leave :math:`\lambda` = `left_on_bare` at the
    bottom and bring the share :math:`\varphi` = `taken_by_foil` of the lithium to the metal: with
    :math:`m = \sqrt{k(1-\varepsilon_0)/g(\varepsilon_0)}`,

    .. math::
        \cosh mH = \frac{1 + \lambda\varphi}{\lambda + \varphi} , \qquad
        \beta = g(\varepsilon_0)\,m\,\frac{\varphi \sinh mH}{1 - \varphi \cosh mH} .

    Parameters
    ----------
    pair : CoatingPair
    foil : PerforatedFoil
    closure : callable
        Of porosity.
    left_on_bare : float
        [-]
    step : float
        Edge of a cell [m], roughly: thicknesses are met exactly by the layers, the holes by the
        cells' centres.
    taken_by_foil : float
        [-], below 1.
    """
    quantity("what is left on bare foil", left_on_bare, TransportError, above=0, below=1)
    quantity("taken_by_foil", taken_by_foil, TransportError, at_least=0, below=1)
    quantity(
        "step",
        step,
        TransportError,
        above=0,
        at_most=min(pair.thickness.npr, foil.pitch / 4),
        unit="m",
    )
    bare_conductivity = closure(pair.bare_porosity)
    lost = (1 + left_on_bare * taken_by_foil) / (left_on_bare + taken_by_foil)  # cosh mH
    m = np.arccosh(lost) / pair.bare_thickness
    k = m**2 * bare_conductivity / (1 - pair.bare_porosity)
    beta = bare_conductivity * m * np.sqrt(lost**2 - 1) / (1 - taken_by_foil * lost) * taken_by_foil
    layers = round(pair.thickness.npr / step)
    below = round((pair.thickness.pr - pair.thickness.npr) / (pair.thickness.npr / layers))
    rows = (foil.pitch, np.sqrt(3) * foil.pitch)
    counts = [2 * round(length / 2 / step) for length in rows]
    x, y = (
        length * ((np.arange(n) + 0.5) / n - 0.5) for length, n in zip(rows, counts, strict=True)
    )
    centre = np.hypot(x[:, np.newaxis], y)
    corner = np.hypot(np.abs(x)[:, np.newaxis] - rows[0] / 2, np.abs(y) - rows[1] / 2)
    distance = np.minimum(centre, corner)
    hole = distance < foil.hole_diameter / 2
    porosity = np.where(hole, pair.porosity.pr, pair.porosity.npr) * np.ones((layers + below, 1, 1))
    porosity[layers:, ~hole] = 0
    spacing = (
        pair.thickness.npr / layers,
        *(length / n for length, n in zip(rows, counts, strict=True)),
    )
    conductivity = np.where(porosity > 0, closure(porosity), 0)
    to_metal = _uptake_of_metal(conductivity, layers, hole, spacing, beta)
    result = steady_diffusion(
        conductivity,
        spacing=spacing,
        sides="periodic",
        outlet="closed",
        uptake=k * (1 - porosity) + to_metal,
        tolerance=1e-5,
    )
    c = result.concentration
    # From the last centre to a surface on which nothing leaves, c rises by a parabola, c'' = k c /
    # g; to metal it falls by beta c / g besides.
    last = {
        eps: 1 + k * (1 - eps) / closure(eps) * (spacing[0] / 2) ** 2 / 2 for eps in pair.porosity
    }
    on_foil = last[pair.porosity.npr] + beta / closure(pair.porosity.npr) * spacing[0] / 2
    on_metal = c[layers - 1] / np.where(hole, last[pair.porosity.npr], on_foil)
    rim, half = distance - foil.hole_diameter / 2, foil.ligament_width / 2
    dense = closure(pair.porosity.npr)
    modulus = np.sqrt(k * (1 - pair.porosity.npr) / dense)
    alone = np.cosh(modulus * pair.thickness.npr)
    if beta:
        alone += beta / dense * np.sinh(modulus * pair.thickness.npr) / modulus
    return Fields(
        c,
        distance,
        on_metal,
        float(c[-1, hole].mean() / last[pair.porosity.pr]),
        float(on_metal[(rim > 0) & (rim < 10e-6)].mean()),
        float(on_metal[rim > half].mean()),
        left_on_bare,
        float(1 / alone),
    )


def _uptake_of_metal(
    conductivity: np.ndarray,
    layers: int,
    hole: np.ndarray,
    spacing: Sequence[float],
    beta: float,
) -> np.ndarray:
    """Uptake of the cells at metal [1/m2], each over the half cell that lies before its faces."""
    uptake = np.zeros_like(conductivity)

    def per_volume(conductivity, side):
        return 1 / (1 / beta + side / 2 / conductivity) / side if beta else 0.0

    uptake[layers - 1, ~hole] += per_volume(conductivity[layers - 1, ~hole], spacing[0])
    for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
        wall = hole & ~np.roll(hole, shift, axis)
        uptake[layers:, wall] += per_volume(conductivity[layers:, wall], spacing[1 + axis])
    return uptake


def foil_share_needed(
    pair: CoatingPair,
    foil: PerforatedFoil,
    closures: Sequence[Closure],
    left_on_bare: Sequence[float],
    step: float = STEP,
) -> float:
    """The least share of the lithium that bare foil must take so that under every closure the
    bottom of a hole keeps more than the bottom on bare foil [-].

    It keeps the more, the more the metal takes, none of which lies under a hole; NaN where even
    0.99 do not suffice.
    """

    def surplus(share: float, closure: Closure, left: float) -> float:
        cell = consuming_unit_cell(pair, foil, closure, left, step, share)
        return cell.hole_bottom / left - 1

    return _largest_root(surplus, 0.0, 0.99, closures, left_on_bare, 1e-3)


def dense_porosity_needed(
    pair: CoatingPair,
    foil: PerforatedFoil,
    closures: Sequence[Closure],
    left_on_bare: Sequence[float],
    step: float = STEP,
) -> float:
    """The least porosity over foil with which, under every closure, the metal within 10 um of a
    hole sees more than bare foil [-]; NaN where even the bare coating's does not suffice.
    """

    def surplus(porosity: float, closure: Closure, left: float) -> float:
        tried = replace(pair, porosity=Local(porosity, pair.porosity.pr))
        return consuming_unit_cell(tried, foil, closure, left, step).foil_near / left - 1

    low, high = pair.porosity.npr / 2, pair.bare_porosity
    return _largest_root(surplus, low, high, closures, left_on_bare, 1e-4)


def _largest_root(
    surplus: Callable[[float, Closure, float], float],
    low: float,
    high: float,
    closures: Sequence[Closure],
    left_on_bare: Sequence[float],
    tolerance: float,
) -> float:
    """Where the last of some rising functions passes zero: `low` where all lie above it there, NaN
    where one lies below it at `high`.
    """
    from scipy.optimize import brentq

    found = low
    for closure in closures:
        for left in left_on_bare:
            if surplus(found, closure, left) >= 0:
                continue
            if surplus(high, closure, left) < 0:
                return float("nan")
            found = brentq(surplus, found, high, (closure, left), xtol=tolerance)
    return found


def reach(cell: Fields, foil: PerforatedFoil, more: float = 0.1) -> float:
    """How far from a hole's edge the metal still sees so much more than below the dense region
    alone [m].

    Parameters
    ----------
    cell : Fields
    foil : PerforatedFoil
    more : float
        Share of what that region alone would leave [-].

    Returns
    -------
    float
        0 where it is nowhere so much; known to the edge of a cell of the mesh.
    """
    rim = cell.distance - foil.hole_diameter / 2
    return float(np.max(rim[cell.on_metal > (1 + more) * cell.alone], initial=0.0))


def scan_unit_cells(
    pairs: Mapping[str, CoatingPair],
    foil: PerforatedFoil,
    closures: Sequence[Closure],
    left_on_bare: Sequence[float],
    step: float = STEP,
) -> pd.DataFrame:
    """:func:`consuming_unit_cell` for all pairs, closures and rates.

    Returns
    -------
    pandas.DataFrame
        ``porosities``, ``closure``, ``exponent``, ``left`` and, over the concentration on bare
        foil, ``hole bottom``, ``beside the hole``, ``far from holes`` and ``dense alone`` [-].
    """
    import pandas as pd

    rows = []
    for name, pair in pairs.items():
        for closure in closures:
            for left in left_on_bare:
                cell = consuming_unit_cell(pair, foil, closure, left, step)
                values = (
                    np.array([cell.hole_bottom, cell.foil_near, cell.foil_far, cell.alone]) / left
                )
                rows.append((name, closure.name, closure.exponent, left, *values))
    columns = ["hole bottom", "beside the hole", "far from holes", "dense alone"]
    return pd.DataFrame(rows, columns=["porosities", "closure", "exponent", "left", *columns])
