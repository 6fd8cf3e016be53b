"""The book: executed chapters and generated pages beside the hand-written ones, then Sphinx."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rampore.audit.reproduce.files import as_json, digest, digests, publish, stands, write
from rampore.audit.reproduce.fingerprint import PACKAGE, packages
from rampore.audit.study import ReproduceError, Study, read_notebook, read_yaml
from rampore.extras import needs

#: What the pages ask of Sphinx.
EXTENSION = "rampore.audit.pages.extension"

_SEAL = ".inputs"  # in the HTML folder: the hash of what it was built from
#: Between them stands the summary of a README.
SUMMARY_MARKS = "<!-- summary:begin -->", "<!-- summary:end -->"


def stage(
    study: Study, executed: dict[str, Path], entries: list[dict], tables: list[dict], folder: Path
) -> None:
    """Lay out in `folder` what Sphinx reads: the study's own pages, its notebooks executed, the
    generated pages, and what the scorecard needs to look as it should.

    Parameters
    ----------
    study : Study
    executed : dict of str to Path
        Executed notebook of each chapter.
    entries : list of dict
        What ``claims.json`` holds.
    tables : list of dict
        Of the summary.
    folder : Path
        An empty folder.
    """
    from rampore.audit.reproduce.generated import generated

    shutil.copy(study.root / "_toc.yml", folder)
    (folder / "_config.yml").write_text(configuration(study.root), encoding="utf-8")
    pages = {notebook.parent for notebook in study.chapters.values()}
    for source in pages:
        ignore = shutil.ignore_patterns("*.ipynb", "conftest.py", ".*", "__pycache__", "_generated")
        shutil.copytree(
            source, folder / source.relative_to(study.root), ignore=ignore, dirs_exist_ok=True
        )
    for name, notebook in study.chapters.items():
        shutil.copy(executed[name], folder / notebook.relative_to(study.root))
    notebooks = {name: read_notebook(path) for name, path in executed.items()}
    for source in pages:
        place = source.relative_to(study.root)
        shutil.copytree(
            PACKAGE / "audit" / "static", folder / place / "_static", dirs_exist_ok=True
        )
        for name, content in generated(study, notebooks, entries, tables, place).items():
            path = folder / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def configuration(root: Path) -> str:
    """The study's ``_config.yml``, with what its pages ask of Sphinx."""
    with needs("book"):
        import yaml

    config = read_yaml(root / "_config.yml")
    settings = config.setdefault("sphinx", {})
    named = settings.get("config", {}).get("extensions")
    (settings.setdefault("extra_extensions", []) if named is None else named).append(EXTENSION)
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def is_built_from(html: Path, source: Path) -> bool:
    """Whether the HTML stands, and was built from this staged source, this package and these
    versions.
    """
    seal = html / _SEAL
    built = seal.is_file() and seal.read_bytes() == _inputs(source).encode()
    return built and stands(html.parent, html.name)


def _inputs(source: Path) -> str:
    read = [
        {
            name: value
            for name, value in digests(folder).items()
            # what Python and Numba compiled, and where, says nothing that the sources do not
            if "__pycache__" not in name.split("/")
        }
        for folder in (source, PACKAGE)
    ]
    return digest(as_json([*read, packages()]))


def build(
    source: Path,
    work: Path,
    html: Path,
    strict: bool = True,
    finish: Callable[[Path], object] | None = None,
) -> None:
    """Build the HTML aside and put it in place; a warning of Sphinx is an error, unless a part of
    a book is built, and what stood then still stands.

    Parameters
    ----------
    source, work, html : Path
        What Sphinx reads, a folder for what is unfinished, and where the pages go.
    strict : bool
        Whether a warning is an error.
    finish : callable, optional
        Told the folder of the new pages before they are put in place.

    Raises
    ------
    ReproduceError
        With the warnings, and where the whole log is.
    """
    inputs = _inputs(source)
    lifeline = f"from rampore.lifeline import end_with; end_with({os.getpid()})"
    program = f"{lifeline}; from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(source), "--path-output", str(work)]
    done = subprocess.run(
        [*command, "--all", *["-W", "-n", "--keep-going"] * strict],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore", "PYTHONOPTIMIZE": ""},
    )
    log = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    write(html.parent / "sphinx.log", log)
    built = work / "_build" / "html"
    if done.returncode or not (built / "index.html").is_file():
        complaints = dict.fromkeys(
            line for line in log.splitlines() if re.search(r"\b(WARNING|ERROR|CRITICAL):", line)
        )
        lines = list(complaints) or log.splitlines()[-20:]
        raise ReproduceError(
            "Sphinx complains, so the book was not built:\n"
            + "\n".join(
                line.replace(f"{source}{os.sep}", "").replace(f"{Path.cwd()}{os.sep}", "")
                for line in lines
            )
            + f"\nThe whole log: {os.path.relpath(html.parent / 'sphinx.log')}"
        )
    if finish:
        finish(built)
    (built / _SEAL).write_text(inputs, encoding="utf-8")
    (html / _SEAL).unlink(missing_ok=True)
    publish(built, html, html.parent, seal=_SEAL)


def with_summary(readme: str, summary: str) -> str:
    """A README with the summary between its two marks.

    Raises
    ------
    ReproduceError
        Where it does not hold both marks, in order.
    """
    begin, end = SUMMARY_MARKS
    head, found_begin, rest = readme.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not (found_begin and found_end):
        raise ReproduceError(f"README.md must hold the marks {begin} and {end}")
    return f"{head}{begin}\n{summary.strip()}\n{end}{tail}"
