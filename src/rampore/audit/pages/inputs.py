"""The page of the inputs: every value with its unit, its source, how far to trust it, and what was
not chosen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from rampore.audit.chapter import with_unit
from rampore.audit.inputs.declaring import Inputs
from rampore.audit.inputs.records import Confidence, NotChosen, Record, Source
from rampore.audit.inputs.values import Branches, Curve, Formula, Input, Named, demands_of
from rampore.units import from_si

_NAMES = {"siox": "SiOx", "nmc": "NMC622", "super_p": "Super P", "paa": "PAA", "pvdf": "PVDF"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_OPERATION = "Operation"
#: What the resolver of DOIs takes; anything else stays text.
_DOI = re.compile(r"10\.\d{4,9}/[A-Za-z0-9._;()/:-]+")


def inputs_page(inputs: Inputs) -> str:
    """Everything that a parameter file says, as a page.

    Parameters
    ----------
    inputs : Inputs

    Returns
    -------
    str
        MyST Markdown without a title: counts by confidence, what has no source, the stand-ins, one
        section for each group of values, and the numbered sources. Each value has an anchor, its
        key.
    """
    numbers = {name: number for number, name in enumerate(_cited(inputs), start=1)}
    sections = [_summary(inputs)]
    for title, records in _groups(inputs).items():
        sections += [
            f"## {title}",
            *_chosen(inputs, records),
            _table(records, numbers),
            _remarks(records, numbers),
        ]
    sections += ["## Sources", _references(inputs, numbers)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _labels(root: type[Inputs]) -> dict[str, str]:
    return {
        name: demand.label
        for name, demand in demands_of(root).items()
        if not isinstance(demand, Input)
    }


def _groups(inputs: Inputs) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for key, record in inputs.records.items():
        groups.setdefault(_labels(type(inputs)).get(key.split(".")[0], _OPERATION), []).append(
            record
        )
    return groups


def _cited(inputs: Inputs) -> dict[str, None]:
    """Sources in the order in which the page names them."""
    ordered: dict[str, None] = {}
    for records in _groups(inputs).values():
        for record in records:
            ordered |= dict.fromkeys(record.source)
        for record in records:
            for rival in record.not_chosen:
                ordered |= dict.fromkeys(rival.source)
    return ordered


# What stands at the top ---------------------------------------------------------------------------


def _summary(inputs: Inputs) -> str:
    by_mark = {
        mark: [r for r in inputs.records.values() if r.confidence == mark] for mark in Confidence
    }
    without, proxies = by_mark[Confidence.UNVERIFIED], by_mark[Confidence.PROXY]
    rows = [
        f"| {_badge(mark)} | {len(records)} | {mark.meaning} |"
        for mark, records in by_mark.items()
        if records
    ]
    first = (
        f"Of the study's **{len(inputs.records)} values**, **{len(without)} have no source** and "
        f"**{len(proxies)} stand in** from another material or cell."
    )
    marks = "\n".join(["| Mark | Values | What it says |", "|---|---:|---|", *rows])
    lists = [
        f"**{title}**\n\n"
        + "\n".join(f"- {_link(record, inputs)}: {value_text(record)}" for record in records)
        for title, records in (("Without a source", without), ("Stand-ins", proxies))
        if records
    ]
    contradictions = [
        f"- {_link(record, inputs)}: {value_text(record)}, elsewhere "
        f"{', '.join(map(_rival_value, rivals))}"
        for record, rivals in _contradicted(inputs)
    ]
    if contradictions:
        lists.append(
            "**Where the paper gives more than one number**\n\n" + "\n".join(contradictions)
        )
    return "\n\n".join([first, marks, *lists])


def _contradicted(inputs: Inputs) -> Iterator[tuple[Record, list[NotChosen]]]:
    """Values of the paper, with what it says of them elsewhere."""
    paper = {
        name
        for record in inputs.records.values()
        if record.confidence == Confidence.GIVEN
        for name in record.source
    }
    for record in inputs.records.values():
        rivals = [
            rival for rival in record.not_chosen if paper & set(record.source) & set(rival.source)
        ]
        if rivals:
            yield record, rivals


# One section --------------------------------------------------------------------------------------


def _chosen(inputs: Inputs, records: Iterable[Record]) -> Iterator[str]:
    group = next(iter(records)).key.split(".")[0]
    for key, name in inputs.entries.items():
        if key.startswith(f"{group}.") and key.endswith(".chosen"):
            why = inputs.entries.get(key.removesuffix("chosen") + "why", "")
            what = {"ocp": "Open-circuit potential", "correlations": "Transport"}[key.split(".")[1]]
            yield f"{what}: the study takes **{_plain(name)}**. {_sentence(why)}"


def _table(records: Iterable[Record], numbers: dict[str, int]) -> str:
    rows = ["| Input | Value | Confidence | Source |", "|---|---|---|---|"]
    for record in records:
        limits = (
            f'<br><span class="range">range {_range(*record.range, record.unit)}</span>'
            if record.range
            else ""
        )
        source = _numbers(record.source, numbers) + _place(record.place)
        none = "computed" if record.confidence == Confidence.DERIVED else "none"
        rows.append(
            f'| <span id="{html.escape(record.key)}">{_title(record)}</span> '
            f"| {value_text(record)}{limits} | {_badge(record.confidence)} | {source or none} |"
        )
    return "\n".join(rows)


def _remarks(records: Iterable[Record], numbers: dict[str, int]) -> str:
    lines = []
    for record in records:
        said = [f"{_code(record.formula)}{_with_coefficients(record)}."] if record.formula else []
        said += [_sentence(record.note)] if record.note else []
        rivals = [
            f"  - not {_rival_value(rival)} {_numbers(rival.source, numbers)}: "
            f"{_sentence(rival.why)}"
            for rival in record.not_chosen
        ]
        if said or rivals:
            lines += [" ".join([f"- **{_title(record)}** ({_code(record.key)}).", *said]), *rivals]
    return "\n".join(lines)


def _name(record: Record) -> str:
    return (
        f"{record.label}, {_NAMES.get(record.variant, record.variant)}"
        if record.variant
        else record.label
    )


def _title(record: Record) -> str:
    return _plain(_name(record)[0].upper() + _name(record)[1:])


def _link(record: Record, inputs: Inputs) -> str:
    group = _labels(type(inputs)).get(record.key.split(".")[0], _OPERATION)
    return f'<a href="#{html.escape(record.key)}">{group}: {_plain(_name(record))}</a>'


def _place(place: str) -> str:
    section = "section " if place[:1].isdigit() else ""
    kept = re.sub(r"(section|Fig\.) ", "\\1\N{NO-BREAK SPACE}", section + place)
    return f", {_plain(kept)}" if place else ""


def _badge(mark: Confidence) -> str:
    return f'<span class="confidence confidence-{mark}">{mark}</span>'


# One value ----------------------------------------------------------------------------------------


def value_text(record: Record) -> str:
    """A value in the file's unit as text, a table or formula by its size, e.g. ``4.95 mg cm⁻²``."""
    match record.si_value:
        case Curve() as curve:
            return _points(curve, record.unit[0])
        case Branches(Curve() as one, other) if one is other:
            return _points(one, record.unit[0])
        case Branches(Curve() as one, Curve() as other):
            return f"{_points(one, record.unit[0])}; {len(other.x)} in the other branch"
        case Branches(Formula() as one, _):
            return _coefficients(one)
        case Formula(form="constant", coefficients=(number,)):
            return _measured(_number(number), record.unit)
        case Formula() as formula:
            return _coefficients(formula)
    match record.value:
        case Named() as parts if isinstance(record.unit, Named):
            return ", ".join(
                f"{_words(name)} {_measured(_number(parts[name]), record.unit[name])}"
                for name in parts
            )
        case Named() as shares:
            return ", ".join(
                f"{_measured(_number(share), record.unit)} {_words(n)}"
                for n, share in shares.items()
            )
    return _amount(record.value, record.unit, 4 if record.confidence == Confidence.DERIVED else 9)


def _points(curve: Curve, unit: str) -> str:
    first, last = (_number(from_si(end, unit), 4) for end in (curve.x[0], curve.x[-1]))
    return f"table of {len(curve.x)} points, {first} to {_measured(last, unit)}"


def _coefficients(formula: Formula) -> str:
    given = (
        formula.coefficients.values()
        if isinstance(formula.coefficients, Named)
        else formula.coefficients
    )
    count = sum(len(part) if isinstance(part, tuple) else 1 for part in given)
    return f"formula with {count} coefficients" if count else "form only, no coefficients"


def _with_coefficients(record: Record) -> str:
    given = record.value
    if not isinstance(record.si_value, Formula | Branches) or given == ():
        return ""
    if isinstance(record.si_value, Formula) and record.si_value.form == "constant":
        return ""
    if not isinstance(given, Named):
        given = given if isinstance(given, tuple) else (given,)
        given = {f"p{n}": number for n, number in enumerate(given, start=1)}
    shown = (
        f"{_plain(name)} = "
        f"{' '.join(map(_number, part)) if isinstance(part, tuple) else _number(part)}"
        for name, part in given.items()
    )
    return f" with {', '.join(shown)}"


def _rival_value(rival: NotChosen) -> str:
    return _code(rival.value) if isinstance(rival.value, str) else _amount(rival.value, rival.unit)


def _range(low: float, high: float, unit: str) -> str:
    first, last = (_number(from_si(end, unit), 4) for end in (low, high))
    return f"{first} to {_measured(last, unit)}"


def _amount(value: Any, unit: str, digits: int = 9) -> str:
    if isinstance(value, tuple):
        *most, last = (_number(number, digits) for number in value)
        between = " to " if len(value) == 2 else ", "
        return _measured(between.join([*most, last]), unit)
    return _measured(_number(value, digits), unit)


def _measured(number: str, unit: str) -> str:
    return _plain(with_unit(number, unit))


def _number(value: float, digits: int = 9) -> str:
    rounded = float(f"{value:.{digits}g}")
    mantissa, _, exponent = f"{rounded:.9{'e' if abs(rounded) >= 1e6 else 'g'}}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = (
        f"\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(int(exponent)).translate(_RAISED)}"
        if exponent
        else ""
    )
    return mantissa.replace("-", "\N{MINUS SIGN}") + power


# Words --------------------------------------------------------------------------------------------


def _words(name: str) -> str:
    return _plain(_NAMES.get(name, name.replace("_", " ")))


def _code(text: str) -> str:
    """Text as a code span of one line, between more backticks than stand in it."""
    line = " ".join(text.split())
    longest = max(map(len, re.findall("`+", line)), default=0)
    space = " " * ("`" in line)
    return f"{'`' * (longest + 1)}{space}{line}{space}{'`' * (longest + 1)}"


def _plain(text: str) -> str:
    """Text that Markdown and a table cell leave as it is, in one line."""
    text = re.sub(r"[ \t\r\n\f\v\x1c-\x1f\x85\u2028\u2029]+", " ", text)
    for mark in ("\\", "|", "*", "_", "$", "`", "[", "]", "{", "}"):
        text = text.replace(mark, f"\\{mark}")
    return (
        html.escape(text, quote=False)
        .replace("+-", "±")
        .replace("degC", "°C")
        .replace(" um", " µm")
    )


def _sentence(text: str) -> str:
    return _plain(text) if text.endswith((".", "?", "!")) else f"{_plain(text)}."


def _numbers(names: Iterable[str], numbers: dict[str, int]) -> str:
    links = ", ".join(f'<a href="#source-{numbers[name]}">{numbers[name]}</a>' for name in names)
    return f"\\[{links}\\]" if links else ""


def _references(inputs: Inputs, numbers: dict[str, int]) -> str:
    return "\n".join(
        f'{number}. <span id="source-{number}"></span>{_reference(inputs.sources[name])}'
        for name, number in numbers.items()
    )


def _reference(source: Source) -> str:
    name = f"doi:{_plain(source.doi)}"
    linked = (
        f"[{name}](https://doi.org/{quote(source.doi, safe='/:;.-_')})"
        if _DOI.fullmatch(source.doi)
        else name
    )
    doi = f" {linked}." if source.doi else ""
    read = f" Read in: {_sentence(source.read)}" if source.read else ""
    return f"{_sentence(source.citation)}{doi}{read}"
