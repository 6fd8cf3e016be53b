"""The first page's answer, and the picture of what is asked about."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from rampore.audit.chapter import spell
from rampore.audit.claims import Verdict
from rampore.audit.pages.front import fact, said
from rampore.coating import local_thickness
from rampore.collector import pitch_from_open_fraction
from rampore.extras import needs
from rampore.lim2026 import parameters
from rampore.lim2026.parameters import CellInputs
from rampore.units import from_si

with needs("audit"):
    from nbformat import NotebookNode

#: The statement that the answer is about.
_STATEMENT = "rate-5c-20"

_FIRM = "\N{NO-BREAK SPACE}"


def found(notebooks: Mapping[str, NotebookNode], entries: Iterable[dict]) -> dict[str, str]:
    """Parts of the first page, by file name, as MyST Markdown.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.
    entries : iterable of dict
        Claims as :func:`rampore.audit.claims.record` writes them.
    """
    prose = {name: said(notebook) for name, notebook in notebooks.items()}
    (entry,) = (entry for entry in entries if entry["id"] == _STATEMENT)
    return {
        "answer.md": f"{answer(entry, prose)}\n",
        "control.md": control(prose["channels"]),
        "cell.md": f"``````{{raw}} html\n{cell_picture(parameters.load())}\n``````\n",
    }


def answer(entry: dict, prose: Mapping[str, Mapping[str, str]]) -> str:
    """The title's question, answered in a sentence.

    Parameters
    ----------
    entry : dict
        Of the statement on the rate.
    prose : mapping of str to mapping of str to str
        What each chapter has set for its prose.
    """
    if entry["verdict"] != Verdict.NOT_REPRODUCED:
        return f"By this run the gain at 5C is {entry['verdict']}: {entry['explanation']}"
    under = entry["assumption"]
    times = spell(under["needed"] / under["plausible"][1], digits=2)
    return (
        "Not as the paper explains it: in a model of the printed cell, holes change the capacity "
        f"at 5C by {prose['p4d']['printed-5c']}, whichever closure conducts the pores and however "
        f"the solids swell, where the paper has {entry['printed']} more; a contact on bare foil "
        f"{times} times as bad as the worst that was measured would bring the gain."
    )


def control(channels: Mapping[str, str]) -> str:
    """What the same model finds where others have measured a gain, beside the key numbers.

    Parameters
    ----------
    channels : mapping of str to str
        What the chapter on channels has set for its prose.
    """
    counted = re.fullmatch(r"(\d+ of \d+) (.*)", channels["verdict-why"])
    number, words = counted.groups() if counted else (channels["verdict"], channels["verdict-why"])
    note = f'<a href="channels.html">the same model {html.escape(channels["verdict"])}</a>'
    return fact("control", "Could the model have said yes?", number, words, note)


# The picture --------------------------------------------------------------------------------------


def cell_picture(inputs: CellInputs) -> str:
    """A section of the cell along a close-packed row of holes, to scale, as SVG for a page of HTML:
    its colours are the page's, light or dark.

    Parameters
    ----------
    inputs : CellInputs
        The paper's cell.
    """
    um = _Micrometres(inputs)
    width, low = 2 * um.pitch, um.height
    holes = (um.pitch / 2, 3 * um.pitch / 2)
    layers, top = [], 0.0
    for kind, thickness, words in um.layers:
        layers.append(_box(f"cell-{kind}", 0, top, width, thickness))
        if words:
            layers.append(_words(width / 2, top + thickness / 2, words))
        top += thickness
    foil = low - um.foil
    porous = "".join(
        _box("cell-porous", middle - um.hole / 2, foil - um.coating, um.hole, um.coating + um.foil)
        + _words(middle, foil - um.coating / 2, f"{um.porosity_hole} pores")
        for middle in holes
    )
    between = _words(um.pitch, foil - um.coating / 2, f"{um.porosity_foil} pores")
    spans = _span(holes[0] - um.hole / 2, holes[0] + um.hole / 2, low + 8, um.hole) + _span(
        holes[0], holes[1], low + 24, um.pitch
    )
    said_aloud = (
        "Section of the cell, to scale: aluminium and positive electrode above, separator, then "
        "the silicon-oxide and graphite coating on a copper foil with holes "
        f"{um.hole:.0f} µm wide, {um.pitch:.0f} µm apart. Over foil the coating has "
        f"{um.porosity_foil} of pores, over and in the holes {um.porosity_hole}."
    )
    return (
        f'<figure class="cell-picture">'
        f'<svg viewBox="0 0 {width:.1f} {low + 34:.1f}" role="img" '
        f'aria-label="{html.escape(said_aloud)}">{"".join(layers)}{porous}{between}{spans}</svg>'
        f"<figcaption>{html.escape(said_aloud)}</figcaption></figure>"
    )


class _Micrometres:
    """Lengths of the picture [um], and its words."""

    def __init__(self, inputs: CellInputs) -> None:
        hole, share = inputs.perforation.hole_diameter, inputs.perforation.open_fraction
        thickness = inputs.perforation.foil_thickness
        local = local_thickness(inputs.negative.thickness, share, thickness)
        self.hole, self.foil = _um(hole), _um(thickness)
        self.pitch = _um(float(pitch_from_open_fraction(hole, share)))
        self.coating = _um(float(local.npr))
        self.porosity_foil = f"{100 * inputs.negative.porosity_npr:.0f}{_FIRM}%"
        self.porosity_hole = f"{100 * inputs.negative.porosity_pr:.0f}{_FIRM}%"
        self.layers = (
            ("aluminium", _um(inputs.collector_positive.thickness), "aluminium"),
            ("positive", _um(inputs.positive.thickness), "positive electrode"),
            ("separator", _um(inputs.separator.thickness), "separator"),
            ("dense", self.coating, ""),
            ("copper", self.foil, ""),
        )
        self.height = sum(thickness for _, thickness, _ in self.layers)


def _um(length: float) -> float:
    return from_si(length, "um")


def _box(kind: str, left: float, top: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" '
        f'height="{height:.2f}"/>'
    )


def _words(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}">{html.escape(text)}</text>'


def _span(start: float, end: float, y: float, length: float) -> str:
    path = f"M{start:.2f} {y - 3:.2f}v6M{start:.2f} {y:.2f}H{end:.2f}m0 -3v6"
    return (
        f'<path class="cell-span" d="{path}"/>'
        f'<text class="cell-length" x="{end + 4:.2f}" y="{y:.2f}">{length:.0f} µm</text>'
    )
