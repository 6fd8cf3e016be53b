"""The pipeline, run for real on a study of two small chapters with a package of its own."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import rampore
from rampore import cli
from rampore.audit import claims
from rampore.audit.chapter import Chapter, Otherwise
from rampore.audit.ledger import Basis, Claim, Condition, Kind, Ledger, read_ledger
from rampore.audit.pages.beside import beside, half_width
from rampore.audit.reproduce import (
    ReproduceError,
    UsageError,
    commit_of,
    files,
    find,
    fingerprint,
    stored,
    verdicts,
)
from rampore.audit.reproduce.book import with_summary
from rampore.audit.reproduce.chapters import tidy
from rampore.audit.reproduce.files import digests, publish
from rampore.audit.reproduce.pdf import browser
from rampore.audit.study import read_notebook

PACKAGE = Path(rampore.__file__).parent
TIMES = re.compile(r" *\d+\.\d s  ")

LEDGER = """
[[section]]
number = 1
title = "All there is"
""" + "".join(
    f"""
[[claim]]
id = "{name}"
section = 1
where = "here"
basis = "geometry"
kind = "order"
statement = "The {name} chapter holds."
fails_if = "it does not"
chapter = "{name}"
"""
    for name in ("first", "second")
)

CODE = {
    "first": "from rampore.alpha import VALUE\nVALUE",
    "second": "from rampore.beta import value\nvalue()",
}


def chapter(name: str, middle: str = "") -> nbformat.NotebookNode:
    figure = [
        new_code_cell(
            "from rampore.style import new_figure\n"
            "figure, axes = new_figure()\naxes.plot([0, width])\nchapter.figure(figure, 'line')",
            id="figure",
        )
    ]
    cells = [
        new_markdown_cell(f"# The {name} chapter", id="title"),
        new_code_cell(
            "output = None\nwidth = 2.0  # [m]\nseed = 7"
            + (f"\n{name}_only = 1" if name == "second" else ""),
            id="parameters",
            metadata={"tags": ["parameters"]},
        ),
        new_code_cell(
            f"from rampore.audit.chapter import Chapter, Otherwise\nchapter = Chapter('{name}', "
            "output=output)",
            id="chapter",
        ),
        new_markdown_cell("## What's computed, `f` of $x$", id="heading"),
        new_code_cell(CODE[name], id="compute"),
        new_code_cell(middle or "width", id="middle"),
        new_code_cell(
            "turned = Otherwise('elsewhere', False)\n"
            f"chapter.report('{name}', True, otherwise=turned, explanation='It does.')",
            id="verdict",
        ),
        *figure * (name == "second"),
        new_code_cell("chapter.result('width', {'width_m': width})", id="result"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


class TinyStudy:
    """Two chapters, each with a module and a datum of its own, and a copy of the package that holds
    them.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.build, self.package = root, root / "build", root / "src" / "rampore"

    def create(self) -> None:
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        (self.package / "data").mkdir(exist_ok=True)
        (self.package / "data" / "beta.toml").write_text("value = 1\n")
        (self.package / "alpha.py").write_text("VALUE = 1\n")
        (self.package / "beta.py").write_text(
            "import tomllib\nfrom importlib import resources\n\n\ndef value():\n"
            "    data = resources.files('rampore') / 'data'\n"
            "    return tomllib.loads((data / 'beta.toml').read_text())['value']\n"
        )
        (self.root / "book/_ext").mkdir(parents=True)
        (self.root / "study.toml").write_text('ledger = "claims.toml"\n')
        (self.root / "claims.toml").write_text(LEDGER, encoding="utf-8")
        (self.root / "book/_ext/nothing.py").write_text("def setup(app):\n    return {}\n")
        (self.root / "_toc.yml").write_text(
            "format: jb-book\nroot: book/index\nchapters:\n- file: book/first\n- file: "
            "book/second\n"
        )
        (self.root / "_config.yml").write_text(
            "title: Tiny\nonly_build_toc_files: true\nexclude_patterns: ['**/_generated']\n"
            "execute: {execute_notebooks: 'off'}\nparse: {myst_enable_extensions: [dollarmath]}\n"
            "sphinx:\n  config: {suppress_warnings: [mystnb.unknown_mime_type]}\n"
            "  local_extensions: {nothing: book/_ext}\n"
        )
        (self.root / "book" / "index.md").write_text("# A tiny study\n")
        for name in CODE:
            self.put(name)

    def put(self, name: str, middle: str = "") -> None:
        nbformat.write(chapter(name, middle), self.root / "book" / f"{name}.ipynb")

    @property
    def environment(self) -> dict:
        return os.environ | {"PYTHONPATH": str(self.package.parent)}

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """A run that can be interrupted even where the tests themselves run in the background,
        which ignores SIGINT.
        """
        command = [sys.executable, "-m", "rampore", "reproduce", *arguments]
        pipe = subprocess.PIPE
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment | environment,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def run(self, *arguments: str, code: int = 0, html: bool = False) -> str:
        process = (
            self.start(*arguments, PYTHONDONTWRITEBYTECODE="")
            if html
            else self.start(*arguments, "--no-html")
        )
        shown, complaint = process.communicate()
        assert process.returncode == code, shown + complaint
        return TIMES.sub("", shown) + complaint

    def results(self) -> dict[str, str]:
        kept = ("chapters/", "figures/", "results/", "claims.json")
        return {path: value for path, value in digests(self.build).items() if path.startswith(kept)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> TinyStudy:
    """A study that has run, not to be changed."""
    study = TinyStudy(tmp_path_factory.mktemp("study"))
    study.create()
    study.run()
    return study


@pytest.fixture
def study(finished, tmp_path) -> TinyStudy:
    """A copy of a study that has run."""
    shutil.copytree(finished.root, tmp_path / "study")
    return TinyStudy(tmp_path / "study")


def until(condition, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# What a run leaves


def test_every_chapter_leaves_its_notebook_its_figures_and_its_results(finished):
    expected = {f"chapters/{name}.ipynb" for name in CODE}
    expected |= {
        f"results/{name}/{file}" for name in CODE for file in ("width.json", "provenance.json")
    }
    expected |= {"claims.json", "figures/second/line.png", "figures/second/line.svg"}
    assert set(finished.results()) == expected
    assert json.loads((finished.build / "results/first/width.json").read_text())


def test_provenance_says_what_a_result_was_made_from(finished):
    provenance = json.loads((finished.build / "results/second/provenance.json").read_text())
    assert provenance["parameters"] == {"width": 2.0, "seed": 7, "second_only": 1}
    assert provenance["seed"] == 7
    assert provenance["wall_time_s"] > 0
    assert provenance["packages"]["numpy"]
    assert {
        "rampore/beta.py",
        "rampore/data/beta.toml",
        "rampore/audit/chapter.py",
        "../claims.toml",
    } <= set(provenance["inputs"])
    assert "rampore/alpha.py" not in provenance["inputs"]
    for key in ("started", "python", "platform", "notebook_sha256", "source_sha256"):
        assert provenance[key]
    image = (finished.build / "figures/second/line.svg").read_bytes()
    assert provenance["files"]["figures/line.svg"] == files.digest(image)


def test_a_changed_notebook_runs_again_alone_and_its_provenance_names_the_commit(study):
    git = ["git", "-C", str(study.root), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    (study.root / ".gitignore").write_text("build/\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert commit_of(study.root) == {"hash": head, "dirty": False}
    study.put("first", "width + 1")
    shown = study.run()
    assert "first: running (the notebook changed)" in shown
    assert "second: up to date" in shown
    whole = json.loads((study.build / "provenance.json").read_text())
    assert whole["commit"] == {"hash": head, "dirty": True}
    assert whole["chapters"]["first"]["commit"]["dirty"]
    assert whole["chapters"]["second"]["commit"] is None


def test_executed_notebooks_hold_neither_timings_nor_folders(finished):
    text = (finished.build / "chapters/first.ipynb").read_text()
    assert "papermill" not in text
    assert str(finished.root) not in text
    assert platform.python_version() not in text
    notebook = nbformat.reads(text, as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in chapter("first").cells]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_two_runs_give_the_same_files(study):
    before = study.results()
    study.run("--force")
    after = study.results()
    differing = {path for path in before | after if before.get(path) != after.get(path)}
    assert differing == {"results/first/provenance.json", "results/second/provenance.json"}


def test_claims_lead_to_the_cell_and_section_that_computed_them(finished):
    entries = json.loads((finished.build / "claims.json").read_text())
    assert [entry["id"] for entry in entries] == ["first", "second"]
    assert [entry["verdict"] for entry in entries] == ["reproduced", "reproduced"]
    assert entries[0]["cell"] == {"index": 6, "id": "verdict"}
    assert entries[0]["link"] == "first.html#what-s-computed-f-of-x"


# What runs again


def test_a_second_run_executes_nothing_even_where_a_notebook_got_other_outputs(study):
    before = study.results()
    shutil.copy(study.build / "chapters/first.ipynb", study.root / "book/first.ipynb")
    shown = study.run()
    assert "first: up to date" in shown
    assert "second: up to date" in shown
    assert study.results() == before


def test_a_changed_module_or_datum_runs_what_uses_it_and_that_alone(study):
    (study.package / "alpha.py").write_text("VALUE = 2\n")
    shown = study.run()
    assert "first: running (rampore/alpha.py changed)" in shown
    assert "second: up to date" in shown
    (study.package / "data/beta.toml").write_text("value = 2\n")
    shown = study.run()
    assert "first: up to date" in shown
    assert "second: running (rampore/data/beta.toml changed)" in shown


def test_an_altered_or_missing_result_is_made_again(study):
    (study.build / "figures/second/line.png").unlink()
    (study.build / "results/second/width.json").write_text("{}")
    shown = study.run()
    assert "first: up to date" in shown
    assert (
        "second: running (its figures/line.png is missing; its results/width.json was altered)"
        in shown
    )


def test_naming_a_chapter_runs_it_alone_and_keeps_what_the_others_left(study):
    study.put("first", "width + 1")
    study.put("second", "width + 1")
    shown = study.run("first")
    assert "first: running" in shown
    assert "second" not in shown
    verdicts_there = [
        entry["verdict"] for entry in json.loads((study.build / "claims.json").read_text())
    ]
    assert verdicts_there == ["reproduced", "reproduced"]


# Parameters


def test_a_parameter_reaches_the_chapter_that_declares_it_and_the_results_the_folder_that_is_named(
    study,
):
    before = study.results()
    study.run("second", "-p", "second_only", "3", "--output", "mine")
    made = json.loads((study.root / "mine/results/second/provenance.json").read_text())
    assert made["parameters"] == {"width": 2.0, "seed": 7, "second_only": 3}
    assert made["inputs"]["parameter second_only"] == "3"
    executed = nbformat.read(study.root / "mine/chapters/second.ipynb", as_version=4)
    assert [cell.source for cell in executed.cells][2] == "# Parameters\nsecond_only = 3"
    assert study.results() == before


def test_values_of_a_reader_end_in_a_page_beside_the_studys_and_leave_the_study_as_it_was(study):
    before = digests(study.root / "build"), digests(study.root / "book")
    shown = study.run("second", "-p", "width", "3", html=True)
    assert "Open build-yours/html/book/second.html" in shown
    page = (study.root / "build-yours/html/book/second.html").read_text(encoding="utf-8")
    row = "<td><code>width</code></td><td>a number</td><td>2.0</td><td>3.0</td>"
    assert row in page
    assert "The second chapter holds." in page
    assert "No verdict flips" in page
    assert (digests(study.root / "build"), digests(study.root / "book")) == before


def test_a_reader_cannot_write_over_the_studys_results(study):
    before = study.results()
    shown = study.run("second", "-p", "width", "3", "--output", "build", code=2)
    assert "holds the study's own results" in shown
    assert study.results() == before


def test_a_study_that_never_ran_has_nothing_to_hold_a_readers_values_against(study):
    shutil.rmtree(study.root / "build")
    shown = study.run("second", "-p", "width", "3", html=True, code=1)
    assert "second: the study has no run of its own" in shown


def _length(computed: float, **more: float) -> dict:
    claim = Claim(
        "length", 1, "here", Basis.GEOMETRY, Kind.VALUE, "It is 2.0 um <long>.",
        "um", "2.0 um", route="a ruler", chapter="second",
    )  # fmt: skip
    report = claims.Report(
        "length", computed * 1e-6, uncertainty=claims.Uncertainty(**more), explanation="It is."
    )
    return claims.record(claim, report)


def test_a_flip_is_named_with_its_difference_against_the_error():
    study, reader = _length(2.0, inputs=2e-8), _length(2.3, inputs=2e-8)
    assert (study["verdict"], reader["verdict"]) == ("reproduced", "not reproduced")
    page = beside([("w", "a number", "1", "2")], [study], [reader], ({}, {}))
    assert '1 of 1 verdicts would flip</b>: <a href="#yours-length">length</a>' in page
    assert "+0.3\N{NO-BREAK SPACE}µm, 15 times the error" in page
    assert "It is 2.0 um &lt;long&gt;." in page


def test_an_error_is_what_was_reported_or_else_what_the_chapter_keeps():
    kept = {"claim/length/computed": "2e-06 ± 1e-09"}
    assert half_width(_length(2.0, inputs=2e-8, numerics=1e-8), kept) == pytest.approx(0.03)
    assert half_width(_length(2.0), kept) == pytest.approx(1e-3)
    assert half_width(_length(2.0), {}) == 0


def test_other_numbers_that_changed_are_listed_and_the_same_ones_are_not():
    kept = {"table/t/a/0": "1 2 ± 1e-9", "figure/f/x": "1 ± 0"}
    page = beside([], [], [], (kept, kept | {"figure/f/x": "2 ± 0"}))
    assert "Every other number" in page
    page = beside([], [], [], (kept, kept | {"table/t/a/0": "1 3 ± 1e-9"}))
    assert "<summary>1 other numbers" in page
    assert "2 has become 3 (number 2)" in page


# What fails


def test_a_chapter_that_raises_says_where_loses_nothing_and_the_next_run_resumes(study):
    before = study.results()
    study.put("first", "raise RuntimeError('no convergence after 10 steps')")
    study.put("second", "width + 1")
    shown = study.run(code=1)
    assert "first failed in cell 6 of 8, under 'What's computed, f of $x$'" in shown.replace(
        '"', "'"
    )
    assert "RuntimeError: no convergence after 10 steps" in shown
    assert "----> 1 raise RuntimeError" in shown
    assert "\x1b" not in shown
    assert "build/failed/first.ipynb" in shown
    assert (study.build / "failed/first.ipynb").is_file()
    assert "second: done" in shown
    after = study.results()
    assert {path for path in before if before[path] != after[path]} == {
        "chapters/second.ipynb",
        "results/second/provenance.json",
    }
    shown = study.run("second")
    assert not (study.build / "failed").exists()  # it tells of an earlier run
    study.put("first", "width + 2")
    shown = study.run()
    assert "first: done" in shown
    assert "second: up to date" in shown


@pytest.mark.parametrize(
    ("middle", "message"),
    [
        ("import os; os._exit(1)", "first failed in cell 6 of 8.*the kernel ended"),
        ("raise SystemExit", "ended before its last cell"),
        (
            "from rampore.lim2026 import parameters\nparameters.load('mine.toml')",
            "ParameterError: mine.toml: ",
        ),
    ],
    ids=["a kernel that dies", "a cell that quits", "a corrupted TOML"],
)
def test_a_chapter_fails_clearly_on(study, middle, message):
    before = (study.build / "claims.json").read_text()
    (study.root / "book/mine.toml").write_text("extends = ")
    study.put("first", middle)
    assert re.search(message, study.run("first", code=1))
    assert (study.build / "claims.json").read_text() == before


def test_a_kill_in_mid_run_loses_nothing_leaves_no_kernel_and_the_next_run_completes(study):
    before = study.results()
    study.put(
        "first",
        "import os, time\nfrom pathlib import Path\nPath('kernel').write_text(str(os.getpid()))\n"
        "while not Path('go').exists(): time.sleep(0.1)",
    )
    noted = study.root / "book/kernel"
    process = study.start("first", "--no-html")
    until(lambda: noted.is_file() and noted.read_text())
    kernel = psutil.Process(int(noted.read_text()))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert study.results() == before
    until(lambda: not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE)
    (study.root / "book/go").touch()
    assert "first: done" in study.run()
    assert not list(study.build.glob(".work*"))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_the_kernels_and_loses_nothing(study, how, code):
    before = study.results()
    study.put(
        "first",
        "import os, time\nfrom pathlib import "
        "Path\nPath('kernel').write_text(str(os.getpid()))\ntime.sleep(600)",
    )
    noted = study.root / "book/kernel"
    # so that other chapters still wait for their turn
    process = study.start("--no-html", "--jobs", "1")
    until(lambda: noted.is_file() and noted.read_text())
    kernel = psutil.Process(int(noted.read_text()))
    process.send_signal(how)
    _, complaint = process.communicate(timeout=300)  # it hung where a chapter waited
    assert process.returncode == code, complaint
    assert study.results() == before
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE
    assert not (study.build / ".work").exists()
    assert not list(study.build.glob("failed/*"))


def test_a_second_run_on_the_same_folder_refuses_at_once(study):
    study.put(
        "first",
        "import time\nfrom pathlib import Path\nwhile not Path('go').exists(): time.sleep(0.1)",
    )
    process = study.start("first", "--no-html")
    until(lambda: any((study.build / ".work").glob("first-*")) if study.build.exists() else False)
    shown = study.run("second", code=1)
    assert f"another run (process {process.pid}) is writing to" in shown
    assert "--output" in shown
    (study.root / "book/go").touch()
    process.communicate()
    assert process.returncode == 0


# What is refused before anything runs


@pytest.fixture
def refused(study, capsys, monkeypatch):
    """What ``rampore reproduce`` says in this process, where it must end with a code and leave what
    there is.
    """
    before = study.results()
    monkeypatch.chdir(study.root)

    def call(*arguments: str, code: int) -> str:
        assert cli.main(["reproduce", *arguments]) == code
        assert study.results() == before
        return capsys.readouterr().err

    return call


def test_an_unknown_chapter_is_a_wrong_call_that_lists_the_chapters(refused):
    assert "no chapter third; there are: first, second" in refused("third", code=2)


def test_an_unknown_parameter_is_a_wrong_call_that_lists_what_there_is(refused):
    shown = refused("-p", "length", "3", code=2)
    assert (
        "no chapter takes the parameter 'length'; there are: 'second_only', 'seed', 'width'"
        in shown
    )


@pytest.mark.parametrize(("name", "value"), [("width", "abc"), ("seed", "1.5")])
def test_a_parameter_of_another_type_is_a_wrong_call_before_anything_runs(refused, name, value):
    shown = refused("-p", name, value, code=2)
    assert f"-p {name} {value}: takes a" in shown
    assert "running" not in shown


def test_committed_notebooks_are_not_refreshed_with_given_parameters(refused):
    assert "--update" in refused("--update", "-p", "width", "3", code=2)


@pytest.mark.parametrize(
    "where", ["_toc.yml/build", "/proc/build"], ids=["below a file", "read-only"]
)
def test_an_output_folder_that_cannot_be_written_to_is_named(refused, where):
    assert f"cannot write to {Path(where).absolute()}" in refused("--output", where, code=1)


def test_a_page_that_the_contents_name_and_nobody_wrote_is_a_wrong_call(study, refused):
    (study.root / "book/second.ipynb").unlink()
    assert "_toc.yml names book/second" in refused(code=2)


def test_a_file_that_is_no_notebook_is_named(study, refused):
    (study.root / "book/second.ipynb").write_text("{")
    assert "second.ipynb: not a notebook" in refused(code=1)


def test_a_notebook_that_cannot_be_told_its_folder_is_refused(study, refused):
    notebook = chapter("second")
    notebook.cells[1].source = "width = 1"
    nbformat.write(notebook, study.root / "book/second.ipynb")
    assert (
        "second.ipynb: needs a cell tagged `parameters` with the line `output = None`"
        in refused(code=2)
    )


# Whose folder it is


def everything_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "name", ["notes.txt", "html/index.html", "source/a.md", "figures/first/a.png", ".work/a"]
)
def test_a_folder_that_no_run_has_made_is_a_wrong_call_and_is_left_as_it_is(
    tmp_path, refused, name
):
    mine = tmp_path / "mine"
    (mine / name).parent.mkdir(parents=True)
    (mine / name).write_text("mine")
    shown = refused("--output", str(mine), code=2)
    assert (
        f"{mine} is not a folder that `rampore reproduce` made: it holds {Path(name).parts[0]}"
        in shown
    )
    assert len(shown.splitlines()) == 1
    assert everything_below(mine) == {name: "mine"}


@pytest.mark.parametrize(
    "place", ["html", "figures", "results", "source", "chapters", ".work", "figures/second"]
)
def test_a_link_out_of_the_folder_is_refused_before_anything_runs_and_not_followed(
    study, tmp_path, refused, place
):
    outside = tmp_path / "outside"
    if (study.build / place).exists():
        shutil.copytree(study.build / place, outside)
        shutil.rmtree(study.build / place)
    outside.mkdir(exist_ok=True)
    (outside / "mine.txt").write_text("mine")
    (study.build / place).symlink_to(outside)
    before = everything_below(outside) if place == "html" else digests(outside)
    assert cli.main(["reproduce", "--no-html"]) == 1
    assert (everything_below(outside) if place == "html" else digests(outside)) == before


@pytest.mark.parametrize("manifest", ["whole", "lacking", "damaged"])
def test_a_file_of_the_users_stays_in_a_folder_of_ours(study, manifest):
    """An earlier version kept no manifest: its folder is known by the lock, and what it left is
    taken over.
    """
    mine = [
        "mine.txt",
        "figures/second/mine.png",
        "results/first/mine.csv",
        "failed/mine.ipynb",
        "html/mine.html",
    ]
    for name in mine:
        (study.build / name).parent.mkdir(exist_ok=True)
        (study.build / name).write_text("mine")
    if manifest == "lacking":
        (study.build / files.MANIFEST).unlink()
    elif manifest == "damaged":
        (study.build / files.MANIFEST).write_text("[1]")
    study.put("first", "width + 1")
    shown = study.run()
    assert "first: done" in shown
    assert "second: up to date" in shown
    assert [(study.build / name).read_text() for name in mine] == ["mine"] * len(mine)


def test_a_folder_that_only_a_sweep_used_before_is_taken(tmp_path):
    (tmp_path / "sweep").mkdir()
    with files.output_folder(tmp_path) as work:
        assert work.is_dir()
    assert not work.exists()


def test_a_file_of_the_users_where_one_of_ours_would_go_is_named(tmp_path):
    output, new = tmp_path / "out", tmp_path / "new"
    for folder in (output / "figures/first", new):
        folder.mkdir(parents=True)
        (folder / "line.png").write_text(folder.name)
    files.write(output / files.MANIFEST, "{}")
    with pytest.raises(
        ReproduceError, match=r"figures/first/line.png was not made by .*move it away"
    ):
        publish(new, output / "figures/first", output)
    assert (output / "figures/first/line.png").read_text() == "first"


# What is damaged


NOTED = {
    "chapter": "first",
    "commit": None,
    "started": "2026-01-01",
    "wall_time_s": 1.0,
    "parameters": {},
    "seed": None,
    "notebook_sha256": "a",
    "source_sha256": "b",
    "inputs": {"the notebook": "a"},
    "files": {"notebook": "a"},
}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"3",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        *(
            json.dumps(NOTED | {name: 3}).encode()
            for name in NOTED
            if name not in ("wall_time_s", "seed")
        ),
        *(json.dumps({key: NOTED[key] for key in NOTED if key != name}).encode() for name in NOTED),
        json.dumps(NOTED | {"inputs": {"numpy": 3}}).encode(),
        json.dumps(NOTED | {"files": {"notebook": None}}).encode(),
    ],
    ids=lambda content: None,
)
def test_a_damaged_provenance_counts_as_none(tmp_path, content):
    path = tmp_path / "provenance.json"
    path.write_text(json.dumps(NOTED))
    assert stored.provenance(path) == NOTED
    path.write_bytes(content)
    assert stored.provenance(path) is None


def test_a_chapter_whose_provenance_is_damaged_runs_again(study):
    (study.build / "results/first/provenance.json").write_text("[]")
    (study.build / "results/second/provenance.json").unlink()
    (study.build / "results/second/provenance.json").mkdir()
    shown = study.run("first")
    assert "first: running (no results yet)" in shown


def test_a_chapter_whose_executed_notebook_is_damaged_counts_as_lacking_where_it_is_not_run(study):
    (study.build / "chapters/second.ipynb").write_text("{")
    study.run("first")
    verdicts_there = [
        entry["verdict"] for entry in json.loads((study.build / "claims.json").read_text())
    ]
    assert verdicts_there == ["reproduced", "pending"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty"),
        (b"- book/index", "not a mapping"),
        (b"\xff\xfe", "not valid YAML"),
        (b"root: [", "not valid YAML"),
        (b"chapters: []", "needs the key `root`"),
        (b"root: 3", "needs the key `root`"),
        (b"root: book/index\nchapters: book/first", "must be a list"),
        (b"root: book/index\nchapters: [book/first]", "must be a list"),
        (b"root: book/index\nchapters: [{file: 3}]", "is not a page"),
        (b"root: book/index\nchapters: [{file: ../first}]", "is not a page"),
        (b"root: book/index\nchapters: [{file: /etc/passwd}]", "is not a page"),
        (b"root: book/index\nchapters: [{file: book/first}, {file: first}]", "two chapters first"),
        (b"a: &a [1]\nb: *a", "line 2: write out what"),
        (b"[" * 20_000, "too deeply nested"),
        (b"root: book/index # " + b"x" * 2**15, "larger than"),
        (b"a: !!python/object/apply:os.getpid []", "not valid YAML"),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else "",
)
@pytest.mark.parametrize("name", ["_toc.yml", "_config.yml"])
def test_a_damaged_table_of_contents_or_configuration_is_one_line(tmp_path, name, text, message):
    (tmp_path / "book").mkdir()
    for page in ("book/index.md", "book/first.ipynb", "first.ipynb"):
        (tmp_path / page).touch()
    contents = {"_toc.yml": b"root: book/index", "_config.yml": b"title: Tiny", "study.toml": b""}
    for each, content in (contents | {name: text}).items():
        (tmp_path / each).write_bytes(content)
    if name == "_config.yml" and text.startswith((b"root: book/index\n", b"root: 3", b"chapters")):
        assert list(find(tmp_path).chapters) == []
        return
    with pytest.raises(UsageError, match=message) as error:
        find(tmp_path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


WHOLE = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        *(
            json.dumps(WHOLE | changed).encode()
            for changed in (
                {"nbformat": "x"},
                {"nbformat": 99},
                {"cells": None},
                {"cells": [3]},
                {"cells": [{"cell_type": "code"}]},
                {
                    "nbformat_minor": 4,
                    "cells": [{"cell_type": "markdown", "metadata": {}, "source": "x"}],
                },
            )
        ),
    ],
    ids=lambda content: content[:60].decode("latin-1"),
)
def test_a_file_that_is_no_notebook_is_one_line(tmp_path, content):
    path = tmp_path / "first.ipynb"
    path.write_text(json.dumps(WHOLE))
    read_notebook(path)
    path.write_bytes(content)
    with pytest.raises(ReproduceError, match=r"first.ipynb: ") as error:
        read_notebook(path)
    assert "\n" not in str(error.value)


def test_a_chapter_computes_the_same_where_python_drops_docstrings_and_assertions(study):
    study.put("first", "assert width == 2\nassert __debug__\nwidth * (1 / __debug__)")
    process = study.start("--no-html", PYTHONOPTIMIZE="2")
    shown, complaint = process.communicate()
    assert process.returncode == 0, complaint
    assert "first: done" in shown


# Files


@pytest.fixture
def folders(tmp_path):
    """A finished folder, and the one that it goes to, with a file that was published before and one
    of the user's.
    """
    output, new = tmp_path / "out", tmp_path / "new"
    old = output / "results/first"
    for folder, content in ((new, "new"), (old, "old")):
        (folder / "deep").mkdir(parents=True)
        for name in ("a", "deep/b", "seal"):
            (folder / name).write_text(content)
    for name in ("gone/c", "kept/d"):
        (old / name).parent.mkdir()
        (old / name).write_text("old")
    mine = {
        f"results/first/{name}": digest for name, digest in digests(old).items() if name != "kept/d"
    }
    files.write(output / files.MANIFEST, json.dumps(mine))
    return new, old, output


def test_publishing_replaces_every_file_and_drops_of_ours_what_is_no_more(folders):
    new, old, output = folders
    expected = digests(new)
    publish(new, old, output, seal="seal")
    assert {name: value for name, value in digests(old).items() if name != "kept/d"} == expected
    assert not (old / "gone").exists()
    assert (old / "kept/d").read_text() == "old"
    assert files.listed(output) == {
        f"results/first/{name}": value for name, value in expected.items()
    }


def test_a_full_disk_while_publishing_leaves_whole_files_and_the_old_seal(folders, monkeypatch):
    new, old, output = folders
    replace, done = os.replace, []

    def until_full(source, target):
        if done:
            raise OSError(28, "No space left on device", str(target))
        if Path(target).parent == old:
            done.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", until_full)
    with pytest.raises(OSError, match="No space left"):
        publish(new, old, output, seal="seal")
    assert [path.read_text() for path in (old / "a", old / "deep/b", old / "seal")] == [
        "new",
        "old",
        "old",
    ]
    monkeypatch.undo()
    publish(new, old, output, seal="seal")
    assert not (old / "gone").exists()


def test_what_an_interrupted_publication_had_placed_counts_as_ours(folders, monkeypatch):
    new, old, output = folders
    (new / "more").write_text("new")

    def killed(source, target):
        replace(source, target)
        if Path(target).name == "more":
            raise KeyboardInterrupt

    replace = os.replace
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        publish(new, old, output)
    monkeypatch.undo()
    (new / "more").write_text("newer")
    publish(new, old, output)
    assert (old / "more").read_text() == "newer"


# Claims


THICKER = Condition("It is thicker", (10.0, 15.0), "nm", "two others")
NUMBERS = Ledger(
    [
        Claim(
            "first", 1, "here", Basis.GEOMETRY, Kind.VALUE, "It is 4.50 um long.",
            "um", "4.50 um", route="a ruler", condition=THICKER, chapter="first",
        ),
        Claim(
            "second", 1, "here", Basis.GEOMETRY, Kind.ORDER, "It holds.",
            fails_if="it does not", chapter="second",
        ),
        Claim(
            "third", 1, "here", Basis.GEOMETRY, Kind.ORDER, "It holds.",
            fails_if="it does not", chapter="first",
        ),
    ],
    {1: "All there is"},
)  # fmt: skip


def reporting(*names: str, ledger: Ledger = NUMBERS, **more) -> nbformat.NotebookNode:
    """An executed notebook that reports these claims, one in a cell."""
    chapter = Chapter("first", ledger=ledger)
    values = {name: 4.6e-6 if ledger[name].kind.is_number else True for name in names}
    more = {"explanation": "It does."} | more
    turned = {name: {"otherwise": Otherwise("elsewhere", False)} for name in ("second", "third")}
    shown = [chapter.report(name, values[name], **(turned.get(name, {}) | more)) for name in names]
    return executed(*shown, chapter.close())


def executed(*shown) -> nbformat.NotebookNode:
    """A notebook in which each of these was shown by a cell; a file has its keys sorted."""
    bundles = [json.dumps(each._repr_mimebundle_(), sort_keys=True) for each in shown]
    data = [json.loads(bundle) for bundle in bundles]
    outputs = [nbformat.v4.new_output("display_data", data=each) for each in data]
    return new_notebook(cells=[new_code_cell("", outputs=[output]) for output in outputs])


def test_a_claim_is_refused_that_is_reported_twice_or_by_another_chapter_or_is_none(finished):
    ledger = read_ledger(finished.root / "claims.toml")
    twice = executed(
        *[
            Chapter("first", ledger=ledger).report(
                "first", True, otherwise=Otherwise("elsewhere", False), explanation="So."
            )
            for _ in "12"
        ]
    )
    with pytest.raises(
        ReproduceError, match=r"first \(cell 2\) reports the claim 'first' a second"
    ):
        verdicts.collect(ledger, {"first": twice})
    with pytest.raises(ReproduceError, match="reports the claim 'second'; the ledger names second"):
        verdicts.collect(ledger, {"first": reporting("second")})
    with pytest.raises(ReproduceError, match="the claim 'third', which the ledger does not have"):
        verdicts.collect(ledger, {"first": reporting("third")})


def test_what_a_file_does_to_an_output_is_no_edit():
    """Every width and an assumption, whose keys come back in another order."""
    under = claims.Under(14.0, 4.5e-6)
    rounding = 2 * Chapter("first", ledger=NUMBERS).half_digit("first")
    more = {
        "under": under,
        "rounding": rounding,
        "uncertainty": claims.Uncertainty(1e-7, 2e-7, 3e-7),
    }
    (entry, *_) = verdicts.collect(NUMBERS, {"first": reporting("first", **more)})
    assert entry["verdict"] == "conditional"


def test_a_claim_that_nobody_reported_leads_nowhere():
    first, second, _ = verdicts.collect(NUMBERS, {"first": reporting("first")})
    assert (second["verdict"], second["link"], second["cell"]) == ("pending", "", None)
    assert (first["verdict"], first["cell"]["index"]) == ("not reproduced", 0)


# The book


def test_the_book_is_built_once_and_a_broken_page_leaves_the_good_one(study):
    shown = study.run(html=True)
    assert "Open build/html/index.html" in shown
    page = (study.build / "html/book/first.html").read_text(encoding="utf-8")
    entry = json.loads((study.build / "claims.json").read_text(encoding="utf-8"))[0]
    assert f'id="{entry["link"].partition("#")[2]}"' in page
    compiled = study.package / "__pycache__" / "kernels.sweep-64.py311.1.nbc"
    compiled.parent.mkdir(exist_ok=True)
    compiled.write_bytes(b"by the run of a chapter, or a test")
    assert "HTML: up to date" in study.run(html=True)
    before = digests(study.build / "html")
    (study.root / "book/index.md").write_text("# A tiny study\n\n[nowhere](no-such-page.md)\n")
    shown = study.run(html=True, code=1)
    assert re.search(r"book/index.md:3: WARNING: .*no-such-page", shown)
    assert "build/sphinx.log" in shown
    assert digests(study.build / "html") == before


@pytest.mark.skipif(
    not browser(),
    reason="no chromium here, which alone can print: install it, or name one by RAMPORE_CHROMIUM",
)
def test_the_book_is_printed_where_it_is_asked_for_and_stays_up_to_date(study):
    shown = study.run("--pdf", html=True)
    assert "PDF: build/html/book/book.pdf" in shown
    assert (study.build / "html/book/book.pdf").read_bytes().startswith(b"%PDF")
    assert not list(study.build.glob("html/**/.print.html"))
    assert "HTML: up to date" in study.run("--pdf", html=True)
    assert "HTML: up to date" in study.run(html=True)


# Parts


def test_a_notebook_depends_on_what_its_modules_import_and_name():
    notebook = new_notebook(
        cells=[new_code_cell("%matplotlib inline\nfrom rampore.audit import claims")]
    )
    found = fingerprint.sources(notebook, Path())
    assert set(found) == {
        "rampore/__init__.py",
        "rampore/audit/__init__.py",
        "rampore/audit/claims.py",
        "rampore/audit/ledger.py",
        "rampore/checks.py",
        "rampore/units.py",
    }


def test_a_caption_is_part_of_what_a_notebook_says_and_an_output_is_not():
    notebook = chapter("first")
    before = fingerprint.notebook_digest(notebook)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="x")]
    assert fingerprint.notebook_digest(notebook) == before
    notebook.cells[2].metadata["mystnb"] = {"figure": {"caption": "Another."}}
    assert fingerprint.notebook_digest(notebook) != before


def test_changes_are_told_in_words_that_a_reader_understands():
    old = {
        "the notebook": "0" * 64,
        "rampore/a.py": "1" * 64,
        "parameter width": "2.0",
        "numpy": "2.1.0",
    }
    new = {
        "the notebook": "9" * 64,
        "rampore/b.py": "1" * 64,
        "parameter height": "3.0",
        "numpy": "2.2.0",
    }
    assert fingerprint.changes(old, new) == [
        "numpy 2.1.0 -> 2.2.0",
        "parameter height is 3.0",
        "parameter width is no longer given",
        "rampore/a.py is no longer used",
        "rampore/b.py is new",
        "the notebook changed",
    ]
    assert fingerprint.changes(old, old) == []


def test_the_content_of_a_file_that_a_parameter_names_counts(tmp_path):
    def inputs():
        given = {"image": "mine.txt", "images": "more", "width": 2.0, "text": "none.txt"}
        return fingerprint.fingerprint(chapter("first"), {}, given, tmp_path)

    (tmp_path / "more").mkdir()
    for name in ("mine.txt", "more/other.txt"):
        (tmp_path / name).write_text("old")
    before = inputs()
    for name in ("mine.txt", "more/other.txt"):
        (tmp_path / name).write_text("new")
        assert fingerprint.changes(before, inputs()) == [f"the file {tmp_path / name} changed"]
        before = inputs()


def test_versions_count_for_what_the_study_needs_and_no_other_package():
    found = fingerprint.packages()
    assert {"numpy", "ipykernel", "jupyter-book"} <= set(found)
    assert not {"pytest", "rampore"} & set(found)


def test_a_heading_that_repeats_leaves_the_link_at_the_section_before():
    cells = ["# One", "## Two", "## Three", "## Two", "text\n\n```python\n# no heading\n```"]
    notebook = new_notebook(cells=[new_markdown_cell(cell) for cell in cells])
    assert verdicts.section_anchors(notebook) == ["one", "two", "three", "three", "three"]


def test_an_executed_notebook_without_given_parameters_has_the_cells_of_its_source():
    source = chapter("first")
    executed = chapter("first")
    executed.metadata.language_info = {"name": "python", "version": "3.11.0"}
    executed.cells.insert(2, new_code_cell("# Parameters\noutput = '/somewhere'\n"))
    assert [cell.id for cell in tidy(executed, source).cells] == [cell.id for cell in source.cells]


def test_the_summary_goes_between_its_marks_and_leaves_the_rest():
    readme = "above\n<!-- summary:begin -->\nold\n<!-- summary:end -->\nbelow\n"
    expected = "above\n<!-- summary:begin -->\nnew\n<!-- summary:end -->\nbelow\n"
    assert with_summary(readme, "new\n") == expected
    assert with_summary(expected, "new") == expected
    with pytest.raises(ReproduceError, match="must hold the marks"):
        with_summary("no marks", "new")
