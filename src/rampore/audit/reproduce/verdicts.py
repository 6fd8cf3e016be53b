"""From executed chapters to ``claims.json``, every statement with the cell that answered it, and to
the summary.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from rampore.audit import claims
from rampore.audit.chapter import CLAIM_MIME, NUMBERS_MIME, TABLE_MIME, card, line
from rampore.audit.ledger import Ledger, LedgerError
from rampore.audit.reproduce.files import digest, read_json
from rampore.audit.study import ReproduceError, headings
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode


def collect(ledger: Ledger, notebooks: Mapping[str, NotebookNode]) -> list[dict]:
    """The entries of ``claims.json``, in the ledger's order.

    Each is what :func:`rampore.audit.claims.record` gives, with ``link`` (page and section, from
    the folder of the pages) and ``cell`` (index and id) of where it was computed. A cell's output
    is believed what its chapter reported, and nothing else: everything that follows from the ledger
    and the rule is derived anew.

    Parameters
    ----------
    ledger : Ledger
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.

    Raises
    ------
    ReproduceError
        Where a claim is reported twice, by a chapter that the ledger does not name for it, or is
        not in the ledger; and where an output says something else than the ledger and the rule make
        of the report: it names chapter, cell, claim and field.
    """
    found: dict[str, dict] = {}
    for chapter, notebook in notebooks.items():
        kept = kept_numbers(notebook)
        for entry, shown in _reported(chapter, notebook):
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
            for fault in _faults(ledger, entry, shown, kept):
                raise ReproduceError(f"{where} reports the claim {name!r}, but {fault}")
            found[name] = entry
    nowhere = {"link": "", "cell": None}
    return [
        found.get(name) or claims.record(claim, None) | nowhere for name, claim in ledger.items()
    ]


def _reported(chapter: str, notebook: NotebookNode) -> Iterator[tuple[dict, dict]]:
    """Every entry with where it stands, and what a reader sees of it."""
    anchors = section_anchors(notebook)
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if CLAIM_MIME in data:
                link = f"{chapter}.html" + (f"#{anchors[index]}" if anchors[index] else "")
                place = {"link": link, "cell": {"index": index, "id": cell.id}}
                yield data[CLAIM_MIME] | place, data


def kept_numbers(notebook: NotebookNode) -> Mapping:
    """All numbers of a chapter, of its last cell; empty where it does not close."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if NUMBERS_MIME in output.get("data", {}):
                return output["data"][NUMBERS_MIME]
    return {}


def _faults(ledger: Ledger, entry: dict, shown: Mapping, kept: Mapping) -> Iterator[str]:
    """What an output of a claim says that its chapter cannot have reported."""
    try:
        if not entry.get("explanation"):
            yield "`explanation` is missing, so that nothing was reported"
            return
        yield from claims.discrepancies(ledger, entry)
    except LedgerError as error:
        yield str(error)
        return
    for mime, text in (("text/html", card(entry)), ("text/plain", line(entry))):
        if shown.get(mime, text) != text:
            yield f"its {mime} shows something else than was reported"
    report = claims.reported(ledger[entry["id"]], entry)
    if not kept or not report:
        return
    name = f"claim/{entry['id']}"
    if kept.get(f"{name}/verdict") != [entry["verdict"]]:
        yield "the verdict is not the one among the chapter's numbers"
    computed, there = report.computed, kept.get(f"{name}/computed")
    if isinstance(computed, bool) or computed is None:
        agrees = there == (None if computed is None else [computed])
    else:
        agrees = isinstance(there, str) and math.isclose(
            computed, float(there.split()[0]), rel_tol=1e-9
        )
    if not agrees:
        yield "`computed` is not the value among the chapter's numbers"


def refuse_edited(ledger: Ledger, path: Path, entries: list[dict]) -> None:
    """Refuse a ``claims.json`` that says something else than the ledger and the rule make of the
    reports in it, or that is not the file which the run wrote.

    Parameters
    ----------
    ledger : Ledger
    path : Path
        Of the file; the ``provenance.json`` beside it knows its hash.
    entries : list of dict
        What it holds.

    Raises
    ------
    LedgerError
        With the claim and the field.
    """
    again = "it was edited, or the ledger was: `rampore reproduce` writes it anew"
    for entry in entries:
        for fault in claims.discrepancies(ledger, entry):
            raise LedgerError(f"{path}: claim {entry['id']!r}: {fault}; {again}")
    if {entry["id"] for entry in entries} != set(ledger):
        raise LedgerError(f"{path}: its statements are not those of the ledger: {again}")
    provenance = read_json(path.with_name("provenance.json"))
    files = provenance.get("files") if isinstance(provenance, dict) else None
    written = files.get("claims.json") if isinstance(files, dict) else None
    if written is not None and written != digest(path.read_bytes()):
        raise LedgerError(
            f"{path}: was edited after the run that wrote it: `rampore reproduce` writes it anew"
        )


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
