"""The page *Your foil*: the form whose numbers ``your-foil.js`` computes, by the formulas of
chapters 1 and 5.
"""

from __future__ import annotations

import html
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from rampore.energy import Design
from rampore.lim2026 import parameters, stacks
from rampore.lim2026.sweeps import design as designs

if TYPE_CHECKING:
    import xarray


class Field(NamedTuple):
    """What a reader gives."""

    label: str
    unit: str
    factor: float  #: SI in the unit
    digits: int  #: of the value that stands there at first
    note: str = ""


class FoilAnswer(NamedTuple):
    """What the page answers."""

    label: str
    unit: str
    factor: float  #: the unit in SI
    decimals: int


FIELDS = {
    "hole_diameter": Field("Diameter of the holes", "µm", 1e-6, 4),
    "pitch": Field("Distance between their centres", "µm", 1e-6, 4),
    "foil_thickness": Field("Thickness of the foil", "µm", 1e-6, 4),
    "loading": Field(
        "Loading of the anode, one side", "mg cm⁻²", 0.01, 4, "the cathode follows at the same N/P"
    ),
    "separator_thickness": Field("Thickness of the separator", "µm", 1e-6, 4),
    "areal_energy": Field(
        "Energy of one side",
        "mWh cm⁻²",
        3.6e4,
        3,
        "at first what the model gives for the paper's foil at 0.2C",
    ),
    "electrolyte_excess": Field(
        "Electrolyte, over the volume of the pores", "", 1.0, 2, "0 counts none"
    ),
}

RESULTS = {
    "The foil": {
        "open_fraction": FoilAnswer("Share of holes", "%", 100, 2),
        "holes_per_area": FoilAnswer("Holes", "cm⁻²", 1e-4, 0),
        "ligament_width": FoilAnswer("Narrowest metal between two holes", "µm", 1e6, 1),
        "areal_mass": FoilAnswer("Mass", "mg cm⁻²", 100, 3),
        "strength": FoilAnswer("Strength over bare foil, weaker direction", "%", 100, 1),
        "contact_area": FoilAnswer("Contact area of a coating over bare foil", "%", 100, 1),
        "breakeven_thickness": FoilAnswer(
            "Foil thickness above which holes enlarge it", "µm", 1e6, 1
        ),
    },
    "The coating": {
        "thickness_npr": FoilAnswer("Thickness over foil", "µm", 1e6, 2),
        "thickness_pr": FoilAnswer("Thickness over a hole", "µm", 1e6, 2),
        "np_npr": FoilAnswer("N/P over foil", "", 1, 3),
        "np_pr": FoilAnswer("N/P over a hole", "", 1, 3),
    },
    "The stack": {
        "mass": FoilAnswer("Mass", "mg cm⁻²", 100, 2),
        "thickness": FoilAnswer("Thickness", "µm", 1e6, 2),
        "gravimetric": FoilAnswer("Energy per mass", "Wh kg⁻¹", 1 / 3600, 1),
        "gravimetric_bare": FoilAnswer("The same without holes", "Wh kg⁻¹", 1 / 3600, 1),
        "volumetric": FoilAnswer("Energy per volume", "Wh L⁻¹", 1 / 3.6e6, 1),
        "volumetric_bare": FoilAnswer("The same without holes", "Wh L⁻¹", 1 / 3.6e6, 1),
    },
}
_GAINS = {
    "gain_gravimetric": FoilAnswer("Gain per mass", "%", 100, 2),
    "gain_volumetric": FoilAnswer("Gain per volume", "%", 100, 2),
}


def study_cell(given: parameters.CellInputs) -> dict[str, float]:
    """What the page takes from the study, in SI: the fields of :class:`rampore.energy.Design` that
    no reader gives, the density of the foil's metal and the mean N/P ratio.

    Parameters
    ----------
    given : parameters.CellInputs
    """
    copper = given.collector_negative.density
    cell = asdict(
        stacks.design_of(
            given,
            negative_foil_density=copper,
            electrolyte_density=given.electrolyte.density,
        )
    )
    left_out = ("electrolyte_in", "casing_areal_mass", "casing_thickness")
    return {name: value for name, value in cell.items() if name not in left_out} | {
        "foil_density": copper,
        "np_ratio": given.negative.areal_capacity / given.positive.areal_capacity,
    }


def paper_foil(given: parameters.CellInputs, foils: xarray.Dataset) -> dict[str, float]:
    """The paper's own foil and cell as the fields of the form have it, in SI.

    Parameters
    ----------
    given : parameters.CellInputs
    foils : xarray.Dataset
        As ``rampore sweep design`` writes it: its energy of the paper's foil at 0.2C.
    """
    own = designs.paper_case()
    computed = foils.isel(case=designs.nearest(foils, own))
    as_computed: Design = stacks.design_of(
        given,
        negative_foil_thickness=own["foil_thickness"],
        open_fraction=float(computed.open_fraction),
    )
    return {
        "hole_diameter": own["hole_diameter"],
        "pitch": own["pitch"],
        "foil_thickness": own["foil_thickness"],
        "loading": given.negative.loading,
        "separator_thickness": given.separator.thickness,
        "areal_energy": float(computed.gravimetric) * as_computed.stack().areal_mass,
        "electrolyte_excess": 0.0,
    }


def foil_form(foils: xarray.Dataset) -> str:
    """The form as raw HTML.

    Parameters
    ----------
    foils : xarray.Dataset
        As ``rampore sweep design`` writes it.
    """
    given = parameters.load()
    start = paper_foil(given, foils)
    fields = "".join(_field(name, field, start[name]) for name, field in FIELDS.items())
    sides = (
        '<label>Coated sides of the foil <select name="sides" data-factor="1">'
        "<option>1</option><option>2</option></select></label>"
    )
    tables = "".join(
        f'<table><thead><tr><th scope="col" colspan="2">{title}</th></tr></thead><tbody>'
        + "".join(
            f'<tr><th scope="row">{shown.label}</th>'
            f'<td class="number">{_place(name, shown)}</td></tr>'
            for name, shown in rows.items()
        )
        + "</tbody></table>"
        for title, rows in RESULTS.items()
    )
    gains = {name: _place(name, shown) for name, shown in _GAINS.items()}
    data = json.dumps(study_cell(given))
    return (
        '<form class="calculator" aria-label="Your foil" hidden>'
        f'<div class="calculator-fields">{fields}{sides}'
        '<svg class="calculator-foil" viewBox="0 0 2.6 2" role="img" '
        'aria-label="The foil from above, to scale"></svg></div>'
        '<div><p role="alert"></p><div class="calculator-outcome">'
        '<p class="calculator-answer" role="status">These holes change the energy per mass by '
        f"<strong>{gains['gain_gravimetric']}</strong> and the energy per volume by "
        f"<strong>{gains['gain_volumetric']}</strong> over the same foil without them, at the same "
        "areal energy.</p>"
        f'{tables}</div></div><script type="application/json">{data}</script></form>'
        "<noscript><p>Computing in the page needs JavaScript: "
        "<code>rampore reproduce collector</code> does without.</p></noscript>"
    )


def _field(name: str, field: Field, value: float) -> str:
    note = f"<small>{html.escape(field.note)}</small>" if field.note else ""
    return (
        f'<label>{html.escape(field.label)} <span><input type="number" step="any" name="{name}" '
        f'data-factor="{field.factor!r}" value="{value / field.factor:.{field.digits}g}"> '
        f"{field.unit}</span>{note}</label>"
    )


def _place(name: str, shown: FoilAnswer) -> str:
    return (
        f'<output data-shows="{name}" data-factor="{shown.factor!r}" '
        f'data-decimals="{shown.decimals}"></output> {shown.unit}'
    )
