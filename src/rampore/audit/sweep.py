"""A study's sweep: its cases, the numerical error of what each gave, and the file that holds all.

:mod:`rampore.sweep` runs the cases, and keeps what they gave.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rampore import storage
from rampore.sweep import Case, Outcome, SweepError, dataset

if TYPE_CHECKING:
    import xarray

SEAL = "content_sha256"  #: attribute of a data set that holds the hash of its content
_LARGEST = 2**28  #: [byte] of a data set in memory

#: What a case may give beside a number: the same on a mesh of twice the spacing with longer steps,
#: from which its error is read, and on one of half the spacing, by which that error is tested.
COARSER, FINER = "_coarser", "_finer"
USUAL = 0.95  #: share of a group whose changes are no larger than the least error of its cases [-]


class Plan(NamedTuple):
    """A sweep that a command runs by its name, and what its data set says of itself."""

    title: str
    compute: Callable[[Case], Mapping[str, float]]
    cases: Sequence[Case]
    #: cases that it gives the same of are about as exact as each other
    group: Callable[[Case], Hashable]
    units: Mapping[str, str]  #: of every number that goes in or comes out
    about: Mapping[str, str]  #: what the reader should know of the whole

    def errors(self, outcomes: Sequence[Outcome]) -> list[dict[str, float]]:
        """The numerical error of each number of each case that has one: what the coarser mesh
        changes, or what it changes at most in ``USUAL`` of the case's group, where that is larger.

        At second order a third of what twice the spacing changes is left, at first order all of it.
        But where a number rises and falls with the spacing, or is read at the last of some marks,
        two meshes agree by chance: no case is taken to be better than most of its group.

        Parameters
        ----------
        outcomes : sequence of Outcome
            Of ``cases``, in their order; without values where one failed.
        """
        changes = [_changes(outcome.values) for outcome in outcomes]
        groups: dict[Hashable, list[int]] = {}
        for number, case in enumerate(self.cases):
            groups.setdefault(self.group(case), []).append(number)
        found: list[dict[str, float]] = [{} for _ in changes]
        for members in groups.values():
            for name in {name for n in members for name in changes[n]}:
                own = {n: changes[n][name] for n in members if name in changes[n]}
                usual = float(np.quantile(list(own.values()), USUAL))
                for n, change in own.items():
                    found[n][name] = max(change, usual)
        return found

    @staticmethod
    def resolved(outcome: Outcome, errors: Mapping[str, float]) -> dict[str, float]:
        """Whether a case's number lies within its error of what the finer mesh gives, 1 or 0, by
        the names of those that were tested so.

        Two coarse meshes may agree, and both be wrong.
        """
        values = outcome.values
        return {
            name: float(abs(values[name + FINER] - values[name]) <= errors[name])
            for name in errors
            if name + FINER in values
        }

    def dataset(
        self, outcomes: Sequence[Outcome], attributes: Mapping[str, str] | None = None
    ) -> xarray.Dataset:
        """All cases as :func:`rampore.sweep.dataset` makes them, with ``*_error`` of each number
        that has one and ``*_resolved`` of each that was tested.

        Parameters
        ----------
        outcomes : sequence of Outcome
            Of ``cases``, in their order.
        attributes : mapping, optional
            What the reader should know beside what the plan says.
        """
        kept = [
            Outcome(
                {
                    name: value
                    for name, value in outcome.values.items()
                    if not name.endswith((COARSER, FINER))
                },
                outcome.error,
            )
            for outcome in outcomes
        ]
        data = dataset(self.cases, kept, self.units, {**(attributes or {}), **self.about})
        errors = self.errors(outcomes)
        tested = [self.resolved(*pair) for pair in zip(outcomes, errors, strict=True)]
        for rows, ending in ((errors, "error"), (tested, "resolved")):
            for name in dict.fromkeys(name for row in rows for name in row):
                column = [row.get(name, math.nan) for row in rows]
                unit = self.units[name] if ending == "error" else "1"
                data[f"{name}_{ending}"] = ("case", column, {"units": unit})
        return data


def _changes(values: Mapping[str, float]) -> dict[str, float]:
    """What the coarser mesh changes, of every number that both meshes give."""
    return {
        name: abs(value - values[name + COARSER])
        for name, value in values.items()
        if math.isfinite(value - values.get(name + COARSER, math.nan))
    }


def write(data: xarray.Dataset, path: Path) -> None:
    """Save a data set with the hash of what it holds, which :func:`read` holds it to.

    Raises
    ------
    StorageError
        Where it cannot be written; what stood there before still stands.
    """
    sealed = data.assign_attrs({SEAL: _content(data)})
    packed = {
        name: {"compression": "gzip", "compression_opts": 4}
        for name in data
        if data[name].dtype.kind == "f"
    }
    storage.write(Path(path), storage.netcdf(sealed, packed))


def read(path: Path | str) -> xarray.Dataset:
    """A data set as :func:`write` left it.

    Raises
    ------
    SweepError
        Where it is no such data set, or its numbers are not those that were written.
    """
    import h5py
    import xarray as xr

    if not Path(path).is_file():
        raise SweepError(f"{path}: there is no such file: `rampore sweep` makes it")
    try:
        h5py.File(path, "r").close()  # which xarray leaves half open where it is damaged
        with xr.open_dataset(path, engine="h5netcdf") as stored:
            if stored.nbytes > _LARGEST:
                raise SweepError(
                    f"{path}: {stored.nbytes / 1e6:.0f} MB; no sweep writes more than "
                    f"{_LARGEST / 1e6:.0f} MB"
                )
            data = stored.load()
        seal, content = data.attrs.get(SEAL), _content(data)
    except SweepError:
        raise
    except Exception as error:  # HDF5 and xarray raise whatever they like
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise SweepError(
            f"{path}: damaged, or not written by `rampore sweep`: run it again ({reason})"
        ) from error
    if seal != content:
        raise SweepError(
            f"{path}: the numbers are not those that `rampore sweep` wrote: run it again"
        )
    return data


def _content(data: xarray.Dataset) -> str:
    """SHA-256 of all values, and of the description but for the hash itself."""
    content = {name: data[name].values.tolist() for name in sorted(map(str, data.variables))}
    content["attributes"] = {
        name: text for name, text in sorted(data.attrs.items()) if name != SEAL
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
