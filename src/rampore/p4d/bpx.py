"""Cells from BPX files.

The ``bpx`` package decides what a file may contain. An expression is read once more here, as a tree of numbers, x,
+ - * / ** and exp, tanh, cosh; whatever else it held would be refused, and nothing is executed.

Beyond the format, ``User-defined`` may hold

========================================  ========================================================
``Negative contact resistance [Ohm.m2]``  of the negative foil, on its face and the walls of holes
``Positive contact resistance [Ohm.m2]``  of the positive foil
``Hole diameter [m]``                     of the negative foil's perforation
``Hole pitch [m]``                        distance of neighbouring holes
``Foil thickness [m]``                    depth of the holes
``Thermodynamic factor``                  of the electrolyte, a number or a function of its concentration [mol/m3]
========================================  ========================================================
"""

import ast
import json
import operator
from pathlib import Path

import numpy as np

from rampore import materials
from rampore.p4d.cell import Cell, Electrode, Material, Perforation, Separator
from rampore.p4d.errors import CellError

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_FUNCTIONS = {"exp": np.exp, "tanh": np.tanh, "cosh": np.cosh}


def expression(text):
    """The function of x that a BPX expression denotes.

    Raises
    ------
    CellError
        It holds anything but numbers, x, + - * / ** and exp, tanh, cosh.
    """

    def refuse(node):
        raise CellError(f"expression {text!r}: {ast.unparse(node)!r} is not part of the format")

    def build(node):
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return lambda x: value
            case ast.Name(id="x"):
                return lambda x: x
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                inner, act = build(operand), _OPERATORS[type(op)]
                return lambda x: act(inner(x))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                first, second, act = build(left), build(right), _OPERATORS[type(op)]
                return lambda x: act(first(x), second(x))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                inner, act = build(argument), _FUNCTIONS[name]
                return lambda x: act(inner(x))
        return refuse(node)

    try:
        body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as problem:
        raise CellError(f"expression {text!r} cannot be read: {problem.msg}") from None
    inner = build(body)
    return lambda x: inner(x) + 0.0 * x


def _function(value):
    """A number, expression or table of a BPX file as a function."""
    if isinstance(value, str):
        return expression(value)
    if hasattr(value, "x") and hasattr(value, "y"):
        return materials.Tabulated(value.x, value.y)
    return materials.constant(float(value))


def _scaled(value, factor):
    """The same times a factor; a number stays a number."""
    if isinstance(value, int | float):
        return float(value) * factor
    inner = _function(value)
    return lambda x: factor * inner(x)


def _as_function(value):
    return value if callable(value) else materials.constant(value)


def _optional(value):
    return None if value is None else _function(value)


def read(path):
    """Read a cell from a BPX file (version 1, models DFN and SPMe).

    The initial stoichiometries follow linearly from the initial state of charge between the limits of each material;
    1C is the nominal capacity over one hour and the electrode area times the number of pairs.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    rampore.p4d.cell.Cell

    Raises
    ------
    CellError
        The file is not a valid BPX file of a full model, or says something that the engine cannot do.
    """
    from bpx import parse_bpx_obj
    from pydantic import ValidationError

    try:
        parsed = parse_bpx_obj(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as problem:
        raise CellError(f"{path}: {problem}") from problem
    if parsed.header.model not in ("DFN", "SPMe"):
        raise CellError(f"{path}: a file for the model {parsed.header.model} lacks what the P4D model needs")
    given, state = parsed.parameterisation, parsed.state
    initial = state.initial_conditions if state else None
    reference = given.cell.reference_temperature or materials.REFERENCE_TEMPERATURE
    temperature = (initial.initial_temperature if initial else None) or reference
    soc = 1.0 if initial is None or initial.initial_soc is None else initial.initial_soc
    concentration = (initial.initial_electrolyte_concentration if initial else None) or 1000.0
    own = (given.user_defined.model_extra or {}) if given.user_defined else {}

    def arrhenius(energy):
        return float(materials.arrhenius(energy or 0.0, temperature, reference))

    def electrode(given, side, hysteresis):
        full = side == "negative"
        members = given.particle if hasattr(given, "particle") else {side: given}
        out = []
        for name, particle in members.items():
            span = particle.maximum_stoichiometry - particle.minimum_stoichiometry
            entropy = _function(particle.dudt if particle.dudt is not None else 0.0)

            def warm(potential, entropy=entropy):
                inner = _optional(potential)
                return None if inner is None else lambda x: inner(x) + (temperature - reference) * entropy(x)

            branches = particle.ocp_lith is not None and particle.ocp_delith is not None
            rate = particle.reaction_rate_constant * arrhenius(particle.reaction_rate_constant_activation_energy)
            own_state = hysteresis.get(name, 0.0) if isinstance(hysteresis, dict) else hysteresis or 0.0
            out.append(
                Material(
                    name,
                    fraction=particle.surface_area_per_unit_volume * particle.particle_radius / 3,
                    radius=particle.particle_radius,
                    maximum_concentration=particle.maximum_concentration,
                    diffusivity=_scaled(particle.diffusivity, arrhenius(particle.diffusivity_activation_energy)),
                    exchange_current=materials.ExchangeCurrent(materials.FARADAY * rate, concentration),
                    stoichiometry=(particle.minimum_stoichiometry + soc * span)
                    if full
                    else (particle.maximum_stoichiometry - soc * span),
                    potential=warm(particle.ocp),
                    lithiation=warm(particle.ocp_lith) if branches else None,
                    delithiation=warm(particle.ocp_delith) if branches else None,
                    hysteresis=own_state,
                    hysteresis_decay=particle.gamma_hys or 0.0,
                )
            )
        return Electrode(
            given.thickness,
            given.porosity,
            given.conductivity,
            tuple(out),
            materials.constant(given.transport_efficiency),
        )

    salt = given.electrolyte
    electrolyte = materials.Electrolyte(
        _as_function(_scaled(salt.conductivity, arrhenius(salt.conductivity_activation_energy))),
        _as_function(_scaled(salt.diffusivity, arrhenius(salt.diffusivity_activation_energy))),
        materials.constant(salt.cation_transference_number),
        _function(own.get("Thermodynamic factor", 1.0)),
        4 * concentration,
        f"BPX file, {parsed.header.title}",
    )
    perforation = None
    if "Hole diameter [m]" in own:
        try:
            perforation = Perforation(own["Hole diameter [m]"], own["Hole pitch [m]"], own["Foil thickness [m]"])
        except KeyError as missing:
            raise CellError(f"{path}: User-defined has holes, but no {missing.args[0]!r}") from None
    return Cell(
        negative=electrode(
            given.negative_electrode, "negative", initial.initial_hysteresis_state_negative if initial else None
        ),
        separator=Separator(
            given.separator.thickness,
            given.separator.porosity,
            materials.constant(given.separator.transport_efficiency),
        ),
        positive=electrode(
            given.positive_electrode, "positive", initial.initial_hysteresis_state_positive if initial else None
        ),
        electrolyte=electrolyte,
        concentration=concentration,
        one_c=given.cell.nominal_cell_capacity / (given.cell.electrode_area * given.cell.number_of_electrodes),
        lower_cutoff=given.cell.lower_voltage_cutoff,
        upper_cutoff=given.cell.upper_voltage_cutoff,
        temperature=temperature,
        contact_negative=own.get("Negative contact resistance [Ohm.m2]", 0.0),
        contact_positive=own.get("Positive contact resistance [Ohm.m2]", 0.0),
        perforation=perforation,
        state_of_charge=soc,
    )
