r"""The Doyle-Fuller-Newman model on the mesh: properties, fluxes, foils, salt, charge, kinetics.

Unknown in every cell: the salt concentration c, the potential of the electrolyte phi_e and that of
the solid phi_s; and one more, the voltage V of the positive foil against the negative one. phi_s is
counted from the foil of its electrode (of a cell with two positive foils that are not tied, there
are two such voltages): at 4 V the last digit of a potential, times the conductance
of a foil, is more current than may go astray. The current densities j of the particles are
eliminated where they arise. Every residual is an electric current [A] that leaves the cell, so the
sum over all cells of each is a statement of conservation:

.. math::
    F \epsilon \partial_t c + \nabla\cdot(F N) &= \sum_m a_m j_m, &
        F N &= -F D_{eff} \nabla c + t_+ i_e, \\
    \nabla\cdot i_e &= \sum_m a_m j_m, &
        i_e &= -\kappa_{eff} (\nabla\phi_e - \nabla G(c)), \\
    \nabla\cdot i_s &= -\sum_m a_m j_m, &
        i_s &= -\sigma_{eff} \nabla\phi_s,

with dG/dc = (2 R T / F) (1 - t_+) (1 + dln f/dln c) / c. Fluxes between two cells take both halves
of the way in series (harmonic conductances), so they are exact where a coefficient jumps from one
layer to the next.
"""

from typing import NamedTuple

import numpy as np

from rampore.checks import quantity
from rampore.constants import FARADAY, GAS_CONSTANT
from rampore.kernels import njit
from rampore.materials import Electrolyte, Function
from rampore.p4d.errors import CellError
from rampore.p4d.linear import ABOVE, BELOW

C, E, S = 0, 1, 2  # columns of the unknowns: c, phi_e, phi_s
# coefficients of a cell's own unknowns in the Jacobian
CC, CE, CS, EC, EE, ES, SC, SE, SS = range(9)
# those of a neighbour's unknowns, from the first of its coefficients on
TO_CC, TO_CE, TO_EC, TO_EE, TO_SS = range(5)
# tabulated properties of the electrolyte; and what the fluxes take of them in a cell, each with its
# slope in c
KAPPA, DIFFUSIVITY, TRANSFERENCE, ACTIVITY = range(4)
RESISTIVITY, RESISTIVITY_BY_C, INVERSE_D, INVERSE_D_BY_C, T_PLUS, T_PLUS_BY_C, G, G_BY_C = range(8)


# Properties, tabulated once: a cubic through values and slopes on equal intervals, so that one
# kernel serves every correlation, a user's own included.


def tabulate(*functions: Function, intervals: int = 8192) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes (intervals + 1, functions) on [0, 1] of functions that need not be defined
    at its very ends.
    """
    x = np.clip(np.linspace(0, 1, intervals + 1), 1e-6, 1 - 1e-6)
    step = 0.02 / intervals
    left, right = np.maximum(x - step, 5e-7), np.minimum(x + step, 1 - 5e-7)
    values = [np.asarray(function(x), float) + 0.0 * x for function in functions]
    slopes = [(function(right) - function(left)) / (right - left) for function in functions]
    # a pole at the end must not make the cubic swing
    for value, slope in zip(values, slopes, strict=True):
        for end, secant in ((0, value[1] - value[0]), (-1, value[-1] - value[-2])):
            bound = 3 * intervals * abs(secant)
            slope[end] = np.clip(slope[end], -bound, bound)
    return np.stack(values, axis=1), np.stack(slopes, axis=1)


@njit(cache=True, inline="always")
def cubic(
    value: np.ndarray, slope: np.ndarray, column: int, place: float, step: float
) -> tuple[float, float]:
    """Value and slope, per interval, of a tabulated curve at ``place`` intervals from its start."""
    left = min(int(place), value.shape[0] - 2)
    t = place - left
    f0, f1 = value[left, column], value[left + 1, column]
    g0, g1 = slope[left, column] * step, slope[left + 1, column] * step
    # Hermite's cubic f0 + g0 t + a t^2 + b t^3, t from 0 to 1 across the interval
    a, b = 3.0 * (f1 - f0) - 2.0 * g0 - g1, 2.0 * (f0 - f1) + g0 + g1
    return f0 + t * (g0 + t * (a + t * b)), g0 + t * (2.0 * a + 3.0 * t * b)


class Salt(NamedTuple):
    """The electrolyte: conductivity, diffusivity, transference number and G (less its logarithm)
    over concentration.
    """

    value: np.ndarray  #: (n + 1, 4)
    slope: np.ndarray  #: (n + 1, 4)
    step: float  #: [mol/m3]
    logarithm: float  #: G = logarithm ln(c) + value[:, ACTIVITY] [V]
    top: float  #: beyond this concentration the properties stay as they are there [mol/m3]


def tabulate_electrolyte(
    electrolyte: Electrolyte, temperature: float, intervals: int = 4096
) -> Salt:
    """Tables of an electrolyte up to the concentration that its correlation is valid for."""
    c = np.linspace(0, electrolyte.validity, intervals + 1)
    step = c[1]

    def both(function):
        inside = np.maximum(c, 1e-3 * step)
        h = 1e-4 * step
        return function(inside), (function(inside + h) - function(inside - h)) / (2 * h)

    def chi(c):
        factor = (1 - electrolyte.transference(c)) * electrolyte.thermodynamic_factor(c)
        return 2 * GAS_CONSTANT * temperature / FARADAY * factor

    chi_0 = chi(np.array([1e-6 * step]))[0]
    nodes, weights = np.polynomial.legendre.leggauss(8)
    points = c[:-1, None] + 0.5 * step * (nodes + 1)
    activity = np.concatenate(
        [[0.0], np.cumsum(((chi(points) - chi_0) / points) @ weights * 0.5 * step)]
    )
    inside = np.maximum(c, 1e-3 * step)
    columns = [
        both(electrolyte.conductivity),
        both(electrolyte.diffusivity),
        both(electrolyte.transference),
    ]
    columns.append((activity, (chi(inside) - chi_0) / inside))
    value, slope = (np.stack([column[i] for column in columns], axis=1) for i in (0, 1))
    for column, name, limits in (
        (KAPPA, "conductivity", {"above": 0}),
        (DIFFUSIVITY, "diffusivity", {"above": 0}),
        (TRANSFERENCE, "transference", {"below": 1}),
        (ACTIVITY, "thermodynamic_factor", {}),
    ):
        where = f"up to {electrolyte.validity:g} mol/m3, in {intervals} steps,"
        quantity(f"electrolyte: {name} {where}", value[:, column], CellError, **limits)
    return Salt(value, slope, float(step), float(chi_0), float(electrolyte.validity))


@njit(cache=True)
def electrolyte_properties(
    u: np.ndarray, salt: Salt, efficiency: np.ndarray, out: np.ndarray
) -> None:
    """Fill ``out`` (cells, 8) with 1 / kappa, 1 / D, t+ and G of each cell, two of them effective,
    each followed by its slope in c: from ``RESISTIVITY`` to ``G_BY_C``.
    """
    value, slope, step, top, logarithm = salt.value, salt.slope, salt.step, salt.top, salt.logarithm
    density = 1.0 / step
    for k in range(u.shape[0]):
        c = u[k, C]
        place = min(c, top) * density
        for column in range(4):
            f, per_interval = cubic(value, slope, column, place, step)
            out[k, 2 * column], out[k, 2 * column + 1] = f, per_interval * density
        if c > top:  # properties stay, and so does chi = c dG/dc: G goes on as chi ln c
            chi = logarithm + top * out[k, G_BY_C]
            out[k, G] += logarithm * np.log(top) + chi * np.log(c / top)
            out[k, G_BY_C] = chi / c
            for column in range(3):
                out[k, 2 * column + 1] = 0.0
        else:
            out[k, G] += logarithm * np.log(c)
            out[k, G_BY_C] += logarithm / c
        # What is in series adds up as resistivities do, with d(1/k)/dc = -k' / k^2
        for column in (RESISTIVITY, INVERSE_D):
            inverse = 1.0 / (efficiency[k] * out[k, column])
            out[k, column + 1] *= -efficiency[k] * inverse * inverse
            out[k, column] = inverse


# Geometry and layers as the kernels need them


class Layout(NamedTuple):
    """Cells and faces, flat; faces along x come first, then y, then z."""

    axis: np.ndarray  #: that each face is normal to
    left: np.ndarray  #: cell on the lower side of each face
    right: np.ndarray
    area: np.ndarray  #: 0 where there is foil between the centres [m2]
    h_left: np.ndarray  #: from the lower centre to the face [m]
    h_right: np.ndarray
    solid: np.ndarray  #: conductance of the solid from centre to centre [S]
    pore: np.ndarray  #: volume of electrolyte in each cell [m3]
    efficiency: np.ndarray  #: of the transport in the electrolyte [-]
    capacitance: np.ndarray  #: of the double layer [F]
    absent: np.ndarray  #: (cells, 3) True where there is no such unknown
    #: cells that touch the negative foil, on its face or on the wall of a hole
    negative_cells: np.ndarray
    negative_foil: np.ndarray  #: conductance to it, the contact resistance in series [S]
    positive_cells: np.ndarray
    positive_foil: np.ndarray  #: [S]


class Unknowns(NamedTuple):
    """All that is solved for, at one time."""

    u: (
        np.ndarray
    )  #: c [mol/m3], phi_e and phi_s [V], the last against its electrode's foil (cells, 3)
    #: of each positive foil that has one of its own, against the negative foil (foils,) [V]
    voltage: np.ndarray


class System(NamedTuple):
    """Residual and Jacobian of one Newton iteration."""

    residual: np.ndarray  #: (cells, 3) [A]
    matrix: np.ndarray  #: (cells, 39), in the order of :class:`rampore.p4d.linear.Level`
    #: derivatives of the residual in the voltage that phi_s is counted from (cells, 3) [S]
    column: np.ndarray


@njit(cache=True)
def transport(
    now: Unknowns,
    rate: float,
    past: Unknowns,
    counted: np.ndarray,
    layout: Layout,
    properties: np.ndarray,
    system: System,
) -> None:
    """Everything but the kinetics: storage, fluxes, foils.

    The time derivative is ``rate`` [1/s] times what is ``now``, and ``past`` [1/s]. ``counted``
    (cells,) is the number of the voltage that phi_s is counted from, or -1.
    """
    u = now.u
    residual, matrix, column = system.residual, system.matrix, system.column
    pore, capacitance = layout.pore, layout.capacitance

    # Salt that a cell stores, and charge on its double layer (carried by the cation)
    rises = rate * now.voltage + past.voltage
    for k in range(u.shape[0]):
        raised, rise = (1.0, rises[counted[k]]) if counted[k] >= 0 else (0.0, 0.0)
        change = rate * u[k, C] + past.u[k, C]
        charging = capacitance[k] * (
            rate * (u[k, S] - u[k, E]) + past.u[k, S] - past.u[k, E] + rise
        )
        residual[k, C] = FARADAY * pore[k] * change - charging
        residual[k, E] = -charging
        residual[k, S] = charging
        conductance = capacitance[k] * rate
        column[k, C] = column[k, E] = -raised * conductance
        column[k, S] = raised * conductance
        matrix[k, CC], matrix[k, CE], matrix[k, CS] = (
            FARADAY * pore[k] * rate,
            conductance,
            -conductance,
        )
        matrix[k, EC], matrix[k, EE], matrix[k, ES] = 0.0, conductance, -conductance
        matrix[k, SC], matrix[k, SE], matrix[k, SS] = 0.0, -conductance, conductance

    # Fluxes from the lower to the upper cell through each face; the outer faces have none
    axes, lefts, rights, areas = layout.axis, layout.left, layout.right, layout.area
    h_lefts, h_rights, solid = layout.h_left, layout.h_right, layout.solid
    for f in range(lefts.shape[0]):
        left, right, area, axis = lefts[f], rights[f], areas[f], axes[f]
        if area == 0.0:
            continue
        h_l, h_r, here, there = h_lefts[f], h_rights[f], properties[left], properties[right]

        # i_e = -kappa (grad phi_e - grad G), both halves of the way in series: the conductance is
        # kappa = A / (h_l r_l + h_r r_r), and d kappa/dc_l = -kappa^2 / A h_l dr_l/dc_l
        kappa = area / (h_l * here[RESISTIVITY] + h_r * there[RESISTIVITY])
        i_e = kappa * (u[left, E] - u[right, E] + there[G] - here[G])
        share = i_e * kappa / area
        di_cl = -share * h_l * here[RESISTIVITY_BY_C] - kappa * here[G_BY_C]
        di_cr = -share * h_r * there[RESISTIVITY_BY_C] + kappa * there[G_BY_C]

        # F N = -F D grad c + t+ i_e, with D as kappa, and t+ the mean of both sides
        d = FARADAY * area / (h_l * here[INVERSE_D] + h_r * there[INVERSE_D])
        diffusion = d * (u[left, C] - u[right, C])
        t = 0.5 * (here[T_PLUS] + there[T_PLUS])
        salt = diffusion + t * i_e
        share = diffusion * d / (FARADAY * area)
        by_t_l, by_t_r = 0.5 * here[T_PLUS_BY_C] * i_e, 0.5 * there[T_PLUS_BY_C] * i_e
        ds_cl = d - share * h_l * here[INVERSE_D_BY_C] + by_t_l + t * di_cl
        ds_cr = -d - share * h_r * there[INVERSE_D_BY_C] + by_t_r + t * di_cr

        # i_s = -sigma grad phi_s
        sigma = solid[f]
        i_s = sigma * (u[left, S] - u[right, S])

        residual[left, C] += salt
        residual[left, E] += i_e
        residual[left, S] += i_s
        residual[right, C] -= salt
        residual[right, E] -= i_e
        residual[right, S] -= i_s
        matrix[left, CC] += ds_cl
        matrix[left, CE] += t * kappa
        matrix[left, EC] += di_cl
        matrix[left, EE] += kappa
        matrix[left, SS] += sigma
        matrix[right, CC] -= ds_cr
        matrix[right, CE] += t * kappa
        matrix[right, EC] -= di_cr
        matrix[right, EE] += kappa
        matrix[right, SS] += sigma
        above, below = ABOVE + 5 * axis, BELOW + 5 * axis
        matrix[left, above + TO_CC], matrix[right, below + TO_CC] = ds_cr, -ds_cl
        matrix[left, above + TO_EC], matrix[right, below + TO_EC] = di_cr, -di_cl
        matrix[left, above + TO_CE] = matrix[right, below + TO_CE] = -t * kappa
        matrix[left, above + TO_EE] = matrix[right, below + TO_EE] = -kappa
        matrix[left, above + TO_SS] = matrix[right, below + TO_SS] = -sigma

    # The foils, through their contact resistances: the negative one also by the walls of its holes
    for n in range(layout.negative_cells.shape[0]):
        k = layout.negative_cells[n]
        residual[k, S] += layout.negative_foil[n] * u[k, S]
        matrix[k, SS] += layout.negative_foil[n]
    for n in range(layout.positive_cells.shape[0]):
        k = layout.positive_cells[n]
        residual[k, S] += layout.positive_foil[n] * u[k, S]
        matrix[k, SS] += layout.positive_foil[n]

    # Where there is no such unknown, a row of the unit matrix
    for k in range(u.shape[0]):
        for row in range(3):
            if layout.absent[k, row]:
                residual[k, row] = 0.0
                matrix[k, 4 * row] = 1.0


@njit(cache=True)
def through_planes(
    u: np.ndarray,
    layout: Layout,
    properties: np.ndarray,
    layers: int,
    into: np.ndarray,
) -> None:
    """Add to ``into`` (layers,) the current that leaves each layer of cells by the planes of z and
    by the foils [A].

    Foils of lithium are not among these.
    """
    for f in range(layout.left.shape[0]):
        if layout.axis[f] != 2 or layout.area[f] == 0.0:
            continue
        left, right = layout.left[f], layout.right[f]
        here, there = properties[left], properties[right]
        kappa = layout.area[f] / (
            layout.h_left[f] * here[RESISTIVITY] + layout.h_right[f] * there[RESISTIVITY]
        )
        through = kappa * (u[left, E] - u[right, E] + there[G] - here[G]) + layout.solid[f] * (
            u[left, S] - u[right, S]
        )
        into[left % layers] += through
        into[right % layers] -= through
    for n in range(layout.negative_cells.shape[0]):
        k = layout.negative_cells[n]
        into[k % layers] += layout.negative_foil[n] * u[k, S]
    for n in range(layout.positive_cells.shape[0]):
        k = layout.positive_cells[n]
        into[k % layers] += layout.positive_foil[n] * u[k, S]


# Newton's corrections


@njit(cache=True)
def largest(change: np.ndarray, concentration: float) -> tuple[int, float, float]:
    """Largest correction: the cell, its size over ``concentration`` and 1 V, and the largest of the
    potentials [V].
    """
    cell, size, potential = 0, 0.0, 0.0
    for k in range(change.shape[0]):
        moved = max(abs(change[k, E]), abs(change[k, S]))
        whole = max(abs(change[k, C]) / concentration, moved)
        if not np.isfinite(change[k, C] + change[k, E] + change[k, S]):
            return k, np.inf, np.inf
        potential = max(potential, moved)
        if whole > size:
            cell, size = k, whole
    return cell, size, potential


@njit(cache=True)
def correct(u: np.ndarray, change: np.ndarray, damping: float) -> float:
    """Add a damped correction to the unknowns; a concentration keeps a fifth of what it is at
    least.

    Returns the largest correction of a concentration over what it was.
    """
    largest = 0.0
    for k in range(u.shape[0]):
        largest = max(largest, abs(change[k, C]) / u[k, C])
        u[k, C] = max(u[k, C] + damping * change[k, C], 0.2 * u[k, C])
        u[k, E] += damping * change[k, E]
        u[k, S] += damping * change[k, S]
    return largest


# Kinetics: symmetric Butler-Volmer, phi_s - phi_e = U(x) + (2 R T / F) asinh(j / 2 i0(c, x)), with
# x = a + b j


class Kinetics(NamedTuple):
    """One material's reaction."""

    cells: np.ndarray  #: where its spheres are
    surface: np.ndarray  #: their area in each cell [m2]
    potential: (
        np.ndarray
        #: middle curve of the open-circuit potential and half the gap between its branches (n + 1,
        #: 2)
    )
    potential_slope: np.ndarray
    thermal_voltage: float  #: 2 R T / F [V]
    reference: np.ndarray  #: exchange current at c = 1 mol/m3 (count,) [A/m2]
    salt: float  #: exponents of the exchange current [-]
    filled: float
    empty: float


CLOSE = 1e-5  # a step of Newton's that is the last one, over what it changes [-]
ROUNDING = 1e-13  # of a surface stoichiometry that the modes add up to [-]
FEWEST = -690.0  # logarithm of the smallest share of sites that is told from none


class Hysteresis(NamedTuple):
    """The hysteresis of one material's spheres in the step that is prepared.

    The mean stoichiometry of a sphere moves by ``moved + per_current j``.
    """

    state: np.ndarray  #: before the step, -1 to 1 (count,) [-]
    decay: float  #: [-]
    moved: np.ndarray  #: (count,) [-]
    per_current: np.ndarray  #: (count,) [m2/A]


@njit(cache=True, inline="always")
def decayed(h: float, decay: float, move: float) -> tuple[float, float]:
    """Hysteresis state after the mean stoichiometry has moved one way, and its slope in the move.

    It is the integral of dh/dx = -(decay / 2) (h + sign(dx)) sign(dx), exact however long the step
    (Axen et al. 2022, with the factor of one half that BPX and PyBaMM have).
    """
    branch = -1.0 if move > 0.0 else 1.0
    rest = (h - branch) * np.exp(0.5 * decay * branch * move)
    return branch + rest, 0.5 * decay * branch * rest


@njit(cache=True)
def hysteresis_after(hysteresis: Hysteresis, j: np.ndarray) -> np.ndarray:
    """Hysteresis states (count,) [-] after the step with the current densities ``j`` [A/m2]."""
    after = hysteresis.state.copy()
    if hysteresis.decay > 0.0:
        for n in range(j.shape[0]):
            move = hysteresis.moved[n] + hysteresis.per_current[n] * j[n]
            after[n] = decayed(after[n], hysteresis.decay, move)[0]
    return after


@njit(cache=True, inline="always")
def open_circuit(kinetics: Kinetics, h: float, h_slope: float, x: float) -> tuple[float, float]:
    """Open-circuit potential and its slope at stoichiometry x and hysteresis state h, which moves
    by ``h_slope`` times the move of x.
    """
    intervals = kinetics.potential.shape[0] - 1
    place, step = x * intervals, 1.0 / intervals
    u, per_interval = cubic(kinetics.potential, kinetics.potential_slope, 0, place, step)
    slope = per_interval * intervals
    if h != 0.0 or h_slope != 0.0:
        gap, per_interval = cubic(kinetics.potential, kinetics.potential_slope, 1, place, step)
        u += h * gap
        slope += h * per_interval * intervals + h_slope * gap
    return u, slope


@njit(cache=True)
def potentials(kinetics: Kinetics, hysteresis: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Open-circuit potential [V] of the spheres of a material at the stoichiometries x (count,)."""
    u = np.empty(x.shape[0])
    for n in range(x.shape[0]):
        u[n] = open_circuit(kinetics, hysteresis[n], 0.0, x[n])[0]
    return u


@njit(cache=True)
def linearise(
    kinetics: Kinetics, hysteresis: np.ndarray, x: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Resistance [ohm m2] and slope of the open-circuit potential [V] of spheres at rest.

    ``x`` (count,) are their stoichiometries and ``c`` is the salt concentration [mol/m3].
    """
    resistance, slope = np.empty(x.shape[0]), np.empty(x.shape[0])
    for n in range(x.shape[0]):
        exchange = kinetics.reference[n] * share(c, kinetics.salt)
        exchange *= share(x[n], kinetics.filled) * share(1.0 - x[n], kinetics.empty)
        resistance[n] = 0.5 * kinetics.thermal_voltage / exchange
        slope[n] = open_circuit(kinetics, hysteresis[n], 0.0, x[n])[1]
    return resistance, slope


@njit(cache=True, inline="always")
def share(x: float, exponent: float) -> float:
    """x to an exponent that is mostly a half."""
    return np.sqrt(x) if exponent == 0.5 else x**exponent


@njit(cache=True, inline="always")
def overpotential(
    kinetics: Kinetics,
    exchange_c: float,
    h: float,
    h_slope: float,
    b: float,
    moved: float,
    guess: float,
    rest: float,
) -> tuple[float, float, float, float, float]:
    """Excess of U + eta over nothing, its slope in ``moved``, stiffness, j / 2 i0 and i0 of one
    surface.

    ``moved`` = b j is how far the reaction shifts the surface; ``guess`` and ``rest`` are the
    shares of its sites that are filled and that are not. The hysteresis state h has the slope
    ``h_slope`` in ``moved``.
    """
    # i0 and its logarithm, whose slope is filled / x - empty / (1 - x)
    both = guess * rest
    if kinetics.filled == 0.5 and kinetics.empty == 0.5:
        exchange, skew = exchange_c * np.sqrt(both), 0.5 * (rest - guess) / both
    else:
        exchange = exchange_c * guess**kinetics.filled * rest**kinetics.empty
        skew = (kinetics.filled * rest - kinetics.empty * guess) / both
    steepness = 0.5 / (b * exchange)
    half = steepness * moved
    root = np.sqrt(1.0 + half * half)
    voltage, slope = open_circuit(kinetics, h, h_slope, guess)
    # eta = (2 R T / F) asinh(j / 2 i0): it moves with j, and with i0
    stiffness = kinetics.thermal_voltage / root
    slope += stiffness * (steepness - half * skew)
    size = abs(half)
    eta = kinetics.thermal_voltage * np.log(size + root if size < 1e8 else 2.0 * size)  # asinh
    return voltage + (eta if half > 0.0 else -eta), slope, stiffness, half, exchange


@njit(cache=True)
def react(
    u: np.ndarray,
    foil: float,
    positive: bool,
    a: np.ndarray,
    b: np.ndarray,
    hysteresis: Hysteresis,
    x: np.ndarray,
    current: np.ndarray,
    slopes: np.ndarray,
    kinetics: Kinetics,
    system: System,
) -> int:
    """Add one material's reaction to the system; ``current`` is the guess of j [A/m2] and becomes
    the answer.

    ``foil`` is the potential that phi_s is counted from, the voltage in the ``positive`` electrode.
    ``x`` becomes the surface stoichiometry, ``slopes`` (count, 2) those of j in c and in phi_s -
    phi_e. Returns the number of the first sphere whose surface has no admissible state, or -1. The
    unknown is x - a = b j, which keeps its digits in short steps; close to full or empty it is the
    logarithm of the sites that are left, for these fall far below the digits of x: where i0 goes as
    a power 0.2 of them, a full particle still passes a thousandth of its exchange current when
    1e-15 of its sites are free.
    """
    residual, matrix, column = system.residual, system.matrix, system.column
    cells, surface = kinetics.cells, kinetics.surface
    follows = hysteresis.decay > 0.0
    for n in range(cells.shape[0]):
        k = cells[n]
        drop = u[k, S] - u[k, E] + foil
        exchange_c = kinetics.reference[n] * share(u[k, C], kinetics.salt)
        empty, full = -a[n], 1.0 - a[n]
        if full < ROUNDING:  # full, or a little beyond: it takes nothing more
            full = ROUNDING
        elif empty > -ROUNDING:
            empty = -ROUNDING
        # U + eta rises beyond all bounds towards empty and falls beyond all towards full, for i0
        # vanishes there: a root lies between, and between low and high it stays
        low, high = empty, full
        moved = b[n] * current[n]
        if not low < moved < high:
            moved = min(max(0.0, low + 0.01 * (high - low)), high - 0.01 * (high - low))
        guess, rest = moved - empty, full - moved
        # 1 near full, -1 near empty; there, the logarithm of the sites that are left
        end, few = 0, 0.0
        deep, shallow = 0.0, 0.0  # and what it lies between
        h, h_slope = hysteresis.state[n], 0.0
        converged = False
        for _ in range(100):
            if follows:
                per_move = hysteresis.per_current[n] / b[n]
                h, h_slope = decayed(
                    hysteresis.state[n],
                    hysteresis.decay,
                    hysteresis.moved[n] + per_move * moved,
                )
                h_slope *= per_move
            value, slope, stiffness, half, exchange = overpotential(
                kinetics, exchange_c, h, h_slope, b[n], moved, guess, rest
            )
            excess = value - drop
            smallest = 1e-12 * (abs(moved) - b[n] * exchange)
            if slope < 0.0:
                step = -excess / slope
                if abs(step) <= smallest or abs(excess) <= 1e-14 * (1.0 + abs(drop)):
                    converged = True
                    break
                # The error of the next step is the square of this one
                if end == 0 and abs(step) <= CLOSE * min(abs(moved) - b[n] * exchange, guess, rest):
                    moved += step
                    guess, rest = moved - empty, full - moved
                    converged = True
                    break
            if end == 0:
                if high - low <= smallest and slope < 0.0:
                    converged = True
                    break
                if excess > 0.0:
                    low = moved
                else:
                    high = moved
                # Newton's step where it stays inside; else towards an end that was never reached,
                # or to the middle
                if slope < 0.0 and low < moved + step < high:
                    moved += step
                elif low == empty:
                    moved = empty + 0.1 * (high - empty)
                elif high == full:
                    moved = full - 0.1 * (full - low)
                else:
                    moved = 0.5 * (low + high)
                guess, rest = moved - empty, full - moved
                # The last hundredth before an end is searched by the logarithm of what is left
                if high == full and rest < 1e-2 * abs(full):
                    end, shallow = 1, np.log(full - low)
                    few = np.log(max(rest, 1e-3 * abs(full)))
                elif low == empty and guess < 1e-2 * abs(empty):
                    end, shallow = -1, np.log(high - empty)
                    few = np.log(max(guess, 1e-3 * abs(empty)))
                deep = FEWEST
            else:
                if (excess > 0.0) == (end > 0):
                    shallow = few
                else:
                    deep = few
                if shallow - deep <= 1e-14 * abs(few) and slope < 0.0:
                    converged = True
                    break
                # Newton's step in that logarithm: d moved = -end left d(ln left)
                left = rest if end > 0 else guess
                step = end * excess / (slope * left) if slope < 0.0 else 0.0
                if slope < 0.0 and deep < few + step < shallow:
                    few += step
                elif deep == FEWEST:
                    few = max(few - 10.0, 0.5 * (few + FEWEST))
                else:
                    few = 0.5 * (deep + shallow)
            if end > 0:
                rest = np.exp(few)
                moved = full - rest
                guess = moved - empty
            elif end < 0:
                guess = np.exp(few)
                moved = empty + guess
                rest = full - moved
        if not converged:
            return n
        x[n] = guess
        j = moved / b[n]
        current[n] = j
        # The surface stays a solution: slope dmoved = d(drop) - (d eta/dc) dc, moved = b j
        slopes[n, 1] = 1.0 / (b[n] * slope)
        slopes[n, 0] = slopes[n, 1] * stiffness * half * kinetics.salt / u[k, C]
        rate, by_c, by_drop = surface[n] * j, surface[n] * slopes[n, 0], surface[n] * slopes[n, 1]
        residual[k, C] -= rate
        residual[k, E] -= rate
        residual[k, S] += rate
        for row, sign in ((C, -1.0), (E, -1.0), (S, 1.0)):
            matrix[k, 3 * row + C] += sign * by_c
            matrix[k, 3 * row + E] -= sign * by_drop
            matrix[k, 3 * row + S] += sign * by_drop
            if positive:
                column[k, row] += sign * by_drop
    return -1


@njit(cache=True)
def follow(
    change: np.ndarray,
    shift: float,
    cells: np.ndarray,
    b: np.ndarray,
    slopes: np.ndarray,
    x: np.ndarray,
    current: np.ndarray,
) -> float:
    """Move the currents of one material and its surfaces along their tangents with a correction of
    the unknowns and of the potential that phi_s is counted from; a surface that would leave its
    limits stays.

    Returns the largest move of a surface over the sites that are filled or free there, whichever
    are fewer.
    """
    largest = 0.0
    for n in range(cells.shape[0]):
        k = cells[n]
        j = slopes[n, 0] * change[k, C] + slopes[n, 1] * (change[k, S] - change[k, E] + shift)
        ahead = x[n] + b[n] * j
        largest = max(largest, abs(b[n] * j) / max(min(x[n], 1.0 - x[n]), ROUNDING))
        if 0.0 < ahead < 1.0:
            x[n] = ahead
            current[n] += j
    return largest


# Foils of lithium: Butler-Volmer at the face of the separator, half a cell away from the centre


class Metal(NamedTuple):
    """The faces of one foil of lithium."""

    cells: np.ndarray  #: behind each face
    area: np.ndarray  #: [m2]
    distance: float  #: from the face to the centre of the cell [m]
    contact: float  #: resistance in series [ohm m2]
    thermal_voltage: float  #: 2 R T / F [V]
    reference: float  #: exchange current at c = 1 mol/m3 [A/m2]
    salt: float  #: its exponent [-]


@njit(cache=True)
def plate(
    u: np.ndarray,
    foil: float,
    current: np.ndarray,
    state: np.ndarray,
    slopes: np.ndarray,
    metal: Metal,
    salt: Salt,
    properties: np.ndarray,
    positive: bool,
    system: System,
) -> int:
    """Add the reaction at a foil of lithium of potential ``foil`` [V], the voltage at the
    ``positive`` one, to the system.

    The current density i that dissolves lithium crosses half a cell, where F N = i and i_e = i:

        c_f = c_c + (1 - t+) i h / (F D),    phi_f = phi_c + i h / kappa + G(c_f) - G(c_c),
        foil - r i - phi_f = (2 R T / F) asinh(i / 2 i0(c_f)).

    ``current`` [A/m2] becomes i, ``state`` (faces, 4) c_f, phi_f, G(c_f) and the overpotential,
    ``slopes`` (faces, 3) those of i in c_c, phi_c and ``foil``. Returns the number of the first
    face without an answer, or -1.
    """
    at, one, there = np.empty((1, 3)), np.ones(1), np.empty((1, 8))
    for n in range(metal.cells.shape[0]):
        k = metal.cells[n]
        here = properties[k]
        t, dt, g, dg = here[T_PLUS], here[T_PLUS_BY_C], here[G], here[G_BY_C]
        per_current = (1.0 - t) * metal.distance * here[INVERSE_D] / FARADAY
        ohmic = metal.contact + metal.distance * here[RESISTIVITY]
        drop = foil - u[k, E]
        # Every term of the balance takes its share of the drop, so the ohmic one alone bounds the
        # current
        low, high = min(drop / ohmic, 0.0), max(drop / ohmic, 0.0)
        low = max(low, -u[k, C] / per_current)
        i = current[n]
        if not low < i < high:
            i = 0.5 * (low + high)
        converged = False
        for _ in range(200):
            c = u[k, C] + per_current * i
            if c > 0.0:
                at[0, C] = c
                electrolyte_properties(at, salt, one, there)
                exchange = metal.reference * c**metal.salt
                half = 0.5 * i / exchange
                stiffness = metal.thermal_voltage / np.sqrt(1.0 + half * half)
                kinetic = metal.thermal_voltage * np.arcsinh(half)
                excess = drop - ohmic * i - (there[0, G] - g) - kinetic
                by_c = -there[0, G_BY_C] + stiffness * half * metal.salt / c
                slope = -ohmic + per_current * by_c - 0.5 * stiffness / exchange
                step = -excess / slope
                if abs(step) <= 1e-14 * (abs(i) + exchange) or abs(excess) <= 1e-15 * (
                    1.0 + abs(drop)
                ):
                    converged = True
                    break
                if excess > 0.0:
                    low = i
                else:
                    high = i
                i = i + step if low < i + step < high else 0.5 * (low + high)
            else:
                low, i = i, 0.5 * (i + high)
            if high - low <= 1e-15 * (abs(low) + abs(high)):
                converged = c > 0.0
                break
        if not converged:
            return n
        current[n] = i
        state[n, 0], state[n, 1], state[n, 2], state[n, 3] = (
            c,
            foil - metal.contact * i - kinetic,
            there[0, G],
            kinetic,
        )
        # At a fixed i the salt at the face moves with that of the cell; the current then moves so
        # that the balance stays
        per_distance = (1.0 - t) * here[INVERSE_D_BY_C] - dt * here[INVERSE_D]
        c_by_c = 1.0 + metal.distance * i / FARADAY * per_distance
        slopes[n, 0] = -(dg - metal.distance * i * here[RESISTIVITY_BY_C] + by_c * c_by_c) / slope
        slopes[n, 1] = 1.0 / slope
        slopes[n, 2] = -1.0 / slope
        for row in (C, E):
            system.residual[k, row] -= metal.area[n] * i
            system.matrix[k, 3 * row + C] -= metal.area[n] * slopes[n, 0]
            system.matrix[k, 3 * row + E] -= metal.area[n] * slopes[n, 1]
            if positive:
                system.column[k, row] -= metal.area[n] * slopes[n, 2]
    return -1


@njit(cache=True)
def follow_plate(
    u: np.ndarray,
    foil: float,
    change: np.ndarray,
    shift: float,
    current: np.ndarray,
    state: np.ndarray,
    slopes: np.ndarray,
    metal: Metal,
    salt: Salt,
    properties: np.ndarray,
) -> float:
    """Move the currents at a foil of lithium along their tangents with a correction of the unknowns
    and of the foil.

    ``u``, ``foil`` and ``properties`` are those after it. Returns the largest move of the salt at
    the face over what was there, and infinity where none is left.
    """
    at, one, there = np.empty((1, 3)), np.ones(1), np.empty((1, 8))
    largest = 0.0
    for n in range(metal.cells.shape[0]):
        k = metal.cells[n]
        current[n] += (
            slopes[n, 0] * change[k, C] + slopes[n, 1] * change[k, E] + slopes[n, 2] * shift
        )
        i = current[n]
        here = properties[k]
        c = u[k, C] + (1.0 - here[T_PLUS]) * metal.distance * here[INVERSE_D] / FARADAY * i
        if not c > 0.0:
            return np.inf
        largest = max(largest, abs(c / state[n, 0] - 1.0))
        at[0, C] = c
        electrolyte_properties(at, salt, one, there)
        kinetic = metal.thermal_voltage * np.arcsinh(0.5 * i / (metal.reference * c**metal.salt))
        state[n, 0], state[n, 1], state[n, 2], state[n, 3] = (
            c,
            foil - metal.contact * i - kinetic,
            there[0, G],
            kinetic,
        )
    return largest
