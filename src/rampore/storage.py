"""Files that are either the old ones or the new ones, never half of each, whatever ends the program
meanwhile.

What is being written lies beside its place, under a hidden name that tells the machine and the
process. What a killed process left there is removed by the next one that writes to the same place.
"""

from __future__ import annotations

import errno
import glob
import os
import platform
import re
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rampore import RamporeError

if TYPE_CHECKING:
    import xarray

_UNFINISHED = re.compile(r"\..+\.(?P<machine>[^.]*)-(?P<process>\d+)-[0-9a-f]{8}\.unfinished")


class StorageError(RamporeError, OSError):
    """Something cannot be written; the message names it and the reason."""

    def __init__(self, place: Path, reason: OSError | str) -> None:
        number = errno.EINVAL if isinstance(reason, str) else reason.errno
        said = str(reason) if isinstance(reason, str) or number is None else os.strerror(number)
        super().__init__(number, said, str(place))

    def __str__(self) -> str:
        return f"cannot write to {self.filename}: {self.strerror}"


def write(path: Path, content: bytes | str) -> None:
    """Write a file in one stroke, on the disk when this returns; leaves it alone where it holds
    that already.

    Parameters
    ----------
    path : Path
        Its folder is made. A link is followed.
    content : bytes or str
        Text is written as UTF-8.

    Raises
    ------
    StorageError
        Where it cannot be written; what stood there before still stands.
    """
    content = content.encode() if isinstance(content, str) else content
    path = Path(os.path.realpath(path))
    check_target(path)
    new = aside(path)
    try:
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, path.name)
        try:
            with new.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, new)
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(path, error) from error


def netcdf(data: xarray.Dataset, encoding: dict | None = None) -> bytes:
    """A data set as the bytes of a NetCDF file.

    HDF5 that meets a full disk while it writes a file takes the whole process down; bytes fail as
    any file does.
    """
    return bytes(data.to_netcdf(engine="h5netcdf", encoding=encoding))


def check(path: Path) -> None:
    """Find out whether a file can be written, and write nothing.

    Raises
    ------
    StorageError
        Where its folder cannot be made or written to, or it is there and no plain file, or
        read-only.
    """
    path = Path(os.path.realpath(path))
    check_target(path)
    with folder_for(path.parent):
        _try(path)


def check_target(path: Path) -> None:
    """Refuse a place where something stands that a new file must not replace: a folder, a device, a
    read-only file.
    """
    if not _exists(path):
        return
    if path.is_dir():
        raise StorageError(path, "it is a folder")
    if not path.is_file():
        raise StorageError(path, "it is no plain file")
    if not os.access(path, os.W_OK):
        raise StorageError(path, "it is read-only")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a folder that may not be entered, a name that is too long
        raise StorageError(path, error) from error


def _try(path: Path) -> None:
    new = aside(path)
    try:
        remove_leftovers(path.parent, path.name)
        new.write_bytes(b"\0")
    except OSError as error:
        raise StorageError(path, error) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


@contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; those that are still empty at the end go again.

    Raises
    ------
    StorageError
        Where it cannot be made.
    """
    made = [each for each in (folder, *folder.parents) if not _exists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(folder, error) from error
    try:
        yield
    finally:
        for each in made:
            with suppress(OSError):
                each.rmdir()


def aside(path: Path) -> Path:
    """A name beside a file, or a folder, for what is not finished: of this process and this call
    alone.
    """
    return path.with_name(
        f".{path.name[:40]}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.unfinished"
    )


def _machine() -> str:
    return re.sub(r"[./]", "_", platform.node())[:40]


def remove_leftovers(folder: Path, name: str = "*") -> None:
    """Remove from a folder what processes of this machine that run no more have not finished of a
    file.
    """
    import psutil

    pattern = name if name == "*" else glob.escape(name[:40])
    for path in folder.glob(f".{pattern}.*.unfinished"):
        found = _UNFINISHED.fullmatch(path.name)
        if (
            found
            and found["machine"] == _machine()
            and not psutil.pid_exists(int(found["process"]))
        ):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


@contextmanager
def undisturbed() -> Iterator[None]:
    """An interruption, or a request to end, waits until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = signal.SIGINT, signal.SIGTERM
    before = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
