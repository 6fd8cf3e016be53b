"""The page *Verification*: what it says is what the results hold."""

import json
from pathlib import Path

import pytest

from rampore.lim2026 import pages
from rampore.lim2026.figures import verification as figures
from rampore.lim2026.pages import PageError, verification

RESULTS = (
    Path(__file__).resolve().parent.parent / "benchmarks" / "results" / "p4d" / "verification.json"
)


@pytest.fixture(scope="module")
def results():
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def test_the_committed_results_meet_what_was_asked_for(results):
    """Second order within 0.25, a radial error of 0.1 mV with ten modes, every peer, every
    conservation law, and every rate.
    """
    for name in ("thickness", "plane", "time"):
        assert results["orders"][name]["order"] == pytest.approx(2.0, abs=0.25)
    radius = results["orders"]["radius"]
    assert radius["errors_V"][radius["sizes"].index(10)] < 1e-4
    text = verification.pages(results)["verification-peers.md"]
    assert "**no**" not in text
    assert text.count("| yes |") == len(results["peers"])
    sample = results.get(
        "sample", {"cells": 0, "outcomes": {}, "worst": results["conservation"][0]}
    )
    for run in (*results["conservation"], sample["worst"]):
        assert max(run["lithium"], run["salt"]) < 1e-8
        assert run["charge"] < 1e-6
    assert sum(sample["outcomes"].values()) == sample["cells"]
    for kind in results["rates"].values():
        assert set(kind["ends"]) <= {"voltage", "voltage at once", "exhausted"}
        assert sum(kind["ends"].values()) == kind["runs"]
        assert max(kind["worst"]["lithium"], kind["worst"]["salt"]) < 1e-8
        assert kind["worst"]["charge"] < 1e-6
    assert results["rates"]["random"]["runs"] == 300


def test_structures_meet_the_limits_that_are_known(results):
    """Volumes to rounding; fine pitch to the tolerance in time of a capacity, 3e-4; the pitch at
    which half of the gain is left grows as the root of the efficiency in the plane, within the
    steps of the pitches of 10 um in 130; and a mesh that cuts is nearer to the finest than a
    staircase of the same boxes.
    """
    found = results["structures"]
    assert max(found["misses"].values()) < 1e-12
    for gain in found["fine"].values():
        assert gain == pytest.approx(found["limit"], rel=3e-4)
    ratio = found["half_pitch_um"]["2.471"] / found["half_pitch_um"]["1.0"]
    assert ratio == pytest.approx(2.471**0.5, rel=10 / 130)
    finest = found["cut"][-1]
    for exact, stairs in zip(found["cut"][:-1], found["staircase"][:-1], strict=True):
        assert abs(exact - finest) < abs(stairs - finest)
    text = verification.pages(results)["verification-staircase.md"]
    assert text.count("|\n") == 2 + len(found["columns"])


def test_both_sides_are_told_by_what_is_worst():
    run = {"steps": 900, "lithium": 2e-11, "through": 0.0123, "front_of_capacity": 0.5}
    both = {
        "mirror_V": {"coating": 4e-10, "electrolyte": 3e-11},
        "closed_V": 5e-6,
        "cycles": {"0.02": run | {"lithium": 1e-12}, "0.1": run},
        "cost": {"tied": 1.88, "apart": 2.04},
    }
    text = verification.both_sides_text(both)
    for told in ("4.0\\times 10^{-10}", "5.0\\times 10^{-6}", "2.0\\times 10^{-11}", "10 % 1.23 %",
                 "1.88 times", "2.04 times"):  # fmt: skip
        assert told in text


def test_a_difference_beyond_its_limit_is_said():
    peer = {"name": "other", "difference_V": [1e-4, -3e-4], "limit_V": 2e-4}
    assert "| other | 0.300 | 0.2 | - | **no** |" in verification.peers_table([peer])
    assert "| yes |" in verification.peers_table([peer | {"limit_V": 3e-4}])
    assert "**no**" in verification.peers_table([peer | {"limit_V": 3e-4, "salt_mol_per_m3": 2.1}])


def test_swelling_meets_its_closed_form_its_order_and_its_cost(results):
    found = results["swelling"]
    assert max(found["thickness"].values()) < 1e-4
    assert max(found["porosity"].values()) < 1e-3
    assert min(found["orders"].values()) > 1.6
    assert found["worst"]["salt"] < 1e-8
    assert max(found["cost"].values()) < 1.5
    text = verification.pages(results)["verification-swelling.md"]
    assert f"{found['cost']['bare']:.2f} times the processor time" in text


def test_orders_are_those_of_a_line_through_the_errors():
    own = {"sizes": [4, 8], "errors_V": [1.6e-2, 4e-3], "order": 2.0}
    text = verification.orders_table(
        dict.fromkeys(("thickness", "plane", "time"), own) | {"radius": own | {"order": 9.0}}
    )
    assert "| cells through each electrode | 16 mV at 4 | 4 mV at 8 | 2.00 |" in text


def test_a_part_that_was_not_run_is_said_to_be_missing(results):
    whole = verification.pages(results)
    without = verification.pages({name: part for name, part in results.items() if name != "orders"})
    assert whole["verification-peers.md"] == without["verification-peers.md"]
    assert "Not run yet" in without["verification-orders.md"]


def test_a_failed_run_at_any_rate_is_said():
    worst = {"lithium": 1e-12, "salt": 0.0, "charge": 1e-7}
    kind = {"runs": 9, "ends": {"voltage": 6, "exhausted": 2, "failed": 1}, "worst": worst}
    text = verification.rates_table({"slow": kind})
    assert "| slow, 9 runs | 6 | 2 | 0 | 1 | $1.0\\times 10^{-12}$ | 0 |" in text


def test_how_many_errors_cover_is_said_of_cases_and_of_numbers():
    errors = {"cases": 200, "covered_cases": 190, "values": 4000, "covered_values": 3960}
    text = verification.errors_text(errors)
    assert "190 lie" in text
    assert "99.0 % of 4,000 numbers" in text
    assert "call none of these cases unresolved" in text
    assert "call 7 of" in verification.errors_text({**errors, "unresolved_cases": 7})


def test_powers_of_ten():
    assert verification._power(2.44e-11) == "$2.4\\times 10^{-11}$"
    assert verification._power(0.0) == "0"


def test_figures_have_units_on_every_axis(results):
    for figure in (figures.convergence(results["orders"]), figures.comparison(results["peers"])):
        labels = [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]
        assert labels
        assert all(label.endswith(("(mV)", "(V)")) for label in labels)


def test_times_and_errors_stand_beside_those_of_the_other_code():
    ours = {"cells": 5000, "end_s": 1015.4, "cpu_s": 1.234, "peak_memory_GB": 0.31}
    raced = ours | {"error_mV": 0.234}
    race = {
        "ours": raced,
        "pybamm": raced | {"cpu_s": 9.0, "error_mV": 0.345, "radial_points": 20},
        "ratio_of_cpu": 7.29,
        "least_ratio": 6.94,
        "most_ratio": 8.11,
        "difference_mV": 0.0896,
    }
    speed = {
        "machine": {"cores": 2, "processor": "a processor", "python": "3.11"},
        "perforated": {"5k": ours | {"load_before": 1.26}},
        "line": race,
        "box": {"small": race},
        "cost_exponent": 1.07,
    }
    text = verification.speed_table(speed)
    assert "| perforated foil | rampore | 5,000 | 1015 | - | 1.23 | - | 0.31 | - |" in text
    assert "| laterally uniform | rampore | 5,000 | 1015 | 0.23 | 1.23 | - | 0.31 | - |" in text
    pybamm = "PyBaMM, 20 points in a particle | 5,000 | 1015 | 0.34 | 9.00 | 7.3 (6.9 to 8.1)"
    for discharge in ("laterally uniform", "lateral porosity, small mesh"):
        assert f"| {discharge} | {pybamm} | 0.31 | 0.09 |" in text
    assert "to the power 1.07; before each run the machine's load was 1.3 to 1.3" in text


def test_the_committed_races_are_fair():
    """Both codes solve one problem, within a millivolt, and neither error is more than half as
    large again as the other.
    """
    speed = json.loads((RESULTS.parent / "speed.json").read_text(encoding="utf-8"))
    for race in (speed["line"], *speed["box"].values()):
        errors = sorted(race[code]["error_mV"] for code in ("ours", "pybamm"))
        assert race["difference_mV"] < 1.0
        assert errors[1] < min(1.5 * errors[0], 1.0)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"rows": 3}', b"\xff"])
def test_a_damaged_result_of_a_benchmark_is_one_line(tmp_path, content):
    results = tmp_path / "benchmarks/results"
    (results / "p4d").mkdir(parents=True)
    (results / "p4d/verification.json").write_bytes(content)
    for name in ("diffusion", "conduction", "impedance"):
        (results / f"{name}.json").write_bytes(content)
    with pytest.raises(PageError, match="damaged, write it anew by `make bench`") as error:
        pages.generated(tmp_path)
    assert "\n" not in str(error.value)
