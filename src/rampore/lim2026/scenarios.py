"""A scenario in four numbers: gain at 3C, ratio at 5C, ratio of the pulses, and how many of the
paper's claims hold and fail.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore.audit.numbers import Phrase, with_error
from rampore.checks import quantity
from rampore.lim2026 import parameters
from rampore.lim2026.cells import Scenario, charged_cell
from rampore.lim2026.pairs import CellPair, pair, short_pulses
from rampore.lim2026.readings import Judgement
from rampore.lim2026.sweeps import crossing
from rampore.p4d.errors import CellError
from rampore.p4d.solution import Mesh

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = [
    "LEVELS",
    "PARTS",
    "WORDS",
    "Row",
    "capacity_table",
    "claim_table",
    "contact_table",
    "depth_table",
    "margin_text",
    "number_text",
    "porosities_when_charged",
    "row",
    "row_of",
    "table",
]

LEVELS = (0.8, 0.4)  #: states of charge of the pulses [-]


class Row(NamedTuple):
    """Perforated against bare foil in one scenario, and the numerical errors; 0 where they are not
    known. A ratio that was not computed, or that nothing is delivered to, is nan.
    """

    gain_3c: float  #: of capacity at 3C [-]
    ratio_5c: float  #: of capacities at 5C, perforated over bare [-]
    pulse_ratio: float  #: of the half cells' resistances over 10 s at 5C, perforated over bare [-]
    holding: int  #: claims on the 3C discharge that hold by more than their numerical error
    failing: int  #: that fail by more than that
    claims: int  #: of so many
    gain_3c_error: float = 0.0
    ratio_5c_error: float = 0.0
    pulse_ratio_error: float = 0.0


def row(
    given: parameters.CellInputs,
    scenario: Scenario,
    at_3c: CellPair,
    mesh: Mesh,
    coarser: Mesh | None = None,
) -> Row:
    """What a scenario comes to.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario
        Its ``perforated`` is not used.
    at_3c : CellPair
        The scenario's discharges at 3C, with the errors of their findings.
    mesh : Mesh
        Of the other runs on perforated foil.
    coarser : Mesh, optional
        From which the errors of the other runs are read.
    """
    at_5c = pair(given, scenario, 5.0, mesh, coarser)
    pulses = short_pulses(given, scenario, mesh, coarser, levels=LEVELS)
    judged = at_3c.judged().values()
    holding, failing = (sum(one.holds is word for one in judged) for word in (True, False))
    errors = (at_3c.gain_error, at_5c.gain_error, float(pulses.ratio_error)) if coarser else ()
    claims = holding, failing, len(judged)
    return Row(at_3c.gain, 1 + at_5c.gain, pulses.ratio, *claims, *errors)


def row_of(case: "xarray.Dataset") -> Row:
    """What one case of the crossing comes to; pulses are not among it.

    Parameters
    ----------
    case : xarray.Dataset
        One point of :func:`rampore.lim2026.sweeps.crossing.space`.
    """
    claims = [crossing.standing(case.expand_dims("case"), claim) for claim in crossing.CLAIMS]
    holding, failing = (
        sum(round(getattr(one, kind)) for one in claims) for kind in ("holds", "fails")
    )
    gain, at_5c = (float(case[name]) for name in ("p4d_3c_capacity", "gain_5C"))
    errors = (float(case[f"{name}_error"]) for name in ("p4d_3c_capacity", "gain_5C"))
    return Row(gain, 1 + at_5c, np.nan, holding, failing, len(claims), *errors)


def table(rows: Mapping[str, Row]) -> "pandas.DataFrame":
    """Scenarios as texts, one a row, each number with its numerical error and the digits that it
    leaves.

    Parameters
    ----------
    rows : mapping of str to Row
    """
    import pandas as pd

    cells = {
        name: {
            "Capacity at 3C": number_text(
                "{:+.%df}", 100 * one.gain_3c, 100 * one.gain_3c_error, (0, 1), " %"
            ),
            "at 5C": number_text("× {:.%df}", one.ratio_5c, one.ratio_5c_error),
            "Pulse resistance": number_text("× {:.%df}", one.pulse_ratio, one.pulse_ratio_error),
            "Claims that hold, fail, are open": (
                f"{one.holding}, {one.failing}, {one.claims - one.holding - one.failing}"
            ),
        }
        for name, one in rows.items()
    }
    return pd.DataFrame(cells).T.rename_axis("Scenario")


def number_text(
    template: str, value: float, error: float, decimals: tuple[int, int] = (2, 3), unit: str = ""
) -> str:
    """A number with its error as :func:`rampore.audit.numbers.with_error` sets it; a dash for none.

    Parameters
    ----------
    template, error, decimals, unit
        Of :func:`~rampore.audit.numbers.with_error`.
    value : float
        nan where there is none. Where its error is nan, two meshes do not agree that there is one.
    """
    if np.isnan(value) or np.isnan(error):
        return "–"
    return with_error(template, value, error, decimals, unit)


def _needed(value, error) -> str:
    return with_error("{:.%df}", value, error) if np.isfinite(value) else "none is enough"


def capacity_table(runs: Mapping[str, CellPair]) -> "pandas.DataFrame":
    """Capacities and gains of scenarios as texts with their errors, one scenario a row."""
    import pandas as pd

    columns = {
        "bare (mAh cm⁻²)": ("{:.%df}", lambda bare, _: bare.capacity / 36000),
        "perforated (mAh cm⁻²)": ("{:.%df}", lambda _, perforated: perforated.capacity / 36000),
        "gain (%)": (
            "{:+.%df}",
            lambda bare, perforated: 100 * (perforated.capacity / bare.capacity - 1),
        ),
    }
    return pd.DataFrame(
        {
            label: [
                with_error(template, of(one.bare, one.perforated), one.error(of))
                for one in runs.values()
            ]
            for label, (template, of) in columns.items()
        },
        index=list(runs),
    )


#: Parts of the coating as :class:`rampore.p4d.discharge.Regions` names them, in words.
PARTS = {
    "all": "all",
    "top": "top",
    "bottom": "bottom",
    "hpd": "porous",
    "above": "over holes",
    "lpd": "dense",
    "near": "near holes",
    "far": "far",
}


def contact_table(
    needed: "Mapping[str, xarray.DataArray]", errors: "Mapping[str, xarray.DataArray]"
) -> "pandas.DataFrame":
    """The contact resistances on bare foil that statements need, as texts with their errors: one
    closure a row, one separator of each statement a column.

    Parameters
    ----------
    needed, errors : mapping of str to xarray.DataArray
        By statement, over ``closure`` and ``separator`` [ohm cm2]; inf where none is enough.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            (name, f"separator {separator:g}"): {
                closure: _needed(float(of.sel(at)), float(errors[name].sel(at)))
                for closure in of.closure.values
                for at in [{"closure": closure, "separator": separator}]
            }
            for name, of in needed.items()
            for separator in of.separator.values
        }
    )


def depth_table(runs: Mapping[str, CellPair]) -> "pandas.DataFrame":
    """Depths of discharge [%] by parts of the coating, as texts with their errors, one scenario and
    foil a row.
    """
    import pandas as pd

    def texts(one: CellPair, foil: int) -> list[str]:
        def depths(*foils):
            return 100 * np.array([getattr(foils[foil].depth, part) for part in PARTS])

        values, errors = depths(one.bare, one.perforated), one.error(depths)
        return [
            "" if np.isnan(v) else with_error("{:.%df}", v, e)
            for v, e in zip(values, errors, strict=True)
        ]

    rows = {
        (name, foil): texts(one, n)
        for name, one in runs.items()
        for n, foil in enumerate(("bare", "perforated"))
    }
    return pd.DataFrame(rows, index=list(PARTS.values())).T


def claim_table(runs: Mapping[str, CellPair]) -> "pandas.DataFrame":
    """Whether each claim on the 3C discharge holds, and its margin with its error, as texts, one
    claim a row.
    """
    import pandas as pd

    columns = {}
    for name, one in runs.items():
        judged = one.judged()
        columns[name] = {claim: WORDS[found.holds] for claim, found in judged.items()}
        columns[f"{name}: margin"] = {claim: margin_text(found) for claim, found in judged.items()}
    return pd.DataFrame(columns)


def porosities_when_charged(given: parameters.CellInputs, scenario: Scenario) -> "pandas.Series":
    """What is left of the pores of the negative coating where the cell is charged and at rest [-];
    below zero where solid would need more than there is room.

    Over foil and over a hole the coating makes room as one; in a hole it keeps its room.

    Parameters
    ----------
    given : parameters.CellInputs
    scenario : Scenario
        With a ``sharing``; its ``perforated`` is not used.

    Returns
    -------
    pandas.Series
        ``bare``, ``over foil``, ``over a hole`` and ``in a hole``.
    """
    import pandas as pd

    def left(cell, part, sharing):
        def of(value):
            return value if part is None else getattr(value, part)

        electrode = cell.negative
        solid = 1 - of(electrode.porosity)
        grown = sum(
            of(material.fraction) * (float(material.volume_law(material.stoichiometry)) - 1)
            for material in electrode.materials
        )
        return 1 - solid * (1 + grown / solid) ** (1 - sharing)

    quantity("sharing", scenario.sharing, CellError, at_least=0)
    bare, perforated = (
        charged_cell(given, replace(scenario, perforated=foil))[0] for foil in (False, True)
    )
    return pd.Series(
        {
            "bare": left(bare, None, scenario.sharing),
            "over foil": left(perforated, "npr", scenario.sharing),
            "over a hole": left(perforated, "pr", scenario.sharing),
            "in a hole": left(perforated, "pr", 0.0),
        }
    )


#: Of what holds, fails, or has a margin below its error.
WORDS = {True: "holds", False: "fails", None: "too close"}


def margin_text(found: Judgement, before: str = "") -> Phrase:
    """A margin with its error after some words, volts in mV and shares in %."""
    factor, unit = {"V": (1e3, " mV"), "1": (1e2, " %")}.get(found.unit, (1.0, f" {found.unit}"))
    return with_error(before + "{:.%df}", factor * found.margin, factor * found.error, (2, 4), unit)
