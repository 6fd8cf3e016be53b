"""The benchmark table says what the results hold, and where there is no result it says why."""

import json

from rampore.lim2026.pages.benchmarks import benchmarks_page

RESULTS = {
    "title": "Steady diffusion",
    "mismatch": 1e-3,
    "machine": {"processor": "Some CPU", "cores": 2, "memory_GB": 24, "numba": "0.60"},
    "cost_exponent": 1.037,
    "rows": [
        {
            "image": "9 x 9",
            "code": "a",
            "time_s": 1.234,
            "ratio": 1.0,
            "memory_MB": 50.4,
            "tortuosity_factor": 2.07721,
        },
        {"image": "9 x 9", "code": "b", "failed": "not done in 5 s"},
    ],
}


def test_every_row_and_the_machine_stand_in_the_table(tmp_path):
    (tmp_path / "diffusion.json").write_text(json.dumps(RESULTS), encoding="utf-8")
    page = benchmarks_page(tmp_path)
    assert "## Steady diffusion" in page
    assert "Some CPU, 2 cores, 24 GB, numba 0.60" in page
    assert "| 9 x 9 | a | 1.23 | 1.0 | 50 | 2.0772 |" in page
    assert "| 9 x 9 | b | not done in 5 s | | | |" in page
    assert "power 1.04" in page


def test_a_solver_on_several_meshes_has_a_table_too(tmp_path):
    results = {
        "title": "Impedance",
        "machine": {
            "processor": "Some CPU",
            "cores": 2,
            "load": 0.5,
            "versions": {"numba": "0.60", "pyamg": None},
        },
        "residual": 1e-8,
        "note": "Sixty frequencies.",
        "results": [
            {
                "boxes": 4416,
                "code": "a",
                "processor_time_s": 4.321,
                "ratio": 1.0,
                "memory_MB": 300.2,
            },
            {"boxes": 4416, "code": "b", "processor_time_s": 43.21, "ratio": 10.0},
        ],
    }
    (tmp_path / "impedance.json").write_text(json.dumps(results), encoding="utf-8")
    page = benchmarks_page(tmp_path)
    assert "Some CPU, 2 cores, numba 0.60. Times" in page
    assert "a residual of 1e-08. Sixty frequencies." in page
    assert "| 4416 | a | 4.32 | 1.0 | 300 |" in page
    assert "| 4416 | b | 43.21 | 10.0 |  |" in page


def test_two_codes_in_turns_stand_with_the_spread_of_their_ratio(tmp_path):
    race = {
        "image": "9 x 9",
        "partition": "snow",
        "pairs": 5,
        "pores": 12,
        "peer_pores": 13,
        "from_mask_s": 0.45678,
        "from_grey_s": 0.56789,
        "peer_from_mask_s": 4.5678,
        "ratio_from_mask": {"median": 10.04, "least": 9.06, "most": 11.96},
        "ratio_from_grey": {"median": 8.04, "least": 7.06, "most": 9.96},
    }
    results = {"title": "Pores", "machine": {"processor": "Some CPU"}, "races": [race]}
    (tmp_path / "pores.json").write_text(json.dumps(results), encoding="utf-8")
    page = benchmarks_page(tmp_path)
    assert "## Pores" in page
    assert "Some CPU" in page
    numbers = "0.46 | 0.57 | 4.57 | 10.0 (9.1 to 12.0) | 8.0 (7.1 to 10.0) | 5"
    assert f"| 9 x 9 | snow | 12 | 13 | {numbers} |" in page


def test_a_folder_without_results_makes_an_empty_page(tmp_path):
    assert benchmarks_page(tmp_path / "none").strip() == ""
