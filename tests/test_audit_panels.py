"""A list of a paper's figures: places, the file, and the page that is made of it."""

import base64
import io
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from rampore.audit.pages.panels import drawn_by, panels_page, thumbnails
from rampore.audit.panels import Panel, PanelError, places, read_panels

FILE = """
[[group]]
title = "Fig. 1 · Geometry"

[[group.panel]]
name = "Fig. 1a"
where = "caption, 3.1"
shows = "A square | of *some* size."
counterpart = ["fig-square"]
statements = ["area"]

[[group.panel]]
name = "Fig. 1b, c"
where = "caption"
shows = "Photographs."
why = "Nothing to compute."

[[group]]
title = "Supplement"

[[group.panel]]
name = "Fig. S1"
where = "3.2"
shows = "What became of it."
chapter = "later"
"""


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("3.1, Fig. 1d", "Fig. 1d"),
        ("abstract, 3.2, Fig. 3a, b, S13d", "Fig. 3a; Fig. 3b; Fig. S13d"),
        ("3.3, Fig. 6c-e, S30", "Fig. 6c; Fig. 6d; Fig. 6e; Fig. S30"),
        ("3.1, 3.3, Fig. S12a, 6f", "Fig. S12a; Fig. 6f"),
        ("2.2, 3.2, Fig. 6", "Fig. 6"),
        ("Fig. S29, a-c", "Fig. S29; Fig. S29a; Fig. S29b; Fig. S29c"),
        ("Tables S3, S4", "Table S3; Table S4"),
        ("3.2, Fig. 2, Table S7, Note S1", "Fig. 2; Table S7; Note S1"),
        ("highlights, 3.2, 4", ""),
        ("2.1", ""),
    ],
)
def test_a_place_names_its_figures_one_by_one(where, named):
    assert "; ".join(places(where)) == named


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "figures.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_the_list_keeps_its_order_and_its_groups(listed):
    groups = read_panels(listed)
    assert list(groups) == ["Fig. 1 · Geometry", "Supplement"]
    assert [panel.name for group in groups.values() for panel in group] == [
        "Fig. 1a", "Fig. 1b, c", "Fig. S1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[group]]", "[[group", "cannot be read as TOML"),
        (FILE, "group = 3", "group is no list of tables: write [[group]] before each"),
        ("[[group]]", "[[groups]]\n[[group]]", "unknown key 'groups'; did you mean 'group'?"),
        ('title = "Supplement"', "", "has a text as its `title`"),
        ('title = "Supplement"', 'title = "S"\ncolour = 1', "a group: unknown key 'colour'"),
        ('name = "Fig. S1"', "", "panel 'without a name' has no 'name'"),
        ('name = "Fig. S1"', 'name = "S1"', "S1: names no figure, panel or table"),
        ('name = "Fig. S1"', 'name = "Fig. 1a-c"', "more than once: Fig. 1a, Fig. 1b, Fig. 1c"),
        ("shows = ", "show = ", "panel 'Fig. 1a': unknown key 'show'; did you mean 'shows'?"),
        ('shows = "Photographs."', 'shows = ""', "says what it shows, and where the paper tells"),
        ('why = "Nothing to compute."', "", "neither a `counterpart`, nor a `chapter` to come"),
        ('why = "Nothing to compute."', "why = 1", "`why` must be a text"),
        ('["fig-square"]', '"fig-square"', "`counterpart` must be a list of texts"),
        ('["fig-square"]', '["../square"]', "'../square' is no label of a figure"),
    ],
)
def test_a_mistake_in_the_list_is_refused_with_file_and_panel(listed, old, new, message):
    assert old in FILE
    listed.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PanelError, match=re.escape(message)) as caught:
        read_panels(listed)
    assert str(listed) in str(caught.value)


def test_a_list_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(PanelError, match=r"none\.toml"):
        read_panels(tmp_path / "none.toml")


# ── The page ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def notebook():
    """An executed chapter with one figure, 800 by 400 pixels, black above and white below."""
    image = io.BytesIO()
    Image.linear_gradient("L").resize((800, 400)).save(image, "PNG")
    data = {"image/png": base64.b64encode(image.getvalue()).decode()}
    shown = {"figure": {"name": "fig-square"}, "image": {"alt": 'A "square" of <some> size'}}
    cell = new_code_cell("", outputs=[new_output("display_data", data=data)])
    cell.metadata["mystnb"] = nbformat.from_dict(shown)
    return new_notebook(cells=[new_code_cell("1"), cell])


ENTRIES = [
    {"id": "side", "where": "3.1, Fig. 1a", "verdict": "reproduced"},
    {"id": "area", "where": "3.1", "verdict": "not reproduced"},
    {"id": "fate", "where": "3.2, Fig. 1a, S1", "verdict": "pending"},
]


def rows(page):
    return {
        cells[0].split("**")[1]: cells
        for line in page.splitlines()
        if line.startswith("| <span") and (cells := line.strip("| ").split(" | "))
    }


def test_a_panel_stands_beside_its_counterpart_and_what_rests_on_it(listed, notebook):
    page = panels_page(read_panels(listed), ENTRIES, drawn_by({"plane": notebook}))
    found = rows(page.replace("\N{NO-BREAK SPACE}", " "))
    name, shows, here, statements = found["Fig. 1a"]
    assert name.startswith('<span id="paper-fig-1a"></span>')
    assert shows == "A square &#124; of *some* size. <small>(caption, § 3.1)</small>"
    assert '<a class="thumbnail" href="plane.html#fig-square">![A ' in here
    assert r"![A \"square\" of \<some\> size](_generated/thumbnails/fig-square.png)" in here
    assert here.endswith("{numref}`fig-square`")
    assert re.findall(r'href="claim/(\w+).html"', statements) == ["side", "fate", "area"]
    assert "not reproduced" in statements
    assert found["Fig. 1b, c"][2:] == ["Nothing to compute.", "–"]
    assert found["Fig. S1"][2].endswith("pending</span> Waits for chapter later.")
    assert "fate" in found["Fig. S1"][3]


def test_the_counts_are_of_panels_one_by_one(listed, notebook):
    page = panels_page(read_panels(listed), ENTRIES, drawn_by({"plane": notebook}))
    assert page.startswith(
        "Of 4 figures, panels and tables, 1 have a counterpart, 1 wait for their "
        "chapter, and 2 have none"
    )


def test_a_thumbnail_is_the_counterpart_with_a_side_of_at_most_360_pixels(listed, notebook):
    small = thumbnails(read_panels(listed), drawn_by({"plane": notebook}))
    ((name, png),) = small.items()
    assert name == "thumbnails/fig-square.png"
    image = Image.open(io.BytesIO(png))
    assert image.size == (360, 180)
    grey = image.convert("L")
    assert grey.getpixel((180, 2)) < 10
    assert grey.getpixel((180, 177)) > 245


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["fig-square"]', '["fig-round"]', "Fig. 1a: the book has no figure fig-round"),
        ('["area"]', '["aera"]', "Fig. 1a: the ledger has no claim aera"),
        (
            'name = "Fig. S1"',
            'name = "Fig. S2"',
            "the claim 'fate' stands in Fig. S1, which",
        ),
    ],
)
def test_what_the_book_or_the_ledger_has_not_is_refused(listed, notebook, old, new, message):
    listed.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(PanelError, match=re.escape(message)):
        panels_page(read_panels(listed), ENTRIES, drawn_by({"plane": notebook}))


def test_a_panel_made_by_hand_is_held_to_the_same_rules():
    with pytest.raises(PanelError, match="names neither"):
        Panel("Fig. 1", "caption", "Something.")
