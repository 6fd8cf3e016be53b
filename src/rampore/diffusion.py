r"""Steady diffusion through an image of pores, in two dimensions or three.

Finite volumes on the pixels themselves: the conductance of a face is the harmonic mean of the
diffusivities on its two sides, so that fluxes balance exactly in every pixel and layers in series
and in parallel come out to rounding. Pores that join no inlet to an outlet are found by
connectivity and carry nothing; no small number is added anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, increasing, quantity
from rampore.kernels import njit
from rampore.multigrid import ConvergenceError, Multigrid, degree

#: Below this many pixels, or across a section this small, a sparse direct solver is faster and
#: exact.
DIRECT_PIXELS = 3000
DIRECT_SECTION = 48
#: Above this many pixels conductances are kept in single precision; an imbalance below about 1e-6
#: is then out of reach.
LARGE = 20_000_000
#: A plane of up to so many pixels is solved directly after all, where so many iterations have not
#: sufficed: strong contrasts from pixel to pixel, which blocks of pixels cannot represent.
DIRECT_PLANE = 2_000_000
PATIENCE = 100
#: Working memory for each pixel, measured, with a tenth to spare [B]; images above LARGE take the
#: second.
BYTES_PER_PIXEL = 130, 100


@dataclass(frozen=True)
class Diffusion:
    """What diffuses through an image along one axis.

    Attributes
    ----------
    relative_diffusivity : float
        D_eff / D_0 [-]; 0 where nothing percolates. With a sink: of the flux that enters.
    mean_diffusivity : float
        Mean of D / D_0 along the axis over the image [-]: the porosity, where the image is 1 in
        pores and 0 elsewhere.
    conducting_fraction, percolating_fraction : float
        Share of the image's volume that conducts at all, and share of that which takes part in the
        flow [-].
    imbalance : float
        Largest difference between the fluxes through any two cross-sections, after what the sink
        takes between them, over the mean flux [-].
    iterations : int
        Of the linear solver; 0 for a direct solution.
    axis : int
        The axis of flow.
    concentration : array, shape of the image
        c / c_0 at the centres of pixels [-]; NaN where nothing diffuses or nothing arrives.
    """

    relative_diffusivity: float
    mean_diffusivity: float
    conducting_fraction: float
    percolating_fraction: float
    imbalance: float
    iterations: int
    axis: int
    concentration: np.ndarray = field(repr=False)
    _problem: _Problem = field(repr=False)
    _mean: np.ndarray = field(repr=False)

    @cached_property
    def flux(self) -> np.ndarray:
        """Flux at the centres of pixels, one component for each axis: (d, n0, ...) array [D_0 c_0 /
        L].

        The mean of what passes a pixel's two faces; 0 where nothing flows. Positive along the axis.
        """
        return self._problem.flux()

    @cached_property
    def macmullin_along(self) -> np.ndarray:
        r"""Local MacMullin number of each layer of pixels across the axis, (n,) array [-].

        What a layer dissipates over the square of the flux that passes it,
        :math:`\langle q^2/D\rangle / \langle q_z\rangle^2`, where a face between two layers counts
        half to either. Without a sink its mean is the MacMullin number of the image. Infinite where
        nothing passes.
        """
        through = self.flux[self.axis].mean(
            axis=tuple(other for other in range(self.concentration.ndim) if other != self.axis)
        )
        return np.divide(
            self._problem.dissipation(),
            through**2,
            out=np.full(len(through), np.inf),
            where=through != 0,
        )

    @property
    def flux_magnitude(self) -> np.ndarray:
        """Length of the flux vector, shape of the image [D_0 c_0 / L]."""
        return np.sqrt(np.einsum("a...,a...->...", self.flux, self.flux))

    @property
    def tortuosity_factor(self) -> float:
        """tau = eps D_0 / D_eff [-]; infinite where nothing percolates."""
        return (
            self.mean_diffusivity / self.relative_diffusivity
            if self.relative_diffusivity
            else np.inf
        )

    def profile(self) -> FlowProfile:
        r"""Porosity and tortuosity factor from cross-section to cross-section of the axis.

        The tortuosity factor of a slice follows from what it adds to the resistance, the power that
        is dissipated in it over the square of the flux: :math:`1 / D_\mathrm{eff}` is the mean of
        :math:`\tau(x) / \varepsilon(x)`, exactly. Of a face between two slices each has half.

        Raises
        ------
        DiffusionError
            Where nothing flows, or a sink takes part of the flux on its way.
        """
        if not self.relative_diffusivity or self._problem.sink.any():
            raise DiffusionError("a profile takes a flow that passes every cross-section alike")
        shares = self._problem.dissipation()
        shares /= shares.mean()
        step = self._problem.step
        return FlowProfile(
            (np.arange(len(shares)) + 0.5) * step,
            self._mean,
            self._mean * shares / self.relative_diffusivity,
        )

    @property
    def macmullin_number(self) -> float:
        """N_M = D_0 / D_eff [-]; infinite where nothing percolates."""
        return 1 / self.relative_diffusivity if self.relative_diffusivity else np.inf


class FlowProfile(NamedTuple):
    """What a flow meets along its axis."""

    position: np.ndarray  #: middle of each slice, shape (n,) [L]
    #: mean of D / D_0 over the slice, in an image of pores its porosity [-]
    diffusivity: np.ndarray
    tortuosity_factor: np.ndarray  #: of the slice [-]


class DiffusionError(RamporeError, ValueError):
    """An image, a phase or a condition that makes no diffusion problem; the message says what to
    do.
    """

    exit_code = 2


def face_conductances(
    diffusivity: np.ndarray,
    spacing: tuple[float, ...],
    periodic: tuple[bool, ...],
    anisotropy: Sequence[np.ndarray | float] | None = None,
) -> list[np.ndarray]:
    r"""Conductance of the face between a pixel and its next neighbour along each axis, per unit
    volume.

    :math:`K = \frac{1}{h^2}\,\frac{2 D_1 D_2}{D_1 + D_2}` (Eq. 3.3): the harmonic mean is the
    conductance of the two half pixels in series. The last slice is the face that joins the last
    pixel with the first: zero unless periodic.

    Parameters
    ----------
    diffusivity : (n0, ...) array
        D / D_0 [-].
    spacing : tuple of float
        Edge of a pixel along each axis [L].
    periodic : tuple of bool
        Which axes close upon themselves.
    anisotropy : sequence of float or array, one for each axis, optional
        Diffusivity along the axis over `diffusivity` [-]; 1 throughout by default.

    Returns
    -------
    list of arrays, shape of the image
        [1 / L^2].
    """
    faces = []
    factors = [1] * diffusivity.ndim if anisotropy is None else anisotropy
    for axis, (h, wraps, factor) in enumerate(zip(spacing, periodic, factors, strict=True)):
        along = (
            diffusivity
            if np.ndim(factor) == 0 and factor == 1
            else np.multiply(diffusivity, factor, dtype=diffusivity.dtype)
        )
        k = np.empty(diffusivity.shape, diffusivity.dtype)
        _harmonic(_box(along), _place(axis, k.ndim), diffusivity.dtype.type(h**2), _box(k))
        if not wraps or diffusivity.shape[axis] == 1:
            k[_slab(axis, -1)] = 0
        faces.append(k)
    return faces


def _box(array: np.ndarray) -> np.ndarray:
    """A view of three dimensions: the kernels vectorise the last axis, so a plane stands upright in
    the box.
    """
    return array if array.ndim == 3 else array[:, np.newaxis, :]


def _place(axis: int, ndim: int) -> int:
    """Where an axis of the image lies in :func:`_box`."""
    return axis if ndim == 3 else 2 * axis


# Kernels take the neighbour of a whole row at once: the row above, the one beside, or the row
# itself turned by one, so that the compiler can vectorise what lies within.
_compile = njit(cache=True, fastmath={"nsz", "arcp", "contract", "reassoc"}, nogil=True)


@_compile
def _following(x, i, j, axis, turned):
    """The next neighbours of a row of x along an axis."""
    if axis == 0:
        return x[(i + 1) % x.shape[0], j]
    if axis == 1:
        return x[i, (j + 1) % x.shape[1]]
    turned[:-1] = x[i, j, 1:]
    turned[-1] = x[i, j, 0]
    return turned


@_compile
def _harmonic(d, axis, square, k):
    """k = 2 d d' / (d + d') / square, of each cell and its next neighbour d' along the axis."""
    n0, n1, n2 = d.shape
    turned = np.empty(n2, d.dtype)
    for i in range(n0):
        for j in range(n1):
            here, there, faces = d[i, j], _following(d, i, j, axis, turned), k[i, j]
            for m in range(n2):
                total = here[m] + there[m]
                faces[m] = 2 * here[m] * there[m] / (total * square) if total > 0 else 0


@_compile
def _over_faces(k, c, across, squared, axis):
    """Sum of k (c - c') or, squared, k (c - c')^2 over the faces `across` of each slice of `axis`,
    in double precision.
    """
    n0, n1, n2 = c.shape
    turned = np.empty(n2, c.dtype)
    sums = np.zeros(c.shape[axis])
    for i in range(n0):
        for j in range(n1):
            here, there, faces = c[i, j], _following(c, i, j, across, turned), k[i, j]
            if axis == 2:
                for m in range(n2):
                    fall = here[m] - there[m]
                    sums[m] += faces[m] * (fall * fall if squared else fall)
            else:
                of_row = 0.0
                for m in range(n2):
                    fall = here[m] - there[m]
                    of_row += faces[m] * (fall * fall if squared else fall)
                sums[j if axis == 1 else i] += of_row
    return sums


def _slab(axis: int, index) -> tuple:
    return (slice(None),) * axis + (index,)


def flow_paths(
    conducting: np.ndarray, axis: int, periodic: tuple[bool, ...], dead_end: bool = False
) -> np.ndarray:
    """The conducting pixels that a flow along `axis` can pass: joined to the inlet and, unless
    `dead_end`, the outlet.

    Pixels are joined through faces, not through edges or corners.

    Parameters
    ----------
    conducting : array of bool
    axis : int
    periodic : tuple of bool
        Which axes close upon themselves.
    dead_end : bool
        Whether to be joined to the inlet is enough.

    Returns
    -------
    array of bool, shape of the image
    """
    from scipy.ndimage import label
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labels, count = label(conducting)
    pairs = [np.empty((2, 0), int)]
    for wrap in (other for other, wraps in enumerate(periodic) if wraps):
        ends = np.stack([labels[_slab(wrap, 0)].ravel(), labels[_slab(wrap, -1)].ravel()])
        pairs.append(np.unique(ends[:, (ends > 0).all(0)], axis=1))
    rows, columns = np.concatenate(pairs, axis=1)
    joined = coo_array((np.ones(rows.size, bool), (rows, columns)), shape=(count + 1, count + 1))
    group = connected_components(joined, directed=False)[1]
    group[0] = -1
    inlet = group[labels[_slab(axis, 0)]]
    outlet = inlet if dead_end else group[labels[_slab(axis, -1)]]
    through = np.intersect1d(inlet, outlet)
    return np.isin(group, through[through >= 0])[labels]


def steady_diffusion(
    diffusivity: np.ndarray,
    axis: int = 0,
    *,
    spacing: float | tuple[float, ...] = 1.0,
    anisotropy: Sequence[np.ndarray | float] | None = None,
    sides: Literal["closed", "periodic"] = "closed",
    outlet: Literal["fixed", "closed"] = "fixed",
    uptake: np.ndarray | float | None = None,
    tolerance: float = 1e-4,
    progress: Callable[[int, float], None] | None = None,
) -> Diffusion:
    r"""Steady diffusion through an image along one axis.

    Solves :math:`\nabla\cdot(D\nabla c) = k c` (Eq. 3.1) with c = 1 on the face before the first
    pixels of the axis and, on the face behind its last, c = 0 or no flux.

    Parameters
    ----------
    diffusivity : (n0, n1[, n2]) array
        D / D_0 of each pixel [-]; 0 where nothing diffuses. A boolean image conducts where it is
        True.
    axis : int
        The axis of flow.
    spacing : float or tuple of float
        Edge of a pixel [L], along each axis if they differ.
    anisotropy : sequence of float or array, one for each axis, optional
        Diffusivity along the axis over `diffusivity` [-], positive: a tensor whose principal axes
        are the image's.
    sides : {"closed", "periodic"}
        What the other faces are.
    outlet : {"fixed", "closed"}
        c = 0 or no flux behind the last pixels; "closed" makes sense with an uptake only.
    uptake : float or array, shape of the image, optional
        Rate constant k of a first-order sink over D_0 [1 / L^2]; counts in conducting pixels.
    tolerance : float
        Largest imbalance that is accepted, see :class:`Diffusion`.
    progress : callable, optional
        Called as ``progress(iteration, imbalance)``.

    Returns
    -------
    Diffusion

    Raises
    ------
    DiffusionError
        For an image that is empty, of one pixel, not two- or three-dimensional, negative, not
        finite or too large for the memory that is free, and for conditions that leave nothing to
        solve.
    multigrid.ConvergenceError
        Where `tolerance` is not reached.
    """
    quantity("tolerance", tolerance, DiffusionError, above=0)
    choice("outlet", outlet, ("fixed", "closed"), DiffusionError)
    if outlet == "closed" and uptake is None:
        raise DiffusionError(
            "with a closed outlet and no uptake nothing flows: give an uptake, or outlet='fixed'"
        )
    image = _checked(diffusivity, axis)
    sink = 0.0 if uptake is None else uptake
    problem, paths = _prepare(
        image, axis, spacing, anisotropy, sides, outlet, sink, dead_end=uptake is not None
    )
    if outlet == "closed" and paths.any() and not problem.sink.any():
        raise DiffusionError(
            "with a closed outlet and an uptake of 0 nothing flows: give an uptake, or "
            "outlet='fixed'"
        )
    along = 1 if anisotropy is None else anisotropy[axis]
    across = tuple(set(range(image.ndim)) - {problem.axis})
    mean = float(np.mean(image * along, dtype=float))
    of_slices = np.mean(image * along, axis=across, dtype=float)
    conducting = image > 0
    fraction = float(conducting.mean())
    percolating = float(paths.sum() / max(conducting.sum(), 1))
    del image, conducting  # what follows takes all the memory that there is
    iterations = problem.solve_steadily(tolerance, progress) if paths.any() else 0
    return Diffusion(
        relative_diffusivity=problem.relative_diffusivity() if paths.any() else 0.0,
        mean_diffusivity=mean,
        conducting_fraction=fraction,
        percolating_fraction=percolating,
        imbalance=problem.imbalance() if paths.any() else 0.0,
        iterations=iterations,
        axis=problem.axis,
        concentration=np.where(paths, problem.c, np.nan),
        _problem=problem,
        _mean=of_slices,
    )


class ElectrodeDiffusion(NamedTuple):
    """How ions reach the walls of an electrode's pores from one side."""

    tortuosity_factor: float  #: tau_e [-]; infinite where the inlet reaches no wall
    reached: float  #: share of the walls that the inlet reaches [-]
    iterations: int


def electrode_tortuosity(
    diffusivity: np.ndarray,
    axis: int = 0,
    *,
    spacing: float | tuple[float, ...] = 1.0,
    sides: Literal["closed", "periodic"] = "closed",
    tolerance: float = 1e-4,
) -> ElectrodeDiffusion:
    r"""Tortuosity factor of an electrode with blocking walls, as impedance sees it.

    Current that enters through the face before the first pixels charges the pores' walls, each area
    alike, as at low frequency; the other faces are closed. The resistance to it is
    :math:`R = \int u\,s\,\mathrm{d}V / (\int s\,\mathrm{d}V)^2` with
    :math:`-\nabla\cdot(D\nabla u) = s`, the area of walls per volume, and one third of the ionic
    resistance in an even electrode: :math:`\tau_e` is R over that of straight pores of the same
    volume and the same number of pixels. Unlike the factor of through-flow it knows dead ends, and
    leaves out what the flow to the far side alone would meet (Nguyen et al., npj Comput. Mater. 6
    (2020) 123).

    Parameters
    ----------
    diffusivity, axis, spacing, sides
        As :func:`steady_diffusion` takes them; axis 0 begins at the separator.
    tolerance : float
        Of the solution, in the norm of its energy [-]; the factor is good to its square.

    Raises
    ------
    DiffusionError
        As :func:`steady_diffusion`, and for an image without walls.
    multigrid.ConvergenceError
        Where `tolerance` is not reached.
    """
    quantity("tolerance", tolerance, DiffusionError, above=0)
    image = _checked(diffusivity, axis)
    problem, paths = _prepare(image, axis, spacing, None, sides, "closed", 0.0, dead_end=True)
    walls = _walls(image > 0, problem.steps, problem.periodic)
    whole = float(walls.sum(dtype=float))
    if not whole:
        raise DiffusionError("the image has no walls between what conducts and what does not")
    walls[~paths] = 0
    source = float(walls.sum(dtype=float))
    if not source:
        return ElectrodeDiffusion(math.inf, 0.0, 0)
    u = np.zeros(image.shape)
    iterations = problem.multigrid().solve(_box(walls), _box(u), tolerance=tolerance)
    resistance = float(np.sum(walls * u, dtype=float)) / source**2
    # n equal sources on a ladder of n steps, of which the first is half a step
    shape = 1 / 3 + 1 / (6 * image.shape[problem.axis] ** 2)
    straight = shape * problem.length**2 / image.sum(dtype=float)
    return ElectrodeDiffusion(float(resistance / straight), source / whole, iterations)


def _walls(
    conducting: np.ndarray, steps: tuple[float, ...], periodic: tuple[bool, ...]
) -> np.ndarray:
    """Area of the faces between a conducting pixel and one that is not, per volume [1 / L]; the
    faces of the image are none.
    """
    area = np.zeros(conducting.shape)
    for axis, (step, wraps) in enumerate(zip(steps, periodic, strict=True)):
        for way in (1, -1):
            met = conducting & ~np.roll(conducting, way, axis)
            if not wraps:
                met[_slab(axis, 0 if way == 1 else -1)] = False
            area += met / step
    return area


def _prepare(diffusivity, axis, spacing, anisotropy, sides, outlet, uptake, dead_end):
    """The discrete problem, and the pixels that take part in it."""
    image = _checked(diffusivity, axis)
    axis = axis % image.ndim
    choice("sides", sides, ("closed", "periodic"), DiffusionError)
    choice("outlet", outlet, ("fixed", "closed"), DiffusionError)
    quantity("spacing", spacing, DiffusionError, above=0)
    if np.shape(spacing) not in ((), (1,), (image.ndim,)):
        raise DiffusionError(
            f"the spacing takes one length, or one for each of {image.ndim} axes, not {spacing!r}"
        )
    steps = tuple(float(h) for h in np.broadcast_to(spacing, image.ndim))
    factors = _factors(anisotropy, image.shape)
    _fits("uptake", uptake, image.shape)
    periodic = tuple(sides == "periodic" and other != axis for other in range(image.ndim))
    paths = flow_paths(image > 0, axis, periodic, dead_end)
    if np.ndim(uptake) == 0 and uptake == 0:
        sink = np.broadcast_to(np.zeros((), image.dtype), image.shape)  # takes no memory
    else:
        sink = quantity("uptake", np.where(paths, uptake, 0.0), DiffusionError, at_least=0)
    return _Problem(
        np.where(paths, image, 0), axis, steps, factors, periodic, outlet == "fixed", sink
    ), paths


def _factors(anisotropy, shape: tuple[int, ...]) -> list:
    if anisotropy is None:
        return [1.0] * len(shape)
    if not hasattr(anisotropy, "__len__") or len(anisotropy) != len(shape):
        raise DiffusionError(
            "the anisotropy takes one positive factor, or an array of them, for each axis"
        )
    for axis, factor in enumerate(anisotropy):
        quantity(f"anisotropy along axis {axis}", factor, DiffusionError, above=0)
        _fits(f"anisotropy along axis {axis}", factor, shape)
    return list(anisotropy)


def _fits(name: str, values, shape: tuple[int, ...]) -> None:
    """Refuse what is no number or array of them that an image of this shape can have."""
    try:
        array = np.asarray(values)
        fits = array.dtype.kind in "iuf" and np.broadcast_shapes(array.shape, shape) == shape
    except ValueError:  # rows of different lengths, or shapes that do not go together
        fits = False
    if not fits:
        raise DiffusionError(
            f"{name} takes a number, or an array of them of the image's shape, {shape}"
        )


def most_pixels() -> int:
    """How many pixels an image may have for the memory that is free, by :data:`BYTES_PER_PIXEL`."""
    from psutil import virtual_memory

    small, large = (virtual_memory().available // each for each in BYTES_PER_PIXEL)
    return int(large if large > LARGE else min(small, LARGE))


def _checked(diffusivity: np.ndarray, axis: int) -> np.ndarray:
    try:
        image = np.asarray(diffusivity)
    except ValueError:
        raise DiffusionError("an image has rows of one length") from None
    if image.ndim not in (2, 3):
        raise DiffusionError(
            f"an image of two or three dimensions is needed, not one of shape {image.shape}"
        )
    if image.size == 0:
        raise DiffusionError(f"the image is empty: shape {image.shape}")
    if image.size == 1:
        raise DiffusionError("an image of one pixel has no structure to diffuse through")
    quantity("axis", axis, DiffusionError, at_least=-image.ndim, below=image.ndim, whole=True)
    if image.dtype.kind not in "biuf":
        raise DiffusionError(f"an image of numbers is needed, not of {image.dtype}")
    if image.size > (most := most_pixels()):
        raise DiffusionError(
            f"the image has {' x '.join(map(str, image.shape))} pixels, and there is memory for "
            f"{most}: cut it, or make its pixels coarser"
        )
    image = image.astype(np.float32 if image.size > LARGE else float)
    if not np.isfinite(image).all():
        raise DiffusionError(
            "the image has pixels that are not finite: set them to a diffusivity, or to 0"
        )
    if image.min() < 0:
        raise DiffusionError(f"a diffusivity cannot be negative; the lowest is {image.min():g}")
    return image


class Transient(NamedTuple):
    """Diffusion into an image in time.

    Attributes
    ----------
    times : (nt,) array
        D_0 t [L^2].
    concentration : (nt, n0, ...) array
        c / c_0 [-]; NaN where nothing diffuses or nothing arrives.
    taken_in : (nt,) array
        Amount that has entered since t = 0, net of what left through an open outlet, per volume of
        the image [-].
    """

    times: np.ndarray
    concentration: np.ndarray
    taken_in: np.ndarray


def transient_diffusion(
    diffusivity: np.ndarray,
    times: Sequence[float],
    axis: int = 0,
    *,
    initial: np.ndarray | float = 0.0,
    steps: int = 64,
    spacing: float | tuple[float, ...] = 1.0,
    anisotropy: Sequence[np.ndarray | float] | None = None,
    sides: Literal["closed", "periodic"] = "closed",
    outlet: Literal["fixed", "closed"] = "closed",
    uptake: np.ndarray | float = 0.0,
    progress: Callable[[int, float], None] | None = None,
) -> Transient:
    r"""Diffusion into an image from the face before its first pixels, in time.

    Solves :math:`\partial c/\partial t = \nabla\cdot(D\nabla c) - k c` (Eq. 3.4) in the conducting
    pixels that the inlet reaches, with c = 1 on the inlet from t = 0. In time: the two-stage,
    second-order, L-stable method of Alexander (1977), on steps that grow linearly from the start,
    where the inlet's jump makes the solution steep.

    Parameters
    ----------
    diffusivity, axis, spacing, anisotropy, sides, outlet, uptake
        As :func:`steady_diffusion` takes them.
    times : increasing sequence of float
        Times D_0 t at which the concentration is wanted [L^2].
    initial : float or array, shape of the image
        c / c_0 at t = 0 [-].
    steps : int
        Time steps from 0 to the last of `times`; every one of `times` ends a step.
    progress : callable, optional
        Called as ``progress(step, time)``.

    Returns
    -------
    Transient

    Raises
    ------
    DiffusionError
        As :func:`steady_diffusion`, and for times that do not increase from above 0.
    """
    quantity("times", times, DiffusionError, above=0)
    if np.ndim(times) != 1 or not np.size(times):
        raise DiffusionError("the times are a row of one or more")
    wanted = np.asarray(increasing("times", times, DiffusionError), float)
    quantity("steps", steps, DiffusionError, at_least=1, whole=True)
    quantity("initial", initial, DiffusionError, at_least=0)
    _fits("initial", initial, np.shape(diffusivity))
    problem, paths = _prepare(
        diffusivity, axis, spacing, anisotropy, sides, outlet, uptake, dead_end=True
    )
    problem.c = np.where(paths, np.broadcast_to(initial, paths.shape), 0.0).astype(float)
    grid = np.union1d(wanted[-1] * (np.arange(1, steps + 1) / steps) ** 2, wanted)
    grid = grid[np.concatenate([[True], np.diff(grid) > 1e-9 * grid[-1]]) | np.isin(grid, wanted)]
    fields, amounts = [], []
    # Two stages of one matrix, each c - gamma dt f(c) = what is known before; this gamma makes the
    # pair of second order and L-stable
    gamma = 1 - 1 / np.sqrt(2)
    start, now = problem.c.copy(), 0.0
    for number, end in enumerate(grid):
        storage = paths / (gamma * (end - now))
        hierarchy = problem.multigrid(storage)
        first = problem.implicit_stage(hierarchy, storage, problem.c)
        # f at the first stage, by that stage's own equation
        slope = (first - problem.c) / (gamma * (end - now))
        problem.c = problem.implicit_stage(
            hierarchy, storage, problem.c + (1 - gamma) * (end - now) * slope
        )
        now = end
        if progress:
            progress(number + 1, end)
        if end in wanted:
            fields.append(np.where(paths, problem.c, np.nan))
            amounts.append((problem.c - start).sum() / paths.size)
    return Transient(wanted, np.array(fields), np.array(amounts))


class _Problem:
    """The linear system of an image: conductances, ground (faces, sink), source, solution."""

    def __init__(self, image, axis, steps, anisotropy, periodic, open_outlet, sink) -> None:
        self.shape, self.axis, self.steps, self.periodic = image.shape, axis, steps, periodic
        self.length = image.shape[axis] * steps[axis]
        self.step = steps[axis]
        self.conductances = face_conductances(image, steps, periodic, anisotropy)
        half = 2 / steps[axis] ** 2  # of the half pixel between the face and the first centre
        along = np.broadcast_to(np.asarray(anisotropy[axis], image.dtype), image.shape)
        self.entry = half * image[_slab(axis, 0)] * along[_slab(axis, 0)]
        self.exit = half * image[_slab(axis, -1)] * along[_slab(axis, -1)] * open_outlet
        self.sink = sink.astype(image.dtype, copy=False)
        # The first guess is the straight line of a uniform image
        inner = (np.arange(self.shape[axis]) + 0.5) / self.shape[axis]
        profile = np.expand_dims(
            1 - inner, [other for other in range(len(self.shape)) if other != axis]
        )
        self.c = np.where(image > 0, profile, 0.0)

    def ground(self) -> np.ndarray:
        """Conductance of each pixel to what takes up, and through the two faces."""
        ground = np.array(self.sink)
        ground[_slab(self.axis, 0)] += self.entry
        ground[_slab(self.axis, -1)] += self.exit
        return ground

    def source(self) -> np.ndarray:
        """What enters each pixel from the inlet, at c_0."""
        source = np.zeros(self.shape, self.entry.dtype)
        source[_slab(self.axis, 0)] = self.entry
        return source

    def fluxes(self) -> np.ndarray:
        """Flux through every cross-section of the axis, both faces included, plus what was taken up
        before it.

        Constant, where the balance holds [D_0 c_0 L^(d - 2), up to the volume of a pixel].
        """
        c, axis = self.c, self.axis
        inner = self._over_faces(axis, squared=False)[:-1]
        first = np.sum(self.entry * (1 - c[_slab(axis, 0)]), dtype=float)
        last = np.sum(self.exit * c[_slab(axis, -1)], dtype=float)
        taken = np.cumsum(np.einsum(self.sink, [*range(c.ndim)], c, [*range(c.ndim)], [axis]))
        return np.concatenate([[first], inner + taken[:-1], [last + taken[-1]]])

    def flux(self) -> np.ndarray:
        """Flux at the centres of pixels: the mean over the two faces of each axis [D_0 c_0 / L]."""
        components = np.empty((len(self.shape), *self.shape), self.conductances[0].dtype)
        for axis, (k, h, component) in enumerate(
            zip(self.conductances, self.steps, components, strict=True)
        ):
            after = k * (self.c - np.roll(self.c, -1, axis))
            before = np.roll(after, 1, axis)
            if axis == self.axis:
                before[_slab(axis, 0)] = self.entry * (1 - self.c[_slab(axis, 0)])
                after[_slab(axis, -1)] = self.exit * self.c[_slab(axis, -1)]
            component[...] = h * (before + after) / 2
        return components

    def dissipation(self) -> np.ndarray:
        """K (c - c')^2 of the faces of each slice of the axis, mean over its pixels [D_0 c_0^2 /
        L^2]; of a face between two slices each has half.
        """
        c, axis = self.c, self.axis
        power = np.zeros(self.shape[axis])
        for across in range(c.ndim):
            of_slice = self._over_faces(across, squared=True)
            if across == axis:
                power[:-1] += of_slice[:-1] / 2
                power[1:] += of_slice[:-1] / 2
            else:
                power += of_slice
        power[0] += np.sum(self.entry * (1 - c[_slab(axis, 0)]) ** 2, dtype=float)
        power[-1] += np.sum(self.exit * c[_slab(axis, -1)] ** 2, dtype=float)
        return power * len(power) / c.size

    def _over_faces(self, across: int, squared: bool) -> np.ndarray:
        """K (c - c') of the faces of an axis or, squared, K (c - c')^2, summed over each slice of
        the axis of flow.
        """
        ndim = len(self.shape)
        return _over_faces(
            _box(self.conductances[across]),
            _box(self.c),
            _place(across, ndim),
            squared,
            _place(self.axis, ndim),
        )

    def imbalance(self) -> float:
        fluxes = self.fluxes()
        mean = abs(fluxes.mean())
        return float(np.ptp(fluxes) / mean) if mean > 0 else np.inf

    def relative_diffusivity(self) -> float:
        section = np.prod(self.shape) / self.shape[self.axis]
        return float(self.fluxes().mean() * self.step * self.length / section)

    def solve_steadily(self, tolerance: float, progress) -> int:
        pixels = math.prod(self.shape)
        if pixels <= DIRECT_PIXELS or pixels / max(self.shape) <= DIRECT_SECTION:
            return self._solve_directly(tolerance)
        count = 0

        def converged(_) -> bool:
            nonlocal count
            count += 1
            imbalance = self.imbalance()
            if progress:
                progress(count, imbalance)
            return imbalance <= tolerance

        system = _box(self.source()), _box(self.c), converged
        solver = self.multigrid()
        if len(self.shape) == 3 or pixels > DIRECT_PLANE:
            return solver.solve(*system, overwrite_b=True)
        try:
            return solver.solve(*system, most=PATIENCE)
        except ConvergenceError:
            return self._solve_directly(tolerance)

    def _solve_directly(self, tolerance: float) -> int:
        from scipy.sparse import coo_array
        from scipy.sparse.linalg import splu

        diagonal = degree(self.conductances) + self.ground()
        inside = diagonal > 0
        number = np.cumsum(inside).reshape(self.shape) - 1
        diagonal = diagonal[inside].astype(float)
        rows, columns, values = [number[inside]], [number[inside]], [diagonal]
        for axis, k in enumerate(self.conductances):
            here, there, value = (
                number[k > 0],
                np.roll(number, -1, axis)[k > 0],
                -k[k > 0].astype(float),
            )
            rows += [here, there]
            columns += [there, here]
            values += [value, value]
        entries = (np.concatenate(rows), np.concatenate(columns))
        matrix = coo_array((np.concatenate(values), entries), shape=(diagonal.size,) * 2).tocsc()
        # The matrix is a symmetric M-matrix: it needs no pivoting, and an ordering of A + A' that
        # keeps it symmetric.
        factors = splu(
            matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        self.c[inside] = factors.solve(self.source()[inside].astype(float))
        if (imbalance := self.imbalance()) > tolerance:
            raise ConvergenceError(
                f"the direct solution is out of balance by {imbalance:.1e}, not {tolerance:.1e}"
            )
        return 0

    def implicit_stage(self, hierarchy, storage: np.ndarray, past: np.ndarray) -> np.ndarray:
        """c of c - past = dt (div D grad c - k c), where `storage` is 1 / dt."""
        c = past.copy()
        hierarchy.solve(_box(self.source() + storage * past), _box(c))
        return c

    def multigrid(self, storage: np.ndarray | float = 0.0):
        """The hierarchy of the network, with a conductance `storage` to the past added in every
        conducting pixel.
        """
        faces = [_box(k) for k in self.conductances]
        if len(self.shape) == 2:
            faces.insert(1, np.zeros_like(faces[0]))
        return Multigrid(faces, _box(self.ground() + storage))
