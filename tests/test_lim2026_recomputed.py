"""Geometry, design and energy once more: from the paper's numbers, typed again, in plain Python.

Nothing of the package is imported. What the chapters report, as their cells show it, has to be what
a few lines of arithmetic make of the same numbers.
"""

import json
import math
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
CLAIM = "application/vnd.rampore.claim+json"

# As printed: um, mg/cm2, g/cm3, mAh/cm2, Wh/kg, Wh/L, MPa.
HOLE, THICK, THIN, SAVED, OVER_FOIL = 75, 15, 10, 3, 30
BARE, PERFORATED = 9.02, 6.16
LOADING, NPR, PR = 4.95, 4.50, 6.75
NPR_IMAGE, PR_IMAGE = 4.59, 6.62
TARGET, NPR_DENSITY, PR_DENSITY = 1.5, 1.61, 1.42
EPS, EPS_NPR, EPS_PR = 0.24, 0.19, 0.28
ANODE, CATHODE = 3.6, 3.3
CATHODE_LOADING, CATHODE_DENSITY, AL, SEPARATOR = 19.8, 3.5, 15, 20
GRAV, GRAV_P, VOL, VOL_P = 240, 258, 678, 694

# Not of the paper: g/cm3, the separator's porosity, mAh/g; share and g/cm3 of SiOx, graphite,
# carbon black and binder.
COPPER, ALUMINIUM, POLYETHYLENE, SEPARATOR_PORES = 8.96, 2.70, 0.946, 0.41
GRAPHITE = 355
RECIPE = ((0.31, 2.20), (0.62, 2.24), (0.03, 1.90), (0.04, 1.20))

F = (LOADING - NPR) / (PR - NPR)
SOLID = TARGET / (1 - EPS)
BARE_HEIGHT = LOADING / TARGET * 10
SEPARATOR_MASS = SEPARATOR * (1 - SEPARATOR_PORES) * POLYETHYLENE / 10
OTHERS = AL * ALUMINIUM / 10 + CATHODE_LOADING + SEPARATOR_MASS + BARE
MASS = OTHERS + LOADING
HEIGHT = AL + CATHODE_LOADING / CATHODE_DENSITY * 10 + SEPARATOR + BARE_HEIGHT + THIN


def mean(npr, pr):
    return (1 - F) * npr + F * pr


COLLECTOR = {
    "foil-thickness-pcu": THIN,
    "foil-thickness-bcu": THICK,
    "foil-areal-mass-bcu": COPPER * THIN / 10,
    "open-fraction-by-mass": 1 - PERFORATED / BARE,
    "foil-mass-saving": 1 - PERFORATED / BARE,
    "thickness-bcue": BARE_HEIGHT,
    "thickness-npr": BARE_HEIGHT - F * THICK,
    "thickness-saving": F * THICK,
    "loading-npr-design": OVER_FOIL * TARGET / 10,
    "loading-pr-design": (OVER_FOIL + THICK) * TARGET / 10,
    "np-npr-design": NPR / LOADING * 1.1,
    "np-pr-design": PR / LOADING * 1.1,
    "np-npr-image": NPR_IMAGE / LOADING * 1.1,
    "np-pr-image": PR_IMAGE / LOADING * 1.1,
    "np-by-capacities": NPR / LOADING * ANODE / CATHODE,
    "image-loadings-balance": mean(NPR_IMAGE, PR_IMAGE),
    "density-npr": SOLID * (1 - EPS_NPR),
    "density-pr": SOLID * (1 - EPS_PR),
    "local-densities-balance": mean(NPR_DENSITY * OVER_FOIL, PR_DENSITY * (OVER_FOIL + THICK)) / 10,
    "tensile-ratio": 74.9 / 212.5,
    "web-stress": 200 / (600 * 0.010),
    "cycle-life-50": 160 / 108,
    "capacity-si": 15 / 4 * 96485.33212 / 3.6 / 28.085,
    "capacity-graphite": 96485.33212 / 3.6 / (6 * 12.011),
}

COLLECTOR_HOLDS = {
    "interface-area-larger": 4 * F * THICK / HOLE > F,
    "tensile-below-others": min(119.5, 103.9) > 74.9,
    "web-stress-below": 74.9 / (200 / (600 * 0.010)) > 2,
    "irreversible-over-twice": 1.34 / 0.63 > 2,
    "path-shorter": OVER_FOIL < OVER_FOIL + SAVED,
    "electrolyte-local": EPS_PR * (OVER_FOIL + THICK) > EPS * (OVER_FOIL + SAVED),
}

SAVED_MASS = BARE - PERFORATED
AREAL = GRAV * MASS  # of the cell that the five layers make
START = OTHERS + LOADING * (1 / 3) / 0.30  # the anode at 30 wt%, if graphite held nothing
ENERGY = {
    "np-ratio": ANODE / CATHODE,
    "siox-share": 31 / (31 + 62),
    "anode-capacity-by-materials": LOADING * (0.31 * (1480 + 1700) / 2 + 0.62 * GRAPHITE) / 1000,
    "pouch-capacity": 2 * 3.3**2 * CATHODE,
    "mass-share-bcu": BARE / MASS,
    "mass-share-pcu": PERFORATED / MASS,
    "copper-shares-balance": 0.158 + 0.073,
    "mass-surplus": SAVED_MASS,
    "mass-surplus-share": SAVED_MASS / MASS,
    "energy-grav-pcue": AREAL / (MASS - SAVED_MASS),
    "energy-vol-bcue": AREAL / HEIGHT * 10,
    "energy-vol-pcue": AREAL / (AREAL / VOL - SAVED / 10),
    "energy-grav-gain": GRAV_P / GRAV - 1,
    "energy-vol-gain": VOL_P / VOL - 1,
    "cell-mass-balance": SAVED_MASS * 1.075 / 0.075,
    "energy-grav-equivalent": 100 * LOADING / 3 / (START * GRAV / GRAV_P - OTHERS),
}


def reported(name):
    """What the committed notebook's cells hand over, by statement."""
    cells = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return {data[CLAIM]["id"]: data[CLAIM] for data in outputs if CLAIM in data}


REPORTED = {"collector": reported("collector"), "energy": reported("energy")}
NUMBERS = [("collector", *item) for item in COLLECTOR.items()]
NUMBERS += [("energy", *item) for item in ENERGY.items()]


@pytest.mark.parametrize(("chapter", "name", "value"), NUMBERS)
def test_plain_arithmetic_gives_what_the_chapter_reports(chapter, name, value):
    assert REPORTED[chapter][name]["computed"] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(("name", "holds"), COLLECTOR_HOLDS.items())
def test_plain_arithmetic_decides_each_order_as_the_chapter_does(name, holds):
    assert REPORTED["collector"][name]["computed"] is holds


def test_the_contrast_of_the_calender_is_that_of_columns_that_keep_their_mass():
    """Dried to the middle of 0.50 to 0.55 of pores between true densities, pressed to 30 um."""
    dried = (1 - 0.525) / math.fsum(share / density for share, density in RECIPE)
    height = LOADING / dried * 10 - F * THICK
    npr = dried * height / OVER_FOIL
    pr = dried * (height + THICK) / (OVER_FOIL + THICK)
    computed = REPORTED["collector"]["densification-kinematic"]["computed"]
    assert computed == pytest.approx(100 * (npr - pr) / SOLID, rel=1e-9)


def test_plain_arithmetic_gives_what_the_conditions_need():
    """The least wall, the capacities and the mass that the conditions name."""
    at = {name: claim["assumption"] for each in REPORTED.values() for name, claim in each.items()}
    assert at["interface-area-larger"]["needed"] == pytest.approx(HOLE / (4 * THICK), rel=1e-9)
    assert at["pouch-capacity"]["needed"] == pytest.approx(55 / (2 * 3.3**2), rel=1e-9)
    least = (3.55 / LOADING * 1000 - 0.62 * GRAPHITE) / 0.31
    assert at["anode-capacity-by-materials"]["needed"] == pytest.approx(least, rel=1e-9)
    separator = BARE / 0.2265 - (MASS - SEPARATOR_MASS)
    assert at["mass-share-bcu"]["needed"] == pytest.approx(separator, rel=1e-9)


def test_the_bare_cells_energy_is_one_voltage_times_two_capacities():
    """The nominal capacity and the needed one stand for one mean voltage, between 3.5 and 3.7 V."""
    claim = REPORTED["energy"]["energy-grav-bcue"]
    voltage = claim["computed"] * MASS / CATHODE / 1000
    assert 3.5 < voltage < 3.7
    assert claim["assumption"]["needed"] * voltage * 1000 / MASS == pytest.approx(239.5, rel=1e-9)


def test_the_added_content_saves_the_thickness_that_the_gain_asks_for():
    """At 3.6 mAh/cm2, with SiOx of 1636 and graphite of 355 mAh/g."""
    claim = REPORTED["energy"]["energy-vol-equivalent"]

    def height(content):
        held = 0.93 * (content * 1636 + (1 - content) * GRAPHITE)
        return HEIGHT - BARE_HEIGHT + ANODE / held * 1000 / TARGET * 10

    after = height(0.30 + claim["computed"] / 100)
    assert height(0.30) / after == pytest.approx(VOL_P / VOL, rel=1e-9)
