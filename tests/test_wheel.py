"""What others install: a wheel of code and data, alone in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from five_lines import examples

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "five-lines.md"
UV = shutil.which(
    "uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
#: What an example takes beyond the base.
EXTRAS = {"The pores of an image": "images"}

#: Nothing in the environment leads to this checkout; kernels are compiled beside the package.
OUTSIDE = {
    name: value
    for name, value in os.environ.items()
    if name not in ("PYTHONPATH", "VIRTUAL_ENV", "NUMBA_CACHE_DIR")
}


def call(*command, **options):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=OUTSIDE, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Source distribution, and the wheel that is built from it."""
    assert UV, "uv makes the environment that the tests run in"
    folder = tmp_path_factory.mktemp("dist")
    call(UV, "build", "--quiet", "--out-dir", folder, ROOT)
    [source], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


class Installed:
    """The wheel in an environment that has nothing else."""

    def __init__(self, folder, wheel):
        self.folder, self.wheel = folder, wheel
        call(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv")
        place = "Scripts" if os.name == "nt" else "bin"
        self.python = folder / "venv" / place / "python"
        self.add("")

    def add(self, extra):
        wanted = f"rampore{extra} @ {self.wheel.as_uri()}"
        lock = ROOT / "requirements.lock"
        call(UV, "pip", "install", "--quiet", "--python", self.python, "-c", lock, wanted)

    def examples(self, *titles):
        script = ROOT / "tests" / "five_lines.py"
        return json.loads(call(self.python, "-I", script, PAGE, *titles, cwd=self.folder))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("alone"), built[1])


def test_the_wheel_holds_code_and_data_and_nothing_else(built):
    with zipfile.ZipFile(built[1]) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "src"
    wanted = {
        path.relative_to(package).as_posix()
        for path in (package / "rampore").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == wanted
    assert {"rampore/__init__.pyi", "rampore/py.typed", "rampore/lim2026/data/claims.toml"} <= held


def test_the_source_holds_no_outputs_of_the_book_and_builds_the_wheel(built):
    with tarfile.open(built[0]) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    beside = {name for name in held if not name.startswith("src/rampore/")}
    assert beside == {
        "CHANGELOG.md", "CITATION.cff", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml",
    } | beside & {".gitignore"}  # fmt: skip


def test_alone_the_wheel_runs_the_examples_or_says_what_to_install(installed):
    outcomes = installed.examples()
    assert outcomes.keys() == examples(PAGE).keys()
    for title, wrong in outcomes.items():
        if title in EXTRAS:
            assert f"it comes with: pip install 'rampore[{EXTRAS[title]}]'" in wrong
        else:
            assert wrong == ""


def test_the_command_of_the_wheel_says_which_extra_it_lacks(installed):
    command = [installed.python, "-I", "-m", "rampore"]
    assert call(*command, "--version").startswith("rampore ")
    done = subprocess.run(
        [*command, "claims"], capture_output=True, text=True, env=OUTSIDE, cwd=installed.folder
    )
    assert done.returncode == 1
    assert "pip install 'rampore[audit]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_with_their_extras_the_other_examples_run(installed):
    installed.add("[" + ",".join(EXTRAS.values()) + "]")
    assert set(installed.examples(*EXTRAS).values()) == {""}
