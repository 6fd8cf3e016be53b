"""The figure of a protocol at many values of one key or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from rampore.style import LEGEND, PERCENT, new_figure

if TYPE_CHECKING:
    import xarray

MOST_LINES = 6  #: beside each other; more values of the second key make a map


def overview(data: xarray.Dataset, keys: Sequence[str], name: str) -> Figure:
    """A quantity over one key, with its error where it has one, in a line for each value of a
    second; or a map, where that has many.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`rampore.commands.parametric.dataset` makes it.
    keys : sequence of str
        One or two, dimensions of it.
    name : str
        Of the quantity; a gain is drawn in percent.
    """
    figure, axes = new_figure(width=5.6, height=3.6)
    gain = name.startswith("gain_")
    factor = PERCENT if gain else 1.0
    label = "gain in charge (%)" if gain else "charge discharged (A h m⁻²)"
    first, second = keys[0], keys[1] if len(keys) > 1 else None
    numbers = all(data[key].dtype.kind == "f" for key in keys)
    if second is not None and numbers and data.sizes[second] > MOST_LINES:
        values = factor * data[name].transpose(second, first).values
        mesh = axes.pcolormesh(data[first], data[second], values, rasterized=True)
        figure.colorbar(mesh, label=label)
        axes.set(xlabel=_with_unit(data, first), ylabel=_with_unit(data, second))
        return figure
    lines = [data] if second is None else [data.sel({second: each}) for each in data[second].values]
    for line in lines:
        error = factor * line[f"{name}_error"].values if f"{name}_error" in line else None
        words = "" if second is None else _told(line, second)
        axes.errorbar(
            line[first].values, factor * line[name].values, error, marker="o", ms=4, capsize=2,
            label=words,
        )  # fmt: skip
    axes.set(xlabel=_with_unit(data, first), ylabel=label)
    if second is not None:
        axes.legend(**LEGEND)
    if gain:
        axes.axhline(0, lw=0.8, color="0.5")
    return figure


def _short(key: str) -> str:
    return key.split(", ")[-1].split(" [")[0]


def _told(line, key: str) -> str:
    """The value of a line's key, with its unit."""
    value = line[key].item()
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{_short(key)} {number} {_unit(line, key)}".rstrip()


def _unit(data, key: str) -> str:
    unit = data[key].attrs.get("units", "")
    return "" if unit == "1" else unit.replace("um", "µm")


def _with_unit(data, key: str) -> str:
    words = data[key].dtype.kind != "f"
    return _short(key) if words else f"{_short(key)} ({_unit(data, key) or '–'})"
