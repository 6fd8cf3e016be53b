"""How a study, a statement of it, and the paper under study are cited."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from rampore.audit.study import Paper, read_yaml


class Citation(NamedTuple):
    """What names a study."""

    title: str
    authors: tuple[str, ...]
    abstract: str
    version: str
    year: str
    address: str  #: where its pages are published, without a slash at the end; or empty


def citation(root: Path) -> Citation:
    """What ``CITATION.cff`` of a study says, and where it says nothing, its ``_config.yml``.

    Parameters
    ----------
    root : Path
        The study's folder.

    Raises
    ------
    rampore.audit.study.UsageError
        Where one of the two is there and cannot be read.
    """
    config, cff = (_mapping(root / name) for name in ("_config.yml", "CITATION.cff"))
    html = config.get("html") if isinstance(config.get("html"), dict) else {}
    authors = [_name(each) for each in cff.get("authors", []) if isinstance(each, dict)]
    return Citation(
        _text(config.get("title")) or _text(cff.get("title")),
        tuple(filter(None, authors)) or tuple(filter(None, [_text(config.get("author"))])),
        _text(cff.get("abstract")),
        _text(cff.get("version")),
        _text(cff.get("date-released"))[:4] or _text(config.get("copyright")),
        _text((html or {}).get("baseurl")).rstrip("/"),
    )


def _mapping(path: Path) -> dict[str, Any]:
    return read_yaml(path) if path.is_file() else {}


def _text(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _name(author: dict) -> str:
    parts = [_text(author.get(key)) for key in ("given-names", "family-names", "name")]
    return " ".join(filter(None, parts))


def bibtex_of_statement(entry: dict, cited: Citation, place: str) -> str:
    """One statement of a study with its verdict, as an entry of BibTeX.

    Parameters
    ----------
    entry : dict
        As :func:`rampore.audit.claims.record` writes it.
    cited : Citation
        Of the study.
    place : str
        The statement's page, from the study's published address.
    """
    version = f", version {cited.version}" if cited.version else ""
    fields = {
        "author": " and ".join(f"{{{_escaped(name)}}}" for name in cited.authors),
        "title": f"{{{_escaped(entry['id'] + ': ' + entry['verdict'])}}}",
        "howpublished": _escaped(f"A statement in {cited.title}{version}"),
        "note": _escaped(entry["statement"]),
        "url": f"{cited.address}/{place}" if cited.address else "",
        "year": cited.year,
    }
    return _entry("misc", entry["id"], fields)


def bibtex_of_paper(paper: Paper) -> str:
    """The paper under study, as far as ``study.toml`` says, as an entry of BibTeX; or empty."""
    fields = {
        "author": " and ".join(map(_escaped, paper.authors)),
        "title": f"{{{_escaped(paper.title)}}}" if paper.title else "",
        "doi": paper.doi,
    }
    return _entry("article", "paper-under-study", fields) if any(fields.values()) else ""


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _escaped(text: str) -> str:
    return re.sub(r"([%&#_$])", r"\\\1", text)
