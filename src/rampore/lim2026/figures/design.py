"""Figures of the designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore.lim2026.sweeps.design import front
from rampore.style import BCUE, LEGEND, MUTED, PAPER, PCUE, TITLE, new_figure

if TYPE_CHECKING:
    import xarray


def trade(data: xarray.Dataset, paper: int) -> Figure:
    """Energy per mass against the capacity at 3C, a panel for each density of the coating: every
    foil, the paper's; filled is what no other one beats.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    paper : int
        Which case is the paper's foil.
    """
    densities, best = np.unique(data.density.values), front(data)
    figure, panels = new_figure(1, densities.size, height=3.6, sharex=True, sharey=True)
    energy, capacity = data.gravimetric.values / 3600, data.capacity_3C.values / 36000
    bare = data.hole_diameter.values == 0
    for panel, density in zip(panels, densities, strict=True):
        here = data.density.values == density
        for holes, colour, marker in ((True, PCUE, "o"), (False, BCUE, "s")):
            for filled in (False, True):
                shown = here & (bare != holes) & (best == filled)
                panel.plot(
                    energy[shown], capacity[shown], marker, ms=5, color=colour,
                    mfc=colour if filled else "none",
                    label=("holes" if holes else "bare") if filled else None,
                )  # fmt: skip
        if here[paper]:
            panel.plot(energy[paper], capacity[paper], **PAPER, label="paper's foil")
        panel.set_title(f"{density / 1e3:.1f} g cm⁻³", **TITLE)
        panel.grid(color=MUTED, alpha=0.15)
    panels[densities.size // 2].set_xlabel("energy per mass (Wh kg⁻¹, dry)")
    panels[0].set_ylabel("capacity at 3C (mAh cm⁻²)")
    entries = {
        text: handle
        for panel in panels
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        entries.values(), entries.keys(), loc="outside upper center", ncols=len(entries), **LEGEND
    )
    return figure


def effects(data: xarray.Dataset) -> Figure:
    """What each choice does by itself: means over all other choices, of four quantities.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    """
    choices = {
        "hole_diameter": ("holes (µm)", 1e6),
        "pitch": ("pitch (µm)", 1e6),
        "foil_thickness": ("foil (µm)", 1e6),
        "density": ("density (g cm⁻³)", 1e-3),
    }
    goals = {
        "capacity_3C": ("3C (mAh cm⁻²)", 1 / 36000),
        "volumetric": ("energy (Wh L⁻¹)", 1 / 3.6e6),
        "strength": ("strength (N mm⁻¹)", 1e-3),
        "lowest_np_ratio": ("lowest N/P", 1.0),
    }
    figure, axes = new_figure(len(goals), len(choices), height=6.4, sharex="col", sharey="row")
    perforated = data.isel(case=np.flatnonzero(data.hole_diameter.values > 0))
    for row, (goal, (label, factor)) in zip(axes, goals.items(), strict=True):
        for axis, (choice, (_, scale)) in zip(row, choices.items(), strict=True):
            groups = perforated[[goal]].groupby(perforated[choice])
            middle, low, high = (
                factor * f[goal].values for f in (groups.median(), groups.min(), groups.max())
            )
            values = scale * np.unique(perforated[choice].values)
            axis.fill_between(values, low, high, color=PCUE, alpha=0.15, lw=0)
            axis.plot(values, middle, "o-", ms=4, color=PCUE)
        row[0].set_ylabel(label, fontsize=9)
    for axis, (label, _) in zip(axes[-1], choices.values(), strict=True):
        axis.set_xlabel(label, fontsize=9)
    return figure
