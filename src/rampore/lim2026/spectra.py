"""The paper's spectra as the model has them: half cells, full cells and symmetric cells on both
foils.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore.audit.numbers import ROUNDING, Phrase, phrase
from rampore.checks import quantity
from rampore.coating import Local
from rampore.impedance.circuits import fit_circuit
from rampore.impedance.fitting import Fit
from rampore.impedance.kramers_kronig import kramers_kronig
from rampore.impedance.spectrum import ImpedanceError, Spectrum
from rampore.impedance.transmission_line import BREAKS, fit_blocking_cell, tortuosity
from rampore.lim2026 import parameters
from rampore.lim2026.cells import Scenario, blocking_cell, charged_cell, half_cell
from rampore.p4d.cell import Cell, Electrode
from rampore.p4d.impedance import MODES, impedance
from rampore.p4d.model import Mesh

#: The paper's range, four to the decade [Hz].
FREQUENCIES = np.geomspace(5e6, 0.05, 33)
#: The same, drawn [Hz].
DRAWN = np.geomspace(5e6, 0.05, 81)
#: Of it, where the coating answers: above, the current does not get into it and a cell shows its
#: leads [Hz].
COATING = np.geomspace(1e5, 0.05, 32)
#: A mesh of cells that react, and the finer one for its error.
REACTING, REACTING_FINE = Mesh((8, 4, 8), (4, 6), 3, MODES), Mesh((16, 8, 16), (8, 12), 6, MODES)
#: A mesh of cells that block, and the coarser one for its error.
BLOCKING, BLOCKING_COARSE = Mesh((24, 5, 1), (4, 6), 6), Mesh((16, 4, 1), (3, 4), 4)
#: Resistance of leads, the lithium's arc, the electrode's, and a tail.
CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3"


def simulate(
    cell: Cell,
    area: float,
    mesh: Mesh = REACTING,
    frequency: np.ndarray = FREQUENCIES,
    cation_share: float = 1.0,
) -> Spectrum:
    """The spectrum of a cell of an area [m2]; where there are no holes, one column does."""
    quantity("area", area, ImpedanceError, above=0, unit="m2")
    if cell.perforation is None:
        mesh = mesh._replace(columns=(1, 1))
    found = impedance(cell, frequency, mesh, cation_share)
    return Spectrum(found.frequency, found.impedance / area)


def mesh_error(cell: Cell, area: float, spectrum: Spectrum, every: int = 10) -> float:
    """How far a spectrum of `simulate` lies from that on the finer mesh, at some of its frequencies
    [ohm].

    Parameters
    ----------
    cell : Cell
    area : float
        [m2]
    spectrum : Spectrum
        Of that cell.
    every : int
        How many frequencies there are for each that is compared.
    """
    finer = simulate(cell, area, REACTING_FINE, spectrum.frequency[::every])
    return float(np.max(np.abs(finer.impedance - spectrum.impedance[::every])))


def half_cells(given: parameters.CellInputs, scenario: Scenario) -> tuple[Cell, Cell]:
    """Charged half cells on bare and on perforated foil, lithium with the same double layer per
    area.
    """
    layer = given.contact.double_layer_capacitance
    made = (half_cell(given, replace(scenario, perforated=foil)) for foil in (False, True))
    bare, perforated = (
        replace(cell, positive=replace(cell.positive, double_layer=layer)) for cell in made
    )
    return bare, perforated


def full_cells(given: parameters.CellInputs, scenario: Scenario) -> tuple[Cell, Cell]:
    """Charged full cells on bare and on perforated foil, with the double layer of the inputs on
    both electrodes.
    """
    bare, perforated = (
        charged_cell(given, replace(scenario, perforated=foil))[0] for foil in (False, True)
    )
    return bare, perforated


def noisy(spectrum: Spectrum, relative: float, rng: np.random.Generator) -> Spectrum:
    """With noise of a share of the modulus [-], Gaussian and independent in both parts."""
    quantity("noise", relative, ImpedanceError, at_least=0)
    noise = rng.standard_normal((2, spectrum.frequency.size))
    return Spectrum(
        spectrum.frequency, spectrum.impedance * (1 + relative * (noise[0] + 1j * noise[1]))
    )


def drifting(spectrum: Spectrum, later: Spectrum, seconds: float) -> Spectrum:
    """Measured while the cell changes from one spectrum to another, evenly over some seconds.

    Each frequency takes three of its periods; the highest comes first.
    """
    quantity("seconds", seconds, ImpedanceError, above=0, unit="s")
    if not np.array_equal(spectrum.frequency, later.frequency):
        raise ImpedanceError("a cell drifts between two spectra of the same frequencies")
    passed = np.cumsum(3 / spectrum.frequency) / seconds
    share = np.minimum(passed, 1.0)
    return Spectrum(spectrum.frequency, (1 - share) * spectrum.impedance + share * later.impedance)


def _coating(cell: Cell) -> Electrode:
    if not isinstance(cell.negative, Electrode):
        raise ImpedanceError("the cell has no coating on its negative side")
    return cell.negative


def wetted(cell: Cell, share: float) -> Cell:
    """The same cell with electrolyte on a share of the surface of its negative coating only [-]."""
    quantity("share", share, ImpedanceError, above=0, at_most=1)
    electrode = _coating(cell)
    return replace(cell, negative=replace(electrode, double_layer=share * electrode.double_layer))


def attempts(measured: Mapping[str, Spectrum], accuracy: float = ROUNDING) -> dict[str, Phrase]:
    """What :func:`~rampore.impedance.transmission_line.fit_blocking_cell` says of each spectrum.

    Parameters
    ----------
    measured : mapping of str to Spectrum
    accuracy : float
        Relative numerical error of the spectra, which what is read off them shares [-].
    """
    return {name: _attempt(spectrum, accuracy) for name, spectrum in measured.items()}


def _attempt(spectrum: Spectrum, accuracy: float) -> Phrase:
    check = kramers_kronig(spectrum)
    if not check.passed:
        return phrase("refused: " + BREAKS, 100 * check.rms, accuracy=accuracy)
    try:
        fit = fit_blocking_cell(spectrum).fit
    except ImpedanceError as refusal:
        return phrase("refused: {}", refusal)
    n = fit.place("ionic_resistance")
    ends = fit.values[n], fit.low[n], fit.high[n]
    return phrase("R = {:.2f} Ω, {:.2f} to {:.2f} Ω", *ends, accuracy=accuracy)


def with_contact_arc(
    spectrum: Spectrum, area: float, resistance: float, capacitance: float
) -> Spectrum:
    """With an interface in series that has a capacitance beside its resistance, so that it shows as
    an arc.

    On bare foil, where all current crosses it alike, this is exact.

    Parameters
    ----------
    spectrum : Spectrum
    area : float
        Of the cell [m2].
    resistance : float
        Of the interface times its area [ohm m2].
    capacitance : float
        Of the interface per area [F/m2].
    """
    quantity("area", area, ImpedanceError, above=0, unit="m2")
    quantity("resistance", resistance, ImpedanceError, at_least=0, unit="ohm m2")
    quantity("capacitance", capacitance, ImpedanceError, at_least=0, unit="F/m2")
    arc = resistance / (1 + 1j * spectrum.omega * resistance * capacitance)
    return Spectrum(spectrum.frequency, spectrum.impedance + arc / area)


def _highest_arc(spectrum: Spectrum) -> tuple[int, int]:
    """Where the reactance is largest, but for the tail, and where it is least behind that."""
    reactance = -spectrum.impedance.imag
    top = int(np.argmax(np.where(spectrum.frequency > 0.5, reactance, 0.0)))
    return top, top + int(np.argmin(reactance[top:]))


def arcs_width(spectrum: Spectrum) -> float:
    """What the arcs of a spectrum span, as one reads it off a Nyquist plot [ohm].

    From the intercept at the highest frequency to the least reactance behind the highest arc, where
    the tail of diffusion begins; between the frequencies by a parabola. A spectrum without such a
    place is read down to its lowest frequency.

    Parameters
    ----------
    spectrum : Spectrum
    """
    z, (_, least) = spectrum.impedance, _highest_arc(spectrum)
    if not 0 < least < z.size - 1:
        return float(z.real[least] - z.real[0])
    before, there, after = z[least - 1 : least + 2]
    slope, bend = (after - before) / 2, before - 2 * there + after
    step = -slope.imag / bend.imag  # of the frequencies' indices
    return float((there + slope * step + bend * step**2 / 2).real - z.real[0])


def arcs_error(cell: Cell, area: float, spectrum: Spectrum) -> float:
    """How far :func:`arcs_width` of a spectrum lies from that on the finer mesh [ohm].

    Parameters
    ----------
    cell : Cell
    area : float
        [m2]
    spectrum : Spectrum
        Of that cell.
    """
    top, least = _highest_arc(spectrum)
    deciding = [0, top, *range(least - 1, min(least + 2, spectrum.frequency.size))]
    finer = simulate(cell, area, REACTING_FINE, spectrum.frequency[deciding])
    return abs(arcs_width(finer) - arcs_width(spectrum))


def fit_arcs(spectrum: Spectrum) -> Fit:
    """`CIRCUIT` fitted to a half cell; `R2`, the arc of lower frequency, is the electrode's charge
    transfer.

    The start is read off the spectrum: its first intercept, and where its reactance falls off after
    the highest arc.

    Raises
    ------
    ImpedanceError
        As :func:`rampore.impedance.circuits.fit_circuit`.
    """
    z, omega = spectrum.impedance, spectrum.omega
    top, after = _highest_arc(spectrum)
    arc = max(z.real[after] - z.real[0], 1e-3 * z.real[0])
    tail = [1 / (abs(z.imag[-1]) * omega[-1] ** 0.5), 0.5]
    fast = [0.1 * arc, 1 / (0.1 * arc * 100 * omega[top]), 0.9]
    slow = [0.8 * arc, 1 / (0.8 * arc * omega[top]), 0.9]
    return fit_circuit(spectrum, CIRCUIT, [z.real[0], *fast, *slow, *tail])


def interval(fit: Fit, name: str) -> float:
    """How far the confidence interval of a parameter reaches, over its value [-]."""
    n = fit.place(name)
    return float(max(fit.high[n] - fit.values[n], fit.values[n] - fit.low[n]) / fit.values[n])


class Line(NamedTuple):
    """A symmetric cell of two electrodes, read as the paper reads it: one transmission line for
    each of them.
    """

    resistance: float  #: ionic, of one electrode times its area [ohm m2]
    interval: tuple[float, float]  #: of the fit [ohm m2]
    tortuosity: float  #: with the thickness over foil and the mean porosity [-]
    #: with the volume of coating per area, what is in the holes included [-]
    tortuosity_by_volume: float
    rms: float  #: residual of the fit [-]


def mean_porosity(cell: Cell) -> float:
    """Volume of pores over that of the negative coating, what is in the holes included [-]."""
    electrode, holes = _coating(cell), cell.perforation
    if holes is None:
        return float(electrode.porosity)
    pair, f, h, depth = (
        electrode.porosity,
        holes.open_fraction,
        electrode.thickness,
        holes.foil_thickness,
    )
    pores = (1 - f) * pair.npr * h + f * pair.pr * (h + depth)
    return float(pores / (h + f * depth))


def domain_tortuosity(cell: Cell) -> Local:
    """Tortuosity factors of the coating over foil and over a hole, as the model has them [-]."""
    electrode = _coating(cell)
    pair = (
        electrode.porosity
        if isinstance(electrode.porosity, Local)
        else Local(*(electrode.porosity,) * 2)
    )
    return Local(*(eps / electrode.transport_efficiency(eps) for eps in pair))


def apart(cell: Cell, porosity: float) -> dict[str, Cell]:
    """A perforated cell's two differences from bare foil, each alone.

    Parameters
    ----------
    cell : Cell
        On perforated foil.
    porosity : float
        What the coating has everywhere where the domains are left out [-].

    Returns
    -------
    dict of str to Cell
        Two domains over a foil whose holes have no depth; and holes under a coating of one
        porosity.
    """
    electrode, holes = _coating(cell), cell.perforation
    quantity("porosity", porosity, ImpedanceError, above=0, below=1)
    if holes is None:
        raise ImpedanceError("the cell has no holes whose parts could be told apart")
    return {
        "two domains, no depth": replace(cell, perforation=replace(holes, foil_thickness=1e-9)),
        "holes, one porosity": replace(
            cell, negative=replace(electrode, porosity=Local(porosity, porosity))
        ),
    }


def read_line(
    cell: Cell, mesh: Mesh = BLOCKING, cation_share: float | None = None, area: float = 1e-4
) -> Line:
    """Simulate a blocking symmetric cell and fit it.

    Parameters
    ----------
    cell : Cell
        As :func:`rampore.lim2026.cells.blocking_cell` makes it.
    mesh : Mesh
    cation_share : float, optional
        Of the charge of the double layers [-]; default: that of the current, the transmission
        line's own assumption.
    area : float
        [m2]
    """
    quantity("area", area, ImpedanceError, above=0, unit="m2")
    salt = cell.electrolyte
    if cation_share is None:
        cation_share = float(salt.transference(np.array([cell.concentration]))[0]) + 1e-9
    fit = fit_blocking_cell(simulate(cell, area, mesh, COATING, cation_share)).fit
    place = fit.place("ionic_resistance")
    porosity, kappa = (
        mean_porosity(cell),
        float(salt.conductivity(np.array([cell.concentration]))[0]),
    )
    f, depth = (
        (cell.perforation.open_fraction, cell.perforation.foil_thickness)
        if cell.perforation
        else (0.0, 0.0)
    )
    thickness = cell.negative.thickness
    factors = [
        tortuosity(fit["ionic_resistance"], area, length, porosity, kappa)
        for length in (thickness, thickness + f * depth)
    ]
    interval = float(fit.low[place] * area), float(fit.high[place] * area)
    return Line(fit["ionic_resistance"] * area, interval, *factors, fit.rms)


class LinePair(NamedTuple):
    """The readings of one coating on both foils."""

    cells: tuple[Cell, Cell]  #: bare, perforated
    bare: Line
    perforated: Line

    @property
    def thickness(self) -> float:
        """Of the coating on bare foil [m]."""
        return float(self.cells[0].negative.thickness)

    @property
    def gain(self) -> float:
        """Ionic resistance that perforation takes away, over that on bare foil [-]."""
        return 1 - self.perforated.resistance / self.bare.resistance

    @property
    def factor_ratio(self) -> float:
        """Tortuosity factor on perforated over that on bare foil, by the thickness that makes it
        smaller [-].
        """
        return min(
            self.perforated.tortuosity / self.bare.tortuosity,
            self.perforated.tortuosity_by_volume / self.bare.tortuosity_by_volume,
        )

    def summary(self) -> dict[str, float]:
        """The numbers for a table, units in the keys."""
        return {
            "thickness (µm)": 1e6 * self.thickness,
            "R bare (Ω cm²)": 1e4 * self.bare.resistance,
            "R perf. (Ω cm²)": 1e4 * self.perforated.resistance,
            "gain (%)": 100 * self.gain,
            "tau bare": self.bare.tortuosity,
            "tau perf.": self.perforated.tortuosity,
            "by volume": self.perforated.tortuosity_by_volume,
        }


def read_pair(
    given: parameters.CellInputs, scenario: Scenario, siox_fraction: float, mesh: Mesh = BLOCKING
) -> LinePair:
    """Symmetric cells of a content of SiOx [-] on both foils, at the paper's areal capacity."""
    bare, perforated = (
        blocking_cell(given, replace(scenario, siox_fraction=siox_fraction, perforated=foil))
        for foil in (False, True)
    )
    return LinePair((bare, perforated), read_line(bare, mesh), read_line(perforated, mesh))


def stack(pairs: Sequence[LinePair]) -> tuple[np.ndarray, np.ndarray]:
    """Resistances (2, n) [ohm m2] and tortuosity factors (2, 2, n) [-] of several pairs, for a
    figure.
    """
    both = [[getattr(pair, foil) for pair in pairs] for foil in ("bare", "perforated")]
    resistance = np.array([[line.resistance for line in foil] for foil in both])
    names = ("tortuosity", "tortuosity_by_volume")
    factors = np.array(
        [[[getattr(line, name) for line in foil] for foil in both] for name in names]
    )
    return resistance, factors
