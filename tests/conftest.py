"""What several test files use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The output folder of the whole study, brought up to date once: executed chapters,
    claims.json, html. RAMPORE_BUILT names one that stands already.
    """
    if standing := os.environ.get("RAMPORE_BUILT"):
        return Path(standing)
    command = [sys.executable, "-m", "rampore", "reproduce", "--study", str(ROOT)]
    # of all workers that run tests at once
    with FileLock(tmp_path_factory.getbasetemp().parent / "built.lock"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build"
