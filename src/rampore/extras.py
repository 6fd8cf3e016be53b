"""What is installed apart: the packages of an extra, and what to install where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rampore import RamporeError


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
