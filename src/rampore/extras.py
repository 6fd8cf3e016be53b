"""What is installed apart: the packages of an extra, and what to install where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from rampore import RamporeError

#: What a command tells where it left something out, with what is left out and the extra for it.
LEFT_OUT = "without {}, for which: pip install 'rampore[{}]'"


class MissingExtraError(RamporeError, ImportError):
    """A package of an extra is not installed; the message says what to install."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Around the imports of what only an extra installs.

    Parameters
    ----------
    extra : str
        Its name in ``pyproject.toml``.

    Raises
    ------
    MissingExtraError
        Where a package cannot be found.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed; it comes with: pip install 'rampore[{extra}]'",
            name=error.name,
        ) from error


def installed(module: str) -> bool:
    """Whether a module of an extra can be imported."""
    return find_spec(module) is not None
