"""Tell of a weekly reproduction that failed, in one issue for each set of versions.

    python .github/weekly_issue.py locked OUTCOME.log VERDICTS.log --run https://... [--send]

writes the issue's title and text; with --send, the open issue of that title gets a comment, and
only where there is none is one opened. `gh` must be logged in.
"""

import argparse
import json
import re
import subprocess
from pathlib import Path

FLIP = re.compile(r'^(?:E\s+)?\s*([a-z0-9-]+ = "[a-z ]+"  # was "[a-z ]+")\s*$', re.MULTILINE)
LONGEST = 60  # lines of a log


def title(versions: str) -> str:
    """The issue's, by which the next week's run finds it."""
    return f"Weekly reproduction with {versions} versions fails"


def text(versions: str, book: str, verdicts: str, run: str) -> str:
    """What the issue must say: what broke, which verdicts, with what, and what to do."""
    flips = FLIP.findall(verdicts)
    why = {
        "locked": "Every version is the one of `requirements.lock`, so the code, the runner or the "
        "data changed.",
        "newest": "The versions are the newest that `pyproject.toml` allows: a dependency changed "
        "under the study. The artefact holds the lock that was taken.",
    }[versions]
    if flips:
        count = f"{len(flips)} verdict{'s' * (len(flips) > 1)} flipped:"
        found = [count, "", "```toml", *flips, "```"]
        todo = "Find the cause before `tests/expected_verdicts.toml` is touched."
    else:
        log = verdicts or book
        found = ["The run broke before the verdicts were compared, or in comparing them:"]
        found += ["", "```text", *log.replace("```", "'''").splitlines()[-LONGEST:], "```"]
        todo = "Where a dependency broke, bound it in `pyproject.toml` and run `make lock`."
    return "\n".join([*found, "", why, "", todo, "", f"Run, with logs and results: {run}", ""])


def send(heading: str, body: str) -> None:
    """Comment on the open issue of this title, or open one."""
    listed = ["gh", "issue", "list", "--state", "open", "--limit", "200", "--json", "number,title"]
    done = subprocess.run(listed, check=True, capture_output=True, text=True)
    same = [issue["number"] for issue in json.loads(done.stdout) if issue["title"] == heading]
    command = ["comment", str(same[0])] if same else ["create", "--title", heading]
    subprocess.run(["gh", "issue", *command, "--body", body], check=True)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", choices=("locked", "newest"))
    parser.add_argument("book", type=Path, help="what `make book` said")
    parser.add_argument("verdicts", type=Path, help="what the comparison of verdicts said")
    parser.add_argument("--run", required=True, help="address of the run")
    parser.add_argument("--send", action="store_true")
    options = parser.parse_args()
    heading = title(options.versions)
    body = text(options.versions, read(options.book), read(options.verdicts), options.run)
    print(heading, body, sep="\n\n")
    if options.send:
        send(heading, body)
