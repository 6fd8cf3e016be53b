"""A scenario in four numbers: gain at 3C, ratio at 5C, ratio of the pulses, and how many of the paper's claims hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore import parameters
from rampore.p4d.pairs import Pair, pair, pulse_resistance
from rampore.p4d.solution import Mesh
from rampore.p4d.study import Scenario, half_cell

if TYPE_CHECKING:
    import pandas

__all__ = ["LEVELS", "Row", "row", "table"]

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


def table(rows: Mapping[str, Row]) -> "pandas.DataFrame":
    """Scenarios as texts, one a row, to whole per cents: what meshes and computers differ by does not show.

    Parameters
    ----------
    rows : mapping of str to Row
    """
    import pandas as pd

    cells = {
        name: {
            "Capacity at 3C": f"{round(100 * one.gain_3c):+d} %".replace("-", "\N{MINUS SIGN}"),
            "at 5C": f"× {one.ratio_5c:.2f}",
            "Pulse resistance": f"× {one.pulse_ratio:.2f}",
            "Claims that hold": f"{one.holding} of {one.claims}",
        }
        for name, one in rows.items()
    }
    return pd.DataFrame(cells).T.rename_axis("Scenario")
