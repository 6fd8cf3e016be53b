"""The output folder: held by one run at a time, and nothing in it touched but what a run itself has
put there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeGuard

from rampore import storage
from rampore.audit.study import ReproduceError, UsageError
from rampore.extras import needs
from rampore.storage import StorageError

#: In an output folder: every file that was put there, by its path, with its SHA-256; it makes the
#: folder ours.
MANIFEST = ".manifest.json"

#: Folders below an output folder whose files the manifest lists.
PLACES = ("chapters", "figures", "results", "failed", "source", "html")

#: Names of ours that may stand in a folder before its first run has begun: a sweep's journals, and
#: the lock.
_BEFORE = {"sweep", ".lock", ".holder"}

_manifest_lock = threading.Lock()


def digest(content: bytes | str) -> str:
    """SHA-256 of bytes or text, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): digest(path.read_bytes())
        for path in files_below(folder)
    }


def as_json(content: object) -> str:
    """JSON as this project writes it."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where there is no such file, or it holds none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write(path: Path, text: str) -> None:
    """Write a text file in one stroke; leaves it alone where it holds that text already."""
    storage.write(path, text)


def are_texts(content: object) -> TypeGuard[dict[str, str]]:
    """Whether this is a mapping of texts to texts."""
    return isinstance(content, dict) and all(isinstance(value, str) for value in content.values())


def listed(output: Path) -> dict[str, str]:
    """The files that runs have put into an output folder: path from there, and SHA-256.

    Where the manifest is damaged, or an earlier version kept none, every file at our places counts
    as listed, without a hash: it may be replaced, and is never removed.
    """
    content = read_json(output / MANIFEST)
    if are_texts(content):
        return content
    there = (
        path
        for place in PLACES
        if not (output / place).is_symlink()
        for path in files_below(output / place)
    )
    return {path.relative_to(output).as_posix(): "" for path in there}


def stands(output: Path, place: str) -> bool:
    """Whether every file that a run put at a place is there, unaltered."""
    mine = {name: value for name, value in listed(output).items() if name.startswith(f"{place}/")}
    return all(
        (output / name).is_file() and digest((output / name).read_bytes()) == value
        for name, value in mine.items()
    )


def publish(new: Path, target: Path, output: Path, seal: str = "") -> None:
    """Move the files of a finished folder to where they are read, each in one stroke, and drop
    those it has no more.

    The file named `seal` goes last: where it stands and fits, all of the folder does. Only what the
    manifest lists is replaced or dropped.

    Parameters
    ----------
    new, target : Path
    output : Path
        The output folder that `target` is in.
    seal : str

    Raises
    ------
    ReproduceError
        Where a file of somebody else, or a link, is in the way.
    """
    fresh = {target / path.relative_to(new): path for path in files_below(new)}
    with _manifest_lock:
        before = listed(output)
        _place(fresh, output, before, last=target / seal)
        gone = {output / name for name, value in before.items() if value} - fresh.keys()
        _drop((path for path in gone if path.is_relative_to(target)), output)


def put(new: Path, target: Path, output: Path) -> None:
    """Move one finished file to where it is read, as :func:`publish` does."""
    with _manifest_lock:
        _place({target: new}, output, listed(output))


def drop(output: Path, place: str) -> None:
    """Remove what runs have put at a place of an output folder."""
    with _manifest_lock:
        mine = [
            name for name, value in listed(output).items() if value and name.startswith(f"{place}/")
        ]
        _drop([output / name for name in mine], output)


def _place(
    fresh: dict[Path, Path], output: Path, before: dict[str, str], last: Path | None = None
) -> None:
    for path in fresh:
        refuse_links(output, path.parent)
        if os.path.lexists(path) and path.relative_to(output).as_posix() not in before:
            raise ReproduceError(
                f"{path} was not made by `rampore reproduce`, which needs its place: move it away"
            )
    # Listed before they move: whatever interrupts that, they count as ours.
    now = {
        path.relative_to(output).as_posix(): digest(new.read_bytes()) for path, new in fresh.items()
    }
    write(output / MANIFEST, as_json(dict(sorted((before | now).items()))))
    for path in sorted(fresh, key=lambda path: (path == last, path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh[path], path)


def _drop(paths: Iterable[Path], output: Path) -> None:
    left = listed(output)
    for path in paths:
        if not any(folder.is_symlink() for folder in _between(output, path.parent)):
            path.unlink(missing_ok=True)
            for folder in _between(output, path.parent):
                with suppress(OSError):  # others' files are in it
                    folder.rmdir()
        left.pop(path.relative_to(output).as_posix(), None)
    write(output / MANIFEST, as_json(left))


def _between(output: Path, folder: Path) -> list[Path]:
    """The folders from one below an output folder up to it, without it."""
    return [
        each for each in (folder, *folder.parents) if each != output and each.is_relative_to(output)
    ]


def refuse_links(output: Path, folder: Path) -> None:
    """No folder on the way to one below an output folder may be a link, or anything but a folder.

    Raises
    ------
    ReproduceError
        Naming it.
    """
    for each in _between(output, folder):
        if each.is_symlink():
            raise ReproduceError(
                f"{each} is a link, which is not followed: remove it, or choose another --output"
            )
        if each.exists() and not each.is_dir():
            raise ReproduceError(f"cannot write to {output}: {each} is no folder")


def _refuse_foreign(output: Path) -> None:
    """A folder is ours where it holds our manifest, what earlier versions left instead of it, or
    nothing.
    """
    if output.exists() and not output.is_dir():
        raise StorageError(output, "it is no folder")
    if not output.exists() or os.path.lexists(output / MANIFEST):
        return
    if (output / ".lock").is_file() and _holder(output).isdecimal():
        return
    others = sorted(path.name for path in output.iterdir() if not _is_before(path.name))
    if others:
        raise UsageError(
            f"{output} is not a folder that `rampore reproduce` made: it holds {others[0]}"
            + (f" and {len(others) - 1} more" if len(others) > 1 else "")
            + "; name an empty or a new folder by --output"
        )


def _is_before(name: str) -> bool:
    return name in _BEFORE or (name.startswith(f".{MANIFEST}.") and name.endswith(".unfinished"))


def _holder(output: Path) -> str:
    try:
        return (output / ".holder").read_text(encoding="ascii")
    except (OSError, ValueError):
        return "unknown"


@contextmanager
def output_folder(output: Path, patience: float = 0.0) -> Iterator[Path]:
    """Hold an output folder alone; gives an empty folder for unfinished work.

    Work that a killed run left behind is removed first.

    Parameters
    ----------
    output : Path
    patience : float
        How long to wait for another run to be done [s].

    Raises
    ------
    ReproduceError
        Where the folder is not ours, or another run holds it.
    StorageError
        Where it cannot be written to.
    """
    with needs("audit"):
        from filelock import FileLock, Timeout

    work = output / ".work"
    try:
        _refuse_foreign(output)
        _make(output)
        with FileLock(output / ".lock", timeout=patience):
            write(output / ".holder", str(os.getpid()))
            _prepare(output, work)
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except Timeout:
        raise ReproduceError(
            f"another run (process {_holder(output)}) is writing to {output}: wait until it is "
            "done, stop it, or choose another folder by --output"
        ) from None
    except StorageError:
        raise
    except OSError as error:
        if isinstance(error.filename, str) and not Path(error.filename).is_relative_to(output):
            raise ReproduceError(f"{error.filename}: {error.strerror or error}") from error
        raise StorageError(output, error) from error


def _make(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(output, error) from error


def _prepare(output: Path, work: Path) -> None:
    """Clear what a killed run left, and find out now what could not be written later."""
    for place in (*PLACES, work.name):
        refuse_links(output, output / place)
        if (output / place).is_dir() and not os.access(output / place, os.W_OK | os.X_OK):
            raise StorageError(output / place, "it is read-only")
    storage.remove_leftovers(output)
    if not are_texts(read_json(output / MANIFEST)):
        write(output / MANIFEST, as_json(listed(output)))
    for _ in range(50):  # the kernels of a killed run take a second to notice, and write until then
        shutil.rmtree(work, ignore_errors=True)
        if not work.exists():
            break
        time.sleep(0.1)
    work.mkdir()
