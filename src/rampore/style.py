"""One look for all figures: a colour for each electrode and material, an open marker for what the
paper states.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by colour-blind readers too.
PCUE = "#0072B2"  #: the electrode on perforated foil, in every figure
BCUE = "#D55E00"  #: the electrode on bare foil, in every figure
COPPER = "#C77C4A"
ALUMINIUM = "#A9B4BE"
NEGATIVE = "#4A4A4A"
POSITIVE = "#6C5B9C"
SEPARATOR = "#DDE6EC"
ELECTROLYTE = "#9FD3C7"
ACCENT = "#009E73"
MUTED = "#8A8A8A"

#: Fill and ink of each verdict; Okabe and Ito's, darkened where a white glyph stands on them.
VERDICT = {
    "reproduced": ("#00805C", "white"),
    "conditional": ("#E69F00", "black"),
    "not reproduced": ("#C44F00", "white"),
    "inconsistent": ("#A33C7C", "white"),
    "input": ("#5B6B7A", "white"),
    "not testable": ("#D5DAE0", "#3A444D"),
    "pending": ("white", "#6B7680"),
}

#: What the paper states: an open marker.
PAPER = {
    "marker": "o",
    "mfc": "white",
    "mec": "black",
    "mew": 1.4,
    "ms": 8,
    "ls": "none",
    "zorder": 5,
}

# Matplotlib reads the first two when axes are made, the third when an SVG is written.
_RC = {"axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "rampore"}
# What a figure whose layout engine is taken away gets in its place: none.
_NO_LAYOUT = {"figure.autolayout": False, "figure.constrained_layout.use": False}


class Picture(Figure):
    """A figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        return render(self, "png")


def new_figure(
    nrows: int = 1, ncols: int = 1, *, width: float = 7.0, height: float = 3.4, **subplots: Any
) -> tuple[Picture, Any]:
    """A figure and its axes in the book's style, without pyplot.

    Parameters
    ----------
    nrows, ncols : int
        Panels.
    width, height : float
        Size [in].
    **subplots
        Passed to :meth:`matplotlib.figure.Figure.subplots`.

    Returns
    -------
    (Picture, Axes or ndarray of Axes)
    """
    with rc_context(_RC):
        figure = Picture(figsize=(width, height), layout="constrained")
        axes = figure.subplots(nrows, ncols, **subplots)
    return figure, axes


def new_mosaic(
    layout: list[list[str]], *, width: float = 7.0, height: float = 3.4, **mosaic: Any
) -> tuple[Picture, dict[str, Any]]:
    """A figure and its axes by name, in the book's style.

    Parameters
    ----------
    layout : list of list of str
        The names, row by row; one that is repeated spans its places.
    width, height : float
        Size [in].
    **mosaic
        Passed to :meth:`matplotlib.figure.Figure.subplot_mosaic`.

    Returns
    -------
    (Picture, dict of str to Axes)
    """
    with rc_context(_RC):
        figure = Picture(figsize=(width, height), layout="constrained")
        axes = figure.subplot_mosaic(layout, **mosaic)
    return figure, axes


def render(figure: Figure, form: str, title: str = "", dpi: float = 150) -> bytes:
    """A figure as the bytes of a PNG or an SVG, the same in every run.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    form : {"png", "svg"}
    title : str
        Title that the file carries.
    dpi : float
        Resolution of a PNG [1/in].
    """
    metadata = {"Title": title} | ({"Date": None} if form == "svg" else {})
    buffer = io.BytesIO()
    with rc_context(_RC):
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def render_both(figure: Figure, title: str = "", dpi: float = 150) -> dict[str, bytes]:
    """A figure as the bytes of a PNG and of an SVG, by their endings; both have the layout of the
    PNG.

    Laying out takes as long as drawing, and an engine needs a drawing of its own: the SVG does
    without.

    Parameters
    ----------
    figure, title, dpi
        As of :func:`render`.
    """
    png, engine = render(figure, "png", title, dpi), figure.get_layout_engine()
    with rc_context(_NO_LAYOUT):
        figure.set_layout_engine(None)
        try:
            return {"png": png, "svg": render(figure, "svg", title)}
        finally:
            figure.set_layout_engine(engine)


#: What panels' titles and legends look like.
TITLE = {"loc": "left", "fontsize": 10.5, "fontweight": "bold"}
LEGEND = {"frameon": False, "fontsize": 9, "handlelength": 1.6}

UM = 1e6  #: um in a metre
PERCENT = 100.0
