"""A finished reproduction in the forms that others read: a table, CODECHECK, RO-Crate, BattINFO.

Each is made from what a run left (``claims.json``, the provenance, the files) and from the study's
own files. What a form asks for and a study does not know is left out, and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import rampore
from rampore import RamporeError
from rampore.audit import claims
from rampore.audit.inputs.declaring import Inputs
from rampore.audit.inputs.records import Confidence, Record
from rampore.audit.reproduce import stored, verdicts
from rampore.audit.reproduce.files import as_json, digest, files_below, read_json
from rampore.audit.study import Paper, Study
from rampore.extras import needs


class ExportError(RamporeError, ValueError):
    """A reproduction cannot be exported; the message says what it lacks."""


class Reproduction(NamedTuple):
    """A study with what its last run left."""

    study: Study
    output: Path  #: where the results are
    entries: list[dict]  #: of claims.json, checked
    provenance: dict  #: of the run
    chapters: dict[str, dict]  #: provenance of each chapter


def load(study: Study, output: Path) -> Reproduction:
    """The last run of a study.

    Parameters
    ----------
    study : Study
    output : Path
        Where its results are.

    Raises
    ------
    LedgerError, ExportError
        Where the run is not there, not complete, or was edited.
    """
    path = output / "claims.json"
    entries = claims.entries(path)
    verdicts.refuse_edited(study.ledger, path, entries)
    provenance = read_json(output / "provenance.json")
    if not isinstance(provenance, dict) or not isinstance(provenance.get("started"), str):
        raise ExportError(f"{output}: no provenance.json of a run: `rampore reproduce` writes it")
    chapters = {
        name: made
        for name in study.chapters
        if (made := stored.provenance(output / "results" / name / "provenance.json")) is not None
    }
    lacking = [name for name in study.chapters if name not in chapters]
    if lacking:
        raise ExportError(f"{output}: lacks the chapters {', '.join(lacking)}: run them first")
    return Reproduction(study, output, entries, provenance, chapters)


# CODECHECK ----------------------------------------------------------------------------------------


def codecheck(run: Reproduction) -> str:
    """``codecheck.yml`` as far as a machine can fill it, in version 1.0 of its specification.

    Who checks adds ``codechecker``, ``certificate`` and ``report``: without a person it is no
    check.
    """
    with needs("audit"):
        import yaml

    count = Counter(entry["verdict"] for entry in run.entries)
    counts = ", ".join(
        f"{count[verdict]} {verdict}" for verdict in claims.Verdict if count[verdict]
    )
    content = {
        "version": "https://codecheck.org.uk/spec/config/1.0/",
        "paper": _paper(run.study.settings.paper),
        "manifest": [
            {"file": path.relative_to(run.output).as_posix(), "comment": comment}
            for path, comment in _products(run)
        ],
        "summary": f"Of {len(run.entries)} statements of the paper: {counts}.",
        "check_time": datetime.fromisoformat(run.provenance["started"]).strftime(
            "%Y-%m-%d %H:%M:%S"
        ),
    }
    head = "# To be added by who checks: codechecker, certificate, report.\n"
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _paper(paper: Paper) -> dict:
    parts = {
        "title": paper.title,
        "authors": [{"name": author} for author in paper.authors],
        "reference": f"https://doi.org/{paper.doi}" if paper.doi else "",
    }
    return {name: part for name, part in parts.items() if part}


def _products(run: Reproduction) -> Iterator[tuple[Path, str]]:
    yield run.output / "claims.json", "every statement with its verdict"
    for name in run.chapters:
        yield run.output / "chapters" / f"{name}.ipynb", f"chapter {name}, executed"
        for kind in ("figures", "results"):
            for path in files_below(run.output / kind / name):
                yield path, f"{kind.removesuffix('s')} of chapter {name}"


# RO-Crate -----------------------------------------------------------------------------------------

_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"


def ro_crate(run: Reproduction, target: Path) -> None:
    """Write a Process Run Crate: the files of a run, the actions that made them, and each statement
    as a ``Claim`` with the ``ClaimReview`` that its verdict is.

    Parameters
    ----------
    run : Reproduction
    target : Path
        A new folder, or a file that ends in ``.zip``.

    Raises
    ------
    ExportError
        Where the target is there.
    """
    with needs("export"):
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate
    if target.exists():
        raise ExportError(f"{target} is there: name a new folder, or a new file .zip")
    crate = ROCrate(version="1.1")

    def thing(identifier: str, kind: str, **properties: Any) -> Any:
        return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))

    settings, paper = run.study.settings, run.study.settings.paper
    article = thing(
        f"https://doi.org/{paper.doi}" if paper.doi else "#paper",
        "ScholarlyArticle",
        name=paper.title or "the paper under study",
        author=list(paper.authors),
    )
    crate.name = f"Reproduction of: {paper.title or 'a paper'}"
    crate.description = (
        f"{len(run.entries)} statements of a paper, recomputed, with a verdict on each."
    )
    crate.datePublished = datetime.fromisoformat(run.provenance["started"])
    crate.license = thing(
        f"https://spdx.org/licenses/{settings.license}" if settings.license else "#no-license",
        "CreativeWork",
        name=settings.license or "none is stated",
        description="the licence of this study",
    )
    crate.root_dataset["about"] = article
    crate.root_dataset["conformsTo"] = thing(
        _PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"
    )
    software = thing(
        "#rampore",
        "SoftwareApplication",
        name="rampore",
        url="https://github.com/rampore/rampore",
        version=rampore.__version__,
    )
    files = {
        path: crate.add_file(
            path, path.relative_to(run.output).as_posix(), properties=_about(path, text)
        )
        for path, text in _products(run)
    }
    shared = [
        crate.add_file(path, f"study/{path.name}", properties=_about(path, text))
        for path, text in (
            (settings.ledger, "the statements, with tolerances fixed beforehand"),
            (settings.inputs, "the inputs, with their sources"),
        )
        if path
    ]
    for name, made in run.chapters.items():
        source = run.study.chapters[name]
        notebook = crate.add_file(
            source, f"study/{source.name}", properties=_about(source, f"chapter {name}, its source")
        )
        began = datetime.fromisoformat(made["started"])
        ended = began + timedelta(seconds=made["wall_time_s"])
        below = [run.output / kind / name for kind in ("figures", "results")]
        crate.add_action(
            software,
            f"#run-{name}",
            object=[notebook, *shared],
            result=[
                file
                for path, file in files.items()
                if path == run.output / "chapters" / f"{name}.ipynb"
                or any(path.is_relative_to(folder) for folder in below)
            ],
            properties={
                "name": f"chapter {name}",
                "startTime": began.isoformat(),
                "endTime": ended.isoformat(timespec="seconds"),
                "actionStatus": "http://schema.org/CompletedActionStatus",
            },
        )
    for entry in run.entries:
        _add_claim(thing, entry, article)
    crate.write_zip(target) if target.suffix == ".zip" else crate.write(target)


def _about(path: Path, text: str) -> dict:
    kinds = {
        ".ipynb": "application/x-ipynb+json",
        ".json": "application/json",
        ".toml": "application/toml",
        ".csv": "text/csv",
        ".nc": "application/netcdf",
        ".png": "image/png",
        ".svg": "image/svg+xml",
    }
    about = {"name": path.name, "description": text, "contentSize": str(path.stat().st_size)}
    kind = kinds.get(path.suffix)
    return about | ({"encodingFormat": kind} if kind else {})


def _add_claim(thing: Callable[..., Any], entry: dict, article: Any) -> None:
    name = entry["id"]
    claim = thing(
        f"#claim-{name}",
        "Claim",
        name=name,
        text=entry["statement"],
        appearance=article,
        description=f"paper, {entry['where']}",
    )
    rating = thing(
        f"#verdict-{name}", "Rating", name=entry["verdict"], ratingValue=entry["verdict"]
    )
    check = thing(
        f"#check-{name}",
        "ClaimReview",
        name=f"check of {name}",
        itemReviewed=claim,
        claimReviewed=entry["statement"],
        reviewBody=entry["explanation"] or entry["needs"],
        reviewRating=rating,
    )
    if entry["link"] and entry["cell"]:
        check["isBasedOn"] = {"@id": f"#run-{entry['chapter']}"}


# BattINFO -----------------------------------------------------------------------------------------

#: What our marks are among BattINFO's classes of provenance.
_CLASSES = {
    Confidence.GIVEN: "literature",
    Confidence.READ: "literature",
    Confidence.READ_SECONDARY: "literature",
    Confidence.READ_ABSTRACT: "literature",
    Confidence.DERIVED: "derived",
    Confidence.PROXY: "assumed",
    Confidence.UNVERIFIED: "assumed",
    Confidence.OWN: "assumed",
}
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9]+")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def parameter_set(inputs: Inputs, paper: Paper) -> str:
    """The single numbers among a study's inputs as a BattINFO ``parameter-set`` about the paper's
    cell, each with where it comes from.

    Tables and formulas are left out, and counted in the notes. The record's identifiers have the
    form that BattINFO asks for, made from the content; no registry knows them.

    Parameters
    ----------
    inputs : Inputs
    paper : Paper

    Raises
    ------
    ExportError
        Where there is no single number among them.
    """
    records = [record for record in inputs.records.values() if _is_number(record)]
    if not records:
        raise ExportError(f"{inputs.file}: holds no single number")
    hashed = digest(repr(dict(inputs.entries)))
    provenance = {
        "source_type": "literature",
        "source_name": paper.title,
        "citation_doi": paper.doi,
        "workflow_version": f"rampore {rampore.__version__}",
    }
    left = len(inputs.records) - len(records)
    content = {
        "schema_version": "0.1.0",
        "parameter_set": {
            "id": _iri(f"parameters {hashed}"),
            "name": f"{paper.title or inputs.file} - cell",
            "cell_spec_id": _iri(f"cell {paper.doi or paper.title or hashed}"),
            "scope": "cell",
            "claims": [_parameter(record, inputs) for record in records],
        },
        "provenance": {name: value for name, value in provenance.items() if value},
        "notes": [
            "The identifiers are made from the content; no registry holds them.",
            f"{left} inputs that are tables, lists or formulas are left out.",
        ],
    }
    return as_json(content)


def _is_number(record: Record) -> bool:
    value = record.value
    return isinstance(value, int | float) and not isinstance(value, bool)


def _iri(text: str) -> str:
    number = int(digest(text)[:20], 16)
    marks = "".join(_CROCKFORD[number >> 5 * place & 31] for place in range(16))
    return f"https://w3id.org/battinfo/spec/{'-'.join(re.findall('....', marks))}"


def _parameter(record: Record, inputs: Inputs) -> dict:
    quantity: dict = {"value": record.value, "unit": record.unit}
    if record.range:
        from rampore.units import from_si

        low, high = (from_si(end, record.unit) for end in record.range)
        quantity |= {"min_value": low, "max_value": high}
    sources = [inputs.sources[name] for name in record.source]
    said = [record.label, *(source.citation for source in sources), record.place, record.note]
    doi = next((source.doi for source in sources if _DOI.fullmatch(source.doi)), "")
    return {
        "parameter": re.sub(r"[^a-z0-9_]+", "_", record.key.lower()),
        "quantity": quantity,
        "provenance_class": _CLASSES[record.confidence],
        **({"citation_doi": doi} if doi else {}),
        "comment": "; ".join(text for text in (f"confidence: {record.confidence}", *said) if text),
    }
