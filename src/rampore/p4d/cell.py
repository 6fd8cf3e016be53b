"""A cell as the engine sees it: layers, materials and foils in SI units, as fields of x, y and z
where they vary.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity
from rampore.coating import Local
from rampore.constants import REFERENCE_TEMPERATURE
from rampore.materials import Electrolyte, ExchangeCurrent, Function
from rampore.p4d.errors import CellError
from rampore.structure import Coating, Structure
from rampore.structure.openings import SIDES

#: One value, one over foil and one over the holes (a box that the edge cuts takes their mean by
#: area), or a function of x, y and z.
Field = float | Local | Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _check(owner, **limits):
    """Fields by name, each with its limits: numbers are within; what varies in space is seen on the
    mesh.
    """
    for name, limit in limits.items():
        value = getattr(owner, name)
        if not callable(value):
            quantity(
                f"{getattr(owner, 'name', type(owner).__name__)}: {name}", value, CellError, **limit
            )


def _check_exchange(owner):
    exchange = owner.exchange_current
    name = f"{getattr(owner, 'name', type(owner).__name__)}: exchange_current"
    for part in ("reference", "concentration"):
        quantity(f"{name}.{part}", getattr(exchange, part), CellError, above=0)
    for part in ("salt", "filled", "empty"):
        quantity(f"{name}.{part}", getattr(exchange, part), CellError, at_least=0)


_POSITIVE, _NOT_NEGATIVE, _SHARE = {"above": 0}, {"at_least": 0}, {"above": 0, "at_most": 1}


def bruggeman(exponent: float = 1.5) -> Callable[[FloatOrArray], FloatOrArray]:
    """Transport efficiency eps^exponent [-] of a porous layer, the factor on the bulk conductivity
    and diffusivity.
    """

    def efficiency(eps):
        return eps**exponent

    return efficiency


def tortuosity(factor: float) -> Callable[[FloatOrArray], FloatOrArray]:
    """Transport efficiency eps / factor [-] of a layer with a known tortuosity factor."""

    def efficiency(eps):
        return eps / factor

    return efficiency


@dataclass(frozen=True)
class Material:
    """An active material: spheres of one radius.

    ``potential`` is the open-circuit potential [V] over the stoichiometry; where charging and
    discharging follow different curves, ``lithiation`` and ``delithiation`` are the two branches
    and ``potential`` is not used. The hysteresis state h goes from -1 (lithiation branch) to 1
    (delithiation branch) as dh/dx = -(decay / 2) (sign(dx) + h) sign(dx), x being the mean
    stoichiometry of a sphere: the one-state model of Axen et al. 2022, its decay constant as in BPX
    and in PyBaMM since 25.10; decay = 0 leaves h where it is.
    """

    name: str
    fraction: Field  #: volume of active material per volume of electrode [-]
    radius: float  #: [m]
    maximum_concentration: float  #: [mol/m3]
    diffusivity: float | Function  #: constant, or a function of the stoichiometry [m2/s]
    exchange_current: ExchangeCurrent
    stoichiometry: float  #: at the start [-]
    potential: Function | None = None
    lithiation: Function | None = None
    delithiation: Function | None = None
    hysteresis: float = 0.0  #: state at the start [-]
    hysteresis_decay: float = 0.0  #: [-]
    #: stoichiometries that its functions were measured from and to [-]
    validity: tuple[float, float] = (0.0, 1.0)
    #: volume over the stoichiometry, over any fixed one; without it the volume stays [-]
    volume_law: Function | None = None
    #: stoichiometry at which the fraction, the radius and the electrode's porosity and thickness
    #: are as given; by default that at the start [-]
    volume_at: float | None = None
    #: slope of the open-circuit potential in the temperature, over the stoichiometry; for the
    #: reversible heat alone, which is left out without it [V/K]
    entropic: Function | None = None

    def __post_init__(self):
        if self.potential is None and (self.lithiation is None or self.delithiation is None):
            raise CellError(
                f"{self.name}: no open-circuit potential: give `potential`, or both branches"
            )
        if not self.name or "/" in self.name:
            raise CellError(f"{self.name!r} is no name for a material: results are filed by it")
        _check(
            self,
            fraction={"at_least": 0, "at_most": 1},
            radius=_POSITIVE,
            maximum_concentration=_POSITIVE,
            diffusivity=_POSITIVE,
            stoichiometry={"above": 0, "below": 1},
            hysteresis={"at_least": -1, "at_most": 1},
            hysteresis_decay=_NOT_NEGATIVE,
        )
        _check_exchange(self)
        if self.volume_law is not None and not callable(self.volume_law):
            raise CellError(
                f"{self.name}: volume_law = {self.volume_law!r} is no function of the stoichiometry"
            )
        if self.volume_at is not None:
            if self.volume_law is None:
                raise CellError(f"{self.name}: volume_at has no effect without a volume_law")
            _check(self, volume_at={"at_least": 0, "at_most": 1})

    def mean_potential(self, x: FloatOrArray) -> FloatOrArray:
        """Middle of the two branches, or the one curve [V]."""
        return (
            self.potential(x)
            if self.lithiation is None
            else 0.5 * (self.delithiation(x) + self.lithiation(x))
        )

    def half_gap(self, x: FloatOrArray) -> FloatOrArray:
        """Half the distance from the lithiation branch up to the delithiation branch [V]."""
        return (
            0.0 * x
            if self.lithiation is None
            else 0.5 * (self.delithiation(x) - self.lithiation(x))
        )

    def open_circuit(self, x: FloatOrArray, hysteresis: float | None = None) -> FloatOrArray:
        """Open-circuit potential [V] at a stoichiometry and a hysteresis state (default: the one at
        the start).
        """
        return self.mean_potential(x) + (
            self.hysteresis if hysteresis is None else hysteresis
        ) * self.half_gap(x)


@dataclass(frozen=True)
class Electrode:
    """A porous electrode."""

    thickness: float  #: [m]
    porosity: Field  #: [-]
    #: of the solid, effective; 0 where there is none, and no active material [S/m]
    conductivity: Field
    materials: tuple[Material, ...]
    transport_efficiency: Function = field(default_factory=bruggeman)  #: of the porosity [-]
    double_layer: float = 0.0  #: capacitance per area of particle and of what is inert [F/m2]
    #: area that only the double layer sees, per volume of electrode [1/m]
    inert_surface: Field = 0.0
    #: transport efficiency in the plane over that through it, which ``transport_efficiency`` is [-]
    in_plane: float = 1.0

    def __post_init__(self):
        names = [material.name for material in self.materials]
        if len(set(names)) < len(names):
            raise CellError(
                f"an electrode of {' and '.join(names)}: each material needs a name of its own"
            )
        _check(
            self,
            thickness=_POSITIVE,
            porosity=_SHARE,
            conductivity=_NOT_NEGATIVE if isinstance(self.conductivity, Local) else _POSITIVE,
            double_layer=_NOT_NEGATIVE,
            inert_surface=_NOT_NEGATIVE,
            in_plane=_POSITIVE,
        )

    @property
    def reference_material(self) -> int:
        """Number of the material that sets the potential at the start: the first that is neither
        full nor empty, or the first.
        """
        free = [
            n
            for n, material in enumerate(self.materials)
            if 1e-6 < material.stoichiometry < 1 - 1e-6
        ]
        return free[0] if free else 0


@dataclass(frozen=True)
class Lithium:
    """A foil of lithium on the separator, in place of an electrode: a half cell, or with two of
    them a symmetric cell.

    The potential of the other electrode against lithium is the voltage of the cell where lithium is
    the negative side, and its negative where it is the positive one; there, an electrode on a
    perforated foil has its place.
    """

    #: of c_e; its exponents of the stoichiometry have no meaning here
    exchange_current: ExchangeCurrent
    #: capacitance, of spectra alone: in time the foil answers at once [F/m2]
    double_layer: float = 0.0

    def __post_init__(self):
        _check(self, double_layer=_NOT_NEGATIVE)
        _check_exchange(self)


@dataclass(frozen=True)
class Mirror:
    """The middle of the separator of a symmetric cell, as the positive side: spectra alone know it.

    What lies before it - the negative electrode, its foil with or without holes, and half of the
    separator - has its mirror image behind it. In linear response the potential and the salt of one
    half are those of the other with the opposite sign, so the middle is at half of the voltage and
    keeps its concentration.
    """


@dataclass(frozen=True)
class Separator:
    """The separator."""

    thickness: float  #: [m]
    porosity: Field  #: [-]
    transport_efficiency: Function = field(default_factory=bruggeman)  #: of the porosity [-]
    #: transport efficiency in the plane over that through it, which ``transport_efficiency`` is [-]
    in_plane: float = 1.0

    def __post_init__(self):
        _check(self, thickness=_POSITIVE, porosity=_SHARE, in_plane=_POSITIVE)


@dataclass(frozen=True)
class Perforation:
    """Round holes in the negative foil on a triangular lattice, rows along x; the unit cell is p/2
    x sqrt(3) p/2.
    """

    hole_diameter: float  #: [m]
    pitch: float  #: [m]
    foil_thickness: float  #: depth of the holes, closed at the far end [m]
    filling: str = "electrolyte"  #: what is in the holes: "electrolyte" or "coating"

    def __post_init__(self):
        choice("filling", self.filling, ("electrolyte", "coating"), CellError)
        _check(self, hole_diameter=_NOT_NEGATIVE, pitch=_POSITIVE, foil_thickness=_POSITIVE)
        if not self.hole_diameter < self.pitch:
            raise CellError(
                f"holes of {self.hole_diameter} m at a pitch of {self.pitch} m touch each other"
            )

    @property
    def open_fraction(self) -> float:
        """Area of holes per area of foil [-]."""
        return 2 * np.pi * (self.hole_diameter / 2) ** 2 / (np.sqrt(3) * self.pitch**2)


@dataclass(frozen=True)
class Swelling:
    """How a stack makes room for materials that have a ``volume_law``."""

    #: share of the solid's logarithmic growth that a coating's thickness follows: 0 in a rigid
    #: stack, where pores close; 1 in a free one, where the porosity stays [-]
    sharing: float = 0.0
    #: electrolyte beside the stack, per area of the cell, well mixed; without it there is so much
    #: that its salt stays [m]
    reservoir: float | None = None
    #: a step of the protocol ends by "porosity" where it falls to this anywhere; without it, pores
    #: that close are an error [-]
    least_porosity: float | None = None

    def __post_init__(self):
        _check(self, sharing=_NOT_NEGATIVE)
        if self.reservoir is not None:
            _check(self, reservoir=_POSITIVE)
        if self.least_porosity is not None:
            _check(self, least_porosity={"above": 0, "below": 1})


@dataclass(frozen=True)
class Face:
    """What the other face of the negative foil carries: its coating, and the separator and the
    positive electrode beyond it.
    """

    negative: Electrode
    separator: Separator
    positive: Electrode
    contact_negative: float = 0.0  #: [ohm m2]
    contact_positive: float = 0.0  #: [ohm m2]

    def __post_init__(self):
        _check(self, contact_negative=_NOT_NEGATIVE, contact_positive=_NOT_NEGATIVE)


#: What the names of the electrodes on the other face of the negative foil begin with.
BACK = "back "


@dataclass(frozen=True)
class Cell:
    """A cell: negative foil, negative electrode, separator, positive electrode, positive foil.

    Either electrode may be a foil of lithium; two equal electrodes make a symmetric cell (or one
    and a :class:`Mirror`), and an electrode without materials but with an inert surface blocks.

    The negative foil may be coated on both faces: its front carries what the cell says, its back a
    :class:`Face`, and the holes join the two. The coating in a hole is each face's own up to the
    middle of the foil, and what a structure says of the coatings holds for both faces. Where the
    two positive foils are tied there is one voltage, and the current shares itself out; else each
    face has a voltage of its own, and a current is imposed on each. Every current density is per
    area of the negative foil, what both faces give together.
    """

    negative: Electrode | Lithium
    separator: Separator
    positive: Electrode | Lithium | Mirror
    electrolyte: Electrolyte
    concentration: float  #: of salt at the start [mol/m3]
    one_c: float  #: current density that is called 1C [A/m2]
    lower_cutoff: float  #: [V]
    upper_cutoff: float  #: [V]
    temperature: float = REFERENCE_TEMPERATURE  #: [K]
    #: resistance of the negative foil's faces and hole walls [ohm m2]
    contact_negative: float = 0.0
    contact_positive: float = 0.0  #: [ohm m2]
    perforation: Perforation | None = None
    #: that the stoichiometries of the start stand for, for reports [-]
    state_of_charge: float = 1.0
    #: holes, channels and layers, in place of a perforation
    structure: Structure | None = None
    #: where materials have a ``volume_law``; by default the stack is rigid
    swelling: Swelling | None = None
    #: of the negative foil; None where it is coated on one face
    back: Face | None = None
    #: whether the two positive foils of a negative foil that is coated on both faces are joined
    tied: bool = True

    def __post_init__(self):
        _check(
            self,
            concentration=_POSITIVE,
            one_c=_POSITIVE,
            lower_cutoff={},
            upper_cutoff={},
            temperature=_POSITIVE,
            contact_negative=_NOT_NEGATIVE,
            contact_positive=_NOT_NEGATIVE,
            state_of_charge={"at_least": 0, "at_most": 1},
        )
        quantity("electrolyte: validity", self.electrolyte.validity, CellError, above=0)
        if not self.lower_cutoff < self.upper_cutoff:
            raise CellError(
                f"lower cut-off {self.lower_cutoff} V is not below the upper one, "
                f"{self.upper_cutoff} V"
            )
        if self.perforation is not None and isinstance(self.negative, Lithium):
            raise CellError("a foil of lithium has no perforation")
        if self.structure is not None:
            self._check_structure()
        if self.swelling is not None and not self.swells:
            raise CellError("swelling has no effect: no material has a volume_law")
        if self.back is not None:
            for name, electrode in self.electrodes.items():
                if not isinstance(electrode, Electrode):
                    raise CellError(
                        f"{name} electrode: a foil that is coated on both faces stands between two "
                        "separators and two positive coatings, with no foil of lithium or mirror"
                    )
            self.faces()
        choice("tied", self.tied, (True, False), CellError)
        if self.back is None and not self.tied:
            raise CellError("a cell with one positive foil has nothing that could be tied or not")
        if self.back is not None and self.swells:
            raise CellError(
                "materials with a volume_law take a foil that is coated on one face; where both "
                "faces are equal, each of faces() is such a cell"
            )

    def _check_structure(self):
        if self.perforation is not None:
            raise CellError("a cell has a perforation or a structure: leave one of them out")
        if self.structure.back is not None:
            raise CellError("a structure with a back makes a cell by its with_structure()")
        for side in SIDES:
            electrode = getattr(self, side)
            if isinstance(electrode, Electrode):
                if not isinstance(electrode.porosity, int | float):
                    raise CellError(
                        f"{side} electrode: what varies in space is the structure's; give the "
                        "electrode one porosity"
                    )
                for each in (electrode, *electrode.materials):
                    if any(isinstance(value, Local) for value in vars(each).values()):
                        raise CellError(
                            f"{side} electrode: a structure knows no values over foil and over a "
                            "hole; give its layers and fillings"
                        )
                self.structure.channel_share(side, electrode.thickness)
            elif self.structure.openings_of(side) or self.structure.coating(side) != Coating():
                raise CellError(f"{side} electrode: there is no coating to be structured")

    @property
    def electrodes(self) -> dict[str, Electrode | Lithium | Mirror]:
        """The "negative" and the "positive" one; the names of those on the back begin with
        ``BACK``.
        """
        front = {side: getattr(self, side) for side in SIDES}
        if self.back is None:
            return front
        return front | {BACK + side: getattr(self.back, side) for side in SIDES}

    def faces(self) -> dict[str, "Cell"]:
        """Each face of the negative foil as a cell of its own with half the depth of the holes, by
        what the names of its electrodes begin with: "" or ``BACK``.

        Where both faces are equal, the middle of the foil is a mirror plane, and either of these is
        the whole cell at half of its current. 1C is half of it for each of them.
        """
        if self.back is None:
            return {"": self}
        foil, structure = self.perforation, self.structure
        if foil is not None:
            foil = replace(foil, foil_thickness=foil.foil_thickness / 2)
        if structure is not None:
            holes = (
                replace(each, depth=each.depth / 2) if each.foil == "negative" else each
                for each in structure.holes
            )
            structure = replace(structure, holes=tuple(holes))
        front = replace(
            self, back=None, tied=True, one_c=self.one_c / 2, perforation=foil, structure=structure
        )
        return {"": front, BACK: replace(front, **vars(self.back))}

    def with_structure(self, structure: Structure) -> "Cell":
        """The cell with a structure in place of its holes, and coated on both faces where that says
        so: the back is as the front but for what the structure gives it. 1C grows by the share of
        solid that the second positive electrode has over the first.

        Raises
        ------
        CellError
            The back is to have a porosity where that of the front varies in space.
        """
        bare = replace(structure, back=None)
        cell = replace(self, perforation=None, structure=bare, back=None, tied=True)
        if structure.back is None:
            return cell
        negative, positive = (
            _own(side, getattr(self, side), getattr(structure.back, side)) for side in SIDES
        )
        separator, own = self.separator, structure.back.separator
        for name in ("thickness", "porosity"):
            if getattr(own, name) is not None:
                separator = replace(separator, **{name: getattr(own, name)})
        face = Face(negative, separator, positive, self.contact_negative, self.contact_positive)
        solids = 1.0
        if isinstance(positive, Electrode) and isinstance(positive.porosity, int | float):
            solids = positive.thickness * (1 - positive.porosity)
            solids /= self.positive.thickness * (1 - self.positive.porosity)
        return replace(cell, back=face, tied=structure.back.tied, one_c=self.one_c * (1 + solids))

    def with_electrodes(self, electrodes: Mapping[str, Electrode]) -> "Cell":
        """The cell with other electrodes, by their names in :attr:`electrodes`."""
        front, back = {}, {}
        for name, electrode in electrodes.items():
            to = back if name.startswith(BACK) else front
            to[name.removeprefix(BACK)] = electrode
        if back:
            front["back"] = replace(self.back, **back)
        return replace(self, **front)

    def with_faces(self, faces: Mapping[str, "Cell"]) -> "Cell":
        """The cell with the electrodes of other :meth:`faces`."""
        return self.with_electrodes(
            {
                name + side: electrode
                for name, face in faces.items()
                for side, electrode in face.electrodes.items()
            }
        )

    @property
    def swells(self) -> bool:
        """Whether a material changes its volume."""
        return any(
            material.volume_law is not None
            for electrode in self.electrodes.values()
            for material in getattr(electrode, "materials", ())
        )

    @property
    def has_pattern(self) -> bool:
        """Whether it differs from place to place in the plane: by a perforation or a structure."""
        return self.perforation is not None or self.structure is not None

    @property
    def open_fraction(self) -> float:
        """Area of holes per area of the negative foil [-]."""
        if self.structure is not None:
            return self.structure.open_fraction("negative")
        return self.perforation.open_fraction if self.perforation is not None else 0.0

    def has_coated_holes(self, foil: str) -> bool:
        """Whether the "negative" or the "positive" foil has holes with coating in them."""
        if self.structure is not None:
            holes = self.structure.holes_in(foil)
            return holes is not None and holes.filling != "electrolyte"
        holes = self.perforation if foil == "negative" else None
        return holes is not None and holes.filling == "coating"

    @property
    def open_circuit_voltage(self) -> float:
        """Voltage at the stoichiometries of the start, each electrode at the potential of its
        :attr:`Electrode.reference_material` [V].
        """
        return _open_circuit(self.positive) - _open_circuit(self.negative)


def _own(side, electrode, layer):
    """An electrode with a thickness and a porosity of its own, the latter at the same mixture of
    solids.
    """
    if not isinstance(electrode, Electrode):
        return electrode
    if layer.thickness is not None:
        electrode = replace(electrode, thickness=layer.thickness)
    if layer.porosity is None:
        return electrode
    values = [electrode.porosity, *(material.fraction for material in electrode.materials)]
    if not all(isinstance(value, int | float) for value in values):
        raise CellError(
            f"back {side} electrode: a porosity of its own takes a front with one porosity and one "
            "fraction of each material"
        )
    solid = (1 - layer.porosity) / (1 - electrode.porosity)
    materials = tuple(
        replace(material, fraction=material.fraction * solid) for material in electrode.materials
    )
    return replace(electrode, porosity=layer.porosity, materials=materials)


def _open_circuit(electrode):
    """Potential of an electrode against lithium [V]; 0 where nothing reacts."""
    if not isinstance(electrode, Electrode) or not electrode.materials:
        return 0.0
    material = electrode.materials[electrode.reference_material]
    return float(material.open_circuit(material.stoichiometry))
