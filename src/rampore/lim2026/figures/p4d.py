"""Figures of chapter 4: fields, voltages and verdicts of pairs of cells; what sweeps say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Rectangle

from rampore.lim2026.pairs import CellPair, PulseTest
from rampore.lim2026.sweeps.inverse import TARGETS
from rampore.p4d.discharge import block, losses
from rampore.style import (
    BCUE,
    COPPER,
    LEGEND,
    MUTED,
    NEGATIVE,
    PAPER,
    PCUE,
    POSITIVE,
    TITLE,
    UM,
    new_figure,
)

if TYPE_CHECKING:
    import pandas
    import xarray

    from rampore.p4d.cell import Perforation

_DECIDED = {"holds": "#00805C", "too close": "#D5DAE0", "fails": "#C44F00"}


def mesh(data: xarray.Dataset, perforation: Perforation) -> Figure:
    """The unit cell of the perforated foil: its plan with the holes, and its planes through the
    layers.

    Parameters
    ----------
    data : xarray.Dataset
        `dataset` of a solution with a perforation.
    perforation : rampore.p4d.cell.Perforation
    """
    figure, (plan, section) = new_figure(1, 2, height=3.8, width_ratios=[1, 1.5])
    names = data.layer.values
    share = data.volume.values[..., names == "hole"].sum(axis=2)
    boxes = plan.pcolormesh(
        UM * np.linspace(0, perforation.pitch / 2, data.sizes["x"] + 1),
        UM * np.linspace(0, np.sqrt(3) * perforation.pitch / 2, data.sizes["y"] + 1),
        100 * (share / share.max()).T,
        cmap="Blues",
        vmin=0,
        vmax=100,
        edgecolor="white",
        linewidth=0.5,
    )
    figure.colorbar(boxes, ax=plan, label="of a box in the hole (%)", location="bottom", shrink=0.8)
    angle = np.linspace(0, np.pi / 2, 60)
    radius = UM * perforation.hole_diameter / 2
    width, height = UM * perforation.pitch / 2, UM * np.sqrt(3) * perforation.pitch / 2
    plan.plot(radius * np.cos(angle), radius * np.sin(angle), color=PCUE)
    plan.plot(width - radius * np.cos(angle), height - radius * np.sin(angle), color=PCUE)
    plan.set(xlabel="x (µm)", ylabel="y (µm)", aspect="equal")
    plan.set_title("Plan: two quarter holes", **TITLE)
    z, colours = (
        UM * data.z.values,
        {"hole": PCUE, "negative": NEGATIVE, "separator": "#7FA5B8", "positive": POSITIVE},
    )
    for name, colour in colours.items():
        its = z[names == name]
        section.hlines(its, 0, 1, color=colour, lw=1.2)
        label = {"hole": "anode in the hole", "negative": "anode", "positive": "cathode"}.get(
            name, name
        )
        section.text(1.04, its.mean(), label, va="center", color=colour, fontsize=9.5)
    section.set(xlim=(0, 1.75), xticks=[], ylabel="z (µm)")
    section.set_title("Planes of cell centres", **TITLE)
    return figure


def gains(rows: Mapping[str, CellPair]) -> Figure:
    """Capacities on both foils, and what the perforated one gains, with the numerical error of the
    gain.

    Parameters
    ----------
    rows : mapping of str to Pair
        From the top.
    """
    figure, (left, right) = new_figure(
        1, 2, height=0.9 + 0.42 * len(rows), sharey=True, width_ratios=[1.25, 1]
    )
    for n, one in enumerate(rows.values()):
        left.barh(
            n - 0.18, one.bare.capacity / 36000, 0.34, color=BCUE, label="bare" if n == 0 else None
        )
        left.barh(
            n + 0.18,
            one.perforated.capacity / 36000,
            0.34,
            color=PCUE,
            label="perforated" if n == 0 else None,
        )
        right.errorbar(100 * one.gain, n, xerr=100 * one.gain_error, fmt="o", color=PCUE, capsize=3)
    left.set_yticks(range(len(rows)), list(rows), fontsize=9)
    left.invert_yaxis()
    left.set_xlabel("capacity (mAh cm⁻²)")
    left.margins(x=0.02)
    right.axvline(0, color=MUTED, lw=1)
    right.set_xlabel("gain on perforated foil (%)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=2, **LEGEND)
    return figure


def overpotentials(rows: Mapping[str, CellPair]) -> Figure:
    """Voltage and overpotential over the charge, on both foils, one column a scenario."""
    figure, axes = new_figure(2, len(rows), height=5.2, sharex=True, sharey="row", squeeze=False)
    for (top, bottom), (name, one) in zip(axes.T, rows.items(), strict=True):
        for found, colour, label in (
            (one.bare, BCUE, "bare"),
            (one.perforated, PCUE, "perforated"),
        ):
            charge, inside = found.curve.charge / 36000, slice(1, None)
            top.plot(charge, found.curve.voltage, color=colour, label=label)
            bottom.plot(charge[inside], 1e3 * found.curve.overpotential[inside], color=colour)
            bottom.plot(charge[inside], 1e3 * found.curve.kinetic[inside], color=colour, ls=":")
        top.set_title(name, **TITLE)
        bottom.set_xlabel("charge (mAh cm⁻²)")
    axes[0, 0].set_ylabel("voltage (V)")
    axes[1, 0].set_ylabel("overpotential (mV)")
    axes[1, 0].plot([], [], ":", color=MUTED, label="of it local, anode")
    axes[1, 0].legend(loc="lower right", **LEGEND)
    axes[0, 0].legend(**LEGEND)
    return figure


def overpotential_parts(one: CellPair, charge: float) -> Figure:
    """What the overpotential is made of, on both foils, at one charge.

    Parameters
    ----------
    one : CellPair
    charge : float
        [C/m2]
    """
    figure, axes = new_figure(height=3.8)
    split = [
        losses(solution, cell, charge)
        for cell, solution in zip(one.cells, one.solutions, strict=True)
    ]
    names = sorted(split[0], key=lambda name: -split[0][name])
    for offset, parts, colour, label in (
        (-0.19, split[0], BCUE, "bare"),
        (0.19, split[1], PCUE, "perforated"),
    ):
        axes.barh(
            np.arange(len(names)) + offset,
            [1e3 * parts[name] for name in names],
            0.36,
            color=colour,
            label=label,
        )
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel(f"share of the overpotential at {charge / 36000:.2f} mAh cm⁻² (mV)")
    axes.legend(**LEGEND)
    return figure


_QUANTITIES = {
    "overpotential": ("local overpotential (mV)", 1e3, "magma"),
    "depth": ("depth of discharge (%)", 1e2, "viridis"),
}


def maps(one: CellPair, quantity: str) -> Figure:
    """The end of a discharge on both foils, on shared colours: the section through the middles of
    two holes, and the plane of the coating that lies next to the foil.

    Parameters
    ----------
    one : CellPair
    quantity : {"overpotential", "depth"}
    """
    label, factor, colours = _QUANTITIES[quantity]
    bare, perforated = (
        block(cell, solution, quantity)
        for cell, solution in zip(one.cells, one.solutions, strict=True)
    )
    # as wide as the other
    bare = bare._replace(x=perforated.x[[0, -1]], y=perforated.y[[0, -1]])
    limits = [
        factor * f([f(found.values) for found in (bare, perforated)])
        for f in (np.nanmin, np.nanmax)
    ]
    shades = ScalarMappable(Normalize(*limits), colours)
    figure, axes = new_figure(2, 2, height=4.6, width_ratios=[1.35, 1], sharex="col", sharey="col")
    for (section, plan), found, name in zip(
        axes, (bare, perforated), ("bare", "perforated"), strict=True
    ):
        drawn = {"cmap": colours, "norm": shades.norm}
        section.pcolormesh(UM * found.y, UM * found.z, factor * found.values[0].T, **drawn)
        thickness = UM * one.cells[1].perforation.foil_thickness
        rim, end = UM * found.edge, UM * found.y[-1]
        section.add_patch(Rectangle((rim, -thickness), end - rim, thickness, color=COPPER))
        section.set(xlim=(0, end), ylabel="height over the foil (µm)")
        section.set_title(f"{name}, section", **TITLE)
        lowest = int(np.argmin(np.abs(found.z)))  # of the planes over the foil
        plan.pcolormesh(UM * found.y, UM * found.x, factor * found.values[:, :, lowest], **drawn)
        for centre in ((0, 0), (UM * found.y[-1], UM * found.x[-1])) if found.edge else ():
            plan.add_patch(Circle(centre, rim, fill=False, ec="white", ls="--", lw=1.2))
        plan.set(xlim=(0, end), ylim=(0, UM * found.x[-1]), ylabel="x (µm)", aspect="equal")
        plan.set_title("plan, next to the foil", **TITLE)
    axes[1, 0].set_xlabel("from the middle of a hole (µm)")
    axes[1, 1].set_xlabel("y (µm)")
    keys = Patch(color=COPPER, label="foil"), Line2D([], [], color=MUTED, ls="--", label="its rim")
    figure.legend(handles=keys, loc="outside upper right", ncols=2, **LEGEND)
    figure.colorbar(shades, ax=axes, label=label, location="right", shrink=0.8)
    return figure


def salt(one: CellPair) -> Figure:
    """Salt in the anode's pores: over the depth at some charges, and mean excess and range over the
    charge.
    """
    figure, axes = new_figure(1, 3, height=3.6, width_ratios=[1, 1, 1.1])
    for axis, found, colour, name in (
        (axes[0], one.bare, BCUE, "bare"),
        (axes[1], one.perforated, PCUE, "perforated"),
    ):
        for profile in found.profiles[::3]:
            strength = 0.25 + 0.75 * profile.charge / found.capacity
            axis.plot(profile.concentration / 1e3, UM * profile.z, color=colour, alpha=strength)
        axis.set_title(name, **TITLE)
        axis.set_xlabel("salt (mol L⁻¹)")
        charge = [profile.charge / 36000 for profile in found.profiles]
        for line, values in (
            ("-", [profile.mean for profile in found.profiles]),
            ("--", [profile.range for profile in found.profiles]),
        ):
            axes[2].plot(charge, np.array(values) / 1e3, line, color=colour)
    limits = [f(axis.get_xlim()[n] for axis in axes[:2]) for n, f in ((0, min), (1, max))]
    depth = [f(axis.get_ylim()[n] for axis in axes[:2]) for n, f in ((0, min), (1, max))]
    for axis in axes[:2]:
        axis.set(xlim=limits, ylim=depth)
    for strength, when in ((0.25, "at the start"), (1.0, "at the end")):
        axes[0].plot([], [], color=BCUE, alpha=strength, label=when)
    axes[0].legend(loc="lower left", **LEGEND)
    axes[0].set_ylabel("height over the foil (µm)")
    axes[2].set(xlabel="charge (mAh cm⁻²)", ylabel="in the anode (mol L⁻¹)")
    for line, what in (("-", "mean excess"), ("--", "range")):
        axes[2].plot([], [], line, color="black", label=what)
    axes[2].legend(**LEGEND | {"handlelength": 2.4})
    return figure


def rates(tests: Mapping[str, tuple], nominal: Sequence[float]) -> Figure:
    """Capacities of rate tests: bare and perforated by scenario, and their ratio.

    Parameters
    ----------
    tests : mapping of str to (bare, perforated, ...)
        Capacities (rates,) [C/m2], as :func:`rampore.lim2026.pairs.rate_tests` gives them.
    nominal : sequence of float
        The rates over 1C [-].
    """
    figure, (top, bottom) = new_figure(2, 1, height=5.2, sharex=True)
    places = np.arange(len(nominal))
    for n, ((name, (bare, perforated, *_)), style) in enumerate(
        zip(tests.items(), ("-", "--", ":", "-."), strict=False)
    ):
        top.plot(
            places,
            bare / 36000,
            style,
            color=BCUE,
            marker="s",
            ms=4,
            label="bare" if n == 0 else None,
        )
        top.plot(
            places,
            perforated / 36000,
            style,
            color=PCUE,
            marker="o",
            ms=4,
            label="perforated" if n == 0 else None,
        )
        bottom.plot(places, perforated / bare, style, color=PCUE, marker="o", ms=4, label=name)
    bottom.axhline(1, color=MUTED, lw=1)
    bottom.plot(list(nominal).index(5.0), 1.2, **PAPER, label="paper")
    top.set_ylabel("capacity (mAh cm⁻²)")
    bottom.set(ylabel="perforated over bare (–)", xlabel="discharge rate (C)")
    bottom.set_xticks(places, [f"{rate:g}" for rate in nominal])
    top.legend(**LEGEND)
    bottom.legend(**LEGEND | {"handlelength": 3.2})  # long enough for its dashes
    return figure


def contents(ratios: Mapping[float, Mapping[float, float]]) -> Figure:
    """Capacity on perforated over that on bare foil, by rate, for each content of SiOx.

    Parameters
    ----------
    ratios : mapping of float to mapping
        SiOx in the active material [-] -> rate over 1C -> ratio [-].
    """
    figure, axes = new_figure(height=3.4)
    for (share, by_rate), shade in zip(
        ratios.items(), np.linspace(1.0, 0.35, len(ratios)), strict=True
    ):
        axes.plot(
            list(by_rate),
            list(by_rate.values()),
            "o-",
            color=PCUE,
            alpha=shade,
            label=f"{100 * share:.0f} % SiOx",
        )
    axes.axhline(1, color=MUTED, lw=1)
    axes.set(xlabel="discharge rate (C)", ylabel="capacity, perforated over bare (–)")
    axes.legend(**LEGEND)
    return figure


def pulses(bare: PulseTest, perforated: PulseTest, rates_of: Sequence[float]) -> Figure:
    """Pulse resistances over the state of charge, one panel a pulse."""
    figure, axes = new_figure(1, len(rates_of), height=3.2, sharey=True)
    for n, (axis, rate) in enumerate(zip(axes, rates_of, strict=True)):
        axis.plot(
            100 * bare.state_of_charge,
            1e4 * bare.resistances[:, n],
            "s-",
            color=BCUE,
            ms=4,
            label="bare",
        )
        axis.plot(
            100 * perforated.state_of_charge,
            1e4 * perforated.resistances[:, n],
            "o-",
            color=PCUE,
            ms=4,
            label="perforated",
        )
        axis.set_title(f"{rate:g}C", **TITLE)
        axis.set_xlabel("state of charge (%)")
    axes[0].set(ylabel="resistance (Ω cm²)", ylim=(0, None))
    axes[0].legend(**LEGEND)
    return figure


def claims(
    shares: Mapping[str, tuple[float, float, float]],
    deciders: Mapping[str, str],
    names: Mapping[str, str],
) -> Figure:
    """For each claim the share of the space in which it holds, is too close to say, and fails; and
    what decides.

    Parameters
    ----------
    shares : mapping of str to (holds, fails, too close)
        [-]
    deciders : mapping of str to str
        The assumption that matters most, in words.
    names : mapping of str to str
        The claims, in words.
    """
    figure, axes = new_figure(height=0.9 + 0.52 * len(shares))
    for row, (claim, (holds, fails, close)) in enumerate(shares.items()):
        left = 0.0
        for kind, width in (("holds", holds), ("too close", close), ("fails", fails)):
            axes.barh(
                row,
                100 * width,
                0.5,
                left=100 * left,
                color=_DECIDED[kind],
                label=kind if row == 0 else None,
            )
            left += width
        axes.text(
            1.5,
            row,
            f"{100 * holds:.0f} %",
            va="center",
            color="white" if holds > 0.08 else "black",
            fontsize=9,
        )
        axes.text(101.5, row, deciders[claim], va="center", fontsize=9)
    axes.set_yticks(range(len(shares)), [names[claim] for claim in shares], fontsize=9)
    axes.invert_yaxis()
    axes.text(101.5, -0.62, "decided by", va="center", fontsize=9, style="italic")
    axes.set(xlim=(0, 140), xticks=range(0, 101, 25), xlabel="share of the crossing (%)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, **LEGEND)
    return figure


def by_contact(over: xarray.Dataset, wanted: Sequence[tuple[str, str, float, float]]) -> Figure:
    """Quantities over the contact resistance of the bare foil: every combination of the rest a
    line.

    Parameters
    ----------
    over : xarray.Dataset
        As :func:`rampore.lim2026.sweeps.crossing.space` gives it.
    wanted : sequence of (name, label, factor, level)
        What to draw, its label, the factor to the label's unit, and the level that the paper needs.
    """
    figure, axes = new_figure(1, len(wanted), height=3.4, squeeze=False)
    for axis, (name, label, factor, level) in zip(axes[0], wanted, strict=True):
        values = over[name].transpose("contact", ...)
        lines = factor * values.values.reshape(values.sizes["contact"], -1)
        axis.plot(values.contact, lines, color=PCUE, alpha=0.12, lw=1)
        axis.plot(values.contact, np.nanmedian(lines, axis=1), color=PCUE, lw=2)
        axis.axhline(factor * level, color=MUTED, ls="--", lw=1)
        axis.set(ylabel=label)
    figure.supxlabel("contact resistance of the bare foil (Ω cm²)", fontsize=10)
    return figure


#: Of the families of closures, in the order of the crossing; the last is of samples.
_FAMILIES = ("#0072B2", "#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#B8B8B8")


def gains_by_share(pairs: pandas.DataFrame, stated: Mapping[str, float]) -> Figure:
    """Every gain over what the bare cell delivers, and beside it the difference of what both
    deliver; coloured by the closure above, by swelling in the middle, by the contact resistance
    below.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As :func:`rampore.lim2026.sweeps.gains.table` gives them.
    stated : mapping of str to float
        The gain that the paper states, by rate [-].
    """
    figure, axes = new_figure(3, 2, height=9.0, sharex=True)
    share, drawn = 100 * pairs.delivered, {"s": 7, "alpha": 0.55, "lw": 0}
    groups = {"closure": pairs.closure.fillna("sampled"), "swelling": pairs.swelling}
    for column, quantity in zip(axes.T, ("gain", "difference"), strict=True):
        values = 100 * pairs[quantity]
        for axis, of in zip(column, groups.values(), strict=False):
            background = of[of.isin(["sampled", "none"])].unique()
            others = [group for group in of.unique() if group not in background]
            for group, color in [
                *zip(background, [MUTED], strict=False),
                *zip(others, _FAMILIES, strict=False),
            ]:
                here = of == group
                axis.scatter(share[here], values[here], color=color, label=group, **drawn)
        shown = column[2].scatter(
            share, values, c=pairs.contact, cmap="viridis_r", norm=PowerNorm(0.5, 0, 20), **drawn
        )
        for axis in column:
            axis.axhline(0, color=MUTED, lw=0.8)
    for axis in axes[:, 0]:
        axis.set(ylabel="gain (%)", ylim=(-60, 80))
        for rate, gain in stated.items():
            axis.axhline(100 * gain, color="black", ls="--", lw=1)
            axis.annotate(
                f"stated at {rate}", (1, 100 * gain), (0, 2), ha="right", fontsize=8,
                xycoords=("axes fraction", "data"), textcoords="offset points",
            )  # fmt: skip
    for axis in axes[:, 1]:
        axis.set(ylabel="difference (points)", ylim=(-24, 14))
    for axis, title in zip(axes[:, 1], groups, strict=False):
        axis.legend(title=title, loc="lower right", ncols=2, markerscale=2, **LEGEND)
    bar = axes[2, 1].inset_axes((0.45, 0.17, 0.5, 0.04))
    figure.colorbar(shown, bar, orientation="horizontal", label="contact (Ω cm²)", ticks=(0, 5, 20))
    figure.supxlabel("delivered on bare foil (% of the slow discharge)", fontsize=10)
    return figure


_STATED = {"fill": False, "edgecolor": "black", "lw": 1.4, "zorder": 4}


def consistency(data: xarray.Dataset) -> Figure:
    """Every sample of the unpublished inputs by its ratio at 5C and of the pulses, and what the
    paper states of both.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep inverse`` writes it.
    """
    figure, axes = new_figure(height=4.4)
    contact = 1e4 * data.contact.values
    larger = data.gain_3C.values > 0
    for chosen, marker, name in (
        (~larger, "v", "less capacity at 3C"),
        (larger, "^", "more capacity at 3C"),
    ):
        shown = axes.scatter(
            data.pulse_ratio.values[chosen],
            1 + data.gain_5C.values[chosen],
            c=contact[chosen],
            cmap="viridis_r",
            norm=PowerNorm(0.5, 0, 20),
            marker=marker,
            s=26,
        )
        axes.plot([], [], marker, color=MUTED, label=name)
    pulses, rate = TARGETS["pulse_ratio"], TARGETS["gain_5C"]
    axes.add_patch(
        Rectangle(
            (pulses.stated - pulses.wide, 1 + rate.stated - rate.wide),
            2 * pulses.wide,
            2 * rate.wide,
            **_STATED,
        )
    )
    axes.plot(pulses.stated, 1 + rate.stated, **PAPER, label="paper, and its wide tolerance")
    axes.set(
        xlabel="pulse resistance, perforated over bare (–)",
        ylabel="capacity at 5C, perforated over bare (–)",
    )
    axes.axhline(1, color=MUTED, lw=1, zorder=0)
    axes.axvline(1, color=MUTED, lw=1, zorder=0)
    figure.colorbar(
        shown, ax=axes, label="contact resistance of bare foil (Ω cm²)", ticks=(0, 1, 3, 7, 12, 20)
    )
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, **LEGEND)
    return figure


def sensitivities(
    tables: Mapping[str, object], names: Mapping[str, str], count: int = 10
) -> Figure:
    """Share of the variance that each input explains by itself, for several quantities, with
    intervals at 95 %.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As :func:`rampore.lim2026.sweeps.consistency.sensitivities` gives them, by the quantity's
        name.
    names : mapping of str to str
        The inputs, in words.
    count : int
        How many inputs are shown, the most influential of any quantity.
    """
    largest = np.max(
        [table["first"].reindex(list(names)).values for table in tables.values()], axis=0
    )
    shown = [list(names)[n] for n in np.argsort(-largest)[:count]]
    figure, axes = new_figure(height=0.9 + 0.36 * count)
    width = 0.7 / len(tables)
    for n, (name, table) in enumerate(tables.items()):
        places = np.arange(count) + (n - (len(tables) - 1) / 2) * width
        axes.barh(
            places,
            100 * table["first"][shown],
            width,
            xerr=100 * table["first_error"][shown],
            color=PCUE,
            alpha=1 - 0.55 * n / max(len(tables) - 1, 1),
            error_kw={"lw": 1},
            label=name,
        )
    axes.set_yticks(range(count), [names[one] for one in shown], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel("share of the variance that it explains by itself (%)")
    axes.axvline(0, color=MUTED, lw=1)
    axes.legend(loc="lower right", **LEGEND)
    return figure


def informing(table: pandas.DataFrame, names: Mapping[str, str], count: int = 10) -> Figure:
    """What each measurement would tell, beside what chance alone seems to tell.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`rampore.lim2026.sweeps.consistency.informing` gives it.
    names : mapping of str to str
        The measurements, in words.
    count : int
        How many are shown.
    """
    figure, axes = new_figure(height=0.8 + 0.32 * count)
    top = table.head(count)
    axes.barh(range(count), 100 * top.told, 0.6, color=PCUE, label="would tell")
    axes.plot(
        100 * top.chance,
        range(count),
        "|",
        color="black",
        ms=11,
        mew=1.6,
        label="by chance alone (95 %)",
    )
    axes.set_yticks(range(count), [names[one] for one in top.index], fontsize=9)
    axes.invert_yaxis()
    axes.set(xlabel="share of the uncertainty that the measurement removes (%)", xlim=(0, None))
    axes.legend(loc="lower right", **LEGEND)
    return figure
