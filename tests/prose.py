"""Numbers that somebody typed into a chapter, where they should have been computed."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nbformat import NotebookNode

from rampore.audit.chapter import unit_text
from rampore.audit.inputs.records import Record
from rampore.audit.ledger import Claim, Ledger, ToleranceFrom
from rampore.lim2026 import parameters

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


def known_numbers(ledger: Ledger, chapter: str) -> set[tuple[float, str]]:
    """What a chapter may type: the numbers of its statements and of the inputs."""
    claims = [claim for claim in ledger.values() if claim.chapter == chapter]
    return stated(claims, parameters.load().records.values())


def typed(
    name: str, notebook: NotebookNode, known: set[tuple[float, str]]
) -> Iterator[tuple[tuple[str, float, str], str]]:
    """Every other number that is typed into a chapter, as (chapter, number, unit), and where."""
    for index, cell in enumerate(notebook.cells, start=1):
        found = of_markdown(cell.source) if cell.cell_type == "markdown" else of_code(cell.source)
        for number, unit, around in found:
            if (number, unit) not in known:
                yield (name, number, unit), f"cell {index}: {number:g} {unit} in: {around}"


def hard_coded(notebook: NotebookNode) -> Iterator[str]:
    """The statements for which a chapter reports a value, or that they hold, which nothing in its
    code computes.
    """
    trees = [_tree(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    constants = _constants(nodes)
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "report":
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            value = node.args[1] if len(node.args) > 1 else named["computed"]
            nothing = isinstance(value, ast.Constant) and value.value is None
            if not nothing and _is_typed(value, constants):
                yield ast.literal_eval(node.args[0])


def _tree(source: str) -> ast.Module:
    return ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))


def _constants(nodes: list[ast.AST]) -> set[str]:
    """Names that are only ever given typed numbers."""
    assigned = {
        id(name): value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name, value in _pairs(target, node.value)
    }
    given: dict[str, list[ast.AST | None]] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            given.setdefault(node.id, []).append(assigned.get(id(node)))
    constants: set[str] = set()
    while (
        more := {
            name
            for name, values in given.items()
            if all(value and _is_typed(value, constants) for value in values)
        }
        - constants
    ):
        constants |= more
    return constants


def _pairs(target: ast.AST, value: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each part of an assignment's target with what it is given, where that stands there."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        if len(target.elts) == len(value.elts):
            yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _is_typed(node: ast.AST, constants: set[str]) -> bool:
    """Whether an expression is made of typed numbers alone, in whatever unit."""
    if isinstance(node, ast.Call):
        converts = isinstance(node.func, ast.Name) and node.func.id in ("to_si", "float", "bool")
        return converts and all(_is_typed(argument, constants) for argument in node.args)
    if isinstance(node, ast.Name):
        return node.id in constants
    if isinstance(node, ast.Constant):
        return True
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    arithmetic = isinstance(node, ast.UnaryOp | ast.BinOp | ast.BoolOp | ast.Compare)
    return arithmetic and all(_is_typed(part, constants) for part in parts)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else unit_text(unit).replace("\N{NO-BREAK SPACE}", " ")
