"""One look for all figures: a colour for each electrode and material, an open marker for what the
paper states.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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
# Of an SVG that follows a dark page: what white and black become there.
_DARK_SHEET, _DARK_INK = "#14181e", "#e3e6ea"
_GREY = 0.12  # the most that the parts of a colour differ by where it counts as grey [-]
_LIFT = 0.25  # how far the other colours go towards white on a dark page [-]
_ON_MAP = "on-map-"  # how the name of what lies on a map begins
_NO_DITHER = Image.Dither.NONE
_MOST = 400  # members of a collection that an SVG draws one by one [-]
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

    An SVG follows the colour scheme of the page that shows it as an image: dark on a dark one.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    form : {"png", "svg"}
    title : str
        Title that the file carries.
    dpi : float
        Resolution of a PNG, and of the pictures in an SVG [1/in].
    """
    metadata = {"Title": title} | ({"Date": None} if form == "svg" else {})
    buffer = io.BytesIO()
    with rc_context(_RC), _for_svg(figure) if form == "svg" else nullcontext():
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    drawn = buffer.getvalue()
    return _for_any_page(drawn) if form == "svg" else _of_few_colours(drawn, title)


def _of_few_colours(png: bytes, title: str = "") -> bytes:
    """A drawing has few colours, and is a third as large with a palette."""
    told = PngInfo()
    if title:
        told.add_text("Title", title)
    with Image.open(io.BytesIO(png)) as image:
        if image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255):
            few = image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=_NO_DITHER)
        else:  # the only way that knows of what is half transparent
            few = image.quantize(256, Image.Quantize.FASTOCTREE, dither=_NO_DITHER)
        small = io.BytesIO()
        few.save(small, "PNG", optimize=True, pnginfo=told, dpi=image.info.get("dpi", (72, 72)))
    return small.getvalue()


@contextmanager
def _for_svg(figure: Figure) -> Iterator[None]:
    """Maps, and clouds of more points than one can tell apart, become pictures; what lies on a map
    is marked, for a map stays as it is on a dark page.
    """
    crowds = [
        artist
        for axes in figure.axes
        for artist in axes.collections
        if not artist.get_rasterized() and _is_crowd(artist)
    ]
    on_maps = [artist for axes in figure.axes if _is_map(axes) for artist in _inside(axes)]
    named = [artist.get_gid() for artist in on_maps]
    for artist in crowds:
        artist.set_rasterized(True)
    for number, artist in enumerate(on_maps):
        artist.set_gid(f"{_ON_MAP}{number}")
    try:
        yield
    finally:
        for artist in crowds:
            artist.set_rasterized(False)
        for artist, name in zip(on_maps, named, strict=True):
            artist.set_gid(name)


def _is_map(axes: Any) -> bool:
    return bool(axes.images) or any(
        hasattr(artist, "get_coordinates") or getattr(artist, "filled", False)
        for artist in axes.collections
    )


def _inside(axes: Any) -> Iterator[Any]:
    yield from (axes.patch, *axes.patches, *axes.lines, *axes.collections, *axes.texts)
    if legend := axes.get_legend():
        extent = legend.get_window_extent()
        if axes.bbox.contains((extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2):
            yield legend


def _is_crowd(collection: Any) -> bool:
    """A map in any case: between cells drawn one by one a browser leaves bright seams."""
    members = max(len(collection.get_offsets()), len(collection.get_paths()))
    return hasattr(collection, "get_coordinates") or members > _MOST


def _for_any_page(svg: bytes) -> bytes:
    """An SVG to a hundredth of a point, which turns dark where the page is."""
    text = re.sub(
        r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg.decode("utf-8")
    )
    text = re.sub(r"(?<=data:image/png;base64,)[^\"]+", _smaller, text)
    colours = sorted({*re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text)})
    rules = [f"svg{{fill:{_DARK_INK}}}[id^={_ON_MAP}]{{fill:#000}}"] + [
        f'[style*="{part}: {colour}"]:not([id^={_ON_MAP}] *){{{part}:{_on_dark(colour)}!important}}'
        for colour in colours
        for part in ("fill", "stroke")
        if f"{part}: {colour}" in text
    ]
    style = f"<style>@media(prefers-color-scheme:dark){{{''.join(rules)}}}</style>\n </defs>"
    return text.replace("</defs>", style, 1).encode("utf-8")


def _smaller(encoded: re.Match[str]) -> str:
    return b64encode(_of_few_colours(b64decode(encoded[0]))).decode()


def _on_dark(colour: str) -> str:
    """What a colour becomes on a dark page: greys change places, the others become lighter."""
    parts = np.array(to_rgb(colour))
    if np.ptp(parts) > _GREY:
        return to_hex(parts + _LIFT * (1 - parts))
    ink, sheet = (np.array(to_rgb(end)) for end in (_DARK_INK, _DARK_SHEET))
    return to_hex(ink + parts * (sheet - ink))


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
            return {"png": png, "svg": render(figure, "svg", title, dpi)}
        finally:
            figure.set_layout_engine(engine)


#: What panels' titles and legends look like.
TITLE = {"loc": "left", "fontsize": 10.5, "fontweight": "bold"}
LEGEND = {"frameon": False, "fontsize": 9, "handlelength": 1.6}

UM = 1e6  #: um in a metre
PERCENT = 100.0
