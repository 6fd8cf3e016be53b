"""What the files of a study must be: their JSON Schemas, and the check of a whole study.

A schema says what an editor can know of a file while it is being written; the readers
(:mod:`rampore.audit.study`, :mod:`rampore.audit.ledger`, :mod:`rampore.audit.inputs`,
:mod:`rampore.audit.panels`, :mod:`rampore.audit.history`) know more, such as that a unit can be
read. What a schema refuses its reader refuses.
"""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path

from rampore import RamporeError
from rampore.audit import claims
from rampore.audit.history import read_history
from rampore.audit.inputs import read_values
from rampore.audit.ledger import Claim, Ledger
from rampore.audit.panels import read_panels
from rampore.audit.reproduce import verdicts
from rampore.audit.study import SETTINGS, find
from rampore.extras import needs

_ENDING = ".schema.json"
_FOLDER = resources.files("rampore") / "audit" / "schemas"


class CheckError(RamporeError, ValueError):
    """A file of a study is not what it must be; the message names the file, the place and the
    reason.
    """


def schemas() -> dict[str, bytes]:
    """Every JSON Schema of a study's files, by the path under which a book
    publishes it, from its folder of static files."""
    files = (path for path in _FOLDER.iterdir() if path.name.endswith(_ENDING))
    return {
        f"schemas/{path.name}": path.read_bytes()
        for path in sorted(files, key=lambda path: path.name)
    }


def check_schema(path: Path, kind: str) -> None:
    """Refuse a TOML file that does not fit its schema.

    Parameters
    ----------
    path : Path
    kind : {"study", "claims", "inputs", "figures", "history"}

    Raises
    ------
    CheckError
        With the place in the file, e.g. ``claim/3/tolerance``.
    """
    with needs("audit"):
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import best_match

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckError(f"{path}: cannot be read as TOML: {error}") from None
    schema = json.loads((_FOLDER / f"{kind}{_ENDING}").read_text(encoding="utf-8"))
    if error := best_match(Draft202012Validator(schema).iter_errors(content)):
        where = "/".join(map(str, error.absolute_path)) or "the file"
        raise CheckError(f"{path}: {where}: {error.message}")


def check(start: Path, output: Path | None = None, release: bool = False) -> list[str]:
    """Check the files of a study: settings, ledger, inputs, list of figures, and with
    `release` its last run.

    Parameters
    ----------
    start : Path
        The study's folder, or one below it.
    output : Path, optional
        Where results are; by default ``build`` in the study.
    release : bool
        Whether every statement must have its verdict.

    Returns
    -------
    list of str
        A line for each thing that was found in order.

    Raises
    ------
    RamporeError
        Where something is not in order.
    """
    study = find(start)
    settings = study.settings
    check_schema(study.root / SETTINGS, "study")
    check_schema(settings.ledger, "claims")
    ledger = study.ledger
    waiting = [claim.id for claim in ledger.values() if _is_to_come(claim, study.chapters)]
    fine = [
        f"{SETTINGS}: a study of {len(study.chapters)} chapters",
        f"{settings.ledger.name}: {len(ledger)} statements, "
        f"{len(waiting)} of them without their chapter yet",
    ]
    if settings.inputs:
        check_schema(settings.inputs, "inputs")
        count = len(read_values(settings.inputs).records)
        fine.append(f"{settings.inputs.name}: {count} values, each with its source")
    if settings.figures:
        check_schema(settings.figures, "figures")
        groups = read_panels(settings.figures)
        count = sum(len(panel.places) for panels in groups.values() for panel in panels)
        fine.append(f"{settings.figures.name}: {count} figures, panels and tables")
    if settings.history:
        check_schema(settings.history, "history")
        changes = read_history(settings.history)
        for change in changes:
            ledger[change.statement]
        fine.append(f"{settings.history.name}: {len(changes)} verdicts, each since its day")
    if release:
        fine.append(_check_release(ledger, output or study.root / "build"))
    return fine


def _is_to_come(claim: Claim, chapters: dict[str, Path]) -> bool:
    return bool(claim.chapter) and claim.chapter not in chapters


def _check_release(ledger: Ledger, output: Path) -> str:
    path = output / "claims.json"
    if not path.is_file():
        raise CheckError(f"no {path}: a release needs `rampore reproduce` first")
    entries = claims.entries(path)
    verdicts.refuse_edited(ledger, path, entries)
    pending = [entry["id"] for entry in entries if entry["verdict"] == claims.Verdict.PENDING]
    if pending:
        raise CheckError(f"pending, so that this is no release: {', '.join(pending)}")
    return f"{path.name}: every statement has its verdict"
