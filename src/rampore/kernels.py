"""Numba: a place to keep what it compiles, and a word to the user while it does."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

_log = logging.getLogger(__name__)


def find_room() -> None:
    """See to it that compiled code can be kept, before Numba is imported.

    It is kept beside the package, or where that cannot be written to in the user's cache, for all
    later runs. Numba does not start where it can be kept in neither: it goes to a folder that lives
    as long as the process.
    """
    packages = Path(__file__).parent, Path(sysconfig.get_path("purelib"))
    if "NUMBA_CACHE_DIR" in os.environ or all(os.access(place, os.W_OK) for place in packages):
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
    if not os.access(cache, os.W_OK):
        os.environ["NUMBA_CACHE_DIR"] = folder = tempfile.mkdtemp(prefix="rampore-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def announced(seconds: float) -> Iterator[None]:
    """Say once, through the logger ``rampore.kernels``, that kernels are compiled, if any are.

    Without handlers of one's own, a logger's warnings go to standard error.

    Parameters
    ----------
    seconds : float
        What it takes on a quiet processor [s].
    """
    from numba.core import event

    class Listener(event.Listener):
        said = False

        def on_start(self, _) -> None:
            if not self.said:
                self.said = True
                _log.warning("compiling kernels, once: about %.0f s", seconds)

        def on_end(self, _) -> None:
            """Nothing: a compilation within another is part of it."""

    with event.install_listener("numba:compile", Listener()):
        yield


find_room()

import numba  # noqa: E402

#: Without what C would call a kernel by, which nothing here does, and which compiles it once more.
njit = partial(numba.njit, no_cfunc_wrapper=True)
numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR", "")  # read before, where it was imported

__all__ = ["announced", "find_room", "njit"]
