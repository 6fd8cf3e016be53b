"""Figures of the designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rampore.lim2026.sweeps.design import front
from rampore.style import BCUE, MUTED, PAPER, PCUE, new_figure

if TYPE_CHECKING:
    import xarray

_DENSITIES = ("v", "o", "^")


def trade(data: xarray.Dataset, paper: int) -> Figure:
    """Energy per mass against the capacity at 3C and at 5C: every design, bare foils, the best, the
    paper's.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep design`` writes it.
    paper : int
        Which case is the paper's foil.
    """
    figure, axes = new_figure(1, 2, height=4.4, sharex=True)
    bare = data.hole_diameter.values == 0
    energy = data.gravimetric.values / 3600
    best = front(data)
    densities = np.unique(data.density.values)
    for axis, rate in zip(axes, ("3C", "5C"), strict=True):
        capacity = data[f"capacity_{rate}"].values / 36000
        for density, marker in zip(densities, _DENSITIES, strict=True):
            chosen = (data.density.values == density) & ~bare
            shown = axis.scatter(
                energy[chosen],
                capacity[chosen],
                c=data.strength.values[chosen] / 1e3,
                cmap="viridis",
                vmin=0,
                vmax=np.nanmax(data.strength.values) / 1e3,
                marker=marker,
                s=np.where(best[chosen], 46, 12),
                alpha=np.where(best[chosen], 1.0, 0.55),
            )
            axis.plot([], [], marker, color=MUTED, label=f"{density / 1e3:.1f} g cm⁻³")
        axis.plot(
            energy[bare], capacity[bare], "s", ms=4, mfc="none", color=BCUE, label="bare foil"
        )
        axis.plot(energy[paper], capacity[paper], **PAPER, label="paper's foil")
        axis.set(xlabel="energy per mass (Wh kg⁻¹)", ylabel=f"capacity at {rate} (mAh cm⁻²)")
        axis.grid(color=MUTED, alpha=0.15)
    figure.colorbar(
        shown, ax=axes, label="strength of the foil (N mm⁻¹)", location="bottom", shrink=0.6
    )
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=5,
        frameon=False,
        fontsize=9,
        handlelength=1.2,
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
