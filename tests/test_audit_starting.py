"""A study made from the template, and brought to a newer one."""

import json
import shutil
from importlib import resources

import nbformat
import pytest
import yaml

from rampore import cli
from rampore.audit import starting
from rampore.audit.study import UsageError, find, read_notebook

NEWER = starting.shipped()


def older() -> starting.Template:
    """The shipped template as it may have been before: other texts, a page more, one less."""
    files = dict(NEWER.files)
    del files[".gitignore"]
    files["README.md"] = files["README.md"].replace(b"follow from", b"follow out of")
    files["book/index.md"] = b"# Old\n"
    files["book/scorecard.md"] = b"# Old scorecard\n"
    files["book/notes.md"] = b"# Notes\n"
    files["tests/old.py"] = b"assert True\n"
    return starting.Template(NEWER.version - 1, files)


def texts(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_study_has_every_file_of_the_template_and_its_hashes(tmp_path):
    made = starting.new(tmp_path / "mine")
    there = texts(tmp_path / "mine")
    lock = json.loads(there.pop(starting.LOCK))
    assert there == NEWER.files
    assert sorted(made) == sorted(lock["files"]) == sorted(there)
    assert lock["version"] == NEWER.version
    assert {".gitignore", ".github/workflows/audit.yml", "tests/test_study.py"} <= set(there)
    study = find(tmp_path / "mine" / "book")
    assert list(study.chapters) == ["thickness"]
    assert len(study.ledger) == 3


def test_the_template_has_no_outputs_and_its_workflow_is_yaml():
    folder = resources.files("rampore") / "audit" / "template"
    notebook = read_notebook(folder / "book" / "thickness.ipynb")
    assert all(not cell.get("outputs") for cell in notebook.cells)
    folded = [cell for cell in notebook.cells if cell.cell_type == "code"]
    *shown, last = [cell.metadata for cell in folded]
    assert last["tags"] == ["remove-cell"]
    assert all("hide-input" in each["tags"] for each in shown)
    lines = [each["mystnb"]["code_prompt_show"] for each in shown]
    assert len(set(lines)) == len(lines)
    assert yaml.safe_load(NEWER.files[".github/workflows/audit.yml"])["jobs"]
    compile(NEWER.files["tests/test_study.py"], "test_study.py", "exec")


def test_a_folder_that_is_not_empty_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        starting.new(tmp_path)
    assert texts(tmp_path) == {"mine.txt": b"mine"}


def test_an_untouched_study_becomes_the_newer_one(tmp_path):
    starting.new(tmp_path / "old", older())
    outcome = starting.update(tmp_path / "old")
    starting.new(tmp_path / "new")
    assert texts(tmp_path / "old") == texts(tmp_path / "new")
    assert (outcome.before, outcome.after) == (NEWER.version - 1, NEWER.version)
    assert outcome.replaced == [".gitignore", "README.md", "book/index.md", "book/scorecard.md"]
    assert sorted(outcome.removed) == ["book/notes.md", "tests/old.py"]
    assert outcome.beside == []


def test_what_the_author_has_changed_stays_and_the_newer_one_lies_beside(tmp_path):
    starting.new(tmp_path, older())
    mine = {
        "book/index.md": b"# My own page\n",  # changed by both
        "claims.toml": b"# My own ledger\n",  # changed by the author alone
        "book/notes.md": b"# My own notes\n",  # gone from the template, changed by the author
    }
    for name, content in mine.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "book" / "scorecard.md").unlink()  # removed by the author
    outcome = starting.update(tmp_path)
    there = texts(tmp_path)
    assert {name: there[name] for name in mine} == mine
    assert there["book/index.md.new"] == NEWER.files["book/index.md"]
    assert "book/scorecard.md" not in there
    assert (outcome.beside, outcome.removed) == (["book/index.md"], ["tests/old.py"])
    again = starting.update(tmp_path)
    assert again == (NEWER.version, NEWER.version, [], [], [])
    assert texts(tmp_path) == there


def test_a_run_notebook_and_a_refreshed_summary_count_as_untouched(tmp_path):
    changed = dict(NEWER.files)
    notebook = nbformat.reads(changed["book/thickness.ipynb"].decode(), 4)
    notebook.cells[0].source += "\n\nMore."
    changed["book/thickness.ipynb"] = nbformat.writes(notebook).encode()
    changed["README.md"] = changed["README.md"].replace(b"follow from", b"come from")
    starting.new(tmp_path)
    path = tmp_path / "book" / "thickness.ipynb"
    run = read_notebook(path)
    run.cells[-1].update(execution_count=5, outputs=[nbformat.v4.new_output("stream", text="x")])
    nbformat.write(run, path)
    readme = tmp_path / "README.md"
    readme.write_text(
        readme.read_text().replace("<!-- summary:begin -->\n", "<!-- summary:begin -->\nOf 3.\n")
    )
    outcome = starting.update(tmp_path, starting.Template(NEWER.version + 1, changed))
    assert outcome.replaced == ["README.md", "book/thickness.ipynb"]


@pytest.mark.parametrize(
    "lock",
    [
        None,
        "no json",
        "[]",
        '{"version": "1", "files": {}}',
        '{"version": 1, "files": {"../outside": "0"}}',
        '{"version": 1000, "files": {}}',
    ],
)
def test_a_study_whose_lock_cannot_be_believed_is_not_updated(tmp_path, lock, capsys):
    starting.new(tmp_path / "mine")
    (tmp_path / "outside").write_text("mine")
    path = tmp_path / "mine" / starting.LOCK
    path.unlink() if lock is None else path.write_text(lock)
    before = texts(tmp_path)
    assert cli.main(["audit", "update", str(tmp_path / "mine")]) == 2
    assert capsys.readouterr().err.startswith("rampore: ")
    assert texts(tmp_path) == before


def test_the_command_makes_and_updates_a_study(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert cli.main(["audit", "new", str(folder)]) == 0
    assert "claims.toml" in capsys.readouterr().out
    assert cli.main(["audit", "update", str(folder)]) == 0
    assert capsys.readouterr().out == f"template {NEWER.version} -> {NEWER.version}\n"
    shutil.rmtree(folder)
    starting.new(folder, older())
    (folder / "book" / "index.md").write_text("# Mine\n")
    assert cli.main(["audit", "update", str(folder)]) == 0
    assert (
        "book/index.md: yours stays, the newer one is book/index.md.new" in capsys.readouterr().out
    )
