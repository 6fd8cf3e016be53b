"""The study on disk: which chapters there are, what a notebook declares, under which heading a cell stands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from rampore import RamporeError


class ReproduceError(RamporeError, RuntimeError):
    """The study could not be reproduced; the message says what failed and what stands."""


class UsageError(ReproduceError):
    """What was asked for does not fit the study: an unknown chapter or parameter, a folder without a study."""

    exit_code = 2


@dataclass(frozen=True)
class Study:
    """A folder with ``_toc.yml``, and the notebooks that it names.

    Attributes
    ----------
    root : Path
    chapters : dict of str to Path
        Notebook of each chapter, by its stem, in the order of the book.
    """

    root: Path
    chapters: dict[str, Path]

    def select(self, names: list[str]) -> list[str]:
        """The chapters named, in the book's order; all of them where none is named."""
        unknown = [name for name in names if name not in self.chapters]
        if unknown:
            raise UsageError(f"no chapter {', '.join(unknown)}; there are: {', '.join(self.chapters)}")
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
    raise UsageError(f"no study here: neither {start} nor a folder above it holds _toc.yml (or name one by --study)")


def _read(root: Path) -> Study:
    import yaml

    try:
        pages = list(_pages(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))))
    except yaml.YAMLError as error:
        raise UsageError(f"{root / '_toc.yml'}: not valid YAML: {error}") from None
    chapters = {}
    for page in pages:
        notebook = root / f"{page}.ipynb"
        if notebook.is_file():
            chapters[notebook.stem] = notebook
        elif not (root / f"{page}.md").is_file():
            raise UsageError(f"_toc.yml names {page}, but there is neither {page}.ipynb nor {page}.md in {root}")
    return Study(root, chapters)


def _pages(node):
    """Every document that a table of contents names, top to bottom."""
    if isinstance(node, list):
        for entry in node:
            yield from _pages(entry)
    elif isinstance(node, dict):
        yield from (node[key] for key in ("root", "file") if key in node)
        yield from (page for value in node.values() if isinstance(value, list) for page in _pages(value))


def read_notebook(path: Path) -> NotebookNode:
    """A notebook, in format 4.

    Raises
    ------
    ReproduceError
        Where the file is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ReproduceError(f"{path}: not a notebook: {error}") from None


def headings(cell: NotebookNode) -> list[str]:
    """Text of the headings in a cell."""
    from markdown_it import MarkdownIt

    if cell.cell_type != "markdown":
        return []
    tokens = MarkdownIt().parse(cell.source)
    inside = (after for token, after in itertools.pairwise(tokens) if token.type == "heading_open")
    return ["".join(part.content for part in token.children) for token in inside]


def heading_above(notebook: NotebookNode, index: int) -> str:
    """Text of the nearest heading at or above a cell, empty where there is none."""
    above = [heading for cell in notebook.cells[: index + 1] for heading in headings(cell)]
    return above[-1] if above else ""
