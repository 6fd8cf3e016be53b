"""The seal of a sweep: what breaks it, and what does not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rampore

PROGRAM = """
import json, sys
from pathlib import Path
from rampore.audit.reproduce.fingerprint import seal
from rampore.lim2026.sweeps import control, crossing, design, inverse, kinds

package, seals = Path(sys.argv[1]), {}
for name, old, new in [("", "", ""), *json.loads(sys.argv[2])]:
    file = package / name
    text = file.read_text() if name else ""
    if name:
        assert text.count(old), (name, old)
        file.write_text(text.replace(old, new, 1))
    seals[name + new] = [seal(each.compute) for each in (crossing, inverse, design, control, kinds)]
    if name:
        file.write_text(text)
print(json.dumps(seals))
"""

#: A line of a file, what it becomes, and which of crossing, inverse, design, control and kinds
#: follow from it.
CHANGES = {
    ("p4d/grid.py", "import numpy as np", "import numpy as np\n\nDENSER = 2"): (
        True,
        True,
        True,
        True,
        True,
    ),
    ("lim2026/cells.py", "hysteresis_decay: float = 40.0", "hysteresis_decay: float = 41.0"): (
        True,
        True,
        True,
        True,
        True,
    ),
    ("lim2026/data/cell.toml", "value = ", "value  = "): (True, True, True, True, True),
    ("lim2026/data/spans.toml", "high = ", "high  = "): (False, True, False, False, False),
    ("lim2026/data/control.toml", "smallest = ", "smallest  = "): (True, True, True, True, True),
    ("lim2026/sweeps/inverse.py", "import numpy as np", "import numpy as np\n\nSAMPLES = 2"): (
        False,
        True,
        False,
        False,
        False,
    ),
    ("energy.py", "import math", "import math\n\nSIDES = 2"): (False, False, True, False, True),
    ("audit/reproduce/book.py", "import re", "import re\n\nPAGES = 2"): (
        False,
        False,
        False,
        False,
        False,
    ),
    ("lim2026/data/claims.toml", "statement = ", "statement  = "): (
        False,
        False,
        False,
        False,
        False,
    ),
    ("audit/sweep.py", "import numpy as np", "import numpy as np\n\nAT_ONCE = 2"): (
        False,
        False,
        False,
        False,
        False,
    ),
    ("lim2026/figures/p4d.py", "import numpy as np", "import numpy as np\n\nWIDTH = 2"): (
        False,
        False,
        False,
        False,
        False,
    ),
    ("p4d/model.py", "import numpy as np", "import numpy as np  # another word"): (
        False,
        False,
        False,
        False,
        False,
    ),
    ("lim2026/data/designs.toml", "rate = ", "rate  = "): (False, False, False, False, True),
}


@pytest.fixture(scope="module")
def seals(tmp_path_factory):
    package = tmp_path_factory.mktemp("sealed") / "rampore"
    shutil.copytree(
        Path(rampore.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    command = [sys.executable, "-B", "-c", PROGRAM, str(package), json.dumps(list(CHANGES))]
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    return json.loads(
        subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_a_seal_breaks_where_what_a_sweep_runs_changes_and_only_there(seals, change):
    broken = tuple(
        now != before for now, before in zip(seals[change[0] + change[2]], seals[""], strict=True)
    )
    assert broken == CHANGES[change]
