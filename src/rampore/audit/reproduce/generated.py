"""What a book has beside the pages that somebody wrote: pages and files made of the verdicts, the
figures and the study's own tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import NamedTuple

from rampore import style
from rampore.audit.checking import schemas
from rampore.audit.citing import citation
from rampore.audit.claims import Verdict
from rampore.audit.effort import read_times
from rampore.audit.history import by_statement, flips_table, read_history, stays_table
from rampore.audit.inputs import read_values
from rampore.audit.pages import front, panels, scorecard, statements
from rampore.audit.pages.badge import badge
from rampore.audit.pages.inputs import inputs_page
from rampore.audit.pages.parameters import parameters_table
from rampore.audit.pages.preview import preview
from rampore.audit.pages.scenes import scene_scripts
from rampore.audit.pages.tiles import tiles
from rampore.audit.panels import Groups, read_panels
from rampore.audit.reproduce.files import as_json
from rampore.audit.reproduce.parameters import declared
from rampore.audit.study import Study, read_yaml
from rampore.audit.tabular import claims_csv
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode


class _Made(NamedTuple):
    """What a run has made."""

    study: Study
    notebooks: Mapping[str, NotebookNode]
    entries: list[dict]
    tables: list[dict]
    drawn: Mapping[str, panels.Drawn]
    groups: Groups


def generated(
    study: Study,
    notebooks: Mapping[str, NotebookNode],
    entries: list[dict],
    tables: list[dict],
    place: PurePath,
) -> dict[str, bytes]:
    """Pages, which others include, and static files, by their path from a folder of pages.

    Parameters
    ----------
    study : Study
    notebooks : mapping of str to NotebookNode
        Executed notebooks, by chapter.
    entries : list of dict
        What ``claims.json`` holds.
    tables : list of dict
        Of the summary.
    place : PurePath
        The folder of pages, from the study's.
    """
    groups = read_panels(study.settings.figures) if study.settings.figures else {}
    made = _Made(study, notebooks, entries, tables, panels.drawn_by(notebooks), groups)
    own = study.settings.part("pages")
    pages = _pages(made) | _front(made) | {"site.json": as_json(_site(made, place.as_posix()))}
    if own and hasattr(own, "found"):
        pages |= own.found(notebooks, entries)
    files = {name: text.encode() for name, text in pages.items()}
    files |= panels.thumbnails(groups, made.drawn)
    if own:
        files |= own.generated(study.root)
    return {f"{panels.FOLDER}/{name}": content for name, content in files.items()} | {
        f"_static/{name}": content for name, content in _static(made).items()
    }


def _pages(made: _Made) -> dict[str, str]:
    ledger, settings = made.study.ledger, made.study.settings
    pages = {
        "scorecard.md": scorecard.scorecard_page(made.entries, ledger.sections, ledger.causes),
        "summary.md": scorecard.summary(made.entries, made.tables),
        "tiles.md": tiles(made.entries, ledger.sections),
    }
    if settings.inputs:
        pages["inputs.md"] = inputs_page(read_values(settings.inputs))
    if settings.history:
        changes = read_history(settings.history)
        pages |= {"flips.md": flips_table(changes), "stays.md": stays_table(changes)}
    if settings.figures:
        pages["figures.md"] = panels.panels_page(made.groups, made.entries, made.drawn)
    return pages


def _cards(made: _Made) -> list[front.Card]:
    config = read_yaml(made.study.root / "_config.yml").get("sphinx", {}).get("config", {})
    numbers = {
        page.rpartition("/")[2]: number
        for page, number in config.get("chapter_numbers", {}).items()
    }
    return front.cards(made.notebooks, made.drawn, made.study.settings.covers, numbers)


def _front(made: _Made) -> dict[str, str]:
    """Parts of the first page."""
    ledger, key = made.study.ledger, made.study.settings.key
    pages = {"chapters.md": front.cards_page(_cards(made), made.drawn)}
    if key:
        entries = {entry["id"]: entry for entry in made.entries}
        pages["key.md"] = front.key_numbers(ledger[key], entries[key])
    return pages


def _static(made: _Made) -> dict[str, bytes]:
    files = {
        "badge.svg": badge(made.entries).encode(),
        "claims.csv": claims_csv(made.entries).encode(),
        "claims.json": as_json(made.entries).encode(),
    }
    turned = scene_scripts(made.notebooks.values())
    files |= {f"scenes/{name}": script for name, script in turned.items()}
    taken = panels.figure_files(made.drawn)
    files |= {f"figures/{name}": content for name, content in taken.items()}
    return files | schemas() | front.covers(_cards(made), made.drawn) | _previews(made)


def _previews(made: _Made) -> dict[str, bytes]:
    """Pictures of the pages for links elsewhere, which need a published address."""
    cited = citation(made.study.root)
    if not cited.address:
        return {}
    verdicts = {entry["verdict"] for entry in made.entries}
    shown = {"book": None} | {
        verdict.replace(" ", "-"): verdict for verdict in Verdict if verdict in verdicts
    }
    return {
        f"previews/{name}.png": style.render(preview(cited.title, verdict), "png", dpi=100)
        for name, verdict in shown.items()
    }


def _parameters(made: _Made) -> dict[str, list]:
    """By page, the cell that the table of the parameters stands above, and the table."""
    settings, tables = made.study.settings, {}
    times = read_times(settings.times)
    for name, path in made.study.chapters.items():
        tagged = [
            index
            for index, cell in enumerate(made.notebooks[name].cells)
            if "parameters" in cell.metadata.get("tags", [])
        ]
        effort = settings.effort.get(name, {})
        table = parameters_table(name, declared(path), effort, times)
        if tagged and table:
            page = path.relative_to(made.study.root).with_suffix("").as_posix()
            tables[page] = [tagged[0], table]
    return tables


def _site(made: _Made, place: str) -> dict:
    """What :mod:`rampore.audit.pages.extension` makes pages of, for which no source stands."""
    settings, cited = made.study.settings, citation(made.study.root)
    shown = statements.Shown(
        statements.figures_of(made.entries, made.groups, made.drawn, made.notebooks),
        made.drawn,
        {name: front.title_of(notebook) for name, notebook in made.notebooks.items()},
        by_statement(read_history(settings.history)) if settings.history else {},
        cited,
        settings.paper,
        place,
    )
    pages = statements.statement_pages(made.study.ledger, made.entries, shown)
    return {
        "folder": place,
        "parameters": _parameters(made),
        "about": {"authors": cited.authors, "year": cited.year, "paper": asdict(settings.paper)},
        "figures": sorted(panels.figure_files(made.drawn)),
        "statements": [page._asdict() for page in pages],
        "places": statements.found_places(made.entries, place),
    }
