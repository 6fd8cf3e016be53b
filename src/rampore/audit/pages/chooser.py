"""A form over cases that were computed beforehand: whoever chooses a value on each axis reads what
that very case gave.

Nothing is interpolated, and nothing is computed in the page: a combination that was not computed
says so, as does one without an outcome. ``chooser.js`` looks the case up in the data that the form
itself holds, so that a page opened from a folder needs no server.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rampore import RamporeError
from rampore.checks import known_keys


class ChooserError(RamporeError, ValueError):
    """A form and its cases do not fit each other; the message says where."""


class CaseAxis(NamedTuple):
    """An axis of a form, and the values among which a reader chooses."""

    name: str  #: as the link of the page has it
    label: str
    values: Mapping[str, str]  #: what the link says, and what a reader sees
    slider: bool = False  #: for values in an order; else one button each
    note: str = ""  #: what a reader should know of the axis


class Plot(NamedTuple):
    """All cases as points, the chosen one marked with its numerical errors."""

    x: str  #: name of a column
    y: str
    x_label: str
    y_label: str
    #: straight lines through the origin: their slopes [unit of y over that of x], and what they say
    lines: Mapping[float, str] = {}


class Cases(NamedTuple):
    """What was computed, as it is shown."""

    columns: tuple[str, ...]  #: names of what a case gave
    #: by the level on each axis; a text where the case has no outcome: the reason
    rows: Mapping[tuple[int, ...], Sequence[str] | str]


def chooser(
    name: str,
    choices: Sequence[CaseAxis],
    cases: Cases,
    start: Mapping[str, str],
    shown: str,
    plots: Sequence[Plot] = (),
) -> str:
    """The form as HTML, with its data.

    Parameters
    ----------
    name : str
        What the form is called, for who cannot see it.
    choices : sequence of CaseAxis
    cases : Cases
    start : mapping of str to str
        What is chosen at first, by axis.
    shown : str
        HTML of what a case gave, with ``{column}`` where a column's text belongs.
    plots : sequence of Plot

    Raises
    ------
    ChooserError
        A row has another length than the columns, or lies beyond the axes; text or plot names a
        column that there is not; the start names no value.
    """
    _refuse_misfits(choices, cases)
    used = [*re.findall(r"{(\w+)}", shown), *(axis for plot in plots for axis in plot[:2])]
    known_keys("what is shown", used, cases.columns, ChooserError)
    known_keys("the start", start, [choice.name for choice in choices], ChooserError)
    if lacking := [choice.name for choice in choices if choice.name not in start]:
        raise ChooserError(f"the start lacks {', '.join(lacking)}")
    for choice in choices:
        known_keys(choice.name, [start[choice.name]], choice.values, ChooserError)
    fields = "".join(
        (_slider if choice.slider else _buttons)(choice, start[choice.name]) for choice in choices
    )
    cells = re.sub(r"{(\w+)}", r'<span data-shows="\1"></span>', shown)
    drawn = "".join(map(_plot, plots))
    return (
        f'<form class="chooser" aria-label="{html.escape(name)}" hidden>'
        f'<div class="chooser-axes">{fields}</div>'
        f'<div class="chooser-outcome">{cells}<div class="chooser-plots">{drawn}</div></div>'
        '<div class="chooser-none" role="status" hidden>'
        "<p>This case has no outcome: <span data-reason></span>.</p></div>"
        '<div class="chooser-missing" role="status" hidden><p>This combination was not computed, '
        "and nothing is guessed between those that were.</p>"
        '<button type="button">Go to the nearest that was</button></div>'
        f'<script type="application/json">{_data(choices, cases)}</script></form>'
        f"<noscript><p>{html.escape(name)}: choosing needs JavaScript.</p></noscript>"
    )


def _refuse_misfits(choices: Sequence[CaseAxis], cases: Cases) -> None:
    sizes = [len(choice.values) for choice in choices]
    for levels, row in cases.rows.items():
        if len(levels) != len(sizes) or not all(
            0 <= level < size for level, size in zip(levels, sizes, strict=True)
        ):
            raise ChooserError(f"a case at {levels} lies beyond axes of {sizes} values")
        if not isinstance(row, str) and len(row) != len(cases.columns):
            raise ChooserError(f"the case at {levels} has {len(row)} texts for {cases.columns}")


def _data(choices: Sequence[CaseAxis], cases: Cases) -> str:
    """What the script reads; no text in it can end its element."""
    content = {
        "axes": [{"name": choice.name, "values": list(choice.values)} for choice in choices],
        "columns": cases.columns,
        "rows": {" ".join(map(str, levels)): row for levels, row in cases.rows.items()},
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _legend(choice: CaseAxis) -> str:
    return f"<legend>{html.escape(choice.label)}</legend>"


def _note(choice: CaseAxis) -> str:
    if not choice.note:
        return ""
    summary = f'<summary aria-label="{html.escape(choice.label)}: why these">why these</summary>'
    return f"<details>{summary}{html.escape(choice.note)}</details>"


def _buttons(choice: CaseAxis, chosen: str) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{choice.name}" value="{level}"'
        f"{' checked' * (value == chosen)}> {html.escape(text)}</label>"
        for level, (value, text) in enumerate(choice.values.items())
    )
    return f"<fieldset>{_legend(choice)}{buttons}{_note(choice)}</fieldset>"


def _slider(choice: CaseAxis, chosen: str) -> str:
    values = list(choice.values)
    texts = html.escape(json.dumps(list(choice.values.values()), ensure_ascii=False))
    return (
        f"<fieldset>{_legend(choice)}"
        f'<input type="range" name="{choice.name}" min="0" max="{len(values) - 1}" step="1" '
        f'value="{values.index(chosen)}" aria-label="{html.escape(choice.label)}" '
        f'data-texts="{texts}"><output></output>{_note(choice)}</fieldset>'
    )


def _plot(plot: Plot) -> str:
    lines = html.escape(json.dumps([[slope, text] for slope, text in plot.lines.items()]))
    labels = (
        f'data-x-label="{html.escape(plot.x_label)}" data-y-label="{html.escape(plot.y_label)}"'
    )
    return (
        f'<svg class="chooser-plot" role="img" viewBox="0 0 320 280" data-x="{plot.x}" '
        f'data-y="{plot.y}" {labels} data-lines="{lines}"></svg>'
    )
