"""Figures of the chapter on energy density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from rampore import style
from rampore.energy import Gain, GainStep, Stack
from rampore.lim2026.stacks import OverContent
from rampore.style import TITLE, UM

_LAYERS = {
    "Al foil": (style.ALUMINIUM, "black"),
    "cathode": (style.POSITIVE, "white"),
    "separator": (style.SEPARATOR, "black"),
    "electrolyte": (style.ELECTROLYTE, "black"),
    "anode": (style.NEGATIVE, "white"),
    "Cu foil": (style.COPPER, "black"),
    "casing": (style.MUTED, "white"),
}
_PER_AREA = 100.0  # mg/cm2 in 1 kg/m2
_LEGEND = {
    "frameon": False,
    "fontsize": 9,
    "handlelength": 1.4,
    "columnspacing": 1.2,
    "handletextpad": 0.5,
}
_WATT_HOUR_PER_KG = 1 / 3600
_WATT_HOUR_PER_LITRE = 1 / 3.6e6


def _bars(axes, stacks: Mapping[str, Stack], quantity: str, factor: float, label) -> None:
    """Stacked horizontal bars, one a stack, the first at the top; `label(stack, layer)` is written
    where it fits.
    """
    widest = max(getattr(stack, quantity) for stack in stacks.values())
    drawn = set()
    for row, stack in enumerate(stacks.values()):
        left = 0.0
        for name, (colour, ink) in _LAYERS.items():
            width = next(
                (getattr(layer, quantity) for layer in stack.layers if layer.name == name), 0.0
            )
            if not width:
                continue
            axes.barh(
                row,
                factor * width,
                left=factor * left,
                height=0.62,
                color=colour,
                edgecolor="white",
                linewidth=0.6,
                label=None if name in drawn else name,
            )
            drawn.add(name)
            if width > 0.07 * widest:
                text = label(stack, stack[name])
                axes.text(
                    factor * (left + width / 2),
                    row,
                    text,
                    ha="center",
                    va="center",
                    color=ink,
                    fontsize=9,
                )
            left += width
    axes.set_yticks(range(len(stacks)), list(stacks))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)


def masses(
    stacks: Mapping[str, Stack],
    implied: Mapping[str, tuple[float, float]],
    references: Mapping[str, float],
) -> Figure:
    """Mass of each layer, and the totals that the paper's statements imply.

    Parameters
    ----------
    stacks : mapping of str to Stack
        Label and stack, from the top.
    implied : mapping of str to (float, float)
        Reading of a statement; the mass of the cell on bare foil that it implies and its
        rounding [kg/m2].
    references : mapping of str to float
        Label and mass of computed cells to compare with [kg/m2].
    """
    figure, (upper, lower) = style.new_figure(2, height=6.6, height_ratios=[1, 1.5])
    _bars(
        upper,
        stacks,
        "areal_mass",
        _PER_AREA,
        lambda stack, layer: f"{100 * stack.mass_shares[layer.name]:.1f}",
    )
    for row, stack in enumerate(stacks.values()):
        total = _PER_AREA * stack.areal_mass
        upper.text(total + 0.4, row, f"{total:.2f}", va="center", fontsize=9)
    upper.set_xlim(0, 1.1 * _PER_AREA * max(stack.areal_mass for stack in stacks.values()))
    upper.set_xlabel("areal mass (mg cm⁻²); in the bars: share of the cell (%)")
    upper.set_title("Layer by layer, from first data", **TITLE)
    figure.legend(*upper.get_legend_handles_labels(), loc="outside upper right", ncols=6, **_LEGEND)

    for (label, mass), line in zip(references.items(), ("-", "--", ":"), strict=False):
        lower.axvline(_PER_AREA * mass, color=style.BCUE, ls=line, lw=1.4, label=label)
    for row, (mass, rounding) in enumerate(implied.values()):
        lower.errorbar(
            _PER_AREA * mass,
            row,
            xerr=_PER_AREA * rounding,
            ecolor="black",
            capsize=3,
            **style.PAPER,
        )
        lower.text(
            1.01, row, f"{_PER_AREA * mass:.1f}", va="center", fontsize=9,
            transform=lower.get_yaxis_transform(),
        )  # fmt: skip
    lower.set_yticks(range(len(implied)), list(implied), fontsize=9)
    lower.set_ylim(len(implied) - 0.4, -0.6)
    lower.tick_params(axis="y", length=0)
    lower.set_xlabel("areal mass of the bCuE cell (mg cm⁻²)")
    lower.set_title("What each statement implies", **TITLE)
    lower.legend(loc="lower right", **_LEGEND)
    lower.margins(x=0.15)
    return figure


def thicknesses(stacks: Mapping[str, Stack], implied: Sequence[float | None]) -> Figure:
    """Thickness of each layer to scale, and the totals that the paper's energy densities imply.

    Parameters
    ----------
    stacks : mapping of str to Stack
        Label and stack, from the top.
    implied : sequence of float or None
        Total that the paper implies for each stack [m], or none.
    """
    figure, axes = style.new_figure(height=3.0)
    _bars(axes, stacks, "thickness", UM, lambda stack, layer: f"{UM * layer.thickness:.3g}")
    for row, (stack, stated) in enumerate(zip(stacks.values(), implied, strict=True)):
        total = UM * stack.thickness
        axes.text(
            total - 1, row - 0.4, f"{total:.1f}", ha="right", va="center", fontsize=9, weight="bold"
        )
        if stated is not None:
            axes.plot(UM * stated, row, **style.PAPER)
            axes.text(UM * stated + 3, row, f"{UM * stated:.1f}", va="center", fontsize=9)
    axes.plot([], [], label="implied by the paper", **style.PAPER)
    axes.set_xlim(0, 1.16 * UM * max(stack.thickness for stack in stacks.values()))
    axes.set_xlabel("thickness (µm)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=6, **_LEGEND)
    return figure


def over_content(
    free: OverContent,
    paid: OverContent,
    perforated: tuple[float, float, float],
    stated: Mapping[str, Sequence[tuple[float, float]]],
) -> Figure:
    """Both energy densities over the SiOx content, and what the paper states.

    Parameters
    ----------
    free, paid : OverContent
        At fixed energy; with the first cycle's loss and the anode's potential.
    perforated : (float, float, float)
        SiOx fraction [-], energy per mass [J/kg] and per volume [J/m3] of the pCuE cell, computed.
    stated : mapping of str to sequence of (float, float)
        "gravimetric", "volumetric": SiOx fraction [-] and the paper's energy density [J/kg],
        [J/m3]; the cell on bare foil, the cell on perforated foil, and the content it is said to be
        worth.
    """
    figure, panels = style.new_figure(1, 2, height=3.7)
    rows = (
        ("gravimetric", "Wh kg⁻¹", _WATT_HOUR_PER_KG, 1),
        ("volumetric", "Wh L⁻¹", _WATT_HOUR_PER_LITRE, 2),
    )
    for axes, (quantity, unit, factor, place) in zip(panels, rows, strict=True):
        percent = 100 * free.siox_fraction
        axes.plot(
            percent, factor * getattr(free, quantity), color=style.BCUE, label="bCuE, energy fixed"
        )
        axes.plot(
            percent,
            factor * getattr(paid, quantity),
            color=style.BCUE,
            ls="--",
            label="bCuE, first cycle counted",
        )
        axes.plot(
            100 * perforated[0],
            factor * perforated[place],
            "D",
            color=style.PCUE,
            ms=6,
            mec="white",
            label="pCuE",
            zorder=4,
        )
        points = np.array(stated[quantity])
        axes.plot(100 * points[:, 0], factor * points[:, 1], label="stated", **style.PAPER)
        axes.annotate(
            "",
            xy=(100 * points[2, 0], factor * points[2, 1]),
            xytext=(100 * points[1, 0], factor * points[1, 1]),
            arrowprops={
                "arrowstyle": "->",
                "ls": ":",
                "color": "black",
                "shrinkA": 6,
                "shrinkB": 6,
            },
        )
        axes.set_xlabel("SiOx in the active material (wt%)")
        axes.set_ylabel(f"energy per {'mass' if place == 1 else 'volume'} ({unit})")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, **_LEGEND
    )
    return figure


def gain_by_foil(gains: Mapping[str, Gain], stated: Gain) -> Figure:
    """The gain of several pairs of foils, beside the paper's.

    Parameters
    ----------
    gains : mapping of str to Gain
        Label of the pair and its gain [-], from the top.
    stated : Gain
        The paper's [-].
    """
    figure, panels = style.new_figure(1, 2, height=2.9, sharey=True)
    rows = range(len(gains))
    for axes, quantity in zip(panels, Gain._fields, strict=True):
        values = [100 * getattr(gain, quantity) for gain in gains.values()]
        axes.barh(
            rows,
            values,
            height=0.6,
            color=[style.PCUE if value >= 0 else style.MUTED for value in values],
        )
        axes.axvline(0, color="black", lw=0.8)
        mark = 100 * getattr(stated, quantity)
        axes.plot([mark] * 2, [-0.7, rows[-1] + 0.5], color="black", lw=1, ls=":")
        _mark_stated(axes, mark, -0.7)
        span = max(*values, mark) - min(*values, 0)
        for row, value in enumerate(values):
            text = f"{value:+.1f} %".replace("-", "\N{MINUS SIGN}")
            end = value - np.copysign(0.03 * span, value)
            axes.text(
                end, row, text, va="center", ha="right" if value > 0 else "left", fontsize=9,
                color="white", fontweight="bold",
            )  # fmt: skip
        axes.set_xlim(min(*values, 0) - 0.05 * span, max(*values, mark) + 0.3 * span)
        axes.set_xlabel(_gain_label(quantity))
        axes.set_ylim(len(values) - 0.5, -0.7)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(rows, list(gains))
    return figure


def _gain_label(quantity: str) -> str:
    return f"gain per {'mass' if quantity == 'gravimetric' else 'volume'} (%)"


def _mark_stated(axes, value: float, top: float) -> None:
    """The paper's value on the upper edge of a panel of bars."""
    axes.plot(value, top, clip_on=False, **style.PAPER)
    axes.annotate(
        f"stated {value:.1f} %",
        (value, top),
        (0, 7),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9,
    )


def gain_after_each(steps: Sequence[GainStep], stated: Gain) -> Figure:
    """What is left of the gain as the cell comes nearer to a commercial one.

    Parameters
    ----------
    steps : sequence of GainStep
    stated : Gain
        The paper's [-].
    """
    figure, panels = style.new_figure(1, 2, height=3.6, sharey=True)
    for axes, quantity in zip(panels, Gain._fields, strict=True):
        values = np.array([100 * getattr(step.gain, quantity) for step in steps])
        start = np.concatenate([[0.0], values[:-1]])
        rows = np.arange(len(values))
        axes.barh(rows[0], values[0], height=0.62, color=style.PCUE)
        axes.barh(rows[1:], values[1:] - start[1:], left=start[1:], height=0.62, color=style.MUTED)
        for row in rows[1:]:
            axes.plot([start[row]] * 2, [row - 0.69, row + 0.31], color="black", lw=0.7)
        axes.barh(len(values), values[-1], height=0.62, color=style.PCUE)
        axes.plot([values[-1]] * 2, [rows[-1] - 0.31, len(values) + 0.31], color="black", lw=0.7)
        for row, value in enumerate([*values, values[-1]]):
            right = max(value, start[row]) if row < len(values) else value
            axes.text(right + 0.02 * values[0], row, f"{value:.2f} %", va="center", fontsize=9)
        mark = 100 * getattr(stated, quantity)
        _mark_stated(axes, mark, -0.75)
        axes.set_xlim(0, 1.2 * max(mark, values[0]))
        axes.set_ylim(len(values) + 0.5, -0.75)
        axes.set_xlabel(_gain_label(quantity).replace("gain", "gain left"))
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(steps) + 1), [*(step.name for step in steps), "what is left"])
    return figure


def gain_over_foil(
    thickness: np.ndarray,
    open_fraction: Sequence[float],
    gain: Gain,
    commercial: Sequence[float],
    stated: Gain,
) -> Figure:
    """The gain over foil thickness, one line an open fraction.

    Parameters
    ----------
    thickness : (n,) array of float
        Of the negative foil [m].
    open_fraction : (m,) sequence of float
        [-]
    gain : Gain
        Two (m, n) arrays [-].
    commercial : sequence of float
        Foil thicknesses in use, marked [m].
    stated : Gain
        The paper's, for 10 um [-].
    """
    figure, panels = style.new_figure(1, 2, height=3.2)
    shades = np.linspace(0.35, 1.0, len(open_fraction))
    for axes, quantity in zip(panels, Gain._fields, strict=True):
        for fraction, values, alpha in zip(
            open_fraction, getattr(gain, quantity), shades, strict=True
        ):
            axes.plot(UM * thickness, 100 * values, color=style.PCUE, alpha=alpha)
            axes.text(
                UM * thickness[-1] + 0.15,
                100 * values[-1],
                f"f = {fraction:.3g}",
                va="center",
                fontsize=9,
            )
        for foil in commercial:
            axes.axvline(UM * foil, color=style.MUTED, lw=0.8, ls=":")
        mark = 100 * getattr(stated, quantity)
        axes.plot(10, mark, **style.PAPER)
        axes.text(10.3, mark, "stated\n(single-sided)", va="center", fontsize=9)
        axes.set_xlim(UM * thickness[0], UM * thickness[-1] + 2.6)
        axes.set_ylim(0, 1.12 * 100 * max(getattr(stated, quantity), getattr(gain, quantity).max()))
        axes.set_xlabel("thickness of the copper foil (µm)")
        axes.set_xticks(np.arange(6, UM * thickness[-1] + 1, 2))
        axes.set_ylabel(_gain_label(quantity))
    return figure
