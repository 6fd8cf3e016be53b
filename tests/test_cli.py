"""The ``rampore`` command: light to start, clear when it is called wrongly."""

import json
import subprocess
import sys

import pytest

from rampore import claims, cli

HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "pint", "xarray", "porespy", "papermill", "nbformat", "IPython")


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "statement",
    [
        "import rampore",
        "from rampore.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
    ids=["import rampore", "rampore --help"],
)
def test_starting_loads_no_heavy_library(statement):
    assert loaded_after(statement).isdisjoint(HEAVY)


def test_help_names_every_subcommand(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in cli.COMMANDS)


@pytest.mark.parametrize("call", [[], ["nonsense"], ["reproduce", "--jobs", "0"], ["claims", "--verdict", "true"]])
def test_a_wrong_call_ends_with_code_2(call, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(call)
    assert ended.value.code == 2
    assert "usage: rampore" in capsys.readouterr().err


def test_a_folder_without_a_study_is_a_wrong_call(tmp_path, capsys):
    assert cli.main(["reproduce", "--study", str(tmp_path)]) == 2
    assert "_toc.yml" in capsys.readouterr().err


@pytest.fixture
def results(tmp_path):
    """A folder with the ledger as it is before anything ran."""
    entries = [claims.record(claim, None) | {"link": "", "cell": None} for claim in claims.load().values()]
    (tmp_path / "claims.json").write_text(json.dumps(entries), encoding="utf-8")
    return tmp_path


def test_claims_shows_one_line_for_each_statement(results, capsys):
    assert cli.main(["claims", "--output", str(results)]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == list(claims.load())


def test_claims_filters_by_verdict_and_chapter(results, capsys):
    assert cli.main(["claims", "--output", str(results), "--verdict", "reproduced"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["claims", "--output", str(results), "--chapter", "energy"]) == 0
    expected = [name for name, claim in claims.load().items() if claim.chapter == "energy"]
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == expected


def test_a_claim_that_is_not_in_the_ledger_is_named(results, capsys):
    assert cli.main(["claims", "--output", str(results), "no-such-claim"]) == 1
    assert "no-such-claim" in capsys.readouterr().err


def test_claims_says_what_to_do_before_the_first_run(tmp_path, capsys):
    with pytest.raises(SystemExit, match="rampore reproduce"):
        cli.main(["claims", "--output", str(tmp_path)])


def test_parameters_shows_where_a_value_comes_from(capsys):
    assert cli.main(["parameters", "perforation.hole_diameter"]) == 0
    shown = capsys.readouterr().out
    assert "perforation.hole_diameter = 75" in shown
    assert "Lim" in shown


def test_a_corrupted_parameter_file_is_named(tmp_path, capsys):
    broken = tmp_path / "mine.toml"
    broken.write_text("extends = ", encoding="utf-8")
    assert cli.main(["parameters", "--cell", str(broken)]) == 1
    assert "mine.toml" in capsys.readouterr().err
