"""A study on disk: its chapters, its ledger, and what its own package adds.

A study is a folder with ``_toc.yml``, as Jupyter Book has it, and ``study.toml``::

    ledger = "claims.toml"        # the statements of the paper, in this folder or below it
    inputs = "inputs.toml"        # optional: values with provenance, of which the book has a page
    figures = "figures.toml"      # optional: the figures of the paper, see rampore.audit.panels
    history = "history.toml"      # optional: how the verdicts came about, see rampore.audit.history
    key = "rate"                  # optional: the statement that the first page is about
    package = "rampore.lim2026"   # optional: a module of its own, with `pages` and `sweeps`
    license = "CC-BY-4.0"         # optional: of the study, by its SPDX name

    [paper]                       # optional: what the study is about, for its exports
    title = "..."
    authors = ["...", "..."]
    doi = "10.1000/182"

    [covers]                      # optional: the figure on a chapter's card, by default its first
    thickness = "fig-thickness"

``<package>.pages.generated(root)`` gives the pages that a book has beside those of any study, by
file name, and ``<package>.pages.found(notebooks, entries)`` those that are made of what the
chapters found; ``<package>.sweeps.PLANS`` names the modules of ``rampore sweep``, each with a
function ``plan(coarse)``.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rampore import RamporeError
from rampore.audit.ledger import Ledger, read_ledger
from rampore.checks import known_keys
from rampore.extras import needs

with needs("audit"):
    import nbformat
    from nbformat import NotebookNode

if TYPE_CHECKING:
    import yaml

# [byte], [level]: more would take longer than a second, or all memory
_LARGEST_YAML, _DEEPEST_YAML = 2**15, 50


class ReproduceError(RamporeError, RuntimeError):
    """The study could not be reproduced; the message says what failed and what stands."""


class UsageError(ReproduceError):
    """What was asked for does not fit the study: an unknown chapter or parameter, a folder without
    a study.
    """

    exit_code = 2


class NoStudyError(UsageError):
    """There is no study at a place."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the line alone, for the fault is none of the code's."""
        return [str(self)]


@dataclass(frozen=True)
class Paper:
    """The paper under study, as far as ``study.toml`` says.

    Attributes
    ----------
    title : str
    authors : tuple of str
    doi : str
        Without the resolver's address.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    doi: str = ""


@dataclass(frozen=True)
class Settings:
    """What ``study.toml`` says.

    Attributes
    ----------
    ledger : Path
    package : str
        Dotted name of the study's own package, or empty.
    inputs : Path or None
        A parameter file that :func:`rampore.audit.inputs.read_values` reads; None where the study
        has none, or reads its inputs by classes of its own.
    figures : Path or None
        A list of the paper's figures that :func:`rampore.audit.panels.read_panels` reads.
    history : Path or None
        What became of the verdicts, which :func:`rampore.audit.history.read_history` reads.
    key : str
        The statement that the first page is about, or empty.
    covers : dict of str to str
        Label of the figure on a chapter's card, by chapter; by default its first.
    license : str
        Of the study, by its SPDX name, or empty.
    times : Path or None
        How long chapters take, which :func:`rampore.audit.effort.read_times` reads.
    effort : dict
        By chapter, parameter and choice, the boxes of a mesh over those of the usual one.
    paper : Paper
        What the study is about.
    """

    ledger: Path
    package: str = ""
    inputs: Path | None = None
    figures: Path | None = None
    history: Path | None = None
    key: str = ""
    covers: dict[str, str] = field(default_factory=dict)
    license: str = ""
    times: Path | None = None
    effort: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    paper: Paper = field(default_factory=Paper)

    def part(self, name: str) -> ModuleType | None:
        """A module of the study's own package, None where it has no such one."""
        if (
            not self.package
            or find_spec(self.package) is None
            or find_spec(f"{self.package}.{name}") is None
        ):
            return None
        return import_module(f"{self.package}.{name}")


#: The file that makes a folder a study.
SETTINGS = "study.toml"


def settings(start: Path) -> Settings:
    """What the ``study.toml`` at `start`, or in the nearest folder above it, says.

    Raises
    ------
    UsageError
        Where there is none, or it says something else.
    """
    start = start.resolve()
    for root in (start, *start.parents):
        if (root / SETTINGS).is_file():
            return _settings(root / SETTINGS)
    raise NoStudyError(
        f"no study here: neither {start} nor a folder above it holds {SETTINGS}. A notebook reads "
        "the ledger and the data of its study: get the repository, to which the page that offers "
        "the notebook leads, and open it there"
    )


def _settings(path: Path) -> Settings:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from None
    defaults = dict.fromkeys(_TEXTS, "") | {"ledger": "claims.toml"}
    known_keys(f"{path}", content, (*defaults, "paper", "covers", "effort"), UsageError)
    for key, value in defaults.items():
        if not isinstance(content.setdefault(key, value), str):
            raise UsageError(f"{path}: {key} is a text, not {content[key]!r}")
    covers = content.get("covers", {})
    if not isinstance(covers, dict) or not all(isinstance(label, str) for label in covers.values()):
        raise UsageError(f"{path}: covers is a table of labels of figures, not {covers!r}")
    if not all(part.isidentifier() for part in content["package"].split(".") if content["package"]):
        raise UsageError(f"{path}: package: {content['package']!r} is no dotted name of a module")
    inputs, figures, history, times = (
        path.parent / content[key] if content[key] else None
        for key in ("inputs", "figures", "history", "times")
    )
    return Settings(
        path.parent / content["ledger"],
        content["package"],
        inputs,
        figures,
        history,
        content["key"],
        covers,
        content["license"],
        times,
        _effort(path, content.get("effort", {})),
        _paper(path, content.get("paper", {})),
    )


_TEXTS = ("ledger", "package", "inputs", "figures", "history", "key", "license", "times")


def _effort(path: Path, table: object) -> dict[str, dict[str, dict[str, float]]]:
    def tables(content: object) -> list[dict]:
        if not isinstance(content, dict):
            raise UsageError(f"{path}: effort.CHAPTER.PARAMETER is a table of choices")
        return list(content.values())

    chosen = [
        choice for chapter in tables(table) for each in tables(chapter) for choice in tables(each)
    ]
    if not all(isinstance(boxes, int | float) and boxes > 0 for boxes in chosen):
        raise UsageError(f"{path}: effort: the boxes of a mesh over the usual ones, above 0")
    return table  # pyright: ignore[reportReturnType]


def _paper(path: Path, table: object) -> Paper:
    if not isinstance(table, dict):
        raise UsageError(f"{path}: paper is a table, not {table!r}")
    known_keys(f"{path}: paper", table, ("title", "authors", "doi"), UsageError)
    authors = table.get("authors", [])
    texts = [table.get("title", ""), table.get("doi", ""), *(authors or [])]
    if not isinstance(authors, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f"{path}: paper has a title, a list of authors and a doi, all of them texts"
        )
    return Paper(table.get("title", ""), tuple(authors), table.get("doi", ""))


@dataclass(frozen=True)
class Study:
    """A folder with ``_toc.yml``, and the notebooks that it names.

    Attributes
    ----------
    root : Path
    chapters : dict of str to Path
        Notebook of each chapter, by its stem, in the order of the book.
    settings : Settings
        What ``study.toml`` says.
    """

    root: Path
    chapters: dict[str, Path]
    settings: Settings

    @property
    def ledger(self) -> Ledger:
        """The statements of the paper."""
        return read_ledger(self.settings.ledger)

    @property
    def pages(self) -> list[str]:
        """The pages beside the chapters, and these, in the order of the book, without an ending;
        those of folders below, such as a reference, are not among them.
        """
        contents = self.root / "_toc.yml"
        beside = {path.parent for path in self.chapters.values()}
        return [
            page
            for page in _pages(read_yaml(contents), contents)
            if (self.root / page).parent in beside
        ]

    def select(self, names: list[str]) -> list[str]:
        """The chapters named, in the book's order; all of them where none is named."""
        unknown = [name for name in names if name not in self.chapters]
        if unknown:
            raise UsageError(
                f"no chapter {', '.join(unknown)}; there are: {', '.join(self.chapters)}"
            )
        return [name for name in self.chapters if not names or name in names]


def find(start: Path) -> Study:
    """The study at `start` or in the nearest folder above it.

    Raises
    ------
    UsageError
        Where there is none, or where ``_toc.yml`` names a page that does not exist.
    """
    start = start.resolve()
    for root in (start, *start.parents):
        if (root / "_toc.yml").is_file():
            return _read(root)
    raise UsageError(
        f"no study here: neither {start} nor a folder above it holds _toc.yml (or name one by "
        "--study)"
    )


def _read(root: Path) -> Study:
    if (root / "_config.yml").is_file():
        read_yaml(root / "_config.yml")
    contents = read_yaml(root / "_toc.yml")
    if not isinstance(contents.get("root"), str):
        raise UsageError(f"{root / '_toc.yml'}: needs the key `root`, the book's first page")
    chapters: dict[str, Path] = {}
    for page in _pages(contents, root / "_toc.yml"):
        notebook = root / f"{page}.ipynb"
        if notebook.is_file():
            if chapters.setdefault(notebook.stem, notebook) != notebook:
                raise UsageError(
                    f"_toc.yml names two chapters {notebook.stem}: {chapters[notebook.stem]}, "
                    f"{notebook}"
                )
        elif not (root / f"{page}.md").is_file():
            raise UsageError(
                f"_toc.yml names {page}, but there is neither {page}.ipynb nor {page}.md in {root}"
            )
    return Study(root, chapters, settings(root))


def read_yaml(path: Path) -> dict:
    """A mapping in YAML, of a size that somebody wrote by hand, without aliases: a few of them make
    gigabytes.

    Raises
    ------
    UsageError
        Where it is anything else, in one line.
    """
    with needs("audit"):
        import yaml

    class Loader(yaml.SafeLoader):
        depth = 0

        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
            line = f"{path}: line {self.peek_event().start_mark.line + 1}"
            if self.check_event(yaml.AliasEvent):
                raise UsageError(f"{line}: write out what *... stands for")
            if self.depth == _DEEPEST_YAML:
                raise UsageError(f"{line}: too deeply nested")
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    try:
        if path.stat().st_size > _LARGEST_YAML:
            raise UsageError(f"{path}: larger than {_LARGEST_YAML} bytes")
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UsageError(
            f"{path}: {'empty' if content is None else 'not a mapping of keys to values'}"
        )
    return content


def _pages(node: dict, path: Path) -> Iterator[str]:
    """Every document that a table of contents names, top to bottom."""
    for key in ("root", "file"):
        if key in node:
            page = node[key]
            if (
                not isinstance(page, str)
                or PurePosixPath(page).is_absolute()
                or ".." in PurePosixPath(page).parts
            ):
                raise UsageError(f"{path}: `{key}: {page}` is not a page of the study")
            yield page
    for key in ("parts", "chapters", "sections"):
        below = node.get(key, [])
        if not isinstance(below, list) or not all(isinstance(entry, dict) for entry in below):
            raise UsageError(f"{path}: `{key}` must be a list of entries such as `- file: page`")
        for entry in below:
            yield from _pages(entry, path)


def read_notebook(path: Path) -> NotebookNode:
    """A notebook, in format 4 with an id in each cell.

    Raises
    ------
    ReproduceError
        Where the file is no such notebook.
    """
    try:
        content = nbformat.read(path, as_version=4)
        nbformat.validate(content)
    except Exception as error:  # nbformat raises whatever it meets
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ReproduceError(f"{path}: not a notebook: {reason}") from None
    if not all("id" in cell for cell in content.cells):
        raise ReproduceError(
            f"{path}: its cells have no ids: save it in format 4.5, as Jupyter does today"
        )
    return content


def headings(cell: NotebookNode) -> list[str]:
    """Text of the headings in a cell."""
    with needs("book"):
        from markdown_it import MarkdownIt

    if cell.cell_type != "markdown":
        return []
    tokens = MarkdownIt().parse(cell.source)
    inside = (after for token, after in itertools.pairwise(tokens) if token.type == "heading_open")
    return ["".join(part.content for part in token.children or ()) for token in inside]


def heading_above(notebook: NotebookNode, index: int) -> str:
    """Text of the nearest heading at or above a cell, empty where there is none."""
    above = [heading for cell in notebook.cells[: index + 1] for heading in headings(cell)]
    return above[-1] if above else ""
