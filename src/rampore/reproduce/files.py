"""Files that are either the old ones or the new ones, never half of each; and one run at a time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rampore.reproduce.study import ReproduceError


def digest(content: bytes | str) -> str:
    """SHA-256 of bytes or text, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path from there."""
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in files_below(folder)}


def as_json(content) -> str:
    """JSON as this project writes it."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write(path: Path, text: str) -> None:
    """Write a text file in one stroke; leaves it alone where it holds that text already."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def publish(new: Path, target: Path, seal: str = "") -> None:
    """Move the files of a finished folder to where they are read, each in one stroke, and drop those it has no more.

    The file named `seal` goes last: where it stands and fits, all of the folder does.
    """
    fresh = files_below(new)
    for path in sorted(fresh, key=lambda path: path == new / seal):
        destination = target / path.relative_to(new)
        destination.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, destination)
    kept = {target / path.relative_to(new) for path in fresh}
    for path in files_below(target):
        if path not in kept:
            path.unlink()
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def output_folder(output: Path) -> Iterator[Path]:
    """Hold an output folder alone; gives an empty folder for unfinished work.

    Work that a killed run left behind is removed first.

    Raises
    ------
    ReproduceError
        Where the folder cannot be written to, or another run holds it.
    """
    from filelock import FileLock, Timeout

    holder, work = output / ".holder", output / ".work"
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / ".lock", blocking=False)
        with lock:
            write(holder, str(os.getpid()))
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except Timeout:
        pid = holder.read_text() if holder.is_file() else "unknown"
        raise ReproduceError(
            f"another run (process {pid}) is writing to {output}: wait until it is done, stop it, "
            "or choose another folder by --output"
        ) from None
    except OSError as error:
        raise ReproduceError(f"cannot write to {output}: {error.strerror or error} ({error.filename})") from error
