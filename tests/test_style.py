"""Figures as files: an SVG that follows the page it stands on, and as light as it can be."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from rampore.style import BCUE, PCUE, new_figure, render


def cloud(points):
    figure, axes = new_figure()
    axes.scatter(*np.random.default_rng(1).random((2, points)), color=PCUE)
    return figure


def dark(svg):
    """What the colours of an SVG become on a dark page."""
    [rules] = re.findall(r"prefers-color-scheme:dark\)\{(.*)\}</style>", svg.decode())
    return dict(
        re.findall(
            r'\[style\*="(?:fill|stroke): (#\w+)"\]:not\([^)]*\)\{\w+:(#\w+)!important\}', rules
        )
    )


def luminance(colour):
    linear = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in linear)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_on_a_dark_page_the_sheet_of_an_svg_is_dark_and_what_is_drawn_stands_out():
    figure, axes = new_figure()
    for colour in ("black", PCUE, BCUE):
        axes.plot([0, 1], [0, 1], color=colour)
    svg = render(figure, "svg")
    there = dark(svg)
    sheet = luminance(there["#ffffff"])
    for colour in ("#000000", PCUE.lower(), BCUE.lower()):
        assert (luminance(there[colour]) + 0.05) / (sheet + 0.05) > 3  # WCAG, of graphics
    assert set(there) == set(
        re.findall(r"(?:fill|stroke): (#\w{6})", render(figure, "svg").decode())
    )


def test_what_lies_on_a_map_keeps_its_colours_on_a_dark_page_and_what_stands_beside_it_does_not():
    figure, axes = new_figure()
    axes.imshow([[0.0, 1.0]], cmap="Blues")
    axes.text(0, 0, "on the map")
    axes.set(title="beside it")
    axes.plot([0, 1], [0, 0], color="black", label="here")
    axes.legend(loc="center")
    svg = render(figure, "svg").decode()
    assert re.findall(r"<!-- (\w[\w ]+) -->", svg)[-3:] == ["on the map", "beside it", "here"]
    marked = re.findall(r'<g id="on-map-\d">\s*<!-- ([\w ]+) -->|<g id="on-map-(\d)">', svg)
    assert {words for words, _ in marked} == {"", "on the map"}
    assert len(marked) == 4  # sheet, line, words and legend; the picture stays as it is by itself
    assert all(artist.get_gid() is None for artist in (*axes.texts, *axes.lines, axes.get_legend()))


@pytest.mark.parametrize(("points", "pictures"), [(100, 0), (5000, 1)])
def test_an_svg_holds_a_cloud_of_points_as_a_picture(points, pictures):
    figure = cloud(points)
    svg = render(figure, "svg")
    assert svg.count(b"data:image/png") == pictures
    assert not figure.axes[0].collections[0].get_rasterized()
    assert render(cloud(points), "svg") == svg


def test_an_svg_holds_the_smallest_map_as_a_picture():
    figure, axes = new_figure()
    axes.pcolormesh([[0.0, 1.0], [1.0, 0.0]])
    assert render(figure, "svg").count(b"data:image/png") == 1


def test_a_png_has_a_palette_and_the_colours_that_were_drawn():
    figure, axes = new_figure()
    axes.axvspan(0, 1, color=BCUE)
    image = Image.open(io.BytesIO(render(figure, "png", "mine")))
    assert image.mode == "P"
    assert image.text["Title"] == "mine"
    colours = [colour for _, colour in image.convert("RGB").getcolors()]
    assert tuple(bytes.fromhex(BCUE[1:])) in colours
