"""What runs elsewhere: workflows, the issue of a week that failed, the image of Binder, and the
addresses under which all of it is to be published.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
TOOLS = Path(sys.executable).parent

_spec = importlib.util.spec_from_file_location("weekly_issue", ROOT / ".github/weekly_issue.py")
weekly_issue = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(weekly_issue)

FLIPPED = """
E       AssertionError: these verdicts flipped; where that is meant, put them into it:
E         rate-5c-20 = "conditional"  # was "not reproduced"
E         foil-area = "input"  # was "reproduced"
FAILED tests/test_audit_claims.py::test_no_verdict_has_flipped
"""


def workflow(name):
    return yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))


def test_a_publication_is_never_cancelled_and_a_pull_request_has_a_preview():
    book = workflow("book")
    assert book["concurrency"]["cancel-in-progress"] == (
        "${{ github.event_name == 'pull_request' }}"
    )
    assert book["jobs"]["publish"]["concurrency"] == {
        "group": "publish",
        "cancel-in-progress": False,
    }
    uploads = [step.get("with", {}) for step in book["jobs"]["build"]["steps"]]
    assert any(each.get("name") == "preview" and each["path"] == "build/html" for each in uploads)


def test_the_week_tells_of_a_failure_and_alone_may_write_issues():
    jobs = workflow("reproduce")["jobs"]
    assert jobs["tell"]["if"] == "failure()"
    assert jobs["tell"]["permissions"] == {"contents": "read", "issues": "write"}
    assert "permissions" not in jobs["reproduce"]
    called = [step["run"] for step in jobs["tell"]["steps"] if "run" in step]
    assert any("weekly_issue.py" in each and "--send" in each for each in called)


def test_an_issue_names_the_verdicts_that_flipped_the_versions_and_the_run():
    text = weekly_issue.text("newest", "built", FLIPPED, "https://example.org/1")
    assert "2 verdicts flipped" in text
    assert 'rate-5c-20 = "conditional"  # was "not reproduced"' in text
    assert "a dependency changed" in text
    assert "https://example.org/1" in text


def test_an_issue_of_a_run_that_broke_shows_the_end_of_its_log():
    log = "\n".join(f"line {number}" for number in range(100)) + "\n```escape"
    text = weekly_issue.text("locked", log, "", "https://example.org/1")
    assert "line 99" in text
    assert "line 3\n" not in text
    assert text.count("```") == 2


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], "create --title Weekly reproduction with newest versions fails"),
        ([{"number": 7, "title": "Weekly reproduction with newest versions fails"}], "comment 7"),
        (
            [{"number": 7, "title": "Weekly reproduction with locked versions fails"}],
            "create --title Weekly reproduction with newest versions fails",
        ),
    ],
)
def test_an_issue_is_opened_once(there, expected, monkeypatch):
    calls = []

    def run(command, **more):
        calls.append(" ".join(command))
        return subprocess.CompletedProcess(command, 0, json.dumps(there), "")

    monkeypatch.setattr(subprocess, "run", run)
    weekly_issue.send(weekly_issue.title("newest"), "It fails.")
    assert calls[1] == f"gh issue {expected} --body It fails."


def test_no_workflow_has_what_zizmor_finds():
    command = [TOOLS / "zizmor", "--offline", "--no-progress", WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["postBuild", ".ci/run"])
def test_a_script_of_the_shell_is_what_shellcheck_lets_pass(name):
    done = subprocess.run([TOOLS / "shellcheck", ROOT / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_binder_finds_what_it_runs_beside_the_environment():
    """In a folder ``binder`` or ``.binder`` it would look, and nowhere else."""
    assert os.access(ROOT / "postBuild", os.X_OK)
    assert (ROOT / "environment.yml").is_file()
    assert not any((ROOT / folder).exists() for folder in ("binder", ".binder"))
    for path in re.findall(r"tests/\S+\.py", (ROOT / "postBuild").read_text(encoding="utf-8")):
        assert (ROOT / path).is_file()


#: Beside ``_config.yml``, which the pages follow, the files that name the repository.
ELSEWHERE = {
    "CITATION.cff",
    "pyproject.toml",
    "src/rampore/audit/exports.py",
    "src/rampore/audit/template/dot_github/workflows/audit.yml",
}
ADDRESS = re.compile(
    r"(?:https://github\.com/|uses: )([\w-]+/[\w-]+)(?=/\.github|/blob/main/CHANGELOG|\s|\"|$)"
)


def test_the_placeholder_addresses_are_those_of_one_setting():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    owner, name = config["repository"]["url"].removeprefix("https://github.com/").split("/")
    assert config["html"]["baseurl"] == f"https://{owner}.github.io/{name}"
    listed = subprocess.run(
        ["git", "grep", "-lIE", f"{owner}/{name}|{owner}\\.github\\.io", "--", ":!*.ipynb"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("no repository here")
    mine = {"_config.yml", "book/rerun.md", "tests/test_workflows.py"}
    assert set(listed.stdout.split()) - mine == ELSEWHERE
    for path in ELSEWHERE:
        named = set(ADDRESS.findall((ROOT / path).read_text(encoding="utf-8")))
        assert f"{owner}/{name}" in named, path
