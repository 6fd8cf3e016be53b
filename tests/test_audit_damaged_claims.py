"""A ``claims.json`` that somebody damaged is one line; and the command works where Python drops
docstrings.
"""

import json
import subprocess
import sys

import pytest

from rampore import cli
from rampore.audit import claims
from rampore.audit.ledger import LedgerError, read_ledger
from rampore.lim2026 import LEDGER

ENTRY = claims.record(next(iter(read_ledger(LEDGER).values())), None) | {"link": "", "cell": None}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b"[]",
        b"[3]",
        *(
            json.dumps([ENTRY | {name: 3}]).encode()
            for name in ("id", "verdict", "statement", "chapter", "unit")
        ),
        *(
            json.dumps([ENTRY | {name: "3"}]).encode()
            for name in ("stated", "tolerance", "computed")
        ),
        json.dumps([ENTRY | {"verdict": "true"}]).encode(),
        json.dumps([ENTRY, {}]).encode(),
    ],
    ids=lambda content: None,
)
def test_a_damaged_claims_file_is_one_line(tmp_path, capsys, content):
    path = tmp_path / "claims.json"
    path.write_text(json.dumps([ENTRY]))
    assert claims.entries(path) == [ENTRY]
    path.write_bytes(content)
    with pytest.raises(
        LedgerError, match=r"claims.json: .*`rampore reproduce` writes it anew"
    ) as error:
        claims.entries(path)
    assert "\n" not in str(error.value)
    assert cli.main(["claims", "--output", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("call", [["--help"], ["parameters", "perforation"], ["claims", "--help"]])
def test_the_command_works_where_python_drops_docstrings_and_assertions(call):
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "rampore", *call], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
