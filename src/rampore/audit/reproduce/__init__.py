"""The pipeline: chapters run side by side, their verdicts collected, the book built; what did not
change stands. Chapters run with values of a reader's end in their own pages instead of the book, in
a folder of their own.

Everything under the output folder is replaced in one stroke when it is complete, and says what it
was made from::

    chapters/<name>.ipynb   figures/<name>/*.png, *.svg   results/<name>/*, provenance.json
    claims.json   provenance.json   html/index.html   failed/<name>.ipynb   sphinx.log
    .manifest.json

The manifest lists what runs have put there; nothing else in the folder is ever touched.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from rampore import checks
from rampore.audit.citing import citation
from rampore.audit.effort import boxes, read_times
from rampore.audit.reproduce import alone, book, verdicts
from rampore.audit.reproduce.chapters import KERNEL_ENVIRONMENT, ChapterRun, reasons_to_run, run
from rampore.audit.reproduce.files import (
    as_json,
    digest,
    drop,
    output_folder,
    publish,
    refuse_links,
    write,
)
from rampore.audit.reproduce.fingerprint import packages
from rampore.audit.reproduce.parameters import declared
from rampore.audit.reproduce.progress import Progress
from rampore.audit.study import ReproduceError, Study, UsageError, find, read_notebook
from rampore.units import duration

__all__ = ["ReproduceError", "Study", "UsageError", "find", "reproduce"]


def reproduce(
    study: Study,
    names: Sequence[str] = (),
    *,
    parameters: Mapping[str, object] | None = None,
    output: Path | None = None,
    jobs: int | None = None,
    html: bool = True,
    pdf: bool = False,
    update: bool = False,
    force: bool = False,
    stream: TextIO = sys.stdout,
) -> None:
    """Run what changed, collect the verdicts, build the book.

    Parameters
    ----------
    study : Study
    names : sequence of str
        Chapters to run, all by default; what the others left stays.
    parameters : mapping, optional
        Papermill parameters, each for the chapters that declare it.
    output : Path, optional
        By default ``build`` in the study, and ``build-yours`` for a run with parameters.
    jobs : int, optional
        Chapters at once; by default one on each core.
    html : bool
        Build the book; of a run with parameters the pages of the chapters that take them, with the
        study's values beside.
    pdf : bool
        Print the book as one PDF too, which its first page then offers; without a Chromium it says
        so.
    update : bool
        Refresh the notebooks and the summary of the README that are under version control.
    force : bool
        Run the chapters whether anything changed or not.
    stream : TextIO
        For progress.

    Raises
    ------
    UsageError
        For an unknown chapter or parameter, an output folder that holds what no run has made, or
        parameters for the folder of the study's own results.
    ReproduceError
        Where a chapter or Sphinx fails, or the claims do not fit the ledger.
    StorageError
        Where the folder cannot be written to.
    """
    if update and parameters:
        raise UsageError("--update refreshes the committed notebooks: it goes without -p")
    _require("ipykernel", *["jupyter_book"] * html)
    own = study.root / "build"
    output = (output or (study.root / "build-yours" if parameters else own)).resolve()
    if parameters and output == own.resolve():
        raise UsageError(f"{output} holds the study's own results: name another folder for -p")
    given = _share_out(study, study.select(list(names)), parameters or {})
    selected = [
        ChapterRun(name, study.chapters[name], values, output) for name, values in given.items()
    ]
    progress, started = Progress(stream), datetime.now(UTC)
    with output_folder(output) as work:
        for chapter in selected:
            refuse_links(output, chapter.place.figures)
            refuse_links(output, chapter.place.results)
        drop(output, "failed")
        commit = commit_of(study.root)
        _run_all(study, selected, work, commit, jobs or _cores(), force, progress)
        everything = [
            ChapterRun(name, notebook, {}, output) for name, notebook in study.chapters.items()
        ]
        there = [chapter for chapter in everything if _stands(chapter)]
        notebooks = {chapter.name: read_notebook(chapter.place.executed) for chapter in there}
        entries, tables = verdicts.collect(study.ledger, notebooks), verdicts.tables(notebooks)
        write(output / "claims.json", as_json(entries))
        missing = [chapter.name for chapter in everything if chapter not in there]
        pages = {}
        if html and parameters:
            yours = {chapter.name: chapter for chapter in selected if chapter.given}
            pages = _build_yours(study, yours, work, output, progress)
        elif html and missing:
            where = os.path.relpath(output / "chapters")
            progress.say(
                f"no HTML, since this folder lacks {', '.join(missing)}; executed notebooks are "
                f"in {where}"
            )
        elif html:
            _build_book(study, there, entries, tables, work, output, progress, pdf)
        if update:
            _update(study, there, entries, tables, progress)
        write(
            output / "provenance.json",
            as_json(_provenance(there, commit, started, progress.elapsed, output)),
        )
        progress.say("done")
    if html and not (missing or parameters):
        pages = {"": "index.html"}
    for page in pages.values():
        print(f"Open {os.path.relpath(output / 'html' / page)}", file=stream)


def _stands(chapter: ChapterRun) -> bool:
    """Whether a chapter's executed notebook is there as the chapter left it."""
    provenance = chapter.provenance()
    return provenance is not None and chapter.place.files().get("notebook") == provenance[
        "files"
    ].get("notebook")


def _require(*modules: str) -> None:
    lacking = [name for name in modules if find_spec(name) is None]
    if lacking:
        raise ReproduceError(
            f"{', '.join(lacking)} not installed here: pip install 'rampore[book]'"
        )


def _share_out(study: Study, names: list[str], parameters: Mapping[str, object]) -> dict[str, dict]:
    """The parameters that each chapter takes, checked; one that none of them takes is refused."""
    taken = {name: declared(study.chapters[name]) for name in names}
    known = {name for there in taken.values() for name in there}
    for name in parameters:
        if name not in known:
            hint = checks.nearest(name, sorted(known)) or "; there are none"
            raise UsageError(
                f"no chapter takes the parameter {name!r}{hint} (`rampore reproduce --parameters`)"
            )
    return {
        chapter: {
            name: there[name].read(value, study.chapters[chapter].parent)
            for name, value in parameters.items()
            if name in there
        }
        for chapter, there in taken.items()
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _told(study: Study, chapter: ChapterRun) -> str:
    """How long a run is likely to take whose meshes are finer than the usual; empty of others.

    The usual time is that of the study's own results on this machine, or else the stored one.
    """
    finer = boxes(study.settings.effort.get(chapter.name, {}), chapter.given)
    if finer <= 1:
        return ""
    times = read_times(study.settings.times)
    usual = ChapterRun(chapter.name, chapter.notebook, {}, study.root / "build").provenance()
    where = f"measured on {times.measured_on}"
    if usual and not any(name.startswith("parameter ") for name in usual["inputs"]):
        times = replace(times, usual=times.usual | {chapter.name: usual["wall_time_s"]})
        where = "measured here"
    expected = times.expected(chapter.name, finer)
    if expected is None:
        return ""
    return (
        f"{chapter.name}: about {duration(expected)} expected: a usual run takes "
        f"{duration(times.usual[chapter.name])} ({where}), and the meshes have {finer:g} times "
        f"the boxes, to the power {times.exponent:.2f}"
    )


def _run_all(
    study: Study,
    chapters: list[ChapterRun],
    work: Path,
    commit: dict | None,
    jobs: int,
    force: bool,
    progress: Progress,
) -> None:
    ending = threading.Event()

    def attempt(chapter: ChapterRun) -> None:
        reasons = ["asked for by --force"] if force else reasons_to_run(chapter)
        if not reasons:
            progress.say(f"{chapter.name}: up to date")
            return
        if told := _told(study, chapter):
            progress.say(told)
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        progress.say(f"{chapter.name}: running ({'; '.join(reasons[:3])}{more})")
        try:
            made = run(
                chapter, work, commit, lambda cell, cells: progress.step(chapter.name, cell, cells)
            )
        except ReproduceError:
            if ending.is_set():  # it did not fail, it was ended
                chapter.failed.unlink(missing_ok=True)
            raise
        finally:
            progress.done(chapter.name)
        figures = sum(path.endswith(".svg") for path in made["files"])
        progress.say(f"{chapter.name}: done in {made['wall_time_s']:.1f} s, {figures} figures")

    with _environment(work), ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(attempt, chapter) for chapter in chapters]
        try:
            while wait(futures, timeout=1).not_done:
                progress.tick()
        except BaseException:
            ending.set()
            pool.shutdown(wait=False, cancel_futures=True)
            _end_children_of(futures)
            raise
    failures = [error for future in futures if (error := future.exception())]
    for error in failures:
        if not isinstance(error, ReproduceError):
            raise error
    if failures:
        raise ReproduceError("\n\n".join(map(str, failures)))


def _end_children_of(futures: list[Future]) -> None:
    """End the kernels, those too that a thread is about to start, until no thread has any."""
    import psutil

    while not all(future.done() for future in futures):  # `wait` counts a cancelled one as not done
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        time.sleep(0.2)


@contextmanager
def _environment(work: Path) -> Iterator[None]:
    """What kernels run with: every ``assert``, however this runs, and their temporary files among
    unfinished work.

    Jupyter's own, through which this process and a kernel find each other, are among them.
    """
    temporary, before, default = work / "tmp", dict(os.environ), tempfile.tempdir
    temporary.mkdir()
    wanted = {name: os.environ.get(name, value) for name, value in KERNEL_ENVIRONMENT.items()}
    os.environ.update(wanted | {"TMPDIR": str(temporary), "PYTHONOPTIMIZE": ""})
    tempfile.tempdir = None  # is read from the environment anew
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = default


def _build_book(
    study: Study,
    chapters: list[ChapterRun],
    entries: list[dict],
    tables: list[dict],
    work: Path,
    output: Path,
    progress: Progress,
    pdf: bool,
) -> None:
    staged = work / "source"
    staged.mkdir()
    book.stage(
        study,
        {chapter.name: chapter.place.executed for chapter in chapters},
        entries,
        tables,
        staged,
    )
    from rampore.audit.reproduce.pdf import NAME, VARIABLE, browser, make

    chromium = browser() if pdf else None
    if pdf and not chromium:
        progress.say(f"no PDF: there is no Chromium on the path, and {VARIABLE} names none")
    place = Path("html", study.pages[0]).parent / NAME
    publish(staged, output / "source", output)
    if book.is_built_from(output / "html", output / "source") and (
        not chromium or (output / place).is_file()
    ):
        progress.say("HTML: up to date")
        return

    def finish(html: Path) -> None:
        if chromium:
            progress.say("PDF: printing")
            make(html, study.pages, citation(study.root).address, chromium)

    progress.say("HTML: building")
    book.build(output / "source", work / "sphinx", output / "html", finish=finish)
    if chromium:
        progress.say(f"PDF: {os.path.relpath(output / place)}")


def _build_yours(
    study: Study,
    chapters: Mapping[str, ChapterRun],
    work: Path,
    output: Path,
    progress: Progress,
) -> dict[str, str]:
    """The pages of chapters run with a reader's values, by chapter, from the HTML's folder."""
    staged = work / "source"
    staged.mkdir()
    executed = {name: chapter.place.executed for name, chapter in chapters.items()}
    given = {name: chapter.given for name, chapter in chapters.items()}
    pages = alone.stage(study, executed, given, staged)
    publish(staged, output / "source", output)
    if book.is_built_from(output / "html", output / "source"):
        progress.say("HTML: up to date")
    else:
        progress.say("HTML: building")
        book.build(output / "source", work / "sphinx", output / "html", strict=False)
    return pages


def _update(
    study: Study,
    chapters: list[ChapterRun],
    entries: list[dict],
    tables: list[dict],
    progress: Progress,
) -> None:
    """Take executed notebooks and summary over into what is under version control."""
    from rampore.audit.pages.scorecard import summary_readme

    for chapter in chapters:
        write(chapter.notebook, chapter.place.executed.read_text(encoding="utf-8"))
    readme = study.root / "README.md"
    write(
        readme,
        book.with_summary(readme.read_text(encoding="utf-8"), summary_readme(entries, tables)),
    )
    progress.say("refreshed the committed notebooks and README.md")


def commit_of(root: Path) -> dict | None:
    """The commit that is checked out, whether files differ from it; None outside a repository."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", root, *arguments], capture_output=True, text=True, check=True
        ).stdout

    try:
        return {
            "hash": git("rev-parse", "HEAD").strip(),
            "dirty": bool(git("status", "--porcelain")),
        }
    except (OSError, subprocess.CalledProcessError):
        return None


def _provenance(
    chapters: list[ChapterRun], commit: dict | None, started: datetime, elapsed: float, output: Path
) -> dict:
    kept = (
        "commit",
        "started",
        "wall_time_s",
        "parameters",
        "seed",
        "notebook_sha256",
        "source_sha256",
    )
    made = {chapter.name: chapter.provenance() or {} for chapter in chapters}
    return {
        "commit": commit,
        "started": started.isoformat(timespec="seconds"),
        "wall_time_s": round(elapsed, 3),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages(),
        "chapters": {
            name: {key: provenance[key] for key in kept} for name, provenance in made.items()
        },
        "files": {"claims.json": digest((output / "claims.json").read_bytes())},
    }
