"""The figures, panels and tables of a paper, each with what in the book answers it, or the reason
why nothing can.

A study may list them in a file of its own, which ``study.toml`` names as ``figures``::

    [[group]]
    title = "Fig. 2 · Pores"

    [[group.panel]]
    name = "Fig. 2d, e"           # as the paper counts, ranges as "Fig. 6c-e"
    where = "caption"             # where the paper says what it shows
    shows = "Distributions of pore radius and of neighbours, both electrodes."
    counterpart = ["fig-radii"]   # figures of the book, by their labels
    why = "..."                   # why there is none, or what the counterpart leaves out
    chapter = "later"             # one that is still to come and will have it
    statements = ["radius"]       # that rest on it, besides those whose place is this panel

``shows`` and ``why`` are Markdown.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from rampore import RamporeError
from rampore.checks import known_keys


class PanelError(RamporeError, ValueError):
    """The list of a paper's figures is not what it must be; the message names the panel and the
    reason.
    """


_KIND = re.compile(r"(Fig|Table|Note)s?\.? (.+)")
_NUMBER = re.compile(r"(S?\d+)([a-z]?)(?:-([a-z]))?")
_LETTERS = re.compile(r"([a-z])(?:-([a-z]))?")
_LABEL = re.compile(r"\w[\w.-]*")  # it names a file, too


def places(where: str) -> tuple[str, ...]:
    """The figures, panels and tables that a place in a paper names, one by one.

    Parameters
    ----------
    where : str
        Parts joined by commas, such as ``"3.2, Fig. 3a, b, S13d"``: a part without its kind goes
        with the one before it, a letter alone with the number before it. What stands before the
        first figure, sections above all, names none.

    Returns
    -------
    tuple of str
        E.g. ``("Fig. 3a", "Fig. 3b", "Fig. S13d")``.
    """
    return tuple(_places(where))


def _places(where: str) -> Iterator[str]:
    kind = number = ""
    for part in where.split(", "):
        if named := _KIND.fullmatch(part):
            kind, part = named[1] + "." * (named[1] == "Fig"), named[2]
        if not kind:
            continue
        if numbered := _NUMBER.fullmatch(part):
            number, first, last = numbered.groups()
        elif lettered := _LETTERS.fullmatch(part):
            first, last = lettered.groups()
        else:
            continue
        if not first:
            yield f"{kind} {number}"
            continue
        for code in range(ord(first), ord(last or first) + 1):
            yield f"{kind} {number}{chr(code)}"


@dataclass(frozen=True)
class Panel:
    """A figure, some of its panels, or a table.

    Attributes
    ----------
    name : str
        As the paper counts: ``"Fig. 2d"``, ``"Fig. S29g-i"``, ``"Table S1"``.
    where : str
        Where the paper says what it shows, e.g. ``"caption, 3.1"``.
    shows : str
        What it shows, in this project's words [Markdown].
    counterpart : tuple of str
        Labels of figures of the book.
    why : str
        Why it has no counterpart, or what the counterpart leaves out [Markdown].
    chapter : str
        A chapter to come that will have it.
    statements : tuple of str
        Statements that rest on it, besides those whose place in the ledger it is.

    Raises
    ------
    PanelError
        Where a field is not what it must be, or nothing says what answers the panel.
    """

    name: str
    where: str
    shows: str
    counterpart: tuple[str, ...] = ()
    why: str = ""
    chapter: str = ""
    statements: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for reason in self._faults():
            raise PanelError(f"{self.name}: {reason}")

    def _faults(self) -> Iterator[str]:
        for key in ("name", "where", "shows", "why", "chapter"):
            if not isinstance(getattr(self, key), str):
                yield f"`{key}` must be a text"
        for key in ("counterpart", "statements"):
            listed = getattr(self, key)
            if not isinstance(listed, tuple) or not all(isinstance(each, str) for each in listed):
                yield f"`{key}` must be a list of texts"
        if not self.places:
            yield "names no figure, panel or table"
        if not self.where or not self.shows:
            yield "says what it shows, and where the paper tells so"
        if not (self.counterpart or self.chapter or self.why):
            yield "names neither a `counterpart`, nor a `chapter` to come, nor `why` it has none"
        for label in self.counterpart:
            if not _LABEL.fullmatch(label):
                yield f"{label!r} is no label of a figure"

    @property
    def places(self) -> tuple[str, ...]:
        """What it stands for, one by one: :func:`places`."""
        return places(self.name)


#: Panels by the title of their group, in the paper's order.
Groups = dict[str, list[Panel]]


def read_panels(path: str | Path) -> Groups:
    """Read the list of a paper's figures.

    Raises
    ------
    PanelError
        Where the file cannot be read or is not TOML, an entry has an unknown key, lacks one or has
        a nonsense value, or a panel stands there twice.
    """
    source = Path(path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise PanelError(f"{source}: cannot be read as TOML: {error}") from None
    try:
        known_keys("a list of figures has [[group]]", content, ("group",), PanelError)
        groups = dict(map(_group, _tables("group", content.get("group", []))))
        named = [place for panels in groups.values() for panel in panels for place in panel.places]
        if twice := [place for place, count in Counter(named).items() if count > 1]:
            raise PanelError(f"these stand in it more than once: {', '.join(twice)}")
        return groups
    except PanelError as error:
        raise PanelError(f"{source}: {error}") from None


def _tables(name: str, entries: object) -> list[dict]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PanelError(f"{name} is no list of tables: write [[{name}]] before each")
    return entries


def _group(entry: dict) -> tuple[str, list[Panel]]:
    known_keys("a group", entry, ("title", "panel"), PanelError)
    title = entry.get("title")
    if not isinstance(title, str) or not title:
        raise PanelError(f"group {title!r}: has a text as its `title`")
    return title, [_panel(each) for each in _tables("group.panel", entry.get("panel", []))]


def _panel(entry: dict) -> Panel:
    name = f"panel {entry.get('name', 'without a name')!r}"
    known_keys(name, entry, [field.name for field in fields(Panel)], PanelError)
    required = [field.name for field in fields(Panel) if field.default is MISSING]
    if missing := [key for key in required if key not in entry]:
        raise PanelError(f"{name} has no {missing[0]!r}")
    read = dict(entry)
    for key, value in entry.items():
        if isinstance(value, list):
            read[key] = tuple(value)
    return Panel(**read)
