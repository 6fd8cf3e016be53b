"""Chapters that a reader ran with values of their own: their pages alone, each with the study's
values beside the reader's at the top.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rampore.audit.chapter import STATEMENTS
from rampore.audit.pages.beside import anchor, beside
from rampore.audit.reproduce import book, verdicts
from rampore.audit.reproduce.fingerprint import PACKAGE
from rampore.audit.reproduce.parameters import declared
from rampore.audit.study import ReproduceError, Study, read_notebook
from rampore.extras import needs

with needs("audit"):
    import nbformat
    from nbformat import NotebookNode

_BIBLIOGRAPHY = "{bibliography}"
#: A link to another page of the book, which does not stand beside these.
_ELSEWHERE = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)\s]*\.(?:md|ipynb)(?:#[^)\s]*)?\)")
_PAGE = re.compile(rf'href="{STATEMENTS}/([^"]+)\.html"')


def stage(
    study: Study, executed: Mapping[str, Path], given: Mapping[str, dict], folder: Path
) -> dict[str, str]:
    """Lay out in `folder` what Sphinx reads: the chapters, and the references that they cite.

    Parameters
    ----------
    study : Study
    executed : mapping of str to Path
        Notebook of the reader's run, by chapter.
    given : mapping of str to dict
        The values that each chapter was run with.
    folder : Path
        An empty folder.

    Returns
    -------
    dict of str to str
        Each chapter's page, from the folder of the HTML.

    Raises
    ------
    ReproduceError
        Where the study has no run of a chapter to hold it against.
    """
    (folder / "_config.yml").write_text(book.configuration(study.root), encoding="utf-8")
    pages = {name: study.chapters[name].relative_to(study.root) for name in executed}
    cited: list[Path] = []
    for source in sorted({study.chapters[name].parent for name in executed}):
        place = source.relative_to(study.root)
        ignore = shutil.ignore_patterns("*.ipynb", "*.md", ".*", "__pycache__", "_generated")
        shutil.copytree(source, folder / place, ignore=ignore, dirs_exist_ok=True)
        static = folder / place / "_static"
        shutil.copytree(PACKAGE / "audit" / "static", static, dirs_exist_ok=True)
        for path in sorted(source.glob("*.md")):
            if _BIBLIOGRAPHY in path.read_text(encoding="utf-8"):
                shutil.copy(path, folder / place)
                cited.append(place / path.stem)
    for name, path in executed.items():
        page = _page(study, name, read_notebook(path), given[name])
        nbformat.write(page, folder / pages[name])
    root, *others = [page.with_suffix("") for page in pages.values()] + cited
    contents = ["format: jb-book", f"root: {root.as_posix()}"] + ["chapters:"] * bool(others)
    contents += [f"- file: {page.as_posix()}" for page in others]
    (folder / "_toc.yml").write_text("\n".join(contents) + "\n", encoding="utf-8")
    return {name: page.with_suffix(".html").as_posix() for name, page in pages.items()}


def studys_own(study: Study, name: str) -> NotebookNode:
    """A chapter as the study ran it: the notebook under version control, or, where that one has no
    outputs, the one that the last run left.

    Raises
    ------
    ReproduceError
        Where there is neither.
    """
    for path in (study.chapters[name], study.root / "build" / "chapters" / f"{name}.ipynb"):
        if path.is_file() and any(cell.get("outputs") for cell in read_notebook(path).cells):
            return read_notebook(path)
    raise ReproduceError(
        f"{name}: the study has no run of its own to hold yours against: `rampore reproduce {name}`"
    )


def _page(study: Study, name: str, reader: NotebookNode, given: Mapping[str, Any]) -> NotebookNode:
    taken, own = declared(study.chapters[name]), studys_own(study, name)
    changed = [
        (key, taken[key].takes(), repr(taken[key].default), repr(value))
        for key, value in given.items()
    ]
    entries, theirs = (
        [entry for entry in verdicts.collect(study.ledger, {name: run}) if entry["cell"]]
        for run in (own, reader)
    )
    kept = (verdicts.kept_numbers(own), verdicts.kept_numbers(reader))
    for cell in reader.cells:
        if cell.cell_type == "markdown":
            cell.source = _ELSEWHERE.sub(r"\1", cell.source)
        for output in cell.get("outputs", []):
            if page := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = _PAGE.sub(
                    lambda found: f'href="#{anchor(found[1])}"', page
                )
    text = beside(changed, entries, theirs, kept)
    reader.cells.insert(1, nbformat.v4.new_markdown_cell(text, id="beside"))
    return reader
