"""The parameters that a chapter declares, and the check of a value before a kernel starts.

A parameter is a line of the cell tagged ``parameters``; what may be given for it stands in its
comment::

    hole_diameter_um = 75.0  # [um] 1 to 1000; diameter of the holes
    open_fraction: float | None = None  # [-] 0.01 to 0.9; where given, the pitch follows from it
    pores_are = "dark"  # one of dark, bright; what is pore in the image
    micrograph_file = ""  # file; an image of your own

The type is that of the default; one that may be None is annotated.
"""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from rampore import checks
from rampore.audit.study import UsageError, read_notebook

OUTPUT = "output"  #: the parameter that names a chapter's folder for figures and results

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_COMMENT = re.compile(
    rf"""(?:\[(?P<unit>[^\]]+)\]\s*)?
    (?:(?P<low>{_NUMBER})\s+to\s+(?P<high>{_NUMBER})|one\ of\ (?P<choices>[^;]+)|(?P<file>file))
    ;\s*(?P<text>.*)""",
    re.VERBOSE,
)


class Parameter(NamedTuple):
    """What a chapter takes under one name."""

    name: str
    kind: type | None  #: of its values; None where the default is no literal, and anything is taken
    default: object
    optional: bool = False  #: whether None is a value
    unit: str = ""  #: empty for a number without one, and for words
    low: float | None = None  #: least value [unit]
    high: float | None = None  #: greatest value [unit]
    choices: tuple[str, ...] = ()
    is_file: bool = False
    text: str = ""  #: what it means
    is_declared: bool = False  #: whether the notebook says what may be given

    def read(self, value: object, folder: Path) -> Any:
        """The value that a text, or a literal, gives.

        Parameters
        ----------
        value : object
            As typed on the command line, or a Python value.
        folder : Path
            Where the notebook runs, which paths are relative to.

        Raises
        ------
        UsageError
            Where it is none that the chapter takes; the message says what it takes.
        """
        literal = _literal(value) if isinstance(value, str) and self.kind is not str else value
        if self.optional and literal in (None, ""):
            return None
        if self.kind is None:
            return literal
        if self.kind is str:
            return self._word(str(value), folder)
        if self.kind is bool or self.kind not in (int, float):
            if not isinstance(literal, self.kind):
                raise self._refuse(value)
            return literal
        return self._number(self.kind, literal, value)

    def _number(self, kind: type, literal: Any, value: object) -> int | float:
        if isinstance(literal, bool) or not isinstance(literal, int | float):
            raise self._refuse(value)
        if kind is int and literal != int(literal if math.isfinite(literal) else 0):
            raise self._refuse(value)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not (math.isfinite(literal) and low <= literal <= high):
            raise self._refuse(value)
        return kind(literal)

    def _word(self, word: str, folder: Path) -> str:
        if self.choices:
            return checks.choice(f"-p {self.name}", word, self.choices, UsageError)
        if self.is_file and word and not (folder / word).is_file():
            raise UsageError(f"-p {self.name}: there is no file {word}")
        return word

    def _refuse(self, value: object) -> UsageError:
        return UsageError(f"-p {self.name} {value}: takes {self.takes()}")

    def takes(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.is_file:
            return "the path of a file"
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "a text"}
        kind = words.get(self.kind, "a Python value")
        limits = "" if self.low is None else f" from {self.low:g} to {self.high:g}"
        unit = "" if self.unit in ("", "-") else f" {self.unit}"
        return kind + limits + unit + (", or None" if self.optional else "")


def declared(notebook: Path) -> dict[str, Parameter]:
    """The parameters of a notebook, by name, but for the output folder.

    Raises
    ------
    UsageError
        Where the notebook has no cell tagged ``parameters`` that sets ``output``.
    """
    found: dict[str, Parameter] = {}
    for cell in read_notebook(notebook).cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            found |= {parameter.name: parameter for parameter in _parameters(cell.source)}
    if OUTPUT not in found:
        raise UsageError(
            f"{notebook.name}: needs a cell tagged `parameters` with the line `{OUTPUT} = None`"
        )
    del found[OUTPUT]
    return found


def _parameters(source: str) -> list[Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # running the cell will say what is wrong with it
        return [Parameter(OUTPUT, None, None)] if re.search(rf"^{OUTPUT}\s*=", source, re.M) else []
    lines, found = source.encode().splitlines(), []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name), *_], value=value):
                annotation = ""
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                annotation = ast.unparse(node.annotation)
            case _:
                continue
        after = lines[(node.end_lineno or 0) - 1][node.end_col_offset :].decode().strip()
        found.append(_parameter(name, value, annotation, after.removeprefix("#").strip()))
    return found


def _parameter(name: str, value: ast.expr, annotation: str, comment: str) -> Parameter:
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError):
        return Parameter(name, None, ast.unparse(value), text=comment)
    kind = None if default is None else type(default)
    words = [word.strip() for word in annotation.split("|")]
    kinds = [{"float": float, "int": int, "str": str, "bool": bool}.get(word) for word in words]
    if any(kinds):
        kind = next(filter(None, kinds))
    parameter = Parameter(name, kind, default, optional="None" in words, text=comment)
    if not (match := _COMMENT.fullmatch(comment)):
        return parameter
    said = match.groupdict()
    return parameter._replace(
        unit=said["unit"] or "",
        low=said["low"] and float(said["low"]),
        high=said["high"] and float(said["high"]),
        choices=tuple(word.strip() for word in (said["choices"] or "").split(",") if word.strip()),
        is_file=bool(said["file"]),
        text=said["text"],
        is_declared=True,
    )


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def listing(chapters: dict[str, dict[str, Parameter]]) -> str:
    """What each chapter takes, to be read on a terminal.

    Parameters
    ----------
    chapters : dict
        Of what :func:`declared` gives, by the chapter's name.
    """
    lines = []
    for chapter, parameters in chapters.items():
        lines += [chapter] + ["  no parameters"] * (not parameters)
        for parameter in parameters.values():
            lines.append(f"  -p {parameter.name} {parameter.default!r}  {parameter.takes()}")
            lines += [f"      {parameter.text}"] if parameter.text else []
    return "\n".join(lines)
