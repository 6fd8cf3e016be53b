"""What the study runs in: the three lists of packages agree, and the files that others' tools read
are valid.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import rampore

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PYTHONS = ("3.11", "3.12", "3.13")

#: Extras that serve a reader who reads, runs and tests; the others serve the developers'
#: comparisons.
IN_CONDA = ("book", "test")
#: conda-forge's name of a package where it is another one.
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def requirements(*extras):
    """Name -> specifier of what ``pyproject.toml`` asks for; an extra may name others."""
    wanted, parsed = list(extras), [Requirement(line) for line in PROJECT["dependencies"]]
    for extra in wanted:
        for each in map(Requirement, PROJECT["optional-dependencies"][extra]):
            if each.name == PROJECT["name"]:
                wanted += each.extras
            else:
                parsed.append(each)
    return {canonicalize_name(each.name): each.specifier for each in parsed}


@pytest.fixture(scope="module")
def conda():
    """Name -> specifier of what ``environment.yml`` asks for, of conda and of pip."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    lines = [line for line in lines if isinstance(line, str)] + lines[-1]["pip"]
    parsed = [Requirement(line) for line in lines if not line.startswith("-e")]
    return {
        canonicalize_name(CONDA_NAMES.get(each.name, each.name)): each.specifier for each in parsed
    }


@pytest.fixture(scope="module")
def lock():
    """The text of ``requirements.lock``, one logical line for each package."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def locked(lock, python):
    """Name -> version that the lock gives on one Python, on Linux."""
    where = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    parsed = [Requirement(line.split("--hash")[0]) for line in lock]
    here = [each for each in parsed if each.marker is None or each.marker.evaluate(where)]
    return {
        canonicalize_name(each.name): Version(str(each.specifier).removeprefix("=="))
        for each in here
    }


@pytest.mark.parametrize("name", sorted(requirements(*IN_CONDA)))
def test_conda_installs_what_the_project_asks_for_in_the_same_versions(name, conda):
    assert conda.get(name) == requirements(*IN_CONDA)[name]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_every_dependency_in_a_version_that_satisfies_it(python, lock):
    versions = locked(lock, python)
    unmet = {
        name: str(specifier)
        for name, specifier in requirements(*PROJECT["optional-dependencies"]).items()
        if name not in versions or not specifier.contains(versions[name], prereleases=True)
    }
    assert not unmet


def test_the_same_pythons_are_named_everywhere(conda):
    assert SpecifierSet(PROJECT["requires-python"]) == conda["python"]
    allowed = [f"3.{minor}" for minor in range(20) if f"3.{minor}.0" in conda["python"]]
    assert tuple(allowed) == PYTHONS
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    assert tuple(workflow["jobs"]["tests"]["strategy"]["matrix"]["python"]) == PYTHONS
    assert all(python in (ROOT / "README.md").read_text(encoding="utf-8") for python in PYTHONS)


def test_conda_and_binder_install_the_checkout_itself():
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert "-e ." in lines[-1]["pip"]


def test_every_package_of_the_lock_has_a_hash(lock):
    assert [line.split()[0] for line in lock if "--hash=sha256:" not in line] == []


def test_no_committed_file_names_a_package_server(lock):
    assert not (ROOT / "uv.lock").exists()
    assert [
        line
        for line in lock
        if re.match(r"\s*(-i|-f|--index|--extra-index|--find-links)|.*://", line)
    ] == []


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.citation-file-format", ["CITATION.cff"]),
        ("vendor.github-workflows", sorted((ROOT / ".github/workflows").glob("*.yml"))),
        (
            "custom.github-workflows-require-timeout",
            sorted((ROOT / ".github/workflows").glob("*.yml")),
        ),
    ],
)
def test_what_others_read_follows_their_schema(schema, files):
    assert files
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        schema,
        "--output-format",
        "json",
        *files,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, json.loads(done.stdout)["errors"]


def test_the_citation_names_the_version_and_licence_of_the_project():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == SETTINGS["tool"]["hatch"]["version"]["fallback-version"]
    assert citation["license"] == PROJECT["license"]
    [paper] = citation["references"]
    assert f"https://doi.org/{paper['doi']}" == PROJECT["urls"]["Paper"]
    assert paper["license"] == "CC-BY-4.0"


def test_ci_calls_what_the_readme_says_and_nothing_else():
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "exec make test"
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_action_is_pinned_by_its_hash():
    """Or by a version, for a container, which GitHub's schema knows no hash of."""
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        for action in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}|docker://\S+:[\d.]+", action), path.name


def test_a_release_needs_no_secret():
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["publish"]["permissions"]["id-token"] == "write"
    assert "permissions" not in jobs["build"]


def test_hooks_are_pinned_by_their_hash_or_run_what_the_lock_pins():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    for each in hooks["repos"]:
        assert each["repo"] == "local" or re.fullmatch(r"[0-9a-f]{40}", each["rev"])


def test_the_changelog_has_a_part_for_what_is_not_released():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.M)
    assert headings[0] == "Unreleased"
    assert all(Version(heading) for heading in headings[1:])


def test_the_version_is_that_of_the_installed_package():
    assert Version(rampore.__version__)


def test_the_drawing_of_the_rooms_is_todays():
    """Where it is not: ``make drawing``."""
    import rooms

    assert rooms.PAGE.read_text(encoding="utf-8") == rooms.page()


def test_a_class_has_a_name_of_its_own():
    """One name, one meaning, in the whole package."""
    places = {}
    for path in sorted((ROOT / "src/rampore").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.name)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
