"""Published correlations as their sources print them, from ``data/correlations.toml``: form,
coefficients, unit, range.

Whoever computes with one of them reads it here, so that its coefficients stand once:
:mod:`rampore.materials` by its name, a study's parameter file by ``library = "name.property"``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from rampore import RamporeError
from rampore.checks import nearest


class CorrelationError(RamporeError, ValueError):
    """A correlation that there is not, or that cannot be evaluated: the message names it and what
    is missing.
    """

    exit_code = 2


@cache
def content() -> dict[str, dict]:
    """All of the file, not to be changed: by "electrolyte" and "potential", and by name."""
    text = (resources.files("rampore") / "data" / "correlations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def names(kind: str) -> list[str]:
    """What the library has of a kind, "electrolyte" or "potential"."""
    return list(content()[kind])


def printed(name: str) -> dict[str, object]:
    """What the library's file says of a correlation, as its source prints it.

    Parameters
    ----------
    name : str
        Of a potential, or of an electrolyte and one of its properties: ``nyman-2008.conductivity``.

    Returns
    -------
    dict
        ``form``, ``formula``, ``value`` and ``unit``; of an electrolyte's ``validity``, value and
        unit alone.

    Raises
    ------
    CorrelationError
        Where the library has no such correlation.
    """
    known = dict(content()["potential"])
    for electrolyte_name, tables in content()["electrolyte"].items():
        parts = {key: table for key, table in tables.items() if isinstance(table, dict)}
        parts["validity"] = {"value": tables["validity"], "unit": "mol/m3"}
        known |= {f"{electrolyte_name}.{key}": table for key, table in parts.items()}
    if name not in known:
        raise CorrelationError(f"the library has no correlation {name!r}{nearest(name, known)}")
    return {key: value for key, value in known[name].items() if key not in ("source", "doi")}
