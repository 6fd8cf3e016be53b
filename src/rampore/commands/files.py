"""Results that stand whole in a folder, or not at all."""

import csv
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rampore import storage
from rampore.storage import StorageError

# VTK says nothing where the disk is full
_LAST_WORDS = {".vti": b"</VTKFile>", ".vtr": b"</VTKFile>"}


def table(headings: Sequence[str], columns: Sequence[np.ndarray]) -> str:
    """Columns (n,) of numbers as the text of a CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(np.column_stack(columns).tolist())
    return stream.getvalue()


@contextmanager
def together(folder: Path, names: Iterable[str] = ()) -> Iterator[Path]:
    """A place to write files in; once all are complete they move to `folder`.

    Enter it before the computation: where the folder cannot be written to, that is said at once.
    Where the block fails, or the writing of any file, none moves, and what stood in the folder
    stands. The files move one after another, the oldest first: the one written last, which speaks
    for all, is never newer than the others. An interruption waits until the last has moved.

    Parameters
    ----------
    folder : Path
        Is made where it is missing; files in it that have other names stay.
    names : iterable of str
        Files that will be written, as far as they are known: what must not be replaced is found out
        at once.

    Raises
    ------
    StorageError
        Where the folder cannot be made or written to, something there is no plain file, or a file
        was not completed.
    """
    folder = Path(os.path.realpath(folder))
    for name in names:
        storage.check_target(folder / name)
    with storage.folder_for(folder):
        work = storage.aside(folder / "results")
        try:
            storage.remove_leftovers(folder, "results")
            work.mkdir()
            (work / "try").write_bytes(b"\0")
            (work / "try").unlink()
        except OSError as error:
            shutil.rmtree(work, ignore_errors=True)
            raise StorageError(folder, error) from error
        try:
            yield work
            _move(work, folder)
        except StorageError:
            raise
        except OSError as error:
            if error.filename is None or str(error.filename).startswith(str(work)):
                raise StorageError(folder, error) from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _move(work: Path, folder: Path) -> None:
    paths = sorted(work.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in paths:
        storage.check_target(folder / path.name)
        _complete(path)
    with storage.undisturbed():
        for path in paths:
            os.replace(path, folder / path.name)


def _complete(path: Path) -> None:
    """See to it that a file is on the disk, and whole as far as its kind tells."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        last = _LAST_WORDS.get(path.suffix, b"")
        file.seek(max(0, path.stat().st_size - 64))
        if last not in file.read():
            raise StorageError(
                path.parent.parent / path.name, "it could not be completed; the disk may be full"
            )
