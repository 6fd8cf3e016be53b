"""A user's files on their way in: what is no file is refused, what has no end is bounded, what
readers raise is fenced.

Each function raises the error class of the module that asks, so that a user reads of an image or of
a spectrum.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rampore import RamporeError

#: A text that is larger than this is no table of measured values [bytes], packed or not.
MOST_BYTES = 32 * 2**20

_UNPACK = {".gz": gzip.open, ".bz2": bz2.open}


def regular(path: str | os.PathLike, error: type[RamporeError]) -> Path:
    """A file that can be read and holds something; no folder, pipe or device, which may have no
    end.

    Parameters
    ----------
    path : path
    error : type
        What is raised.
    """
    shown = repr(os.fspath(path))
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise error(f"there is no file {shown}") from None
    except (OSError, ValueError) as problem:
        raise error(
            f"{shown} cannot be read: {getattr(problem, 'strerror', None) or problem}"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        raise error(f"{shown} is a folder: name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{shown} is a pipe or a device: save what comes from it as a file first")
    if not os.access(path, os.R_OK):
        raise error(f"{shown} cannot be read: you have no permission to")
    if status.st_size == 0:
        raise error(f"{shown}: the file is empty")
    return Path(path)


def text(
    path: str | os.PathLike,
    error: type[RamporeError],
    most: int = MOST_BYTES,
    encoding: str | None = None,
    zeros: bool = False,
) -> str:
    """What a text file holds, in UTF-8 or UTF-16, packed by gzip or bzip2 or not.

    Parameters
    ----------
    path : path
    error : type
        What is raised.
    most : int
        Largest size, unpacked [bytes].
    encoding : str, optional
        Of one byte a character, for what is no UTF; by default that is refused.
    zeros : bool
        Whether zero bytes may stand in it; they are left out.
    """
    path = regular(path, error)
    opened = _UNPACK.get(path.suffix.lower(), open)
    with fenced(f"{path}: the file is damaged", error), opened(path, "rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise error(f"{path}: more than {most // 2**20} MB of text; keep what is needed of it")
    try:
        read = content.decode(_wide(content) or "utf-8-sig")
    except UnicodeDecodeError as problem:
        if encoding is None:
            raise error(
                f"{path} is no text in UTF-8 ({problem.reason} at byte {problem.start}): save it "
                "as that"
            ) from None
        read = content.decode(encoding, "replace")
    if zeros:
        return read.replace("\0", "")
    if "\0" in read:
        raise error(f"{path} is no text: it holds zero bytes; unpack or export it first")
    return read


def _wide(content: bytes) -> str | None:
    """UTF-16, by its mark or by the zeros that every second byte of Latin letters has."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = content[:2000]
    for name, zeros, letters in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if len(start) > 8 and not any(start[zeros::2]) and all(start[letters::2]):
            return name
    return None


@contextmanager
def fenced(said: str, error: type[RamporeError]) -> Iterator[None]:
    """Around a call of another library's reader: whatever it raises becomes one error that says so.

    Parameters
    ----------
    said : str
        What is wrong with which file; what the reader said is added.
    error : type
        What is raised, and passes.
    """
    try:
        yield
    except error:
        raise
    except MemoryError as problem:
        raise error(f"{said}, or larger than the memory ({problem})") from problem
    except Exception as problem:
        raise error(f"{said} ({type(problem).__name__}: {problem})") from problem
