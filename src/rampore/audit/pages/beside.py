"""A reader's run of a chapter beside the study's: what was changed, every reported number of both,
and whether a verdict would flip.

It is a page for the reader. Nothing of it enters the study's ledger, scorecard or results.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from rampore.audit import numbers
from rampore.audit.chapter import (
    badge,
    computed_text,
    stated_text,
    uncertainty_text,
    with_unit,
)
from rampore.units import difference_from_si

_MARK = "yours-"  # before a statement's name, the anchor of its row
#: Of these a chapter keeps numbers that the table of statements, or a picture, shows already.
_SHOWN_ELSEWHERE = ("claim/", "figure/", "scene/")
_HEAD = ("Statement", "Stated", "The study's value", "Yours", "Difference", "Verdict")


def beside(
    changed: Iterable[tuple[str, str, str, str]],
    study: Iterable[Mapping],
    reader: Iterable[Mapping],
    kept: tuple[Mapping, Mapping],
) -> str:
    """The comparison of two runs of one chapter.

    Parameters
    ----------
    changed : iterable of (str, str, str, str)
        Of each parameter that was given: name, what it takes (unit, range or choices), the study's
        value, the reader's.
    study, reader : iterable of mapping
        The chapter's entries of ``claims.json``, of either run.
    kept : (mapping, mapping)
        All numbers of the chapter, of the study's run and of the reader's.

    Returns
    -------
    str
        HTML with a heading in Markdown.
    """
    there = {entry["id"]: entry for entry in study}
    pairs = [(there[entry["id"]], entry) for entry in reader]
    flips = [own["id"] for own, entry in pairs if own["verdict"] != entry["verdict"]]
    counted = f"{len(flips)} of {len(pairs)} verdicts would flip" if flips else "No verdict flips"
    named = ": " + ", ".join(map(_link, flips)) if flips else ""
    other, same = [], []
    for own, entry in pairs:
        alike = own["computed"] == entry["computed"] and own["verdict"] == entry["verdict"]
        (same if alike else other).append(_row(own, entry, kept[0]))
    sections = [
        "## Your values beside the study's",
        "<p>This page was made by a run with values of yours. It is no part of the study: its "
        "ledger, its results and its notebooks are as they were.</p>",
        _table(
            ("Parameter", "Takes", "The study's", "Yours"),
            [[f"<code>{html.escape(name)}</code>", *map(_text, rest)] for name, *rest in changed],
        ),
        f"<p><b>{counted}</b>{named}.</p>",
        _table(_HEAD, other) if other else "",
        _folded(f"{len(same)} statements come out as in the study", _table(_HEAD, same))
        if same
        else "",
        "<p>A difference is held against the error of the study's value: rounding of the published "
        "digits, definition, inputs and numerics, added up; where none of these is reported, the "
        "numerical error that the chapter keeps with the value.</p>",
        _others(*kept),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def anchor(claim_id: str) -> str:
    """The anchor of a statement's row."""
    return f"{_MARK}{claim_id}"


def _link(claim_id: str) -> str:
    return f'<a href="#{anchor(claim_id)}">{html.escape(claim_id)}</a>'


def _text(value: str) -> str:
    return html.escape(value)


def _row(study: Mapping, reader: Mapping, kept: Mapping) -> list[str]:
    statement = (
        f'<div id="{anchor(study["id"])}" style="min-width: 14em"><code>{html.escape(study["id"])}'
        f"</code><br>{html.escape(study['statement'])}</div>"
    )
    return [
        statement,
        _text(stated_text(dict(study))),
        *(_value(entry) for entry in (study, reader)),
        _text(difference_text(study, reader, kept)),
        _verdicts(study["verdict"], reader["verdict"]),
    ]


def _value(entry: Mapping) -> str:
    widths = uncertainty_text(dict(entry))
    return _text(computed_text(dict(entry))) + (f"<br>{html.escape(widths)}" if widths else "")


def _verdicts(before: str, after: str) -> str:
    if before == after:
        return f"{badge(before)}<br>as the study's"
    return f"{badge(before)}<br><b>would flip</b> to<br>{badge(after)}"


def half_width(entry: Mapping, kept: Mapping) -> float:
    """The error of a computed value [the statement's unit].

    Parameters
    ----------
    entry : mapping
        Of ``claims.json``.
    kept : mapping
        All numbers of the chapter.
    """
    reported = (entry["rounding"] or 0.0) + sum(filter(None, entry["uncertainty"].values()))
    number = kept.get(f"claim/{entry['id']}/computed")
    if reported or not isinstance(number, str):
        return reported
    return difference_from_si(float(number.split()[-1]), entry["unit"])


def difference_text(study: Mapping, reader: Mapping, kept: Mapping) -> str:
    """What the reader's value is more than the study's, against the error of the latter.

    Parameters
    ----------
    study, reader : mapping
        Entries of ``claims.json`` of one statement.
    kept : mapping
        All numbers of the chapter, of the study's run.
    """
    one, other = study["computed"], reader["computed"]
    if one is None or other is None:
        return "none" if one == other else "one of the two gives no value"
    if study["half_digit"] is None:
        return "none" if one == other else "comes out the other way"
    difference, error = other - one, half_width(study, kept)
    if not difference:
        return "none"
    told = with_unit(numbers.fixed(difference, "+.3g"), study["unit"])
    times = f", {numbers.fixed(abs(difference) / error, '.2g')} times the error" if error else ""
    return f"{told}{times}"


def _others(study: Mapping, reader: Mapping) -> str:
    """Every other number of the chapter that came out otherwise, folded."""
    lines = numbers.differences(*(_other(kept) for kept in (study, reader)))
    if not lines:
        return "<p>Every other number of the chapter's tables and sentences is the same.</p>"
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    told = f"{len(lines)} other numbers of the chapter's tables and sentences came out otherwise"
    return _folded(told, f"<ul>{items}</ul>")


def _folded(line: str, content: str) -> str:
    return f"<details><summary>{line}</summary>{content}</details>"


def _other(kept: Mapping) -> dict:
    return {name: value for name, value in kept.items() if not name.startswith(_SHOWN_ELSEWHERE)}


def _table(head: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        '<div class="pst-scrollable-table-container"><table class="table">'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )
