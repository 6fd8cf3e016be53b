"""What several test files use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from screens import LAPTOP

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


@pytest.fixture(scope="module")
def chromium():
    """A headless browser without a network."""
    found = os.environ.get("RAMPORE_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.skip("no chromium here: install it, or name one by RAMPORE_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser.new_context(offline=True, viewport=LAPTOP)
        browser.close()


@pytest.fixture
def reader(chromium):
    """A page in the browser, and what went wrong on it."""
    page, found = chromium.new_page(), []
    own = ("file:", "data:", "blob:")
    page.on(
        "request",
        lambda request: request.url.startswith(own) or found.append(f"asks for {request.url}"),
    )
    page.on("requestfailed", lambda request: found.append(f"did not get {request.url}"))
    page.on("pageerror", lambda error: found.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: message.type == "error" and found.append(f"console: {message.text}"),
    )
    yield page, found
    page.close()
