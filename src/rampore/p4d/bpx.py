"""Cells from BPX files.

The ``bpx`` package decides what a file may contain, and sees no text of it: wherever the format
allows an expression, :mod:`rampore.expressions` reads it, and ``bpx`` is given a number in its
place. Nothing of a file is executed.

What the format leaves open is settled like this:

- A table keeps its first and its last value beyond its ends. Tables of the electrolyte end its
  validity, which else is four times the concentration at the start.
- Every property is sampled over the limits of the stoichiometry, or over the validity of the
  electrolyte, and refused where it has no value, or none that can be. Beyond the limits of the
  stoichiometry such a property keeps the value that it has at the limit.
- The temperature is the initial one, else that of the surroundings, else the reference temperature.
- ``OCP [V]`` counts, unless both branches of it and a decay constant or an initial state of
  hysteresis are given.

Beyond the format, ``User-defined`` may hold

========================================  ========================================================
``Negative contact resistance [Ohm.m2]``  of the negative foil, on its face and the walls of holes
``Positive contact resistance [Ohm.m2]``  of the positive foil
``Hole diameter [m]``                     of the negative foil's perforation
``Hole pitch [m]``                        distance of neighbouring holes
``Foil thickness [m]``                    depth of the holes
``Thermodynamic factor``                  of the electrolyte, a number or a function of its
                                          concentration [mol/m3]
``Volume change of NAME``                 of a particle, or of "negative" or "positive" where there
                                          is one material: what it gains over its volume when empty,
                                          a function of the stoichiometry, or a number when full
                                          (and evenly up to there) [-]
========================================  ========================================================

A key that resembles one of these is refused; any other is named in a warning, and has no effect.
Where the pores of an electrode change, its transport efficiency follows them by the exponent of
Bruggeman's law that it stands for.
"""

import difflib
import json
import math
import os
import stat
import warnings
from pathlib import Path

import numpy as np

from rampore import RamporeError, materials
from rampore.checks import SHARES, increasing, known_keys, quantity
from rampore.constants import FARADAY, REFERENCE_TEMPERATURE
from rampore.expressions import Expression, ExpressionError
from rampore.p4d.cell import Cell, Electrode, Material, Perforation, Separator, bruggeman
from rampore.p4d.errors import CellError

LARGEST = 8_000_000  #: size of a file [bytes]
LONGEST = 100_000  #: all expressions of a file together [characters]
DEEPEST = 20  #: nesting of its objects and lists [-]
SAMPLES = 501  #: of a property over its domain [-]
#: by which the limits of the stoichiometry may miss the cut-offs without a word [V]
TOLERANCE = 1e-3
#: of a key of one's own to one of those above, from which it is taken for a misspelt one [-]
ALIKE = 0.7

OWN_KEYS = (
    "Negative contact resistance [Ohm.m2]",
    "Positive contact resistance [Ohm.m2]",
    "Hole diameter [m]",
    "Hole pitch [m]",
    "Foil thickness [m]",
    "Thermodynamic factor",
)
VOLUME_CHANGE = "Volume change of {}"
LIMITS = ("Minimum stoichiometry", "Maximum stoichiometry")
BRANCHES = ("OCP (lithiation) [V]", "OCP (delithiation) [V]")
DECAY = "OCP hysteresis decay constant"


def read(
    path: str | os.PathLike, soc: float | None = None, temperature: float | None = None
) -> Cell:
    """Read a cell from a BPX file (version 1, models DFN and SPMe; version 0 as ``bpx`` converts
    it).

    The initial stoichiometries follow linearly from the initial state of charge between the limits
    of each material; 1C is the nominal capacity over one hour and the electrode area times the
    number of pairs.

    Parameters
    ----------
    path : path-like
    soc : float, optional
        State of charge at the start, in place of what the file says [-].
    temperature : float, optional
        At the start, in place of what the file says [K].

    Returns
    -------
    rampore.p4d.cell.Cell

    Raises
    ------
    CellError
        The file is not a valid BPX file of a full model, holds a value that cannot be, or says
        something that the engine cannot do; the message names the key.

    Warns
    -----
    UserWarning
        Something in the file has no effect, or is not as it should be.
    """
    try:
        return of_document(_load(path), soc, temperature)
    except RamporeError as problem:
        raise CellError(f"{path}: {problem}") from problem


def load(path: str | os.PathLike) -> dict:
    """The JSON of a BPX file, as it stands there, for :func:`of_document`.

    Raises
    ------
    CellError
        It cannot be read, or is no JSON of bounded size and depth.
    """
    try:
        return _load(path)
    except RamporeError as problem:
        raise CellError(f"{path}: {problem}") from problem


def of_document(document: dict, soc: float | None = None, temperature: float | None = None) -> Cell:
    """A cell from the JSON of a BPX file; parameters, errors and warnings as of :func:`read`.

    Parameters
    ----------
    document : dict
        As :func:`load` gives it; it stays as it is.
    soc, temperature : float, optional
    """
    start = {"Initial state-of-charge": soc, "Initial temperature [K]": temperature}
    return _cell(_started(_validated(document), start))


# The text: JSON of bounded size and depth, finite numbers, and expressions of the grammar


def _load(path):
    """What a file holds."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise CellError(
                "it is no file" + (", but a folder" if stat.S_ISDIR(status.st_mode) else "")
            )
        if status.st_size > LARGEST:
            raise CellError(f"{status.st_size} bytes are more than a BPX file may have, {LARGEST}")
        content = Path(path).read_bytes()
    except (OSError, ValueError) as problem:
        if isinstance(problem, CellError):
            raise
        raise CellError(getattr(problem, "strerror", None) or str(problem)) from None
    try:
        document = json.loads(content, parse_int=float, object_pairs_hook=_object)
    except CellError:
        raise
    except RecursionError:
        raise CellError(f"it is nested deeper than {DEEPEST} levels") from None
    except ValueError as problem:
        raise CellError(f"it is no JSON: {problem}") from None
    if not isinstance(document, dict):
        raise CellError("it is no BPX file: its JSON is no object")
    return document


def _object(pairs):
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CellError(f"the key {twice!r} stands twice in one object")
    return made


def _place(path):
    return " / ".join(str(key) if str(key).isprintable() else repr(key) for key in path)


def _without_texts(value, texts, path=()):
    """The same with a number for every expression, which goes to ``texts`` with its place."""
    if len(path) > DEEPEST:
        raise CellError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        return {key: _without_texts(entry, texts, (*path, key)) for key, entry in value.items()}
    if isinstance(value, list):
        for row, entry in enumerate(value, 1):
            if not (isinstance(entry, float) and math.isfinite(entry)):
                raise CellError(
                    f"{_place(path)}: row {row} = {str(entry)[:40]!r} must be a finite number"
                )
        return value
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise CellError(f"{_place(path)} = {value} must be a finite number")
    if isinstance(value, str) and path[:1] != ("Header",) and path[-1] != "description":
        texts.append((path, value))
        return 1.0
    return value


def _validated(document):
    """A document of version 1, whose keys and kinds of values are those of the format."""
    import bpx

    texts = []
    plain = _without_texts(document, texts)
    if sum(len(text) for _, text in texts) > LONGEST:
        raise CellError(f"its expressions are longer than {LONGEST} characters together")
    for path, text in texts:
        try:
            Expression(text)
        except ExpressionError as problem:
            raise CellError(f"{_place(path)}: {problem}") from None
    try:
        if bpx.is_legacy_bpx(plain):
            _remark(
                "a file of BPX version 0, read as version 1: what it does not say of the start is "
                "as bpx has it"
            )
            plain, document = (_of_version_1(each) for each in (plain, document))
        bpx.parse_bpx_obj(plain, convert_legacy=False)
    # bpx lets the errors of what it does with a wrong kind of value through
    except Exception as problem:
        raise CellError(f"it is not of the format: {_first(problem)}") from problem
    if document["Header"]["Model"] not in ("DFN", "SPMe"):
        raise CellError(
            f"a file for the model {document['Header']['Model']} lacks what the P4D model needs"
        )
    return document


def _started(document, start):
    """The document of a cell that starts otherwise, where something is said of it."""
    given = {key: float(value) for key, value in start.items() if value is not None}
    state = document.get("State") or {}
    conditions = (state.get("Initial conditions") or {}) | given
    return document | {"State": state | {"Initial conditions": conditions}}


def _of_version_1(document):
    """As bpx converts it, but with the state that stands in it all the same."""
    import bpx

    made, state = bpx.convert_v0_to_v1(document), document.get("State") or {}
    for section in made["State"]:
        made["State"][section] |= state.get(section) or {}
    return made


def _first(problem):
    """What is wrong in one line: of a validation's many errors a key that the format does not know,
    or the first.
    """
    from pydantic import ValidationError

    if not isinstance(problem, ValidationError):
        missing = f"there is no {problem}" if isinstance(problem, KeyError) else str(problem)
        return (missing or type(problem).__name__).splitlines()[0]
    errors = problem.errors()
    entry = next((entry for entry in errors if entry["type"] == "extra_forbidden"), errors[0])
    inner = entry.get("ctx", {}).get("error")
    if isinstance(inner, ValidationError):
        return _first(inner)
    where = _place(entry["loc"])
    if entry["type"] == "extra_forbidden":
        known_keys(
            _place(entry["loc"][:-1]) or "Parameterisation", [entry["loc"][-1]], _keys(), CellError
        )
    return f"{where}: {entry['msg']}".splitlines()[0]


def _keys():
    """All keys of the format."""
    from bpx import schema

    sections = [kind for kind in vars(schema).values() if hasattr(kind, "model_fields")]
    return sorted(
        {field.alias for kind in sections for field in kind.model_fields.values() if field.alias}
    )


# Values, each with its place


class _Section:
    """A part of the file: its values by key, checked; an error names the key."""

    def __init__(self, content, *path):
        self.content, self.path = content or {}, path

    def __contains__(self, key):
        return self.content.get(key) is not None

    def part(self, key):
        return _Section(self.content.get(key), *self.path, key)

    def name(self, key):
        return _place((*self.path, key))

    def constant(self, key, default=None):
        """A number, also if written as an expression without x; None where there is none."""
        value = self.content[key] if key in self else default
        if isinstance(value, str):
            value = Expression(value).constant
        return value if isinstance(value, float) else None

    def number(self, key, default=None, **limits):
        """A number within its limits."""
        value = self.constant(key, default)
        if value is None:
            raise CellError(f"{self.name(key)} must be one number")
        return quantity(self.name(key), value, CellError, **limits)

    def function(self, key, default=None):
        """A number, an expression or a table as a function."""
        value = self.constant(key, default)
        if value is not None:
            return materials.constant(value)
        value = self.content[key]
        if isinstance(value, str):
            return Expression(value)
        try:
            increasing("x", value["x"], CellError)
            return materials.Tabulated(value["x"], value["y"], held=True)
        except KeyError as missing:
            raise CellError(
                f"{self.name(key)} must be a number, an expression or a table, and has no {missing}"
            ) from None
        except RamporeError as problem:
            raise CellError(f"{self.name(key)}: {problem}") from None


def _wrong(values, above):
    return ~np.isfinite(values) | (values <= above)


def _sampled(name, function, x, above=-np.inf):
    """A function that is finite, and above a limit, at every x."""
    with np.errstate(all="ignore"):
        values = function(x)
    wrong = _wrong(values, above)
    if wrong.any():
        first, last = np.flatnonzero(wrong)[[0, -1]]
        wanted = "finite" if np.isinf(above) else f"finite and above {above:g}"
        raise CellError(
            f"{name} = {values[first]:.4g} at x = {x[first]:.4g} must be {wanted}, and is not "
            f"between x = {x[first]:.4g} and {x[last]:.4g}"
        )
    return function


def _of_stoichiometry(name, function, limits, above=-np.inf):
    """A property of a solid that can be within the limits; beyond them held, where it cannot be
    there.
    """
    ends = np.clip(limits, 1e-6, 1 - 1e-6)
    _sampled(name, function, np.linspace(*ends, SAMPLES), above)
    with np.errstate(all="ignore"):
        beyond = _wrong(function(np.linspace(1e-6, 1 - 1e-6, SAMPLES)), above).any()
    if isinstance(function, materials.Tabulated) and (
        function.x[0] > ends[0] or function.x[-1] < ends[1]
    ):
        _remark(
            f"{name}: the table ends at x = {function.x[0]:g} and {function.x[-1]:g}, within the "
            "limits of the stoichiometry, and is held there"
        )
    if not beyond:
        return function
    _remark(f"{name} cannot be beyond the limits of the stoichiometry, and is held at them")
    return lambda x: function(np.clip(x, *ends))


def _remark(text):
    warnings.warn(text, UserWarning, stacklevel=2)


# The cell


class _Climate:
    """What the start says for all parts: temperature, concentration, state of charge."""

    def __init__(self, cell, state):
        start = state.part("Initial conditions")
        around = state.part("Thermal environment")
        self.reference = cell.number("Reference temperature [K]", REFERENCE_TEMPERATURE, above=0)
        ambient = around.number("Ambient temperature [K]", self.reference, above=0)
        self.temperature = start.number("Initial temperature [K]", ambient, above=0)
        self.soc = start.number("Initial state-of-charge", 1.0, at_least=0, at_most=1)
        self.concentration = start.number(
            "Initial electrolyte concentration [mol.m-3]", 1000.0, above=0
        )

    def factor(self, section, key):
        """Arrhenius factor of an activation energy [-]."""
        with np.errstate(over="ignore"):
            return float(
                materials.arrhenius(section.number(key, 0.0), self.temperature, self.reference)
            )


def _times(function, factor):
    return function if factor == 1 else lambda x: factor * function(x)


def _cell(document):
    parameters, state = (
        _Section(document["Parameterisation"]),
        _Section(document.get("State"), "State"),
    )
    sheets = [parameters.part(f"{side} electrode") for side in ("Negative", "Positive")]
    own = _own(
        parameters.part("User-defined"),
        [VOLUME_CHANGE.format(name) for sheet in sheets for name in _particles(sheet)],
    )
    sheet = parameters.part("Cell")
    climate = _Climate(sheet, state)
    start = state.part("Initial conditions")
    area = sheet.number("Electrode area [m2]", above=0)
    pairs = sheet.number(
        "Number of electrode pairs connected in parallel to make a cell", at_least=1
    )
    separator = parameters.part("Separator")
    title = document["Header"].get("Title")
    cutoffs = "Lower voltage cut-off [V]", "Upper voltage cut-off [V]"
    lower, upper = (sheet.number(key) for key in cutoffs)
    if not lower < upper:
        raise CellError(
            f"{sheet.name(cutoffs[0])} = {lower:g} is not below {cutoffs[1]} = {upper:g}"
        )
    cell = Cell(
        negative=_electrode(sheets[0], own, start, climate, full=climate.soc),
        separator=Separator(
            separator.number("Thickness [m]", above=0),
            separator.number("Porosity", above=0, at_most=1),
            materials.constant(separator.number("Transport efficiency", above=0, at_most=1)),
        ),
        positive=_electrode(sheets[1], own, start, climate, full=1 - climate.soc),
        electrolyte=_electrolyte(
            parameters.part("Electrolyte"),
            own,
            climate,
            f"BPX file, {title}" if title else "BPX file",
        ),
        concentration=climate.concentration,
        one_c=sheet.number("Nominal cell capacity [A.h]", above=0) / (area * pairs),
        lower_cutoff=lower,
        upper_cutoff=upper,
        temperature=climate.temperature,
        contact_negative=own.number("Negative contact resistance [Ohm.m2]", 0.0, at_least=0),
        contact_positive=own.number("Positive contact resistance [Ohm.m2]", 0.0, at_least=0),
        perforation=_perforation(own),
        state_of_charge=climate.soc,
    )
    _compare_limits(parameters, cell)
    return cell


def _own(section, volumes):
    """The fields of one's own: those above, and nothing that resembles them."""
    known = (*OWN_KEYS, *volumes)
    for key in section.content:
        if key in known or key == "description":
            continue
        if difflib.get_close_matches(key, known, n=1, cutoff=ALIKE):
            known_keys("User-defined", [key], known, CellError)
        _remark(f"User-defined / {_place([key])} has no effect here")
    return section


def _perforation(own):
    keys = OWN_KEYS[2:5]
    if not any(key in own for key in keys):
        return None
    missing = [key for key in keys if key not in own]
    if missing:
        raise CellError(f"User-defined has holes, but no {' and no '.join(map(repr, missing))}")
    return Perforation(*(own.number(key, above=0) for key in keys))


def _electrolyte(salt, own, climate, source):
    conductivity, diffusivity = "Conductivity [S.m-1]", "Diffusivity [m2.s-1]"
    functions = {salt.name(key): salt.function(key) for key in (conductivity, diffusivity)} | {
        own.name("Thermodynamic factor"): own.function("Thermodynamic factor", 1.0)
    }
    tables = [
        function.x for function in functions.values() if isinstance(function, materials.Tabulated)
    ]
    validity = min([x[-1] for x in tables], default=4 * climate.concentration)
    lowest = max([x[0] for x in tables], default=0.0)
    if not lowest < validity or validity <= 0:
        raise CellError(
            f"the electrolyte's tables, from {lowest:g} and to {validity:g} mol/m3, have nothing "
            "in common"
        )
    c = np.linspace(lowest, validity, SAMPLES)
    c = c[c > 0]
    kappa, diffusion, factor = (
        _sampled(name, function, c, above=0) for name, function in functions.items()
    )
    kappa = _times(kappa, climate.factor(salt, "Conductivity activation energy [J.mol-1]"))
    diffusion = _times(diffusion, climate.factor(salt, "Diffusivity activation energy [J.mol-1]"))
    for key, function in ((conductivity, kappa), (diffusivity, diffusion)):
        _sampled(f"{salt.name(key)} at {climate.temperature:g} K", function, c, above=0)
    return materials.Electrolyte(
        kappa,
        diffusion,
        materials.constant(salt.number("Cation transference number", below=1)),
        factor,
        float(validity),
        source,
        float(max(lowest, 0.0)),
    )


def _particles(sheet):
    """The parts of an electrode's materials, by their names."""
    if "Particle" in sheet:
        particles = sheet.part("Particle")
        return {name: particles.part(name) for name in particles.content}
    return {sheet.path[-1].partition(" ")[0].lower(): sheet}


def _electrode(sheet, own, start, climate, full):
    """An electrode whose materials are this full, between their stoichiometries' limits [-]."""
    states = f"Initial hysteresis state: {sheet.path[-1]}"
    blended = "Particle" in sheet
    porosity = sheet.number("Porosity", above=0, at_most=1)
    made = tuple(
        _material(
            name,
            part,
            *((start.part(states), name) if blended else (start, states)),
            climate,
            full,
            _volume_law(own, VOLUME_CHANGE.format(name)),
        )
        for name, part in _particles(sheet).items()
    )
    total = porosity + sum(material.fraction for material in made)
    if total > 1 + SHARES:
        raise CellError(
            f"{_place(sheet.path)}: porosity and active fractions add to {total:.6g}, beyond 1"
        )
    if total > 1:
        _remark(
            f"{_place(sheet.path)}: porosity and active fractions add to 1 + {total - 1:.2g}; "
            "taken as they are"
        )
    return Electrode(
        sheet.number("Thickness [m]", above=0),
        porosity,
        sheet.number("Conductivity [S.m-1]", above=0),
        made,
        _efficiency(
            sheet.number("Transport efficiency", above=0, at_most=1),
            porosity,
            any(material.volume_law is not None for material in made),
        ),
    )


def _efficiency(efficiency, porosity, swells):
    """Transport efficiency over the porosity [-]."""
    if not swells:
        return materials.constant(efficiency)
    return bruggeman(math.log(efficiency) / math.log(porosity) if porosity < 1 else 1.0)


def _volume_law(own, key):
    """Volume over that of the empty host, over the stoichiometry [-]; None where nothing is said
    of it.
    """
    if key not in own:
        return None
    full = own.constant(key)
    change = own.function(key) if full is None else lambda x: full * x
    _sampled(own.name(key), change, np.linspace(0, 1, SAMPLES), above=-1.0)
    return lambda x: 1.0 + change(x)


def _material(name, part, states, state, climate, full, volume_law):
    low, high = limits = [part.number(key, at_least=0, at_most=1) for key in LIMITS]
    if not low < high:
        raise CellError(f"{part.name(LIMITS[0])} = {low:g} is not below {LIMITS[1]} = {high:g}")
    radius = part.number("Particle radius [m]", above=0)
    rate = part.number("Reaction rate constant [mol.m-2.s-1]", above=0)
    rate *= climate.factor(part, "Reaction rate constant activation energy [J.mol-1]")
    quantity(
        f"{part.name('Reaction rate constant')} at {climate.temperature:g} K",
        rate,
        CellError,
        above=0,
    )

    key = "Entropic change coefficient [V.K-1]"
    entropy = _of_stoichiometry(part.name(key), part.function(key, 0.0), limits)

    def potential(key):
        function = _of_stoichiometry(part.name(key), part.function(key), limits)
        warmer = climate.temperature - climate.reference
        return function if warmer == 0 else lambda x: function(x) + warmer * entropy(x)

    branches = _branches(part, state in states)
    used = ["OCP [V]", *(BRANCHES if branches else ()), "Diffusivity [m2.s-1]"]
    tables = [table["x"] for key in used if isinstance(table := part.content[key], dict)]
    return Material(
        name,
        fraction=part.number("Surface area per unit volume [m-1]", above=0) * radius / 3,
        radius=radius,
        maximum_concentration=part.number("Maximum concentration [mol.m-3]", above=0),
        diffusivity=_diffusivity(part, limits, climate),
        exchange_current=materials.ExchangeCurrent(FARADAY * rate, climate.concentration),
        stoichiometry=low + full * (high - low),
        potential=potential("OCP [V]"),
        lithiation=potential(BRANCHES[0]) if branches else None,
        delithiation=potential(BRANCHES[1]) if branches else None,
        hysteresis=states.number(state, 0.0, at_least=-1, at_most=1),
        hysteresis_decay=part.number(DECAY, 0.0, at_least=0),
        validity=(max([0.0, *(x[0] for x in tables)]), min([1.0, *(x[-1] for x in tables)])),
        volume_law=volume_law,
        entropic=entropy if key in part else None,
    )


def _branches(part, has_state):
    """Whether the branches of the potential count."""
    there = [key for key in BRANCHES if key in part]
    if len(there) == 2 and (DECAY in part or has_state):
        return True
    if there:
        lacking = (
            "other branch"
            if len(there) == 1
            else "decay constant and no initial state of hysteresis"
        )
        _remark(
            f"{part.name('OCP [V]')} counts, for beside {' and '.join(map(repr, there))} there is "
            f"no {lacking}"
        )
    return False


def _diffusivity(part, limits, climate):
    """A number where it is one, or a function of the stoichiometry [m2/s]."""
    key = "Diffusivity [m2.s-1]"
    function = _of_stoichiometry(part.name(key), part.function(key), limits, above=0)
    factor = climate.factor(part, "Diffusivity activation energy [J.mol-1]")
    name = f"{part.name(key)} at {climate.temperature:g} K"
    _sampled(name, _times(function, factor), np.linspace(*limits, SAMPLES), above=0)
    constant = part.constant(key)
    return _times(function, factor) if constant is None else constant * factor


def _compare_limits(parameters, cell):
    """Warns where the limits of the stoichiometries lie beyond the cut-offs, of electrodes of one
    material.
    """
    sheets = [parameters.part(f"{side} electrode") for side in ("Negative", "Positive")]
    if any("Particle" in sheet for sheet in sheets):
        return
    negative, positive = (
        [
            float(sheet.function("OCP [V]")(np.clip(sheet.number(key), 1e-6, 1 - 1e-6)))
            for key in LIMITS
        ]
        for sheet in sheets
    )
    highest, lowest = positive[0] - negative[1], positive[1] - negative[0]
    if highest - cell.upper_cutoff > TOLERANCE:
        _remark(
            f"the limits of the stoichiometry reach {highest:.4f} V, above the cut-off of "
            f"{cell.upper_cutoff:g} V"
        )
    if cell.lower_cutoff - lowest > TOLERANCE:
        _remark(
            f"the limits of the stoichiometry reach {lowest:.4f} V, below the cut-off of "
            f"{cell.lower_cutoff:g} V"
        )
