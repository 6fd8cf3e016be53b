"""One chapter: whether it must run, its run under papermill, and what it leaves behind."""

from __future__ import annotations

import copy
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rampore.audit.reproduce import stored
from rampore.audit.reproduce.files import as_json, digest, digests, publish, put
from rampore.audit.reproduce.fingerprint import (
    changes,
    fingerprint,
    notebook_digest,
    packages,
    sources,
)
from rampore.audit.reproduce.parameters import OUTPUT, declared
from rampore.audit.study import ReproduceError, heading_above, read_notebook
from rampore.extras import needs

with needs("audit"):
    import nbformat
    from nbformat import NotebookNode

PROVENANCE = "provenance.json"

#: Chapters run side by side; linear algebra inside each has one thread. What the user sets, counts.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYBAMM_DISABLE_TELEMETRY": "true",
}

_LONGEST_TRACEBACK = 30  # lines; the notebook holds all of it


class ChapterError(ReproduceError):
    """A chapter failed; the message names it, the cell, the heading above and the traceback."""


class Place(NamedTuple):
    """Where a chapter's notebook, figures and results lie."""

    executed: Path
    figures: Path
    results: Path

    def files(self) -> dict[str, str]:
        """SHA-256 of every file, by its path, without the provenance that lists them."""
        found = {f"figures/{path}": value for path, value in digests(self.figures).items()}
        found |= {
            f"results/{path}": value
            for path, value in digests(self.results).items()
            if path != PROVENANCE
        }
        if self.executed.is_file():
            found["notebook"] = digest(self.executed.read_bytes())
        return found


@dataclass(frozen=True)
class ChapterRun:
    """A chapter to run, the parameters given for it, and the folder that its results go to."""

    name: str
    notebook: Path
    given: dict
    output: Path

    @property
    def place(self) -> Place:
        folders = (self.output / kind / self.name for kind in ("figures", "results"))
        return Place(self.output / "chapters" / f"{self.name}.ipynb", *folders)

    @property
    def failed(self) -> Path:
        """Where the notebook of a run that failed is kept."""
        return self.output / "failed" / f"{self.name}.ipynb"

    def provenance(self) -> dict | None:
        """How the results that stand were made; None where there are none, or what says so is
        damaged.
        """
        return stored.provenance(self.place.results / PROVENANCE)


def reasons_to_run(chapter: ChapterRun) -> list[str]:
    """Why a chapter must run; nothing where what stands follows from what there is."""
    provenance = chapter.provenance()
    if provenance is None:
        return ["no results yet"]
    notebook = read_notebook(chapter.notebook)
    folder = chapter.notebook.parent
    now = fingerprint(notebook, sources(notebook, folder), chapter.given, folder)
    there, noted = chapter.place.files(), provenance["files"]
    lost = [f"its {path} is missing" for path in noted if path not in there]
    lost += [
        f"its {path} was altered" for path in noted if path in there and noted[path] != there[path]
    ]
    return changes(provenance["inputs"], now) + lost


def run(
    chapter: ChapterRun, work: Path, commit: dict | None, step: Callable[[int, int], None]
) -> dict:
    """Execute a chapter and put its notebook, figures and results in place, with their provenance.

    Parameters
    ----------
    chapter : ChapterRun
    work : Path
        Folder for what is not finished.
    commit : dict or None
        State of the repository, for the provenance.
    step : callable
        Told (cell, cells) as the run goes on.

    Returns
    -------
    dict
        The provenance.

    Raises
    ------
    ChapterError
        Where a cell raises, the kernel dies, or a file cannot be written; the results that stood
        are untouched.
    """

    def execute(source: NotebookNode, folder: Path) -> Execution:
        started, clock = datetime.now(UTC), time.perf_counter()
        return Execution(
            _execute(chapter, source, folder, step), started, time.perf_counter() - clock
        )

    return keep(chapter, work, commit, execute)


class Execution(NamedTuple):
    """A notebook that was run."""

    notebook: NotebookNode
    started: datetime
    wall_time: float  #: [s]


def keep(
    chapter: ChapterRun,
    work: Path,
    commit: dict | None,
    execute: Callable[[NotebookNode, Path], Execution],
) -> dict:
    """Put the notebook, figures and results of an execution in place, with their provenance.

    Parameters
    ----------
    chapter : ChapterRun
    work, commit
        As of :func:`run`.
    execute : callable
        Takes the notebook, and the folder that its figures and results go to; runs it, or tells how
        it was run.

    Returns
    -------
    dict
        The provenance.

    Raises
    ------
    ChapterError
        As :func:`run`.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{chapter.name}-", dir=work))
        new = Place(folder / "executed.ipynb", folder / "figures", folder / "results")
        new.results.mkdir()
        provenance = _make(chapter, new, commit, execute)
        publish(new.figures, chapter.place.figures, chapter.output)
        put(new.executed, chapter.place.executed, chapter.output)
        publish(new.results, chapter.place.results, chapter.output, seal=PROVENANCE)
        chapter.failed.unlink(missing_ok=True)
    except OSError as error:
        what = f"{error.strerror or error} ({error.filename})"
        raise ChapterError(
            f"{chapter.name} failed: {what}\nThe results that stood before still stand."
        ) from error
    return provenance


def _make(
    chapter: ChapterRun,
    new: Place,
    commit: dict | None,
    execute: Callable[[NotebookNode, Path], Execution],
) -> dict:
    source = read_notebook(chapter.notebook)
    modules = sources(source, chapter.notebook.parent)
    defaults = {name: parameter.default for name, parameter in declared(chapter.notebook).items()}
    parameters = defaults | chapter.given
    execution = execute(source, new.results.parent)
    nbformat.write(tidy(execution.notebook, source), new.executed)
    provenance = {
        "chapter": chapter.name,
        "commit": commit,
        "started": execution.started.isoformat(timespec="seconds"),
        "wall_time_s": round(execution.wall_time, 3),
        "parameters": parameters,
        "seed": parameters.get("seed"),
        "notebook_sha256": notebook_digest(source),
        "source_sha256": digest(json.dumps(modules)),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages(),
        "inputs": fingerprint(source, modules, chapter.given, chapter.notebook.parent),
        "files": new.files(),
    }
    (new.results / PROVENANCE).write_text(as_json(provenance), encoding="utf-8")
    return provenance


def _execute(
    chapter: ChapterRun, source: NotebookNode, folder: Path, step: Callable[[int, int], None]
) -> NotebookNode:
    with needs("audit"):
        from papermill import PapermillExecutionError, execute_notebook

    reached: list[NotebookNode] = []

    def started(cell: NotebookNode, cell_index: int) -> None:
        reached.append(cell)
        step(_position(source, cell) + 1, len(source.cells))

    try:
        executed = execute_notebook(
            copy.deepcopy(source),
            None,
            parameters=chapter.given | {OUTPUT: str(folder)},
            kernel_name="python3",
            progress_bar=False,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(chapter.notebook.parent)}},
            extra_arguments=["--log-level=CRITICAL"],
            on_cell_start=started,
        )
    # RuntimeError: the kernel did not start, or died
    except (PapermillExecutionError, RuntimeError) as error:
        failed = nbformat.v4.new_notebook(metadata=source.metadata, cells=reached)
        nbformat.write(failed, folder / "failed.ipynb")
        put(folder / "failed.ipynb", chapter.failed, chapter.output)
        raise ChapterError(_complaint(chapter, source, reached, error)) from error
    _refuse_unrun(chapter, executed)
    return executed


def _position(source: NotebookNode, cell: NotebookNode) -> int:
    """Index of an executed cell in the notebook that it came from; papermill's own counts as the
    first.
    """
    return next((index for index, known in enumerate(source.cells) if known.id == cell.id), 0)


def _complaint(
    chapter: ChapterRun,
    source: NotebookNode,
    reached: list[NotebookNode],
    error: Any,  # an exception; papermill ships no types, so that its own are not told apart
) -> str:
    with needs("audit"):
        from nbclient.exceptions import DeadKernelError
        from papermill import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        lines = "\n".join(
            re.sub(r"\x1b\[[0-9;]*m", "", line) for line in error.traceback
        ).splitlines()
        reason = "\n".join([f"{error.ename}: {error.evalue}", *lines[-_LONGEST_TRACEBACK:]])
    elif isinstance(error, DeadKernelError):
        reason = "the kernel ended; the system may have run out of memory, or a cell quits it"
    else:
        reason = str(error)
    index = _position(source, reached[-1]) if reached else 0
    heading = heading_above(source, index)
    where = f"cell {index + 1} of {len(source.cells)}" + (f", under {heading!r}" if heading else "")
    kept = os.path.relpath(chapter.failed)
    return (
        f"{chapter.name} failed in {where}: {reason}\n"
        f"The notebook as far as it came: {kept}. The results that stood before still stand."
    )


def _refuse_unrun(chapter: ChapterRun, executed: NotebookNode) -> None:
    """A cell that quits the kernel politely ends a run early, and papermill calls that success."""
    for cell in executed.cells:
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            raise ChapterError(f"{chapter.name} ended before its last cell: a cell called exit()")


def tidy(executed: NotebookNode, source: NotebookNode) -> NotebookNode:
    """An executed notebook without what differs from run to run: timings, folders, versions,
    counts.

    A cell with the parameters that were given stays, so that a reader sees them.
    """
    known = {cell.id: cell for cell in source.cells}
    tidied = copy.deepcopy(source)
    tidied.metadata.setdefault("language_info", {"name": "python"}).pop("version", None)
    tidied.cells = []
    for cell in executed.cells:
        if cell.id in known:
            cell.metadata = known[cell.id].metadata
        else:
            cell.source = "\n".join(
                line for line in cell.source.splitlines() if not line.startswith(f"{OUTPUT} = ")
            )
            cell.id, cell.metadata = "given-parameters", {"tags": ["injected-parameters"]}
            if "=" not in cell.source:
                continue
        tidied.cells.append(cell)
    ran = (cell for cell in tidied.cells if cell.cell_type == "code" and cell.source.strip())
    for count, cell in enumerate(ran, start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return tidied
