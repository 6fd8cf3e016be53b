"""What a chapter's results follow from, and what of it changed since they were made."""

from __future__ import annotations

import ast
import inspect
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Set
from functools import cache, lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import NamedTuple

from rampore.audit.reproduce.files import digest, files_below
from rampore.audit.study import settings
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode

PACKAGE = Path(str(resources.files("rampore")))
_HAND_OVER = PACKAGE / "audit" / "chapter.py"  # what reports to the ledger
#: what decides when and where a case is run, not what it gives
_RUNNERS = {PACKAGE / "sweep.py", PACKAGE / "audit" / "sweep.py"}


def notebook_digest(notebook: NotebookNode) -> str:
    """SHA-256 of what a notebook says, whatever its outputs are."""
    cells = [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    return digest(json.dumps(cells, sort_keys=True))


def sources(notebook: NotebookNode, folder: Path) -> dict[str, str]:
    """SHA-256 of the modules of this package that a notebook imports, directly or not, and of the
    data that they name.

    Of a module, comments, docstrings and layout do not count. The study's ledger does where the
    notebook reports to it.

    A file counts as named where a string in the code is its name: of a file in a folder ``data`` of
    the package, or a path from the notebook's own folder.
    """
    with needs("audit"):
        from IPython.core.inputtransformer2 import TransformerManager

    as_python = TransformerManager().transform_cell
    cells = [as_python(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    files = _closure([(_outline(code), "") for code in cells], folder)
    if _HAND_OVER in files:
        files.add(settings(folder).ledger.resolve())
    return {_label(path, folder): _content(path) for path in sorted(files)}


def seal(function: Callable) -> str:
    """SHA-256 of what a function's results follow from: its module, all that this imports, and the
    data that they name; but neither what runs a sweep nor a ledger, which decide no number.

    Comments, docstrings and layout do not count.
    """
    home = Path(inspect.getfile(function)).resolve()
    start = _outline(home.read_text(encoding="utf-8")), function.__module__.rpartition(".")[0]
    ledgers = {path for path in _package_data() if path.name == "claims.toml"}
    files = _closure([start], home.parent, without=_RUNNERS | ledgers) | {home}
    return digest(json.dumps({_label(path, home.parent): _content(path) for path in sorted(files)}))


class _Outline(NamedTuple):
    """What of Python code counts here."""

    #: level and dotted name, of everything that may be a module
    imports: tuple[tuple[int, str], ...]
    texts: frozenset[str]  #: its strings: what it names
    digest: str  #: of what it does


@lru_cache(maxsize=1024)
def _outline(code: str) -> _Outline:
    """Nothing where the code is no Python: running it will say what is wrong with it."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return _Outline((), frozenset(), "")
    imports, texts = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = f"{node.module}." if node.module else ""
            imports += [(node.level, origin + alias.name) for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return _Outline(tuple(imports), frozenset(texts), digest(ast.dump(tree)))


def _closure(
    starts: Iterable[tuple[_Outline, str]], folder: Path, without: Set[Path] = frozenset()
) -> set[Path]:
    """Files that code imports or names, directly or not; each outline comes with the package that
    it is relative to. What is reached only through a file that is left out does not count either.
    """
    files: set[Path] = set()
    waiting = list(starts)
    while waiting:
        outline, package = waiting.pop()
        found = {*_modules(outline, package, folder), *_data(outline, folder)}
        for path in found - files - without:
            files.add(path)
            if path.suffix == ".py":
                home = PACKAGE.parent if path.is_relative_to(PACKAGE) else folder.resolve()
                module = (
                    path.relative_to(home).with_suffix("").parts
                    if path.is_relative_to(home)
                    else ()
                )
                waiting.append((_outline(path.read_text(encoding="utf-8")), ".".join(module[:-1])))
    return files


def _content(path: Path) -> str:
    """SHA-256 of a file; of Python, of what it does."""
    return (
        _outline(path.read_text(encoding="utf-8")).digest
        if path.suffix == ".py"
        else digest(path.read_bytes())
    )


def _label(path: Path, folder: Path) -> str:
    return Path(
        os.path.relpath(path, PACKAGE.parent if path.is_relative_to(PACKAGE) else folder)
    ).as_posix()


def _modules(outline: _Outline, package: str, folder: Path) -> Iterator[Path]:
    """Files of the modules that code imports, of this package or beside the notebook."""
    for level, name in outline.imports:
        above = package.split(".")[: 1 - level or None] if level else []
        parts = [*above, *name.split(".")]
        home = PACKAGE.parent if parts[0] == PACKAGE.name else folder.resolve()
        for depth in range(1, len(parts) + 1):
            stem = home.joinpath(*parts[:depth])
            yield from (
                path for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()
            )


@cache
def _package_data() -> tuple[Path, ...]:
    return tuple(path for place in sorted(PACKAGE.glob("**/data")) for path in files_below(place))


def _data(outline: _Outline, folder: Path) -> Iterator[Path]:
    yield from (path for path in _package_data() if path.name in outline.texts)
    for name in outline.texts:
        if "." in name and len(name) < 200 and "\n" not in name and (folder / name).is_file():
            yield (folder / name).resolve()


@cache
def packages() -> dict[str, str]:
    """Version of every installed package that running the study takes: what ``rampore[book]``
    requires. Its own modules count file by file instead.
    """
    with needs("audit"):
        from packaging.requirements import Requirement
        from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    waiting = [("rampore", "book")]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[canonicalize_name(name)] = distribution.version
        for requirement in map(Requirement, distribution.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = {(requirement.name, wanted) for wanted in ("", *requirement.extras)} - seen
                seen |= needed
                waiting += needed
    found.pop("rampore", None)
    return dict(sorted(found.items()))


def fingerprint(
    notebook: NotebookNode, modules: dict[str, str], parameters: dict, folder: Path
) -> dict[str, str]:
    """Everything that a chapter's results follow from, by a name that a reader understands.

    `modules` is what :func:`sources` gives; `folder` is where the notebook runs. The content of a
    file that a parameter names counts, and of every file of a folder.
    """
    return {
        "the notebook": notebook_digest(notebook),
        **modules,
        **{f"parameter {name}": repr(value) for name, value in sorted(parameters.items())},
        **{
            f"the file {path}": digest(path.read_bytes())
            for path in _given(parameters.values(), folder)
        },
        "Python": platform.python_version(),
        **packages(),
    }


def _given(values: Iterable, folder: Path) -> Iterator[Path]:
    for value in values:
        if isinstance(value, str) and 0 < len(value) < 4096:
            path = folder / value
            yield from files_below(path) if path.is_dir() else [path] * path.is_file()


def changes(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """What differs between two fingerprints, each difference in a few words."""

    def phrase(name: str) -> str:
        before, after = old.get(name), new.get(name)
        if name.startswith("parameter "):
            return f"{name} is {after}" if after else f"{name} is no longer given"
        if len(after or before or "") == 64:  # a SHA-256
            change = "changed" if before and after else "is new" if after else "is no longer used"
            return f"{name} {change}"
        return f"{name} {before or 'absent'} -> {after or 'absent'}"

    return [
        phrase(name) for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)
    ]
