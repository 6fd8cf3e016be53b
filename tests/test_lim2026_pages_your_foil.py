"""The page *Your foil*: what its script computes, and refuses, is what the library does."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rampore import RamporeError, coating, energy
from rampore.audit import sweep
from rampore.collector import PerforatedFoil, breakeven_thickness
from rampore.energy import Design
from rampore.lim2026 import parameters
from rampore.lim2026.pages import your_foil
from rampore.lim2026.sweeps import design

BOOK = Path(__file__).parents[1] / "book"
COUNT = 100

#: In SI, from the thinnest to the thickest that the chapters take.
RANGES = {
    "hole_diameter": (1e-7, 5e-3),
    "pitch": (2e-7, 1e-2),
    "foil_thickness": (1e-6, 1e-3),
    "loading": (1e-3, 1.0),
    "separator_thickness": (1e-6, 1e-3),
    "areal_energy": (1e3, 1e6),
    "electrolyte_excess": (0.1, 10.0),
}


@pytest.fixture(scope="module")
def form():
    return your_foil.foil_form(sweep.read(BOOK / "data" / "design.nc"))


@pytest.fixture
def opened(form, tmp_path, reader):
    page, found = reader
    file = tmp_path / "page.html"
    script = (BOOK / "_static" / "your-foil.js").read_text(encoding="utf-8")
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{form}<script>{script}</script>',
        encoding="utf-8",
    )
    page.goto(file.as_uri())
    yield page
    assert found == []


def by_library(given, study):
    """What the chapters make of the same numbers."""
    perforated = PerforatedFoil(
        given["hole_diameter"], given["pitch"], given["foil_thickness"], study["foil_density"]
    )
    scale = given["loading"] / study["negative_loading"]
    column = coating.local_design(
        given["loading"],
        study["negative_density"],
        study["np_ratio"],
        1.0,
        perforated.open_fraction,
        given["foil_thickness"],
    )
    names = {field.name for field in fields(Design)}
    cell = Design(
        **{name: value for name, value in study.items() if name in names}
        | {
            "sides": given["sides"],
            "open_fraction": perforated.open_fraction,
            "negative_foil_thickness": given["foil_thickness"],
            "negative_loading": given["loading"],
            "positive_loading": scale * study["positive_loading"],
            "separator_thickness": given["separator_thickness"],
            "electrolyte_excess": given["electrolyte_excess"],
        }
    )
    stack, bare = cell.stack(), replace(cell, open_fraction=0.0).stack()
    areal = given["sides"] * given["areal_energy"]
    pierced, plain = (energy.energy_density(one, areal) for one in (stack, bare))
    gained = energy.gain_of_holes(cell)
    return {
        "open_fraction": perforated.open_fraction,
        "holes_per_area": perforated.holes_per_area,
        "ligament_width": perforated.ligament_width,
        "areal_mass": perforated.areal_mass,
        "contact_area": perforated.contact_area(given["sides"]),
        "breakeven_thickness": breakeven_thickness(given["hole_diameter"], given["sides"]),
        "strength": min(perforated.net_section[:2]),
        "thickness_npr": column.thickness.npr,
        "thickness_pr": column.thickness.pr,
        "np_npr": column.np_ratio.npr,
        "np_pr": column.np_ratio.pr,
        "mass": stack.areal_mass,
        "thickness": stack.thickness,
        "gravimetric": pierced.gravimetric,
        "volumetric": pierced.volumetric,
        "gravimetric_bare": plain.gravimetric,
        "volumetric_bare": plain.volumetric,
        "gain_gravimetric": gained.gravimetric,
        "gain_volumetric": gained.volumetric,
    }


def outcomes(page, given):
    """What the page makes of each, None where it refuses."""
    return page.evaluate(
        """all => {
          const study = JSON.parse(document.querySelector("form.calculator script").textContent);
          return all.map((given) => {
            try { return yourFoil.compute(given, study); }
            catch (error) { if (error instanceof yourFoil.Refusal) return null; throw error; }
          });
        }""",
        given,
    )


def drawn(rng):
    """A foil and a cell at random, evenly in the logarithms, holes apart from each other."""
    given = {name: float(np.exp(rng.uniform(*np.log(ends)))) for name, ends in RANGES.items()}
    return given | {
        "pitch": given["hole_diameter"] * float(rng.uniform(1.01, 6)),
        "sides": int(rng.integers(1, 3)),
    }


def test_a_hundred_foils_at_random_come_out_as_the_library_has_them(opened):
    rng, study = np.random.default_rng(), your_foil.study_cell(parameters.load())
    given = []
    while len(given) < COUNT:
        one = drawn(rng)
        try:
            by_library(one, study)
        except RamporeError:
            continue
        given.append(one)
    for one, found in zip(given, outcomes(opened, given), strict=True):
        assert found == pytest.approx(by_library(one, study), rel=1e-9, abs=1e-12), one


def test_what_the_library_refuses_the_page_refuses(opened):
    """Beyond the limits of each quantity, and where holes overlap or take up the coating."""
    rng, study = np.random.default_rng(), your_foil.study_cell(parameters.load())
    given = []
    for _ in range(COUNT):
        one = drawn(rng)
        name = rng.choice([*RANGES, "none"])
        if name != "none":
            one[name] *= float(rng.choice([-1.0, 0.0, 0.01, 100.0]))
        given.append(one)

    def accepts(one):
        try:
            return bool(by_library(one, study))
        except RamporeError:
            return False

    taken = [accepts(one) for one in given]
    assert [found is not None for found in outcomes(opened, given)] == taken
    assert 10 < sum(taken) < COUNT - 10


def test_the_page_opens_on_the_paper_s_foil_with_the_numbers_of_the_library(opened):
    study = your_foil.study_cell(parameters.load())
    written = {
        name: float(opened.locator(f"[name={name}]").input_value()) * field.factor
        for name, field in your_foil.FIELDS.items()
    }
    wanted = by_library(written | {"sides": 1}, study)
    for rows in your_foil.RESULTS.values():
        for name, shown in rows.items():
            text = opened.locator(f"[data-shows={name}]").inner_text()
            assert text == f"{wanted[name] * shown.factor:.{shown.decimals}f}"
    # the sweep weighs copper as the paper's bare foil, 0.7 % more than by its density
    foils = sweep.read(BOOK / "data" / "design.nc")
    computed = foils.gravimetric.values[design.nearest(foils, design.paper_case())]
    assert wanted["gravimetric"] == pytest.approx(computed, rel=3e-3)


def test_a_foil_that_cannot_be_says_why_and_the_link_keeps_what_was_given(opened):
    pitch = opened.get_by_label("Distance between their centres")
    pitch.fill("60")
    assert "holes overlap" in opened.get_by_role("alert").inner_text()
    assert opened.locator(".refused").count() == 1
    pitch.fill("")
    assert "pitch must be a number" in opened.get_by_role("alert").inner_text()
    pitch.fill("120")
    assert opened.get_by_role("alert").inner_text() == ""
    opened.wait_for_function("location.hash.includes('pitch=120')")
    opened.get_by_label("Coated sides").select_option("2")
    opened.wait_for_function("location.hash.includes('sides=2')")
    opened.evaluate("location.hash = '#pitch=160&sides=1'")
    opened.wait_for_function("document.querySelector('[name=pitch]').value === '160'")
    assert opened.locator("[name=sides]").input_value() == "1"


def test_the_form_holds_the_study_s_own_inputs(form):
    [held] = re.findall(r'<script type="application/json">(.*?)</script>', form)
    given = parameters.load()
    study = json.loads(held)
    assert study["foil_density"] == given.collector_negative.density
    assert study["np_ratio"] == pytest.approx(36 / 33)
    assert study["separator_porosity"] == given.separator.porosity
