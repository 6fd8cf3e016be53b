"""A scenario in four numbers: gain at 3C, ratio at 5C, ratio of the pulses, and how many of the paper's claims hold."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rampore import parameters
from rampore.p4d.pairs import Pair, pair, pulse_resistance
from rampore.p4d.solution import Mesh
from rampore.p4d.study import Scenario, half_cell

__all__ = ["LEVELS", "Row", "row"]

LEVELS = (0.8, 0.4)  #: states of charge of the pulses [-]


class Row(NamedTuple):
    """Perforated against bare foil in one scenario."""

    gain_3c: float  #: of capacity at 3C [-]
    ratio_5c: float  #: of capacities at 5C, perforated over bare [-]
    pulse_ratio: float  #: of the half cells' resistances over 10 s at 5C, perforated over bare [-]
    holding: int  #: claims on the 3C discharge that hold by more than their numerical error
    claims: int  #: of so many


def row(given: parameters.Cell, scenario: Scenario, at_3c: Pair, mesh: Mesh) -> Row:
    """What a scenario comes to.

    Parameters
    ----------
    given : parameters.Cell
    scenario : Scenario
        Its ``perforated`` is not used.
    at_3c : Pair
        The scenario's discharges at 3C, with the errors of their findings.
    mesh : Mesh
        Of the other runs on perforated foil.
    """
    at_5c = pair(given, scenario, 5.0, mesh)
    bare, perforated = (
        np.mean([pulse_resistance(half_cell(given, one, state_of_charge=level), on) for level in LEVELS])
        for one, on in (
            (replace(scenario, perforated=False), mesh._replace(columns=(1, 1))),
            (replace(scenario, perforated=True), mesh),
        )
    )
    judged = at_3c.judged().values()
    holding = sum(one.holds is True for one in judged)
    return Row(at_3c.gain, 1 + at_5c.gain, float(perforated / bare), holding, len(judged))
