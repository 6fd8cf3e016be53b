"""What a notebook hands over: verdicts, figures, results, numbers for the prose."""

import io
import json
import math
import re
import sys
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from rampore.audit.chapter import (
    CLAIM_MIME,
    FIGURE_MIME,
    Chapter,
    Otherwise,
    Uncertainty,
    Under,
    card,
    spell,
    unit_text,
    with_unit,
)
from rampore.audit.drawn import as_csv
from rampore.audit.ledger import Condition, Ledger, LedgerError, read_ledger
from rampore.lim2026 import LEDGER
from rampore.style import new_figure, render, render_both


@pytest.fixture
def chapter(tmp_path):
    """Of the study's ledger, in which the web stress may hang on the foil's thickness."""
    ledger = read_ledger(LEDGER)
    thick = Condition("The foil is <15 um> thick.", (10, 15), "um", "3.1 & 2.2")
    known = dict(ledger) | {"web-stress": replace(ledger["web-stress"], condition=thick)}
    conditional = Ledger(known.values(), ledger.sections, ledger.causes)
    return Chapter("collector", output=str(tmp_path), ledger=conditional)


# ── The paper's numbers ───────────────────────────────────────────────────────────────────────────


def test_the_papers_numbers_come_in_si(chapter):
    assert chapter.stated("loading-npr-design") == 0.0450
    assert chapter.half_digit("loading-npr-design") == 0.00005
    assert chapter.printed("foil-hole-diameter") == (75e-6, 0.5e-6)


@pytest.mark.parametrize(
    ("name", "reason"), [("web-stres", "did you mean web-stress"), ("ram-period", "no number")]
)
def test_a_number_that_the_paper_does_not_state_is_refused(chapter, name, reason):
    with pytest.raises(LedgerError, match=reason):
        chapter.stated(name)


# ── Verdicts ──────────────────────────────────────────────────────────────────────────────────────


def entry_of(shown):
    return shown._repr_mimebundle_()[CLAIM_MIME]


def test_a_design_value_that_is_taken_is_an_input(chapter):
    shown = chapter.take("foil-hole-diameter")
    assert entry_of(shown)["verdict"] == "input"
    assert (
        repr(shown) == "foil-hole-diameter: stated 75\N{NO-BREAK SPACE}µm, taken as given -> input"
    )


def test_a_report_in_si_becomes_an_entry_in_the_unit_of_the_paper(chapter):
    shown = chapter.report(
        "web-stress",
        200 / (0.6 * 10e-6),
        given="foil-thickness-bcu",
        explanation="Force over area.",
    )
    entry = entry_of(shown)
    assert (entry["verdict"], entry["given"], entry["chapter"]) == (
        "inconsistent",
        ["foil-thickness-bcu"],
        "collector",
    )
    assert entry["computed"] == pytest.approx(100 / 3, rel=1e-12)
    assert repr(shown) == (
        "web-stress: stated 22\N{NO-BREAK SPACE}MPa, computed 33.3\N{NO-BREAK SPACE}MPa -> "
        "inconsistent"
    )


def test_the_entry_belongs_to_the_chapter_that_computed_it():
    assert entry_of(Chapter("mine").take("foil-hole-diameter"))["chapter"] == "mine"


@pytest.mark.parametrize(
    "number", [np.float64(22e6), np.float32(22e6), np.array(22e6), np.int64(22_000_000), 22_000_000]
)
def test_numpy_numbers_are_numbers(chapter, number):
    uncertainty = Uncertainty(numerics=np.float64(1e5))
    under = Under(np.float64(14), np.float64(22.2e6))
    shown = chapter.report(
        "web-stress",
        number,
        rounding=np.float64(0.2) * chapter.half_digit("web-stress"),
        uncertainty=uncertainty,
        under=under,
        explanation="x",
    )
    entry = json.loads(json.dumps(entry_of(shown), allow_nan=False))
    assert (entry["verdict"], entry["rounding"], entry["uncertainty"]["numerics"]) == (
        "reproduced",
        0.1,
        0.1,
    )
    assert entry["assumption"]["needed"] == 14


@pytest.mark.parametrize(
    ("holds", "verdict"), [(np.True_, "reproduced"), (np.False_, "not reproduced")]
)
def test_numpy_truth_values_are_truth_values(chapter, holds, verdict):
    turned = Otherwise("in thick foil", ~holds)
    shown = chapter.report(
        "interface-area-larger", holds, otherwise=turned, measure="0.96 times", explanation="x"
    )
    assert entry_of(shown)["verdict"] == verdict
    assert entry_of(shown)["computed"] is bool(holds)


@pytest.mark.parametrize("value", ["33.3", [1.0, 2.0], np.array([1.0, 2.0]), {"a": 1}])
def test_what_is_no_number_is_refused(chapter, value):
    with pytest.raises((TypeError, LedgerError), match=r"no number|states a number"):
        chapter.report("web-stress", value, explanation="x")


def test_a_value_that_nothing_published_gives_is_reported_as_none(chapter):
    entry = entry_of(
        chapter.report("adhesion-gain", None, bound="5 % or more.", explanation="Nothing bears.")
    )
    assert (entry["verdict"], entry["computed"]) == ("not testable", None)


def test_a_cell_output_gives_what_ipython_asks_for(chapter):
    shown = chapter.take("foil-hole-diameter")
    assert set(shown._repr_mimebundle_()) == {CLAIM_MIME, "text/html", "text/plain"}
    assert set(shown._repr_mimebundle_(include={"text/plain", "image/png"})) == {"text/plain"}
    assert set(shown._repr_mimebundle_(exclude={"text/html"})) == {CLAIM_MIME, "text/plain"}


def test_ipython_displays_the_entry_and_the_card(chapter):
    from IPython.core.interactiveshell import InteractiveShell

    data, _ = InteractiveShell.instance().display_formatter.format(
        chapter.take("foil-hole-diameter")
    )
    assert data[CLAIM_MIME]["id"] == "foil-hole-diameter"
    assert data["text/plain"].endswith("-> input")
    assert data["text/html"].startswith('<div class="claim-card claim-card-input">')


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_a_card_shows_the_whole_report_escaped_and_leads_to_the_scorecard(chapter):
    under = Under(14.0, 22.2e6)
    uncertainty = Uncertainty(numerics=1e4, inputs=1.7e6)
    shown = chapter.report(
        "web-stress",
        33.3e6,
        uncertainty=uncertainty,
        under=under,
        explanation="Force < area & so on.",
    )
    html = shown._repr_mimebundle_()["text/html"]
    parser = _Text()
    parser.feed(html)
    assert parser.open == []
    text = " ".join("".join(parser.words).replace("\N{NO-BREAK SPACE}", " ").split())
    for part in [
        "◐ conditional", "stated 22 MPa (± 0.5, printed digits), computed 33.3 MPa",
        "± 0.010 numerics, ± 1.7 inputs",
        "Force < area & so on.",
        "The foil is <15 um> thick: needs 14 µm, within 10 to 15 µm (3.1 & 2.2); then it is 22.2 "
        "MPa.",
    ]:  # fmt: skip
        assert part in text, part
    assert 'href="claim/web-stress.html"' in html


def test_a_card_of_a_trend_says_whether_it_holds_and_by_what_measure(chapter):
    shown = chapter.report(
        "interface-area-larger", False, measure="0.96 times the bare foil's", explanation="x"
    )
    parser = _Text()
    parser.feed(card(entry_of(shown)))
    assert {"does not hold", "0.96 times the bare foil's"} <= set(parser.words)
    assert "stated " not in parser.words


def test_a_card_of_what_cannot_be_tested_says_what_would_settle_it(chapter):
    html = card(entry_of(chapter.report("adhesion-gain", None, bound="<5 %", explanation="x")))
    assert "1.10 to 1.25" in html
    assert "&lt;5 %" in html
    assert "Would settle it: the cutting-force records of Fig. S8b" in html


# ── Figures and results ───────────────────────────────────────────────────────────────────────────


def drawing():
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1])
    return figure


def test_both_files_of_a_figure_have_one_layout_and_the_figure_keeps_its_engine(monkeypatch):
    layouts, figures = [], [new_figure()[0] for _ in range(2)]
    engine = figures[0].get_layout_engine()
    lay_out = engine.execute
    monkeypatch.setattr(engine, "execute", lambda figure: layouts.append(lay_out(figure)))
    images = render_both(figures[0], "mine")
    assert len(layouts) == 1
    assert figures[0].get_layout_engine() is engine
    assert images["png"] == render(figures[1], "png", "mine")
    assert b"<dc:title>mine</dc:title>" in images["svg"]


def test_a_figure_is_shown_and_saved_as_png_and_svg_the_same_in_every_run(chapter, tmp_path):
    shown = chapter.figure(drawing(), "line")
    png, svg = ((tmp_path / "figures" / f"line.{ending}").read_bytes() for ending in ("png", "svg"))
    assert png == shown._repr_mimebundle_()["image/png"]
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg
    chapter.figure(drawing(), "again")
    assert (tmp_path / "figures" / "again.svg").read_bytes().replace(b"again", b"line") == svg


def test_a_chapter_run_by_hand_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_hand = Chapter("collector", ledger=read_ledger(LEDGER))
    assert "image/png" in by_hand.figure(drawing(), "line")._repr_mimebundle_()
    by_hand.result("numbers", {"a": 1})
    assert list(tmp_path.iterdir()) == []


class _Tuple(NamedTuple):
    width: np.ndarray


@dataclass
class _Class:
    width: float


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"f [-]": np.float64(0.2), "n": np.int64(3), "ok": np.True_},
            {"f [-]": 0.2, "n": 3, "ok": True},
        ),
        ({"profile [um]": np.array([[1.0, 2.0]])}, {"profile [um]": [[1.0, 2.0]]}),
        ({"µm": "Ω"}, {"µm": "Ω"}),
        (_Tuple(np.arange(2)), {"width": [0, 1]}),
        (_Class(0.5), {"width": 0.5}),
    ],
)
def test_a_mapping_is_saved_as_json(chapter, tmp_path, data, expected):
    chapter.result("numbers", data)
    assert (
        json.loads((tmp_path / "results" / "numbers.json").read_text(encoding="utf-8")) == expected
    )


def test_a_table_is_saved_as_csv_with_its_units_in_the_head(chapter, tmp_path):
    import pandas as pd

    table = pd.DataFrame({"layer": ["foil"], "mass": [0.0896]})
    table.attrs["units"] = {"mass": "kg/m2"}
    chapter.result("stack", table)
    chapter.result("indexed", table.set_index("layer"))
    assert (tmp_path / "results" / "stack.csv").read_text() == "layer,mass [kg/m2]\nfoil,0.0896\n"
    assert (tmp_path / "results" / "indexed.csv").read_text() == "layer,mass [kg/m2]\nfoil,0.0896\n"


def test_a_dataset_is_saved_as_netcdf_with_its_units(chapter, tmp_path):
    import xarray as xr

    depth = xr.Variable("z", np.linspace(0, 3e-5, 4), {"units": "m"})
    porosity = xr.DataArray(
        np.full(4, 0.24), coords={"z": depth}, name="porosity", attrs={"units": "1"}
    )
    chapter.result("profile", porosity)
    with xr.open_dataset(tmp_path / "results" / "profile.nc", engine="h5netcdf") as back:
        assert back.porosity.attrs["units"] == "1"
        np.testing.assert_array_equal(back.z, depth)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"f": math.nan}, ValueError, "result 'bad': .*not JSON compliant"),
        ({"f": object()}, TypeError, "object is no number"),
        ([1, 2], TypeError, "result 'bad': a list is no mapping, table or dataset"),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_result_that_cannot_be_saved_is_refused_by_hand_too(
    tmp_path, data, error, message, by_hand
):
    with pytest.raises(error, match=message):
        Chapter("collector", None if by_hand else tmp_path).result("bad", data)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_without_units_is_refused(chapter):
    import xarray as xr

    with pytest.raises(ValueError, match="result 'bad': no attribute `units` on porosity"):
        chapter.result("bad", xr.Dataset({"porosity": ("z", [0.24]), "region": ("z", ["hole"])}))


@pytest.mark.parametrize("name", ["../elsewhere", "sub/line", "/tmp/line"])
def test_a_name_that_leads_out_of_the_folder_is_refused(chapter, name):
    with pytest.raises(ValueError, match="must be a file name"):
        chapter.result(name, {"a": 1})


# ── Numbers for the prose ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (30e-6, "um", 3, "30.0 µm"),
        (30e-6, "um", 2, "30 µm"),
        (0.0495, "mg/cm2", 3, "4.95 mg cm⁻²"),
        (240 * 3600.0, "Wh/kg", 3, "240 Wh kg⁻¹"),
        (1000, None, 3, "1000"),
        (1000, "1", 1, "1000"),
        (123456, None, 3, "123000"),
        (9.996, None, 3, "10.0"),
        (99.96, None, 3, "100"),
        (0, "um", 3, "0 µm"),
        (-0.0, None, 3, "0"),
        (-0.00123, None, 3, "−0.00123"),
        (0.075, "%", 2, "7.5 %"),
        (-0.032, "%", 2, "−3.2 %"),
        (298.15, "degC", 3, "25.0 °C"),
        (math.pi / 3, "deg", 2, "60°"),
        (1.2e-13, "m", 2, "1.2 × 10⁻¹³ m"),
        (-4e7, None, 1, "−4 × 10⁷"),
        (np.float32(0.5), None, 2, "0.50"),
        (np.int64(3), None, 1, "3"),
        ("three", "um", 3, "three"),
    ],
)
def test_a_number_is_spelled_with_its_digits_and_its_unit(value, unit, digits, text):
    assert spell(value, unit, digits).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_number_and_its_unit_stay_on_one_line():
    assert " " not in spell(0.0495, "mg/cm2")


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64("nan")])
def test_what_is_not_finite_cannot_stand_in_prose(value):
    with pytest.raises(ValueError, match="cannot stand in prose"):
        spell(value, "um")


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("um", "µm"),
        ("mg/cm2", "mg cm⁻²"),
        ("W/m/K", "W m⁻¹ K⁻¹"),
        ("mAh/cm2", "mAh cm⁻²"),
        ("1/m2", "m⁻²"),
        ("m-2", "m⁻²"),
        ("cm^2", "cm²"),
        ("ohm*m2", "Ω m²"),
        ("ohm cm2", "Ω cm²"),
        ("degC", "°C"),
        ("deg", "°"),
        ("%", "%"),
        ("m2/s", "m² s⁻¹"),
    ],
)
def test_a_unit_is_set_as_print_does(unit, text):
    assert unit_text(unit).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_pure_number_has_no_unit_and_degrees_stand_close():
    assert [with_unit("1.5", unit) for unit in (None, "", "1", "deg")] == [
        "1.5",
        "1.5",
        "1.5",
        "1.5°",
    ]


@pytest.mark.parametrize(
    ("value", "unit"), [(0.045, "mg/cm2"), (4.5, None), (-0.0123, "%"), (1.2e-13, "m")]
)
def test_the_prose_gets_the_number_as_it_was_spelled(chapter, value, unit):
    """What glue stores passes through repr and literal_eval: trailing zeros and no-break spaces
    must survive.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from myst_nb.core.variables import format_plain_text

    InteractiveShell.instance()
    with capture_output() as captured:
        chapter.say("number", value, unit)
    (output,) = captured.outputs
    assert output.metadata["scrapbook"]["name"] == "number"
    stored = output.data["application/papermill.record/text/plain"]
    assert format_plain_text(stored, "s") == spell(value, unit)


def test_a_chapter_can_be_made_without_loading_what_draws(tmp_path):
    import subprocess

    heavy = {"matplotlib", "pandas", "xarray", "IPython"}
    code = f"import sys, rampore.audit.chapter; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert re.fullmatch(r"\[\]\s*", done.stdout)


def test_a_table_for_the_summary_is_shown_and_found_in_the_notebook_in_order():
    import pandas as pd
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    from rampore.audit.reproduce.verdicts import tables

    made = pd.DataFrame({"Gain": ["−9 %", "+3 %"]}, index=pd.Index(["one", "two"], name="Cell"))
    shown = Chapter("first").summarise("Two cells.", made)
    bundle = shown._repr_mimebundle_()
    assert "two" in repr(shown)
    assert "<td>+3 %</td>" in bundle["text/html"]
    notebook = new_notebook(
        cells=[new_code_cell(outputs=[new_output("display_data", data=bundle)])]
    )
    expected = {
        "title": "Two cells.",
        "columns": ["Cell", "Gain"],
        "rows": [["one", "−9 %"], ["two", "+3 %"]],
    }
    assert tables({"first": notebook, "second": new_notebook()}) == [expected]


def test_a_figure_hands_over_its_numbers_in_the_units_of_its_axes(chapter):
    figure, axes = new_figure()
    axes.plot([0.0, 1.0], [2.0, 3.123456789], label="measured")
    axes.axhline(5.0)
    axes.bar([1.0], [4.0], width=0.5, label="counted")
    axes.set(title="Both", xlabel="time (s)", ylabel="mass (g)")
    text = chapter.figure(figure, "both")._repr_mimebundle_()[FIGURE_MIME]["csv"]
    head, *_ = text.splitlines()
    assert head == "# panel 1. title: Both; x: time (s); y: mass (g)"
    table = pd.read_csv(io.StringIO(text), comment="#").set_index("series")
    assert table.loc["measured", ["x", "y"]].to_numpy().tolist() == [[0.0, 2.0], [1.0, 3.12346]]
    assert table.loc["counted", ["x", "y", "width", "height"]].tolist() == [0.75, 0.0, 0.5, 4.0]
    level = table.loc["unnamed 2"]
    assert level["y"].tolist() == [5.0, 5.0]
    assert level["x"].isna().all()  # from edge to edge, wherever these are


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_a_map_is_handed_over_by_the_middles_of_its_cells(origin):
    figure, axes = new_figure()
    axes.imshow([[1.0, 2.0], [3.0, 4.0]], extent=(0, 4, 0, 2), origin=origin)
    table = pd.read_csv(io.StringIO(as_csv(figure)), comment="#").set_index(["x", "y"])["value"]
    above, below = (1.0, 3.0) if origin == "upper" else (3.0, 1.0)
    assert table[1.0, 1.5] == above
    assert table[1.0, 0.5] == below


def test_a_drawing_to_scale_is_no_data():
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1])
    axes.set_aspect("equal")
    assert as_csv(figure) == ""
