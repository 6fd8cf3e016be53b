"""Figures of the map of designs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore import style
from rampore.lim2026 import fronts
from rampore.lim2026.sweeps import kinds
from rampore.style import LEGEND, PERCENT, TITLE

if TYPE_CHECKING:
    import pandas
    import xarray

#: A colour for each kind, the book's for bare and perforated foil.
COLOURS = {
    "bare": style.BCUE,
    "holes": style.PCUE,
    "channels": style.ACCENT,
    "layers": style.POSITIVE,
}
_NAMES = {"paper": "paper's cell", "graphite": "thick graphite"}
_MARKERS = {"bare": "s", "holes": "o", "channels": "^", "layers": "D"}
_SMALL = {"fontsize": 9}
_DENSITY = {"color": style.MUTED, "alpha": 0.15}


def beside_bare(data: xarray.Dataset, goal: str, label: str) -> Figure:
    """What each structure changes of one goal over the bare electrode on the middle foil, one side
    coated, by cell (rows) and closure (columns).

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goal : str
        One of :data:`rampore.lim2026.fronts.GOALS`.
    label : str
        Of the axis.
    """
    axes = kinds.readings()["axes"]
    cells, closures = axes["cells"], axes["closures"]
    figure, panels = style.new_figure(
        len(cells), len(closures), height=5.4, sharex="row", sharey="row"
    )
    factor = fronts.IN_UNITS["margin"][0] if goal == "margin" else PERCENT
    for row, cell in zip(panels, cells, strict=True):
        for panel, closure in zip(row, closures, strict=True):
            of = {"cell": cell, "closure": closure, "swelling": "none"}
            found = fronts.beside_bare(
                data, goal, **of, faces=1, foil_thickness=fronts.middle_foil()
            )
            place = np.arange(found.change.size)[::-1]
            panel.axvline(0, color="black", lw=0.8)
            for kind, colour in COLOURS.items():
                of_kind = found.designs.kind.values == kind
                panel.errorbar(
                    factor * found.change[of_kind],
                    place[of_kind],
                    xerr=factor * found.error[of_kind],
                    fmt="o",
                    ms=5,
                    capsize=2,
                    color=colour,
                )
            panel.set_yticks(place, fronts.names(found.designs, foil=False), **_SMALL)
            panel.grid(axis="x", **_DENSITY)
            if cell == cells[0]:
                panel.set_title(closure, **TITLE)
        row[0].set_ylabel(_NAMES[cell])
        row[len(row) // 2].set_xlabel(label)
    return figure


def over_two_goals(
    data: xarray.Dataset, goals: Sequence[str] = ("gravimetric", "capacity_3C")
) -> Figure:
    """Every design on one side over two goals; filled is what nothing beats in all goals.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    goals : (str, str)
        Along and up, of :data:`rampore.lim2026.fronts.GOALS`.
    """
    axes = kinds.readings()["axes"]
    cells, closures = axes["cells"], axes["closures"]
    figure, panels = style.new_figure(
        len(cells), len(closures), height=5.2, sharex="row", sharey="row"
    )
    for row, cell in zip(panels, cells, strict=True):
        for panel, closure in zip(row, closures, strict=True):
            of = {"cell": cell, "closure": closure, "swelling": "none"}
            group = fronts.chosen(data, **of, faces=1)
            best = fronts.front(group)
            x, y = (fronts.IN_UNITS[goal][0] * group[goal].values for goal in goals)
            for kind, colour in COLOURS.items():
                of_kind = group.kind.values == kind
                for filled in (False, True):
                    shown = of_kind & (best == filled)
                    panel.plot(
                        x[shown],
                        y[shown],
                        _MARKERS[kind],
                        ms=6,
                        color=colour,
                        mfc=colour if filled else "none",
                        label=kind if filled else None,
                    )
            panel.grid(**_DENSITY)
            if cell == cells[0]:
                panel.set_title(closure, **TITLE)
        along, up = (fronts.IN_UNITS[goal][1] for goal in goals)
        row[len(row) // 2].set_xlabel(along)
        row[0].set_ylabel("\n".join((_NAMES[cell], up)))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(COLOURS), **LEGEND)
    return figure


def counts(tables: Sequence[pandas.DataFrame]) -> Figure:
    """In how many closures a design is on the front: one row a design, one column a cell.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        Of one side and of both, as :func:`rampore.lim2026.fronts.how_often` gives them.
    """
    figure, panels = style.new_figure(1, len(tables), height=7.2)
    most = len(kinds.readings()["axes"]["closures"])
    for panel, table, title in zip(panels, tables, ("one side", "both sides"), strict=True):
        values = table.to_numpy(float)
        panel.imshow(values, cmap="Blues", vmin=0, vmax=most + 1, aspect="auto")
        for (n, m), value in np.ndenumerate(values):
            text = "–" if np.isnan(value) else f"{value:.0f}"
            panel.text(m, n, text, ha="center", va="center", **_SMALL)
        panel.set_xticks(
            range(table.shape[1]), [_NAMES[cell].replace(" ", "\n") for cell in table], **_SMALL
        )
        panel.set_yticks(range(len(table)), list(table.index), **_SMALL)
        panel.set_title(title, **TITLE)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    return figure


def swelling(data: xarray.Dataset) -> Figure:
    """What each kind's base gains in capacity at 3C over the bare electrode, by how solids swell.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep kinds`` writes it.
    """
    axes = kinds.readings()["axes"]
    cells, closures, words = axes["cells"], axes["closures"], axes["swellings"]
    figure, panels = style.new_figure(
        len(cells), len(closures), height=4.8, sharex=True, sharey="row"
    )
    for row, cell in zip(panels, cells, strict=True):
        for panel, closure in zip(row, closures, strict=True):
            panel.axhline(0, color="black", lw=0.8)
            for kind, colour in COLOURS.items():
                if kind == "bare":
                    continue
                gains = [
                    fronts.base_change(data, "capacity_3C", cell, closure, word, kind)
                    for word in words
                ]
                change, error = PERCENT * np.array(gains).T
                panel.errorbar(
                    range(len(words)), change, error, fmt="o-", ms=4, capsize=2, color=colour,
                    label=kind,
                )  # fmt: skip
            panel.set_xticks(range(len(words)), words)
            panel.grid(axis="y", **_DENSITY)
            if cell == cells[0]:
                panel.set_title(closure, **TITLE)
        row[0].set_ylabel(f"{_NAMES[cell]}\n3C, over bare (%)")
    panels[-1, len(closures) // 2].set_xlabel("swelling (what of it the thickness takes)")
    panels[0, 0].legend(**LEGEND)
    return figure
