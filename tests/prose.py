"""Numbers that somebody typed into the prose of a chapter, where they should have been computed."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rampore.audit.chapter import unit_text
from rampore.audit.inputs.records import Record
from rampore.audit.ledger import Claim, ToleranceFrom

#: What holds no number of prose, however many digits it has.
NO_PROSE = [
    r"```+\{math\}.*?```+",
    r"\$\$.*?\$\$(?: *\([\w-]+\))?",
    r"\$[^$]*\$",
    r"\{[a-z:]+\}`[^`]*`",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"(?m)^#+ .*$",
    r"(?m)^\([\w-]+\)=$",
    r"(?m)^:\w+:.*$",
]

#: Numbers that name something: a figure, a section, a protocol, a step, a year, a compound.
NAMES = [
    r"\b(?:Figs?\.|Tables?|Eqs?\.|[Ss]ections?|[Cc]hapters?) ?S?\d+(?:\.\d+)*(?:[a-z]\b)?"
    r"(?:(?:, | and )S?\d+(?:\.\d+)*)*",
    r"\bS\d+\b",
    r"(?m)^\d+\. ",
    r"\b\d+(?:\.\d+)?C\b",
    r"\b(?:19|20)\d\d\b",
    r"\bN[CM]+\d{3}\b|\b[A-Z]\w*[A-Za-z_-]\d+\b",
    r"\bd/4\b",
]

UNITS = (
    "%|wt%|µm|nm|mm|µT|MHz|mHz|Hz|mΩ cm²|Ω cm²|mol L⁻¹|mAh cm⁻²|mAh g⁻¹|mAh|mg cm⁻²|g cm⁻³|"
    "Wh kg⁻¹|Wh L⁻¹|MPa|mV|V|A|s|points"
)
_NUMBER = r"[-+−]?\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"(?<![\w.])(?P<numbers>{_NUMBER}(?:(?:, | and | to | or | / | : ){_NUMBER})*)"
    rf"(?P<unit> (?:{UNITS})(?![\w⁻])|°)?"
)


class Typed(NamedTuple):
    """A number as it stands in prose."""

    number: float
    unit: str  #: as print sets it; empty for a pure number
    around: str  #: the line that it stands in


def of_markdown(source: str) -> Iterator[Typed]:
    """The numbers of a cell's text that no role, formula, heading or reference holds."""
    for pattern in NO_PROSE:
        source = re.sub(pattern, " ", source, flags=re.DOTALL)
    yield from _of_text(source)


def of_code(source: str) -> Iterator[Typed]:
    """The numbers of the sentences in a cell's code; what `str.format` fills in is none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.sub(r"\{[^{}]*\}", " ", node.value)
            if len(re.findall(r"[A-Za-z]{2,}", text)) >= 3 and " " in text.strip():
                yield from _of_text(text)


def _of_text(text: str) -> Iterator[Typed]:
    for pattern in NAMES:
        text = re.sub(pattern, " ", text)
    for line in text.replace("\N{NO-BREAK SPACE}", " ").splitlines():
        for token in _TOKEN.finditer(line):
            for number in re.findall(_NUMBER, token["numbers"]):
                value = float(number.replace("−", "-"))
                yield Typed(value, (token["unit"] or "").strip(), line.strip())


def stated(claims: Iterable[Claim], records: Iterable[Record]) -> set[tuple[float, str]]:
    """Every number that statements of the paper and inputs of the study hold, with its unit as
    print sets it.
    """
    found = set()
    for claim in claims:
        if claim.kind.is_number:
            is_range = claim.tolerance_from is ToleranceFrom.STATED_RANGE
            ends = (claim.stated - claim.tolerance, claim.stated + claim.tolerance)
            found |= {
                (_rounded(end), _unit(claim.unit)) for end in (claim.stated, *ends * is_range)
            }
    for record in records:
        if isinstance(record.unit, str):
            values = record.value if isinstance(record.value, tuple) else (record.value,)
            numbers = [value for value in values if isinstance(value, int | float)]
            found |= {(_rounded(number), _unit(record.unit)) for number in numbers}
    return found | {(_rounded(100 * number), "%") for number, unit in found if not unit}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else unit_text(unit).replace("\N{NO-BREAK SPACE}", " ")
