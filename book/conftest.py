"""How nbval checks a chapter: words exactly, numbers each within its error; and its run becomes the
study's.

nbval compares the outputs of each cell by ``tests/nbval.cfg``, which masks the numbers. A chapter's
last cell holds them all with their errors, and is compared here. A chapter that passes was executed
as ``rampore reproduce`` would execute it: its figures and results are put into ``build``, so that
the book need not run it again.
"""

import copy
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rampore.audit.chapter import CLAIM_MIME, FIGURE_MIME, NUMBERS_MIME, SCENE_MIME, TABLE_MIME
from rampore.audit.numbers import differences
from rampore.audit.reproduce import commit_of
from rampore.audit.reproduce.chapters import KERNEL_ENVIRONMENT, ChapterRun, Execution, keep
from rampore.audit.reproduce.files import output_folder
from rampore.audit.reproduce.parameters import OUTPUT

ROOT = Path(__file__).resolve().parent.parent

#: Structured outputs; what a reader sees of them stands beside them as text, and the numbers of figures in the last
#: cell.
STRUCTURED = (CLAIM_MIME, FIGURE_MIME, NUMBERS_MIME, SCENE_MIME, TABLE_MIME, "image/svg+xml")

#: Another run may hold ``build`` while it puts its files in place [s].
PATIENCE = 120.0


class Run:
    """One chapter as nbval executes it."""

    def __init__(self, notebook) -> None:
        self.notebook = copy.deepcopy(notebook)
        self.left = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        self.folder = Path(tempfile.mkdtemp(prefix="rampore-"))
        self.started, self.clock = datetime.now(UTC), time.perf_counter()

    def took(self, outputs) -> None:
        """The next code cell gave these outputs."""
        cell = self.left.pop(0)
        cell.outputs, cell.execution_count = copy.deepcopy(outputs), 1

    def publish(self, path: Path) -> None:
        """Put what the chapter made where ``rampore reproduce`` puts it."""

        def execute(source, folder):
            for kind in ("figures", "results"):
                if (self.folder / kind).is_dir():
                    shutil.copytree(self.folder / kind, folder / kind, dirs_exist_ok=True)
            return Execution(self.notebook, self.started, time.perf_counter() - self.clock)

        chapter = ChapterRun(path.stem, path, {}, ROOT / "build")
        with output_folder(chapter.output, PATIENCE) as work:
            keep(chapter, work, commit_of(ROOT), execute)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    collectors = yield
    for collector in collectors:
        if file_path.suffix == ".ipynb":
            collector.skip_compare += STRUCTURED
            os.environ.update({name: os.environ.get(name, value) for name, value in KERNEL_ENVIRONMENT.items()})
    return collectors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    run = item.parent.__dict__.setdefault("run", None) or Run(item.parent.nb)
    item.parent.run = run
    yield
    run.took(item.test_outputs)
    if "parameters" in item.cell.metadata.get("tags", []):
        kernel = item.parent.kernel
        kernel.await_idle(kernel.execute_cell_input(f"{OUTPUT} = {str(run.folder)!r}"), 60)
    if not run.left:
        changed = differences(*(numbers(outputs) for outputs in (item.cell.outputs, item.test_outputs)))
        if changed:
            pytest.fail("\n".join(changed), pytrace=False)
        run.publish(item.parent.path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    yield
    if (run := item.parent.__dict__.get("run")) and (nextitem is None or nextitem.parent is not item.parent):
        shutil.rmtree(run.folder)


def numbers(outputs) -> dict:
    """All that a chapter's last cell hands over."""
    return next(output.data[NUMBERS_MIME] for output in outputs if NUMBERS_MIME in output.get("data", {}))
