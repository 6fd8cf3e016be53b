"""What a chapter takes, as a folded table of its page, made of what its notebook declares."""

from __future__ import annotations

import html
from collections.abc import Mapping

from rampore.audit.chapter import unit_text
from rampore.audit.effort import Times
from rampore.audit.reproduce.parameters import Parameter
from rampore.units import duration

_HEAD = ("Parameter", "Usual value", "Unit", "Takes", "Meaning")


def parameters_table(
    chapter: str,
    parameters: Mapping[str, Parameter],
    effort: Mapping[str, Mapping[str, float]],
    times: Times,
) -> str:
    """The table, under a line that is unfolded; empty where a chapter takes nothing.

    Parameters
    ----------
    chapter : str
    parameters : mapping of str to Parameter
        What ``rampore.audit.reproduce.parameters.declared`` gives.
    effort : mapping
        Boxes of a finer mesh over the usual ones, by parameter and choice.
    times : Times

    Returns
    -------
    str
        HTML.
    """
    if not parameters:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
    rows = "".join(_row(parameter) for parameter in parameters.values())
    example = next(iter(parameters))
    told = [
        f"Another value: <code>rampore reproduce {html.escape(chapter)} -p {html.escape(example)} "
        "VALUE</code> runs this chapter and ends in a page with the study's values beside yours."
    ]
    if chapter in times.usual:
        told.append(_times(chapter, effort, times))
    return (
        '<details class="code parameters"><summary>What one can change in this chapter: '
        f"{len(parameters)} parameter{'s' * (len(parameters) > 1)}</summary>"
        '<div class="pst-scrollable-table-container" tabindex="0" role="region" '
        f'aria-label="Parameters"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        + "".join(f"<p>{line}</p>" for line in told)
        + "</details>"
    )


def _row(parameter: Parameter) -> str:
    value = repr(parameter.default) if parameter.default != "" else "none"
    unit = "" if parameter.unit in ("", "-") else unit_text(parameter.unit)
    takes = parameter._replace(unit="").takes()
    cells = [html.escape(text) for text in (value, unit, takes, parameter.text)]
    return (
        f'<tr><th scope="row"><code>{html.escape(parameter.name)}</code></th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _times(chapter: str, effort: Mapping[str, Mapping[str, float]], times: Times) -> str:
    usual = times.usual[chapter]
    longer = [
        f"about {duration(times.usual[chapter] * boxes**times.exponent)} with {name} "
        f"<code>{html.escape(choice)}</code> ({boxes:g} times the boxes)"
        for name, choices in effort.items()
        for choice, boxes in choices.items()
    ]
    reckoned = (
        f"; reckoned, not measured: {', '.join(longer)}, the time growing as the boxes to the "
        f"power {times.exponent:.2f}, as that of the solver does"
        if longer
        else ""
    )
    return (
        f"A usual run takes {duration(usual)} (measured, with other chapters beside it, on "
        f"{html.escape(times.measured_on)}){reckoned}."
    )
