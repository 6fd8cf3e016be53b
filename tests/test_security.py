"""What others made and the study relies on is named to the byte."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMULAS = ROOT / "book" / "_static" / "formulas"
MINISEARCH = ROOT / "src" / "rampore" / "audit" / "static" / "minisearch"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_names_its_actions_by_commit_with_the_version_beside_it(path):
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        if action.startswith("docker://"):
            assert re.search(r":\d+\.\d+\.\d+$|@sha256:[0-9a-f]{64}$", action), action
        else:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_one_action_has_one_commit_in_all_workflows():
    used = {
        use
        for path in WORKFLOWS
        for use in re.findall(r"uses: (\S+@.*)", path.read_text(encoding="utf-8"))
    }
    assert len({use.partition("@")[0] for use in used}) == len(used)


def test_the_font_that_is_shipped_is_the_one_that_is_stated():
    stated = tomllib.loads((FORMULAS / "VERSION.toml").read_text(encoding="utf-8"))
    content = (FORMULAS / stated["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == stated["sha256"]
    assert f"{stated['package']}@{stated['version']}" in stated["source"]
    assert "SIL OPEN FONT LICENSE" in (FORMULAS / "LICENSE").read_text(encoding="utf-8")


def test_the_minisearch_that_is_shipped_is_the_one_that_is_stated_with_its_licence():
    stated = tomllib.loads((MINISEARCH / "VERSION.toml").read_text(encoding="utf-8"))
    content = (MINISEARCH / stated["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == stated["sha256"]
    assert f"{stated['package']}@{stated['version']}" in stated["source"]
    assert "Permission is hereby granted" in (MINISEARCH / "LICENSE").read_text(encoding="utf-8")
