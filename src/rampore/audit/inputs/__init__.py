"""Inputs with provenance: a study's values with their units, sources and confidence, read once and
turned into SI.

A parameter file is TOML and what a reader edits; :func:`read` is the only thing that reads it. What
it must hold say the study's classes, see :mod:`rampore.audit.inputs.declaring`. A what-if changes a
few values with :func:`with_values`; what follows from them follows.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from rampore import RamporeError
from rampore.audit.inputs.declaring import Inputs
from rampore.audit.inputs.inferring import inferred
from rampore.audit.inputs.records import (
    FORMULA_KEYS,
    Confidence,
    Source,
    entries_of,
    read_sources,
    tree_of,
)
from rampore.audit.inputs.values import Group, Named, Refused, is_pair, near

Root = TypeVar("Root", bound=Inputs)

_CHANGED = ", with changes"
#: Of a file [bytes]; that of Lim et al. has 60 000.
_LARGEST = 1_000_000
#: Names in one key; that of Lim et al. has five at most, and reading takes the square of their
#: number.
_LONG_KEY = re.compile(
    r"""^[ \t]*+(?:(?:[\w-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){20}""", re.MULTILINE
)


class ParameterError(RamporeError, ValueError):
    """An input that cannot be used; the message names file, key, reason and what to do."""

    def __init__(self, file: str, key: str, reason: str, remedy: str) -> None:
        super().__init__(
            f"{file}: {key}: {reason}; {remedy}" if key else f"{file}: {reason}; {remedy}"
        )
        self.file, self.key, self.reason, self.remedy = file, key, reason, remedy

    def __reduce__(self) -> tuple[type[ParameterError], tuple[str, str, str, str]]:
        return type(self), (self.file, self.key, self.reason, self.remedy)


def read(
    root: type[Root],
    origin: Path | Traversable,
    base: Callable[[], Root] | None = None,
    name: str = "",
    library: Callable[[str], Mapping[str, Any]] | None = None,
) -> Root:
    """Read the inputs of a study.

    A file holds everything, or starts with ``extends = "study"`` and holds only what differs from
    the study. An entry that a file gives replaces the study's whole entry, so that a value never
    stands beside another value's source.

    Parameters
    ----------
    root : type
        The study's class of all inputs, of kind :class:`~rampore.audit.inputs.declaring.Inputs`.
    origin : Path or package resource
        A TOML file.
    base : callable, optional
        Gives the study's own inputs, for a file that extends them.
    name : str
        What messages call the file; by default its path.
    library : callable, optional
        What an entry ``library = "name"`` stands for: form, formula, value and unit of a published
        correlation. It raises a `RamporeError` where there is no such name.

    Raises
    ------
    ParameterError
        Where the file cannot be read, lacks an entry, has an unknown one, or holds a value that
        makes no sense.
    """
    file = name or str(origin)
    with _named(file):
        content = _content(origin)
        if library:
            _look_up(content, library)
        entries: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        if "extends" in content:
            extended = content.pop("extends")
            if extended != "study" or base is None:
                raise Refused(
                    f"{extended!r} is not known",
                    'write extends = "study", or leave it out',
                    "extends",
                )
            study = base()
            entries, sources = dict(study.entries), dict(study.sources)
        sources |= read_sources(content.pop("sources", {}))
        entries |= entries_of(Group("", root), content)
        return _made(root, entries, sources, file)


def read_values(origin: str | Path | Traversable, name: str = "") -> Inputs:
    """Read a parameter file whose own tables say what it holds: no class declares it.

    Every table with a value is a number, or a list of numbers, in the unit that it gives; every
    other table is a group. An entry needs what :func:`read` asks of any: unit, source, confidence.

    Parameters
    ----------
    origin : str, Path or package resource
        A TOML file.
    name : str
        What messages call the file; by default its path.

    Returns
    -------
    Inputs
        With an attribute for each table, in SI base units: ``values.coating.density``.

    Raises
    ------
    ParameterError
        As :func:`read`; and where a name is none that an attribute can have.
    """
    origin = Path(origin) if isinstance(origin, str) else origin
    with _named(name or str(origin)):
        root = inferred({key: table for key, table in _content(origin).items() if key != "sources"})
    return read(root, origin, name=name)


def with_values(inputs: Root, changes: Mapping[str, tuple[Any, Any] | str]) -> Root:
    """The same inputs with a few values changed; what follows from them is computed anew.

    Parameters
    ----------
    inputs : Inputs
    changes : mapping of str to (value, unit)
        By key, e.g. ``{"perforation.open_fraction": (0.317, "1")}``. The name alone picks one of
        several rival data sets, e.g. ``{"electrolyte.correlations.chosen": "Nyman"}``.

    Returns
    -------
    Inputs
        The changed entries carry the confidence mark `own`.

    Raises
    ------
    ParameterError
        As :func:`read`.
    """
    file = inputs.file.removesuffix(_CHANGED) + _CHANGED
    entries = dict(inputs.entries)
    with _named(file):
        for key, change in changes.items():
            entries[key] = _changed(inputs, key, change)
        return _made(type(inputs), entries, inputs.sources, file)


def _changed(inputs: Inputs, key: str, change: Any) -> Any:
    entry = inputs.entries.get(key, {})
    is_name = isinstance(entry, str)
    if is_name and isinstance(change, str):
        return change
    if not is_name and key not in inputs.records:
        raise Refused(
            f"there is no such value{near(key, inputs.records)}", "name a key of records", key
        )
    if not is_pair(change):
        raise Refused(f"{change!r} is not a value with a unit", 'give (value, "unit")', key)
    if is_name:
        raise Refused(f"{change!r} is not a name", "give the name of one of the alternatives", key)
    kept = {name: entry[name] for name in FORMULA_KEYS if name in entry}
    value, unit = change
    return kept | {"value": value, "unit": unit, "source": [], "confidence": str(Confidence.OWN)}


@contextmanager
def _named(file: str) -> Iterator[None]:
    """What is refused within is refused of `file`."""
    try:
        yield
    except Refused as refused:
        raise ParameterError(file, *refused.in_one_line) from None
    except RecursionError:
        raise ParameterError(
            file, "", "nests tables or lists too deeply", "write them as the study's file has them"
        ) from None


def _content(origin: Path | Traversable) -> dict[str, Any]:
    try:
        _readable(origin)
        content = origin.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(content):
            raise Refused(
                "has a key of twenty names or more", "write keys as the study's file has them"
            )
        return tomllib.loads(content)
    except OSError as error:
        raise Refused(
            f"cannot be read ({error.strerror})", "give the path of a TOML file"
        ) from None
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 text ({error.reason})", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"is not valid TOML: {error}", "correct it at the place named") from None
    except Refused:
        raise
    except ValueError as error:  # a path with a zero byte, a number of thousands of digits
        raise Refused(f"cannot be read ({error})", "give the path of a TOML file") from None


def _look_up(
    tables: dict[str, Any], library: Callable[[str], Mapping[str, Any]], key: str = ""
) -> None:
    """Put what a library holds in the place of its names."""
    for name, table in tables.items():
        if not isinstance(table, dict):
            continue
        where = f"{key}.{name}" if key else name
        wanted = table.pop("library", None)
        if wanted is None:
            _look_up(table, library, where)
            continue
        if not isinstance(wanted, str):
            raise Refused(
                f"library = {wanted!r} is not a text", "name a correlation of the library", where
            )
        try:
            printed = library(wanted)
        except RamporeError as error:
            raise Refused(str(error), "name a correlation of the library", where) from None
        if twice := [each for each in printed if each in table]:
            raise Refused(
                f"{twice[0]} stands here and in the library", "leave one of them out", where
            )
        table |= printed


def _readable(origin: Path | Traversable) -> None:
    """Refuse what never ends or is no cell: a pipe, a device, a huge file."""
    if not isinstance(origin, Path):
        return
    status = origin.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise Refused("is not a file", "give the path of a TOML file")
    if status.st_size > _LARGEST:
        raise Refused(f"has {status.st_size} bytes", f"give a file of {_LARGEST} bytes or fewer")


def _made(
    root: type[Root], entries: Mapping[str, Any], sources: Mapping[str, Source], file: str
) -> Root:
    values, records = tree_of(root, entries, sources)
    root.agree(values)
    return root(
        **values,
        sources=Named(sources, "sources"),
        records=Named(records, "records"),
        file=file,
        entries=Named(entries, "entries"),
    )
