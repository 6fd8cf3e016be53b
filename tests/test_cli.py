"""The ``rampore`` command: light to start, clear when it is called wrongly."""

import json
import logging
import os
import subprocess
import sys
import warnings

import psutil
import pytest

from rampore import RamporeError, cli
from rampore.audit import claims
from rampore.audit.ledger import read_ledger
from rampore.lim2026 import LEDGER

HEAVY = (
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "pint",
    "xarray",
    "porespy",
    "papermill",
    "nbformat",
    "IPython",
)


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
    shown = " ".join(capsys.readouterr().out.split())
    assert all(command in shown for command in cli.COMMANDS)
    assert "and an executable audit of Lim et al., Nano-Micro Lett. 18 (2026) 75. " in shown
    assert "with the three-dimensional model. simulate Run a protocol in sentences" in shown


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ([], "COMMAND"),
        (["nonsense"], "'nonsense'"),
        (["difuse"], "did you mean 'diffuse'?"),
        (["--debg", "claims"], "did you mean '--debug'"),
        (["reproduce", "--jobs", "0"], "at least 1"),
        (["reproduce", "--jobs", "9" * 5000], "no whole number"),
        (["reproduce", "-p", "x", "1", "-p", "x", "2"], "'x' is given twice"),
        (["claims", "--verdict", "true"], "--verdict"),
        (["claims", "--verdict", "reproducd"], "did you mean 'reproduced'"),
        (["parameters", "perforation.hole_diametre"], "did you mean 'perforation.hole_diameter'"),
        (["parameters", "perforation", "no.such"], "'no.such'"),
        (["pores", "a.png", "--pores", "drk", "-o", "out"], "did you mean 'dark'"),
        (
            ["pores", "a.png", "--pores", "dark", "--pixel-um", "nan", "-o", "out"],
            "--pixel-um: value = nan",
        ),
        (["pores", "a.png", "--pores", "dark", "--pixel-um", "-1", "-o", "out"], "at least 1e-06"),
        (["pores", "a.png", "--pores", "dark", "--rows", "9:3", "-o", "out"], "less than two rows"),
        (["pores", "a.png", "--pores", "dark", "--page", "-1", "-o", "out"], "at least 0"),
        (
            ["pores", "a.png", "--pores", "dark", "--pixel", "1", "-o", "out"],
            "did you mean '--pixel-um'",
        ),
        (["diffuse", "a.tif", "--phase", "1", "--axs", "0"], "did you mean '--axis'"),
        (["diffuse", "a.tif", "--phase", "1", "--axis", "7", "-o", "out"], "--axis: value = 7"),
        (["diffuse", "a.tif", "--phase", "1=", "-o", "out"], "'' is no number"),
        (["diffuse", "a.tif", "--phase", "1", "1=0.5", "-o", "out"], "label 1 is given twice"),
        (["diffuse", "a.tif", "--phase", "-1=-3e-6", "-o", "out"], "value = -3e-06 must be"),
        (["diffuse", "a.tif", "--phase", "1", "--tolerance", "0", "-o", "out"], "above 0"),
        (
            ["diffuse", "a.tif", "--phase", "1", "--dtype", "uint8", "-o", "out"],
            "--dtype would have no effect",
        ),
        (["diffuse", "a.raw", "--phase", "1", "--shape", "0", "-1", "-o", "out"], "at least 1"),
        (
            ["diffuse", "a.raw", "--phase", "1", "--shape", "1", "2", "3", "4", "-o", "out"],
            "two numbers or three",
        ),
        (
            ["diffuse", "a.raw", "--phase", "1", "--shape", "4", "4", "--page", "0", "-o", "out"],
            "--page would have no",
        ),
        (
            ["impedance", "a.csv", "--model", "blocking", "--circuit", "R0", "-o", "out"],
            "--circuit would have no effect",
        ),
        (
            ["impedance", "a.csv", "--model", "blocking", "--guess", "1", "-o", "out"],
            "--guess would have no effect",
        ),
        (
            ["impedance", "a.csv", "--model", "blocking", "--thickness-um", "5", "-o", "out"],
            "a tortuosity needs all",
        ),
        (
            ["impedance", "a.csv", "--model", "blocking", "--area-cm2", "-1", "-o", "out"],
            "--area-cm2: value = -1",
        ),
        (
            ["impedance", "a.csv", "--model", "blocking", "--porosity", "2", "-o", "out"],
            "at most 1",
        ),
        (["impedance", "a.csv", "--model", "circuit", "-o", "out"], "needs --circuit"),
        (
            [
                "impedance",
                "a.csv",
                "--model",
                "circuit",
                "--circuit",
                "R0",
                "--guess",
                "1",
                "--short",
                "-o",
                "out",
            ],
            "--short would have no effect",
        ),
        (
            ["sweep", "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2", "-o", "out.nc"],
            "--jobs would have no effect",
        ),
        (["sweep", "crosing", "-o", "out.nc"], "did you mean 'crossing'"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_a_wrong_call_ends_with_code_2_and_one_line_that_says_what_is_wrong(call, said, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(call)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith("rampore")
    assert said in shown.err
    assert shown.err.endswith("--help\n")


def test_a_number_below_zero_with_an_exponent_is_a_value_and_no_option(capsys):
    """Before Python 3.13 argparse takes -3e-6 for an option; here it gets to the chapters."""
    assert cli.main(["reproduce", "-p", "no_such_parameter", "-3e-6", "--study", "/nowhere"]) == 2
    assert "_toc.yml" in capsys.readouterr().err


@pytest.fixture
def broken(monkeypatch):
    """A command that fails in a way that nobody foresaw, or as it is told."""

    def breaks(error):
        def build(parser):
            """Breaks."""

            def run(options):
                raise error

            return run

        monkeypatch.setitem(cli.COMMANDS, "claims", build)

    return breaks


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            KeyError("x"),
            1,
            "rampore: unexpected KeyError: 'x': run again with --debug and report it",
        ),
        (
            RecursionError("deep"),
            1,
            "rampore: unexpected RecursionError: deep: run again with --debug and report it",
        ),
        (
            MemoryError("8 GiB"),
            1,
            "rampore: there is not enough memory for this (8 GiB): make it smaller",
        ),
        (
            OSError(28, "No space left on device", "a\nb"),
            1,
            "rampore: No space left on device: 'a\\nb'",
        ),
        (RamporeError("two\n  lines and \x1b[31m red"), 1, "rampore: two lines and \\x1b[31m red"),
        (
            KeyboardInterrupt(),
            130,
            "rampore: interrupted; what was finished stands, the next run does the rest",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_is_one_line_and_its_traceback_is_shown_on_demand(
    error, code, line, broken, capsys
):
    broken(error)
    assert cli.main(["claims"]) == code
    assert capsys.readouterr().err == line + "\n"
    for call in (["--debug", "claims"], ["claims", "--debug"]):
        assert cli.main(call) == code
        shown = capsys.readouterr().err
        assert shown.endswith(line + "\n")
        assert ("Traceback" in shown) == (code != 130)


def test_an_endless_message_is_cut(broken, capsys):
    broken(RamporeError("x" * 10**6))
    cli.main(["claims"])
    assert len(capsys.readouterr().err) < 1.2 * cli.LONGEST_LINE


def test_what_libraries_warn_of_is_a_note(monkeypatch, capsys):
    def build(parser):
        """Warns."""

        def run(options):
            warnings.warn("overflow\nin exp", RuntimeWarning, stacklevel=1)
            warnings.warn("for developers", FutureWarning, stacklevel=1)
            logging.getLogger("tifffile").error("odd tag")
            return 0

        return run

    monkeypatch.setitem(cli.COMMANDS, "claims", build)
    assert cli.main(["claims"]) == 0
    assert capsys.readouterr().err == "rampore: note: overflow in exp\nrampore: note: odd tag\n"


@pytest.mark.parametrize(
    ("redirection", "code"),
    [("| true", 1), (">&-", 0), (">&- 2>&- <&-", 0), ("> /dev/full", 1)],
    ids=["a pipe that nobody reads on", "no output", "no streams", "a full disk"],
)
def test_output_that_goes_nowhere_leaves_no_traceback(redirection, code, tmp_path):
    """Without HOME too, and from a folder in which nothing can be written."""
    command = f"{sys.executable} -m rampore parameters {redirection}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "none")}
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/proc",
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert len(done.stderr.splitlines()) == (1 if "full" in redirection else 0)
    assert done.returncode == code


def test_a_folder_without_a_study_is_a_wrong_call(tmp_path, capsys):
    assert cli.main(["reproduce", "--study", str(tmp_path)]) == 2
    assert "_toc.yml" in capsys.readouterr().err


@pytest.fixture
def results(tmp_path):
    """A folder with the ledger as it is before anything ran."""
    entries = [
        claims.record(claim, None) | {"link": "", "cell": None}
        for claim in read_ledger(LEDGER).values()
    ]
    (tmp_path / "claims.json").write_text(json.dumps(entries), encoding="utf-8")
    return tmp_path


def test_claims_shows_one_line_for_each_statement(results, capsys):
    assert cli.main(["claims", "--output", str(results)]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == list(
        read_ledger(LEDGER)
    )


def test_claims_filters_by_verdict_and_chapter(results, capsys):
    assert cli.main(["claims", "--output", str(results), "--verdict", "reproduced"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["claims", "--output", str(results), "--chapter", "energy"]) == 0
    expected = [name for name, claim in read_ledger(LEDGER).items() if claim.chapter == "energy"]
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == expected


def test_a_claim_that_is_not_in_the_ledger_is_named(results, capsys):
    assert cli.main(["claims", "--output", str(results), "no-such-claim"]) == 1
    assert "no-such-claim" in capsys.readouterr().err


def test_claims_says_what_to_do_before_the_first_run(tmp_path, capsys):
    assert cli.main(["claims", "--output", str(tmp_path)]) == 1
    assert "rampore reproduce" in capsys.readouterr().err


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


def test_a_second_termination_does_not_wait_for_what_the_first_began():
    """A process that hangs while it unwinds, with a child that is left."""
    program = (
        "import subprocess, sys, time\n"
        "from rampore import cli\n"
        "def hang(arguments):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    try:\n"
        "        print(child.pid, flush=True)\n"
        "        time.sleep(600)\n"
        "    finally:\n"
        "        print('unwinding', flush=True)\n"
        "        time.sleep(600)\n"
        "cli._run = hang\n"
        "sys.exit(cli.main([]))\n"
    )
    main = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(main.stdout.readline()))
    main.terminate()
    assert main.stdout.readline() == "unwinding\n"
    main.terminate()
    assert main.wait(60) == 143
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running()
