"""A study of a paper of one's own, made from a template, and brought to a newer template later.

The template ships with the package. ``template.lock`` in the study remembers its version and the
hash of every file as the template had it: what the author has not touched since is replaced by an
update, and beside what they have, the newer one is laid as ``<name>.new``.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from rampore import storage
from rampore.audit.reproduce.book import SUMMARY_MARKS
from rampore.audit.reproduce.files import are_texts, as_json, digest, read_json
from rampore.audit.study import UsageError

LOCK = "template.lock"
_VERSION = "template.toml"
_DOT, _PLAIN = "dot_", ".template"  # so that no tool of this package takes the files for its own


class Template(NamedTuple):
    """The files of a study to begin with."""

    version: int
    files: dict[str, bytes]  #: by the path in the study


class FileOutcome(NamedTuple):
    """What an update has done, by path in the study."""

    before: int  #: version of the template that the study was at
    after: int
    replaced: list[str]  #: untouched by the author; new ones among them
    removed: list[str]  #: untouched, and the newer template has none
    beside: list[str]  #: changed by both: the newer one lies beside, as ``<name>.new``


def shipped() -> Template:
    """The template of this version of the package."""
    return read(resources.files("rampore") / "audit" / "template")


def read(folder: Traversable) -> Template:
    """The template that a folder holds.

    Parameters
    ----------
    folder : Path or package resource
        With ``template.toml`` (``version``, a whole number). A name that begins with ``dot_`` gets
        a dot instead, an ending ``.template`` is dropped.
    """
    version = tomllib.loads((folder / _VERSION).read_text(encoding="utf-8"))["version"]
    files = {path: content for path, content in _files(folder, "") if path != _VERSION}
    return Template(version, dict(sorted(files.items())))


def _files(folder: Traversable, below: str):
    for path in folder.iterdir():
        name = re.sub(f"^{_DOT}", ".", path.name.removesuffix(_PLAIN))
        if path.is_dir():
            yield from _files(path, f"{below}{name}/")
        else:
            yield below + name, path.read_bytes()


def new(folder: Path, template: Template | None = None) -> list[str]:
    """Make a study in a new or empty folder.

    Parameters
    ----------
    folder : Path
    template : Template, optional
        By default the one of this package.

    Returns
    -------
    list of str
        The files, from the folder.

    Raises
    ------
    UsageError
        Where the folder is there and not empty.
    StorageError
        Where it cannot be written to.
    """
    template = template or shipped()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there and not empty: name a new folder")
    for name, content in template.files.items():
        storage.write(folder / name, content)
    _lock(folder, template)
    return list(template.files)


def update(folder: Path, template: Template | None = None) -> FileOutcome:
    """Bring a study to a newer template, and lose nothing that its author has written.

    Parameters
    ----------
    folder : Path
        With the ``template.lock`` that :func:`new` left.
    template : Template, optional
        By default the one of this package.

    Raises
    ------
    UsageError
        Where the folder has no readable lock, or was made from a newer template.
    StorageError
        Where something cannot be written.
    """
    template = template or shipped()
    version, known = _locked(folder)
    if version > template.version:
        raise UsageError(
            f"{folder} is at version {version} of the template, this rampore has "
            f"{template.version}: install a newer one"
        )
    outcome = FileOutcome(version, template.version, [], [], [])
    for name, content in template.files.items():
        path = folder / name
        there = _digest(name, path.read_bytes()) if path.is_file() else None
        wanted, before = _digest(name, content), known.get(name)
        if there == wanted or before == wanted or (there is None and before is not None):
            continue  # as it must be; changed by its author alone; or removed by them
        if there is None or there == before:
            storage.write(path, content)
            outcome.replaced.append(name)
        else:
            storage.write(path.with_name(f"{path.name}.new"), content)
            outcome.beside.append(name)
    for name in known.keys() - template.files.keys():
        path = folder / name
        if path.is_file() and _digest(name, path.read_bytes()) == known[name]:
            path.unlink()
            outcome.removed.append(name)
    _lock(folder, template)
    return outcome


def _lock(folder: Path, template: Template) -> None:
    hashes = {name: _digest(name, content) for name, content in template.files.items()}
    storage.write(folder / LOCK, as_json({"version": template.version, "files": hashes}))


def _locked(folder: Path) -> tuple[int, dict[str, str]]:
    content = read_json(folder / LOCK)
    version, files = (content.get(key) if isinstance(content, dict) else None for key in _KEYS)
    if not isinstance(version, int) or not are_texts(files):
        raise UsageError(f"{folder}: no {LOCK} that can be read: was it made by `audit new`?")
    inside = all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in files)
    if not inside:
        raise UsageError(f"{folder / LOCK}: names a file outside the folder")
    return version, files


_KEYS = ("version", "files")


def _digest(name: str, content: bytes) -> str:
    """SHA-256 of what an author writes of a file: of a notebook not its outputs, of a README not
    its summary.
    """
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(content)["cells"]
            said = [(c["cell_type"], "".join(c["source"]), c.get("metadata")) for c in cells]
        except (ValueError, KeyError, TypeError):
            return digest(content)
        return digest(json.dumps(said, sort_keys=True))
    if name.endswith(".md"):
        begin, end = map(re.escape, SUMMARY_MARKS)
        pattern = f"{begin}.*?{end}".encode()
        return digest(re.sub(pattern, b"", content, flags=re.DOTALL))
    return digest(content)
