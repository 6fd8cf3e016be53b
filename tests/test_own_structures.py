"""The structures of *How to use it on your own data*, followed word for word."""

import json
import tomllib

import pytest
from own_data import BOOK, Section

SECTION = Section("Structures and foils")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    return folder, *SECTION.follow(folder)


def test_the_page_shows_the_file_that_it_offers():
    [shown] = [text for kind, text in SECTION.blocks if kind == "toml"]
    offered = (BOOK / "data" / "structures" / "channels.toml").read_text(encoding="utf-8")
    assert tomllib.loads(shown) == tomllib.loads(offered)
    assert len(SECTION.files) == 4


def test_the_picture_of_the_foil_shows_what_the_page_says(followed):
    """Drawn were holes of 75 um, 160 um apart; and the structure beside it is of that foil."""
    _, names, shown = followed
    assert all(line in shown for line in SECTION.shows())
    seen = names["seen"]
    assert seen.hole_diameter == pytest.approx(75e-6, rel=0.005)
    assert seen.pitch == pytest.approx(160e-6, rel=1e-3)
    text = (BOOK / "data" / "structures" / "foil.toml").read_text(encoding="utf-8")
    holes = tomllib.loads(text)["holes"][0]
    assert (holes["width"], holes["pitch"]) == ("75 um", "160 um")


def test_the_command_writes_the_foil_of_the_page(followed):
    folder, names, _ = followed
    told = json.loads((folder / "seen" / "foil.json").read_text(encoding="utf-8"))
    assert told["whole_holes"] == names["seen"].holes
    assert told["hole_diameter_um"]["low"] < 75 < told["hole_diameter_um"]["high"]
    assert "1.5 µm here" in SECTION.text
    assert told["edge_uncertainty_um"] == pytest.approx(1.5, abs=0.05)
    written = tomllib.loads((folder / "seen.toml").read_text(encoding="utf-8"))
    offered = tomllib.loads((folder / "foil.toml").read_text(encoding="utf-8"))
    [seen], [drawn] = written["holes"], offered["holes"]
    lengths = {name: float(seen[name].removesuffix(" um")) for name in ("pitch", "width", "depth")}
    assert lengths == pytest.approx({"pitch": 160, "width": 75, "depth": 10}, rel=0.005)
    assert {name: seen[name] for name in ("foil", "lattice", "filling")} == {
        name: drawn[name] for name in ("foil", "lattice", "filling")
    }
    assert (folder / "seen" / "structure.png").is_file()


def test_what_the_page_says_of_the_channels_is_so(followed):
    folder, _, _ = followed
    told = json.loads((folder / "channels" / "structure.json").read_text(encoding="utf-8"))
    negative = told["negative"]
    assert "take 14.5 % of the coating away" in SECTION.text
    assert negative["channels_share_of_coating"] == pytest.approx(0.145, abs=5e-4)
    assert "it has a porosity of 40.2 %" in SECTION.text
    equal = negative["unstructured_of_equal"]["mass and thickness"]
    assert equal["porosity"] == pytest.approx(0.402, abs=5e-4)
    assert (folder / "foil" / "structure.png").is_file()


def test_the_gains_are_those_of_the_page(followed):
    """Of cells whose meshes are alike; the gain over equal mass is none within 0.1 %."""
    folder, names, shown = followed
    assert "the cell loses 6.6 % at 5C" in SECTION.text
    assert names["gains"]["thickness and porosity"] == pytest.approx(-0.066, abs=5e-4)
    assert names["gains"]["mass and thickness"] == pytest.approx(0.0, abs=1e-3)
    assert "equal mass and thickness: " in shown
    run = json.loads((folder / "channels-5c" / "summary.json").read_text(encoding="utf-8"))
    assert run["capacity_Ah_per_m2"] > 0


def test_the_command_gives_the_gain_over_equal_mass_that_the_library_gives(followed):
    folder, names, shown = followed
    told = json.loads((folder / "pair" / "summary.json").read_text(encoding="utf-8"))
    gain = told["gains"]["run"]["discharged_Ah"]
    assert gain["gain"] == pytest.approx(names["gains"]["mass and thickness"], abs=1e-4)
    assert gain["error"] > 0
    assert f"run: {100 * gain['gain']:+.2f} ± {100 * gain['error']:.2f} % charge" in shown
