"""From executed chapters to ``claims.json``, every statement with the cell that answered it, and to
the summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rampore.audit import claims
from rampore.audit.chapter import CLAIM_MIME, TABLE_MIME
from rampore.audit.study import ReproduceError, headings
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode


def collect(ledger: claims.Ledger, notebooks: Mapping[str, NotebookNode]) -> list[dict]:
    """The entries of ``claims.json``, in the ledger's order.

    Each is what :func:`rampore.audit.claims.record` gives, with ``link`` (page and section, from
    the folder of the pages) and ``cell`` (index and id) of where it was computed.

    Parameters
    ----------
    ledger : claims.Ledger
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.

    Raises
    ------
    ReproduceError
        Where a claim is reported twice, by a chapter that the ledger does not name for it, or is
        not in the ledger.
    """
    found: dict[str, dict] = {}
    for chapter, notebook in notebooks.items():
        for entry in _reported(chapter, notebook):
            name, where = entry["id"], f"{chapter} (cell {entry['cell']['index'] + 1})"
            if name not in ledger:
                raise ReproduceError(
                    f"{where} reports the claim {name!r}, which the ledger does not have"
                )
            if ledger[name].chapter != chapter:
                named = ledger[name].chapter or "no chapter"
                raise ReproduceError(
                    f"{where} reports the claim {name!r}; the ledger names {named} for it"
                )
            if name in found:
                first = found[name]["cell"]["index"] + 1
                raise ReproduceError(
                    f"{where} reports the claim {name!r} a second time, after cell {first}"
                )
            found[name] = entry
    nowhere = {"link": "", "cell": None}
    return [
        found.get(name) or claims.record(claim, None) | nowhere for name, claim in ledger.items()
    ]


def _reported(chapter: str, notebook: NotebookNode) -> Iterator[dict]:
    anchors = section_anchors(notebook)
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if CLAIM_MIME in output.get("data", {}):
                link = f"{chapter}.html" + (f"#{anchors[index]}" if anchors[index] else "")
                yield output["data"][CLAIM_MIME] | {
                    "link": link,
                    "cell": {"index": index, "id": cell.id},
                }


def tables(notebooks: Mapping[str, NotebookNode]) -> list[dict]:
    """The tables that chapters hand over to the summary, in the order of the book.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.
    """
    return [
        output["data"][TABLE_MIME]
        for notebook in notebooks.values()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if TABLE_MIME in output.get("data", {})
    ]


def section_anchors(notebook: NotebookNode) -> list[str]:
    """For each cell, the id in the built page of the section that it ends up in.

    A heading that repeats an earlier one gets a number from docutils that depends on the rest of
    the page: the section before it stands in.
    """
    with needs("book"):
        from docutils.nodes import fully_normalize_name, make_id

    seen, current, anchors = set(), "", []
    for cell in notebook.cells:
        for heading in headings(cell):
            anchor = make_id(fully_normalize_name(heading))
            if anchor and anchor not in seen:
                seen.add(anchor)
                current = anchor
        anchors.append(current)
    return anchors
