"""Results that stand whole in a folder, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def together(folder: Path) -> Iterator[Path]:
    """A place to write files in; they move to `folder` each in one stroke once all are complete, the oldest first.

    Parameters
    ----------
    folder : Path
        Is made where it is missing; files in it that have other names stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as work:
        yield Path(work)
        for path in sorted(Path(work).iterdir(), key=lambda path: path.stat().st_mtime_ns):
            os.replace(path, folder / path.name)
