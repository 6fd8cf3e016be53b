"""Pages that this study's book has beside those of any study: its inputs, what ``make bench``
measured, parts of the first page, and forms over what its sweeps computed.
"""

from __future__ import annotations

import json
from pathlib import Path

from rampore import RamporeError, style
from rampore.audit import sweep
from rampore.audit.pages.inputs import inputs_page
from rampore.lim2026 import parameters
from rampore.lim2026.figures import verification as drawings
from rampore.lim2026.pages import benchmarks, verification, which_cell, your_foil
from rampore.lim2026.pages.front import found

__all__ = ["PageError", "found", "generated"]


class PageError(RamporeError):
    """A page cannot be made; the message names the file and what to do."""


def generated(root: Path) -> dict[str, bytes]:
    """The pages and their figures, by file name.

    Parameters
    ----------
    root : Path
        The study's folder.

    Raises
    ------
    PageError
        Where a file of ``benchmarks/results`` is damaged.
    """
    results = root / "benchmarks" / "results"
    pages = {"parameters.md": inputs_page(parameters.load()).encode(), **_forms(root / "book/data")}
    try:
        return (
            pages
            | {"benchmarks.md": benchmarks.benchmarks_page(results).encode()}
            | _verification(results / "p4d")
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PageError(f"{results}: damaged, write it anew by `make bench` ({reason})") from error


#: A form by its file, of the sweep that it needs.
_FORMS = {
    "crossing-form.html": ("crossing", which_cell.assumptions_form),
    "design-form.html": ("design", which_cell.foils_form),
    "foil-form.html": ("design", your_foil.foil_form),
}


def _forms(data: Path) -> dict[str, bytes]:
    """Forms over the sweeps; none where a sweep was never run."""
    return {
        name: make(sweep.read(data / f"{needed}.nc")).encode()
        for name, (needed, make) in _FORMS.items()
        if (data / f"{needed}.nc").is_file()
    }


def _verification(folder: Path) -> dict[str, bytes]:
    """Tables and figures of the page *Verification*; none where ``make bench`` never ran."""
    if not (folder / "verification.json").is_file():
        return {}
    results = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
    if (folder / "speed.json").is_file():
        results["speed"] = json.loads((folder / "speed.json").read_text(encoding="utf-8"))
    figures = {"orders": drawings.convergence, "peers": drawings.comparison}
    drawn = {
        f"verification-{name}.{form}": image
        for name, draw in figures.items()
        if name in results
        for form, image in style.render_both(draw(results[name])).items()
    }
    return {name: text.encode() for name, text in verification.pages(results).items()} | drawn
