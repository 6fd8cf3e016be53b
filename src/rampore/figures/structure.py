"""A structure to scale, from above and in section, before anything is solved."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon, Rectangle

from rampore.p4d.cell import BACK, Cell
from rampore.structure import Channels, Holes, Structure
from rampore.structure.openings import SIDES, Openings, Outline
from rampore.structure.porosity import DirectedClosure, sample
from rampore.style import ALUMINIUM, COPPER, ELECTROLYTE, SEPARATOR, TITLE, UM, new_figure

#: Pitches, or unit cells, that are drawn along x.
DRAWN = 3
#: Colours of porosities, dark where there is much solid.
POROSITIES = "bone"
FOILS = {"negative": COPPER, "positive": ALUMINIUM}
#: Steps of a slanting wall, pixels of a coating along each axis.
STEPS, PIXELS = 24, 120


def drawing(cell: Cell) -> Figure:
    """Electrodes with openings from the separator, and a section of the cell, all to one scale.

    The section runs along x where it meets most kinds of openings.

    Parameters
    ----------
    cell : rampore.p4d.cell.Cell
        With a structure.
    """
    structure = cell.structure
    width, height = structure.unit_cell
    pitches = [opening.pitch for opening in structure.openings] or [width]
    window = DRAWN * max(*pitches, width), 2 * max(height, max(pitches) / 2)
    y, levels = _cut_line(structure, window), _levels(cell)
    bottom, top = (end(map(end, levels.values())) for end in (min, max))
    opened = [side for side in SIDES if structure.openings_of(side)]
    heights = [window[1]] * len(opened) + [top - bottom]
    inch = 6.0 / (window[0] * UM)
    figure, panels = new_figure(
        len(heights), 1, height=sum(heights) * UM * inch + 0.9 * len(heights), height_ratios=heights
    )
    *plans, section = np.atleast_1d(panels)
    for axes, side in zip(plans, opened, strict=True):
        _plan(axes, structure, side, window, y)
    _section(section, cell, levels, window[0], y)
    for axes in (*plans, section):
        axes.set_aspect("equal")
        axes.set_xlabel("x (µm)")
    return figure


def _levels(cell):
    """Lower and upper end of each layer [m]."""
    foils = {
        side: holes.depth if (holes := cell.structure.holes_in(side)) else 10e-6 for side in SIDES
    }
    levels = {"negative foil": (-foils["negative"], 0.0)}
    for face, stack in cell.faces().items():
        layers = (stack.negative, stack.separator, stack.positive)
        heights = [*(getattr(layer, "thickness", 0.0) for layer in layers), foils["positive"]]
        z = np.cumsum([0.0, *heights])
        if face == BACK:
            z = -foils["negative"] - z
        for n, name in enumerate(("negative", "separator", "positive", "positive foil")):
            levels[face + name] = tuple(sorted(z[n : n + 2]))
    return levels


def _cut_line(structure: Structure, window: tuple[float, float]) -> float:
    """Where a section along x meets the middles of most kinds of openings [m]."""
    rows = [
        {round(each.y, 12) for each in openings.outlines(*window) if 0 <= each.y <= window[1] / 2}
        for openings in structure.openings
        if not (openings.lattice == "lines" and openings.along == "y")
    ]
    places = sorted(set().union(*rows)) or [window[1] / 2]
    return max(places, key=lambda y: (sum(y in row for row in rows), -y))


def _plan(axes: Axes, structure: Structure, side: str, window, y: float) -> None:
    axes.set_title(f"{side} electrode, from the separator", **TITLE)
    axes.set_facecolor("#6E6E6E")
    for channels in structure.channels_in(side):
        for each in channels.outlines(*window):
            axes.add_patch(_shape(each, window, facecolor=_fill(channels), edgecolor="black"))
            floor = channels.width_at(1.0)
            if 0 < floor < channels.width:
                outline = channels.outline(each.x, each.y, floor)
                axes.add_patch(_shape(outline, window, facecolor="none", edgecolor="black", ls=":"))
    if holes := structure.holes_in(side):
        for each in holes.outlines(*window):
            axes.add_patch(_shape(each, window, facecolor="none", edgecolor=FOILS[side], ls="--"))
    axes.axhline(y * UM, color="white", lw=0.8, ls="-.")
    axes.set(xlim=(0, window[0] * UM), ylim=(0, window[1] * UM), ylabel="y (µm)")


def _shape(outline: Outline, window: tuple[float, float], **looks) -> Polygon:
    """An outline; a line reaches beyond the window."""
    angle = np.linspace(0, 2 * np.pi, 145)
    beyond = 2 * max(window)
    around = [
        centre + min(along, beyond) * np.sign(np.round(way, 9)) + outline.radius * way
        for centre, along, way in (
            (outline.x, outline.along_x, np.cos(angle)),
            (outline.y, outline.along_y, np.sin(angle)),
        )
    ]
    return Polygon(np.transpose(around) * UM, lw=1.0, **looks)


def _section(axes: Axes, cell: Cell, levels, width: float, y: float) -> None:
    structure, shown = cell.structure, None
    axes.set_title(f"section at y = {y * UM:.4g} µm", **TITLE)
    colours = {"negative foil": COPPER, "separator": SEPARATOR, "positive foil": ALUMINIUM}
    for name, (low, high) in levels.items():
        if (colour := colours.get(name.removeprefix(BACK))) is not None:
            box = Rectangle((0, low * UM), width * UM, (high - low) * UM, color=colour, lw=0)
            axes.add_patch(box)
    for name in cell.electrodes:
        side = name.removeprefix(BACK)
        shown = _coating(axes, cell, name, levels[name], width, y) or shown
        if (holes := structure.holes_in(side)) and f"{name} foil" in levels:
            _openings(axes, holes, levels[f"{name} foil"], (holes.width,) * 2, width, y)
        for channels in structure.channels_in(side):
            foil, mouth = levels[name] if _foil_below(name) else levels[name][::-1]
            end = mouth + np.sign(foil - mouth) * channels.depth_in(abs(foil - mouth))
            _openings(axes, channels, (end, mouth), (channels.width_at(1.0), channels.width),
                      width, y)  # fmt: skip
    if shown is not None:
        axes.figure.colorbar(shown, ax=axes, label="porosity (–)", fraction=0.05, pad=0.02)
    names = {COPPER: "negative foil", ALUMINIUM: "positive foil", SEPARATOR: "separator",
             ELECTROLYTE: "electrolyte"}  # fmt: skip
    handles = [Patch(color=colour, label=name) for colour, name in names.items()]
    axes.figure.legend(handles=handles, ncols=4, loc="outside lower center", frameon=False)
    ends = [UM * end(map(end, levels.values())) for end in (min, max)]
    axes.set(xlim=(0, width * UM), ylim=ends, ylabel="z (µm)")


def _foil_below(name):
    """Whether the foil of an electrode lies at the lower end of its coating."""
    return name in ("negative", BACK + "positive")


def _coating(axes, cell, name, level, width, y):
    """Draw the porosity between the openings; None where there is no coating."""
    electrode, side = cell.electrodes[name], name.removeprefix(BACK)
    if level[1] <= level[0]:
        return None
    coating = cell.structure.between(side, electrode.porosity, electrode.thickness)
    cell_width, cell_height = cell.structure.unit_cell
    slab = np.clip(y + np.array([-0.5, 0.5]) * cell_height / PIXELS, 0, cell_height)
    edges = np.linspace(0, cell_width, PIXELS + 1), slab, np.linspace(*level, PIXELS + 1)
    closure = DirectedClosure(electrode.transport_efficiency, electrode.in_plane)
    values = sample(coating, closure, edges, _foil_below(name)).mean_porosity()
    values = np.broadcast_to(values, (PIXELS, 1, PIXELS))[:, 0]
    tiles = int(np.ceil(width / cell_width))
    mirrored = [values if n % 2 == 0 else values[::-1] for n in range(tiles)]
    extent = (0, tiles * cell_width * UM, level[0] * UM, level[1] * UM)
    return axes.imshow(
        np.concatenate(mirrored).T, extent=extent, origin="lower", cmap=POROSITIES, vmin=0, vmax=1,
        aspect="equal",
    )  # fmt: skip


def _openings(
    axes: Axes,
    openings: Openings,
    level: tuple[float, float],
    widths: tuple[float, float],
    window: float,
    y: float,
) -> None:
    """Fill what a section along x cuts of openings that are so wide at the ends of a level."""
    z, shares = np.linspace(*level, STEPS), np.linspace(*widths, STEPS)
    for each in openings.outlines(window, 2 * y + openings.pitch):
        half = [_half_chord(openings.outline(each.x, each.y, w), y) for w in shares]
        inside = [n for n, chord in enumerate(half) if chord is not None]
        if inside:
            chord = np.minimum([half[n] for n in inside], 2 * window)
            x = np.concatenate([each.x - chord, (each.x + chord)[::-1]])
            around = np.stack([x, np.concatenate([z[inside], z[inside][::-1]])], axis=1)
            axes.add_patch(
                Polygon(around * UM, facecolor=_fill(openings), edgecolor="black", lw=0.6)
            )


def _half_chord(outline: Outline, y: float) -> float | None:
    """Half of the length that a line along x has in an outline [m]; None where it misses it."""
    apart = max(abs(y - outline.y) - outline.along_y, 0.0)
    if apart > outline.radius:
        return None
    return outline.along_x + float(np.sqrt(outline.radius**2 - apart**2))


def _fill(openings: Openings) -> str:
    filling = openings.filling if isinstance(openings, Holes | Channels) else "electrolyte"
    if filling == "electrolyte":
        return ELECTROLYTE
    from matplotlib import colormaps

    return "#5C5C5C" if filling == "coating" else colormaps[POROSITIES](float(filling))
