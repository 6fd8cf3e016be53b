"""The figures of the chapter on collector geometry: lengths come in SI and are drawn in um,
loadings in mg/cm2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle

from rampore.coating import Calendered, Dried, Local, Porosity
from rampore.collector import NetSection, PerforatedFoil
from rampore.lim2026.estimates import Estimate
from rampore.style import BCUE, COPPER, MUTED, NEGATIVE, PAPER, PCUE, PERCENT, UM, new_figure

MG_CM2 = 100.0  #: mg/cm2 in a kg/m2

#: The two regions of the perforated electrode, wherever a line tells them apart.
NPR = {"color": PCUE, "ls": "-"}
PR = {"color": PCUE, "ls": (0, (4, 1.5))}
_LEGEND = {"frameon": False, "fontsize": 9}


def _title(axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=10.5, fontweight="bold")


def _span(axes, start, end, text: str, above: bool = True) -> None:
    """A dimension line, with its length written at its middle."""
    axes.annotate(
        "", start, end, arrowprops={"arrowstyle": "<->", "lw": 1, "shrinkA": 0, "shrinkB": 0}
    )
    x, y = np.add(start, end) / 2
    white = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85}
    offset = 7 if above else -7
    axes.annotate(
        text,
        (x, y),
        (0, offset),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        fontsize=9,
        bbox=white,
    )


def foil_to_scale(
    foils: Sequence[PerforatedFoil], coatings: Sequence[Local], window: tuple[float, float]
) -> Figure:
    """Top view of each foil, and section along a close-packed row of its coated electrode, all to
    one scale (Fig. 1d).

    Parameters
    ----------
    foils : sequence of PerforatedFoil, length n
    coatings : sequence of Local, length n
        Coating thickness over foil and over a hole [m].
    window : (float, float)
        Width and height of what the top view shows [m].
    """
    width, height = (UM * side for side in window)
    below, above = (
        15 + UM * max(lengths)
        for lengths in ([foil.thickness for foil in foils], [h.npr for h in coatings])
    )
    figure, axes = new_figure(
        2,
        len(foils),
        width=6.0,
        height=1.2 + 5.2 / len(foils) * (height + below + above) / width,
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[height, below + above],
    )
    for column, (foil, coating) in enumerate(zip(foils, coatings, strict=True)):
        top, section = axes[:, column]
        d, p, t, h = (
            UM * length for length in (foil.hole_diameter, foil.pitch, foil.thickness, coating.npr)
        )
        plane = top.add_patch(Rectangle((0, 0), width, height, fc=COPPER, ec="none"))
        holes = PatchCollection(
            [Circle(xy, d / 2) for xy in UM * foil.hole_centres(*window)], fc="white", ec="none"
        )
        top.add_collection(holes)
        holes.set_clip_path(plane)
        row = np.sqrt(3) / 2 * p
        top.add_patch(
            Polygon([(p, 0), (2 * p, 0), (1.5 * p, row)], fc="none", ec="black", lw=0.9, ls="--")
        )
        _span(top, (p / 2, row), (1.5 * p, row), f"p = {p:.0f} µm")
        _span(top, (p - d / 2, 2 * row), (p + d / 2, 2 * row), f"d = {d:.0f} µm", above=False)
        _title(top, f"f = {foil.open_fraction:.3f}, foil {t:.0f} µm")
        section.add_patch(Rectangle((0, -t), width, t + h, fc=NEGATIVE, ec="none"))
        for start in np.arange(-1, width / p + 1) * p + d / 2:
            left, right = np.clip([start, start + p - d], 0, width)
            section.add_patch(Rectangle((left, -t), right - left, t, fc=COPPER, ec="none"))
        section.text(
            p / 2, h / 2, f"{h:.1f} µm", color="white", ha="center", va="center", fontsize=9
        )
        section.text(
            2 * p,
            h / 2 - t / 2,
            f"{h + t:.1f} µm",
            color="white",
            ha="center",
            va="center",
            fontsize=9,
        )
        section.set_xlabel("x along a row of holes (µm)")
        top.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        section.set(ylim=(-below, above), aspect="equal")
    axes[0, 0].set_ylabel("y (µm)")
    axes[1, 0].set_ylabel("z (µm)")
    return figure


def open_fractions(
    estimates: Sequence[Estimate],
    excluded: np.ndarray,
    foil: PerforatedFoil,
    chosen: Sequence[float],
) -> Figure:
    """Every estimate of the open fraction with its rounding interval and pitch, and which pairs
    exclude each other.

    Parameters
    ----------
    estimates : sequence of Estimate, length n
        From top to bottom.
    excluded : (n, n) array of bool
    foil : PerforatedFoil
        Its hole diameter turns an open fraction into the pitch of the second axis.
    chosen : sequence of float
        Open fractions that the study carries on with [-].
    """
    figure, (left, right) = new_figure(2, 1, width=5.6, height=6.2, height_ratios=[1.35, 1])
    places, letters = np.arange(len(estimates)), ascii_uppercase[: len(estimates)]
    for value in chosen:
        left.axvline(value, color=MUTED, lw=1.2, ls=":", zorder=0)
    values = [estimate.value for estimate in estimates]
    left.errorbar(
        values,
        places,
        xerr=[e.half_range for e in estimates],
        color=PCUE,
        ls="none",
        lw=2,
        capsize=4,
    )
    left.plot(values, places, **PAPER | {"ms": 6.5})
    left.set_yticks(
        places,
        [f"{estimate.name}  {letter}" for letter, estimate in zip(letters, estimates, strict=True)],
    )
    left.set(xlabel="open fraction f (–)", xlim=(0, 0.62), ylim=(len(estimates) - 0.4, -0.6))
    second = left.secondary_xaxis("top")
    second.spines["top"].set_visible(True)
    pitches = np.array([100, 125, 160, 200, 300])
    second.set_xticks(
        foil.open_fraction * (UM * foil.pitch / pitches) ** 2, [f"{pitch}" for pitch in pitches]
    )
    second.set_xlabel(f"pitch of {UM * foil.hole_diameter:.0f} µm holes (µm)")
    right.set(xlim=(-0.5, len(estimates) - 0.5), ylim=(len(estimates) - 0.5, -0.5), aspect="equal")
    for row, column in np.ndindex(excluded.shape):
        fill = "white" if row == column else BCUE if excluded[row, column] else "#DCE9F2"
        right.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fc=fill, ec="none"))
        if excluded[row, column]:
            right.text(
                column,
                row,
                "×",
                color="white",
                ha="center",
                va="center",
                fontsize=10,
                fontweight="bold",
            )
    right.set_xticks(places, letters)
    right.set_yticks(places, letters)
    right.tick_params(length=0, labelsize=10)
    right.spines[:].set_visible(False)
    _title(right, "× exclude each other")
    return figure


def local_values(
    cases: Sequence[str],
    computed: Mapping[str, Sequence[Local]],
    stated: Mapping[str, Sequence[Local]],
    bare: Mapping[str, float],
) -> Figure:
    """Thickness, loading, N/P ratio and the like over foil and at a hole, in several cases, beside
    what the paper says.

    Parameters
    ----------
    cases : sequence of str, length n
    computed : mapping of str to n Local
        From the axis label of a panel to what the study computes [unit of the label].
    stated : mapping of str to at most n Local
        What the paper states of the same, of the first cases.
    bare : mapping of str to float
        The same quantity of the electrode on bare foil.
    """
    figure, axes = new_figure(1, len(computed), width=6.2, height=3.5, sharey=True, squeeze=False)
    axes = axes[0]
    places = np.arange(len(cases))
    for axis, (label, values) in zip(axes, computed.items(), strict=True):
        axis.axvline(bare[label], color=BCUE, lw=1.4, label="bare foil")
        for region, offset, filling in (("npr", -0.16, PCUE), ("pr", 0.16, "#7FB7DA")):
            axis.barh(
                places + offset,
                [getattr(value, region) for value in values],
                height=0.3,
                color=filling,
                label={"npr": "over foil (NPR)", "pr": "at a hole (PR)"}[region],
            )
            for place, said in zip(places, stated[label], strict=False):
                axis.plot(getattr(said, region), place + offset, **PAPER | {"ms": 6.5})
        axis.set_xlabel(label)
        axis.set_xlim(0, 1.12 * max(max(value) for value in values))
    axes[0].set_yticks(places, cases)
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    handles.append(axes[0].plot([], [], **PAPER | {"ms": 6.5})[0])
    figure.legend(handles, [*labels, "the paper"], loc="outside upper center", ncols=4, **_LEGEND)
    return figure


def recipe_porosity(
    samples: Mapping[str, np.ndarray], recipe: Porosity, image: tuple[float, float]
) -> Figure:
    """What the recipe makes of the porosity, drawn from the ranges of its inputs, against the
    image's.

    Parameters
    ----------
    samples : mapping of str to (m,) array
        Drawn porosities [-], by what was let free; one or two.
    recipe : Porosity
    image : (float, float)
        The paper's porosity and half of its last digit [-].
    """
    figure, axis = new_figure(width=5.6, height=3.0)
    bins = np.arange(0.20, 0.3601, 0.0025)
    for (label, drawn), colour in zip(samples.items(), (MUTED, BCUE), strict=False):
        weights = np.full(drawn.size, PERCENT / drawn.size)
        axis.hist(
            PERCENT * drawn, PERCENT * bins, weights=weights, color=colour, alpha=0.75, label=label
        )
    axis.axvline(PERCENT * recipe.value, color="black", lw=1.4, label="recipe, best values")
    value, half = image
    mark = axis.errorbar(
        PERCENT * value, 1.0, xerr=PERCENT * half, ecolor="black", capsize=4, **PAPER
    )
    mark.set_label("the paper's micrograph")
    axis.set(
        xlabel="porosity of the electrode on bare foil (%)",
        ylabel="share of draws (%)",
        xlim=(21, 36),
    )
    axis.legend(**_LEGEND)
    return figure


def calendering(
    compression: np.ndarray,
    band: Sequence[Calendered],
    stated: Local,
    stated_compression: tuple[float, float],
    section: tuple[Dried, Calendered, PerforatedFoil],
) -> Figure:
    """One period before and behind the calender, to scale, and both local porosities over its
    degree (Fig. 2f).

    Parameters
    ----------
    compression : (n,) array
        Degree of calendering [-].
    band : two Calendered with densities of shape (n,)
        Shares of solid that start from the lowest and the highest porosity of the literature [-].
    stated : Local
        The paper's porosities [-].
    stated_compression : (float, float)
        Degrees of calendering at which the two ends of the band are as thick as the paper's
        electrode [-].
    section : (Dried, Calendered, PerforatedFoil)
        A column pair before and behind the calender, in shares of solid [-], and its foil.
    """
    figure, (left, right) = new_figure(2, 1, width=5.6, height=6.4)
    dried, pressed, foil = section
    d, p, t = (UM * length for length in (foil.hole_diameter, foil.pitch, foil.thickness))
    states = {
        "dried": (UM * dried.thickness, Local(1 - dried.density, 1 - dried.density)),
        "calendered": (
            UM * pressed.thickness.npr,
            Local(*(1 - solid for solid in pressed.density)),
        ),
    }
    for floor, (state, (h, porosity)) in zip((80.0, 0.0), states.items(), strict=True):
        for start, end, eps, depth in (
            (0, (p - d) / 2, porosity.npr, 0),
            ((p - d) / 2, (p + d) / 2, porosity.pr, t),
        ):
            for left_edge in {start, p - end}:
                grey = str(0.12 + 1.05 * eps)
                left.add_patch(
                    Rectangle(
                        (left_edge, floor - depth),
                        end - start,
                        h + depth,
                        fc=grey,
                        ec="white",
                        lw=0.5,
                    )
                )
            middle = p / 2 if depth else start + (end - start) / 2
            ink = "white" if eps < 0.4 else "black"
            left.text(
                middle,
                floor + h / 2,
                f"{PERCENT * eps:.0f} %",
                ha="center",
                va="center",
                fontsize=9,
                color=ink,
            )
        for edge in (0, (p + d) / 2):
            left.add_patch(Rectangle((edge, floor - t), (p - d) / 2, t, fc=COPPER, ec="none"))
        left.text(0, floor + h + 3, state, fontsize=9.5, va="bottom")
    left.set(xlim=(0, p), ylim=(-t - 3, 145), aspect="equal", xlabel="x (µm)", ylabel="z (µm)")
    left.set_yticks([0, 30, 80, 110], ["0", "30", "0", "30"])

    for region, style in (("npr", NPR), ("pr", PR)):
        ends = [PERCENT * (1 - getattr(end.density, region)) for end in band]
        right.fill_between(
            PERCENT * compression, *ends, color=PCUE, alpha=0.18 if region == "pr" else 0.35, lw=0
        )
        for end in ends:
            right.plot(PERCENT * compression, end, lw=1.2, **style)
        said = PERCENT * getattr(stated, region)
        low, high = (PERCENT * degree for degree in stated_compression)
        mark = right.errorbar(
            (low + high) / 2, said, xerr=(high - low) / 2, ecolor="black", capsize=3, **PAPER
        )
    mark.set_label("the paper")
    right.text(2, 57, "at a hole (PR)", color=PCUE, fontsize=9.5)
    right.text(2, 34, "over foil (NPR)", color=PCUE, fontsize=9.5)
    right.set(xlabel="degree of calendering Π (%)", ylabel="local porosity (%)", ylim=(10, 60))
    right.set_xlim(PERCENT * compression[0], PERCENT * compression[-1])
    right.legend(loc="upper right", **_LEGEND)
    return figure


def contrast_map(
    foil_thickness: np.ndarray,
    compression: np.ndarray,
    porosity: Local,
    designs: Mapping[str, tuple[float, float]],
) -> Figure:
    """How far foil thickness and degree of calendering raise the contrast between the two local
    porosities.

    Parameters
    ----------
    foil_thickness : (m,) array
        [m]
    compression : (n,) array
        [-]
    porosity : Local of (n, m) arrays
        Over foil and at a hole [-].
    designs : mapping of str to (float, float)
        Foil thickness [m] and degree of calendering [-] of the designs that are marked.
    """
    figure, axis = new_figure(width=5.6, height=3.7)
    x, y = UM * foil_thickness, PERCENT * compression
    contrast = PERCENT * (porosity.pr - porosity.npr)
    levels = np.arange(0, np.ceil(contrast.max() / 2.5) * 2.5 + 1e-9, 2.5)
    colours = axis.contourf(x, y, contrast, levels, cmap="Blues")
    lines = axis.contour(
        x, y, PERCENT * porosity.npr, [15, 20, 25, 30, 40], colors=BCUE, linewidths=1.1
    )
    places = [
        (0.08 * x[-1], np.interp(-level, -PERCENT * porosity.npr[:, 0], y))
        for level in lines.levels
    ]
    axis.clabel(lines, fmt="%d %%", fontsize=9, manual=places)
    for name, (thickness, degree) in designs.items():
        axis.plot(
            UM * thickness,
            PERCENT * degree,
            marker="o",
            ms=7,
            mfc=PCUE,
            mec="white",
            ls="none",
            zorder=5,
        )
        axis.annotate(
            name,
            (UM * thickness, PERCENT * degree),
            (7, -12),
            textcoords="offset points",
            fontsize=9,
            color="black",
        )
    axis.set(
        xlabel="foil thickness = depth of the holes (µm)", ylabel="degree of calendering Π (%)"
    )
    bar = figure.colorbar(colours, ax=axis, pad=0.02)
    bar.set_label("contrast PR − NPR (points)")
    bar.outline.set_visible(False)
    axis.plot([], [], color=BCUE, lw=1.1, label="porosity over foil (NPR)")
    axis.legend(loc="lower left", **_LEGEND)
    return figure


def contact_areas(
    hole_diameter: np.ndarray,
    curves: Mapping[str, np.ndarray],
    foil: Mapping[str, tuple[float, float]],
) -> Figure:
    """Contact area of a coating with perforated foil, over that with bare foil, against the hole
    diameter.

    Parameters
    ----------
    hole_diameter : (n,) array
        [m]
    curves : mapping of str to (n,) array
        Contact area over that of bare foil [-], by the case.
    foil : mapping of str to (float, float)
        Hole diameter [m] and contact area [-] to mark, by the case.
    """
    figure, axis = new_figure(width=5.6, height=3.3)
    styles = ({"ls": "-"}, {"ls": "--"}, {"ls": "-", "alpha": 0.45}, {"ls": "--", "alpha": 0.45})
    for (name, areas), style in zip(curves.items(), styles, strict=False):
        axis.plot(UM * hole_diameter, areas, color=PCUE, label=name, **style)
        diameter, area = foil[name]
        axis.plot(
            UM * diameter,
            area,
            marker="o",
            ms=6,
            color=PCUE,
            alpha=style.get("alpha", 1),
            ls="none",
        )
    axis.axhline(1, color=BCUE, lw=1.4)
    axis.text(
        UM * hole_diameter[-1], 1.01, "bare foil", color=BCUE, ha="right", va="bottom", fontsize=9.5
    )
    axis.set(
        xlabel="hole diameter (µm)",
        ylabel="contact area over bare foil's (–)",
        ylim=(0.75, 1.5),
        xscale="log",
    )
    axis.set_xlim(UM * hole_diameter[0], UM * hole_diameter[-1])
    ticks = [20, 32.5, 50, 75, 150, 300, 600]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.legend(loc="upper right", **_LEGEND)
    return figure


def strength(
    open_fraction: np.ndarray, sections: NetSection, measured: float, chosen: Mapping[str, float]
) -> Figure:
    """Strength of a perforated foil over the bare one's by its net section, against the measured
    ratio.

    Parameters
    ----------
    open_fraction : (n,) array
        [-]
    sections : NetSection of (n,) arrays
        [-]
    measured : float
        The paper's ratio [-].
    chosen : mapping of str to float
        Open fractions to mark, by what they follow from [-].
    """
    figure, axis = new_figure(width=5.6, height=3.3)
    axis.plot(open_fraction, sections.bound, color=MUTED, label="share of metal, upper bound")
    axis.plot(
        open_fraction, sections.along_rows, color=PCUE, ls="--", label="pulled along the rows"
    )
    axis.plot(open_fraction, sections.across_rows, color=PCUE, label="pulled across the rows")
    for place, (name, value) in enumerate(chosen.items()):
        axis.axvline(value, color=MUTED, lw=1, ls=":")
        axis.text(value + 0.004, 0.03, name, rotation=90, va="bottom", ha="left", fontsize=9)
        axis.plot(
            value, measured, **PAPER, label="the paper's measured ratio" if place == 0 else None
        )
    axis.axhline(measured, color="black", lw=0.8, ls=":")
    axis.set(xlabel="open fraction f (–)", ylabel="strength over bare foil's (–)", ylim=(0, 1.02))
    axis.set_xlim(open_fraction[0], open_fraction[-1])
    axis.legend(loc="upper right", **_LEGEND)
    return figure


def mass_balance(parts: Mapping[str, Local], loading: float, open_fraction: float) -> Figure:
    """Coating per plan area that pairs of local densities hold, against the loading of the
    electrode.

    Parameters
    ----------
    parts : mapping of str to Local
        Local loadings [kg/m2] by where they come from.
    loading : float
        Of the electrode [kg/m2].
    open_fraction : float
        [-]
    """
    figure, axis = new_figure(width=5.6, height=2.5)
    places = np.arange(len(parts))
    over_foil = [MG_CM2 * (1 - open_fraction) * part.npr for part in parts.values()]
    at_holes = [MG_CM2 * open_fraction * part.pr for part in parts.values()]
    axis.barh(places, over_foil, height=0.6, color=PCUE, label="over foil (NPR)")
    axis.barh(
        places, at_holes, left=over_foil, height=0.6, color="#7FB7DA", label="at the holes (PR)"
    )
    for place, low, high in zip(places, over_foil, at_holes, strict=True):
        axis.text(low + high + 0.04, place, f"{low + high:.2f}", va="center", fontsize=9.5)
    axis.axvline(MG_CM2 * loading, color="black", lw=1.2)
    axis.plot(
        MG_CM2 * loading, -0.62, **PAPER | {"ms": 6.5}, clip_on=False, label="loading, the paper"
    )
    axis.set_yticks(places, list(parts))
    axis.set(xlabel="coating per plan area (mg cm⁻²)", xlim=(0, 5.8), ylim=(len(parts) - 0.5, -0.7))
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, **_LEGEND)
    return figure
