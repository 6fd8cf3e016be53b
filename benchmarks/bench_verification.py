"""The proof of the P4D engine in numbers, for the book's page *Verification*.

    python benchmarks/bench_verification.py [PART ...]

Each part of `PARTS` that is named (default: all) is computed anew, in
``results/p4d/verification.json``. The long ones, ``sample``, ``rates`` and ``errors``, go on where
they stopped: what is done stands in ``build/bench``, as long as the code is the same.
``peers``, ``rates``, ``structures`` and ``both_sides`` take their comparisons and their cells from
the tests, which hold them to their limits; without PyBaMM, or without COMSOL's solution, ``peers``
leaves that one out.
"""

import json
import math
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rampore import sweep
from rampore.audit.reproduce.fingerprint import seal
from rampore.audit.sweep import read
from rampore.lim2026 import cells, parameters
from rampore.lim2026.sweeps import PLANS
from rampore.p4d import examples, protocols
from rampore.p4d.balance import charged
from rampore.p4d.cell import Perforation
from rampore.p4d.errors import CellError, SolverError
from rampore.p4d.solution import Conservation, Mesh, Step, Tolerances, simulate
from rampore.structure import Channels, Coating, Structure, Voxels
from rampore.structure.mesh import cut

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

HOME = Path(__file__).resolve().parent
RESULTS = HOME / "results" / "p4d" / "verification.json"
UNDER_WAY = HOME.parent / "build" / "bench"
STORED = HOME.parent / "book" / "data"
SAMPLE = CASES = 200


def journaled(part, version, compute, cases):
    """What a function gives of each case, numbers by name and a text, in the order of the cases.

    What is done stands in the part's journal until all is done; another version begins anew.
    """
    journal = sweep.Journal(UNDER_WAY / f"{part}.jsonl", version)
    with journal.writing() as add:
        for case in cases:
            if case not in journal:
                add(case, sweep.Outcome(*compute(case)))
    found = [journal[case] for case in cases]
    journal.path.unlink()
    return found


def fitted_order(sizes, errors):
    """Order of convergence: minus the slope of the errors over the sizes, both in logarithms."""
    return float(-np.polyfit(np.log(sizes), np.log(errors), 1)[0])


def voltage(cell, mesh, tolerance=1e-6, c_rate=2.0, t=400.0):
    solution = simulate(
        cell, [Step("current", c_rate * cell.one_c, until_time=t)], mesh, Tolerances(time=tolerance)
    )
    return float(solution.dataset.voltage[-1]), solution.counts["steps"]


def series(sizes, values, reference, fitted=True):
    errors = [abs(value - reference) for value in values]
    kept = {"sizes": list(sizes), "errors_V": errors}
    return kept | ({"order": fitted_order(sizes, errors)} if fitted else {})


def orders():
    """Errors of the voltage over cells, steps and modes, against a much finer solution of the same
    code.
    """
    cell = examples.chen_2020()
    pierced = replace(
        cell, perforation=Perforation(75e-6, 160e-6, 15e-6, "coating"), contact_negative=1e-3
    )

    def layers(n):
        return voltage(cell, Mesh((n, max(n // 2, 2), n)))[0]

    def columns(n):
        return voltage(pierced, Mesh((6, 4, 6), (n, round(n * np.sqrt(3))), 3), 1e-5)[0]

    depth, across = (6, 12, 24, 48), (3, 6, 12)
    in_time = [voltage(cell, Mesh((10, 5, 10)), 10.0**-n) for n in (3, 4, 5, 6)]
    modes = (3, 4, 6, 8, 10, 12)
    return {
        "thickness": series(depth, [layers(n) for n in depth], layers(192)),
        "plane": series(across, [columns(n) for n in across], columns(36)),
        "time": series(
            [n for _, n in in_time], [v for v, _ in in_time],
            voltage(cell, Mesh((10, 5, 10)), 1e-8)[0],
        ),
        "radius": series(
            modes, [voltage(cell, Mesh((10, 5, 10), modes=n))[0] for n in modes],
            voltage(cell, Mesh((10, 5, 10), modes=30))[0], fitted=False,
        ),
    }  # fmt: skip


def peers():
    """Voltages here and in other codes, of the same cells."""
    import test_p4d_validation as validation

    def curves(name, t, ours, theirs, limit, **more):
        return {
            "name": name,
            "time_s": [float(value) for value in t],
            "voltage_V": [float(value) for value in ours],
            "difference_V": [float(here - there) for here, there in zip(ours, theirs, strict=True)],
            "limit_V": limit,
        } | more

    found = []
    if validation.DISCHARGE.exists():
        for rate in ("0.1", "1", "2"):
            t, ours, theirs, profiles = validation.with_comsol(rate)
            salt = max(float(np.abs(here - there).max()) for here, there in profiles)
            found.append(
                curves(
                    f"COMSOL, Marquis 2019, {rate}C", t, ours, theirs, 3e-3, salt_mol_per_m3=salt
                )
            )
    if find_spec("pybamm"):
        os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
        import pybamm

        names = {
            "marquis_2019": "Marquis 2019",
            "chen_2020": "Chen 2020",
            "ai_2022": "Ai 2022, two materials",
        }
        for name, words in names.items():
            found.append(
                curves(f"PyBaMM, {words}, 1C", *validation.with_pybamm(pybamm, name), 2e-4)
            )
        hysteresis = validation.with_pybamms_hysteresis(pybamm)
        found.append(curves("PyBaMM, hysteresis of 40 mV, 1C", *hysteresis, 2e-4))
        half = validation.with_pybamms_half_cell(pybamm)
        found.append(curves("PyBaMM, half cell of Chen 2020, 1C", *half, 2e-4))
        pierced = validation.with_pybamms_perforated_cell(pybamm)[:3]
        found.append(curves("PyBaMM in three dimensions, perforated, 0.65C", *pierced, 1.5e-4))
        slits = validation.with_pybamms_slits(pybamm)[:3]
        found.append(curves("PyBaMM in three dimensions, slits, 0.65C", *slits, 1.5e-4))
        protocol = validation.with_pybamms_experiment(pybamm)[:3]
        found.append(curves("PyBaMM, pulses, rests, charge and hold of Chen 2020", *protocol, 3e-4))
    return found


def conservation():
    """What the longest protocols lose."""
    given = parameters.load()
    scenario = cells.Scenario(perforated=True, porosity=cells.PorositySet.MASS_CONSERVING)
    bare, pierced = cells.full_cell(given)[0], cells.full_cell(given, scenario)[0]
    half = cells.half_cell(given, scenario)
    line, holes = Mesh((10, 6, 10)), Mesh((8, 5, 8), (4, 7), 3)
    pulses = protocols.pulse_test(half, given.negative.areal_capacity, levels=4).steps
    chen = examples.chen_2020()
    runs = {
        "rate test, bare foil": (bare, protocols.rate_test(bare), line),
        "rate test, perforated foil": (
            pierced,
            protocols.rate_test(pierced, (0.5, 3.0, 0.5)),
            holes,
        ),
        "pulses, perforated half cell": (half, pulses, holes),
        "10C until the salt is used up": (
            chen,
            [Step("current", 10 * chen.one_c, until_voltage=2.0)],
            line,
        ),
    }
    found = []
    for name, (cell, protocol, mesh) in runs.items():
        solution = simulate(cell, protocol, mesh)
        found.append(
            {"name": name, "steps": solution.counts["steps"], **solution.conservation._asdict()}
        )
    return found


def sample():
    """Random cells from within what the literature allows: discharge, rest, charge."""
    given = parameters.load()

    def ended(case):
        rng = np.random.default_rng([2026, case["number"]])
        drawn, scenario = cells.draw(given, rng)
        rate = float(np.exp(rng.uniform(np.log(0.2), np.log(10.0))))
        try:
            cell, _ = cells.full_cell(drawn, scenario)
            discharge = Step("current", rate * cell.one_c, until_voltage=cell.lower_cutoff)
            protocol = [
                discharge,
                Step("rest", until_time=600.0),
                *protocols.charge(cell, rate / 4, 0.1),
            ]
            mesh = Mesh((5, 3, 5), (2, 2) if scenario.perforated else (1, 1), 1, 8)
            solution = simulate(cell, protocol, mesh)
        except CellError:
            return {}, "electrodes that do not fit"
        except SolverError as problem:
            print(f"cell {case['number']}: {problem}")
            return {}, "given up with a reason"
        return solution.conservation._asdict(), "finished"

    cases = [{"number": number} for number in range(SAMPLE)]
    ends = journaled("sample", seal(cells.draw), ended, cases)
    return {
        "cells": SAMPLE,
        "outcomes": dict(Counter(name for _, name in ends)),
        "worst": worst_of([losses for losses, _ in ends]),
    }


def worst_of(runs):
    """The most that any of them loses, by what it is."""
    return {law: max(run.get(law, 0.0) for run in runs) for law in Conservation._fields}


def rates():
    """How discharges from 0.001C to 50C end, and what they lose: slow ones, starved ones, and
    random cells.
    """
    import rates as journeys

    def ended(case):
        end, _, conservation = journeys.outcome(runs[case["kind"]][case["number"]])
        return (conservation._asdict() if conservation else {}), end

    runs = {
        "slow": list(journeys.slow_runs()),
        "starved": list(journeys.starved_runs()),
        "random": [journeys.random_run(number) for number in range(journeys.RANDOM)],
    }
    cases = [{"kind": kind, "number": n} for kind, own in runs.items() for n in range(len(own))]
    outcomes = journaled("rates", seal(journeys.outcome), ended, cases)
    found = {}
    for kind, own in runs.items():
        ends = {
            own[case["number"]].name: outcome
            for case, outcome in zip(cases, outcomes, strict=True)
            if case["kind"] == kind
        }
        found[kind] = {
            "runs": len(own),
            "ends": dict(Counter(end.partition(":")[0] for _, end in ends.values())),
            "worst": worst_of([losses for losses, _ in ends.values()]),
            "told": {name: end for name, (_, end) in ends.items() if end != "voltage"},
        }
    return found


def errors():
    """How often a stored value of a sweep, give or take its stored error, holds what boxes of half
    the size give, with shorter steps: cases by lot, of each sweep as many. About an hour.

    A value that its data set calls unresolved is counted as such, and covers nothing.
    """
    modules = {name: import_module(PLANS[name]) for name in PLANS}
    stored = {name: read(STORED / f"{name}.nc") for name in modules}
    rng, each = np.random.default_rng(2028), CASES // len(modules) + 1
    drawn = [
        {"sweep": name, "number": int(n)}
        for name, data in stored.items()
        for n in rng.choice(np.flatnonzero(data.error.values == ""), each, replace=False)
    ]

    def finer(case):
        module = modules[case["sweep"]]
        try:
            return module.values(module.cases()[case["number"]], "finer"), ""
        except SolverError as problem:
            return {}, str(problem)

    follows_from = " ".join(seal(module.values) for module in modules.values())
    outcomes = journaled("errors", follows_from, finer, drawn)
    found = Counter()
    worst, missed = {}, []
    for case, outcome in zip(drawn, outcomes, strict=True):
        row = stored[case["sweep"]].isel(case=case["number"])
        shares = _shares(row, outcome.values)
        unresolved = [name for name in row if name.endswith("_resolved") and row[name] == 0]
        found["cases"] += 1
        found["values"] += len(shares)
        found["covered_values"] += sum(share <= 1 for share in shares.values())
        found["unresolved_cases"] += bool(unresolved)
        found["failed_cases"] += bool(outcome.error)
        if shares and max(shares.values()) <= 1:
            found["covered_cases"] += 1
        else:
            missed.append({**case, "unresolved": unresolved, "error": outcome.error, **shares})
        for name, share in shares.items():
            key = f"{case['sweep']}: {name}"
            worst[key] = max(worst.get(key, 0.0), share)
    return {**found, "worst": worst, "missed": missed}


def _shares(row, finer):
    """How far each number of a case that is no yes or no lies from the finer, over its error."""
    found = {}
    for name, value in finer.items():
        counted = f"{name}_error" in row and not name.endswith(("_every", "_any"))
        miss = abs(value - row[name].item()) if counted else 0.0
        if miss > 1e-12 * abs(value):
            error = row[f"{name}_error"].item()
            found[name] = miss / error if error > 0 else math.inf  # none stated, or not a number
    return found


def slow_coating(structure=None, in_plane=1.0):
    """LG M50 with a negative coating that conducts ill through the plane: eps^2 / 1.92, the closure
    of the scaling law of Usseglio-Viretta et al. 2020, at a porosity of 0.42.
    """
    base = examples.chen_2020()
    graphite = replace(base.negative.materials[0], fraction=0.55)
    negative = replace(
        base.negative,
        porosity=0.42,
        materials=(graphite,),
        transport_efficiency=lambda eps: eps**2 / 1.92,
        in_plane=in_plane,
    )
    return replace(base, negative=negative, structure=structure)


def capacity(cell, columns, c_rate=2.0):
    step = Step("current", c_rate * cell.one_c, until_voltage=cell.lower_cutoff)
    return simulate(cell, [step], Mesh((10, 5, 10), columns)).capacity


def pressed(channels):
    return Structure(channels=(channels,), negative=Coating(solid="pressed"))


def staircase(channels, porosity, columns):
    """The same channels along the boxes of a mesh: each box is one or the other."""
    width, height = Structure(channels=(channels,)).unit_cell
    x, y = (
        (np.arange(n) + 0.5) / n * side for n, side in zip(columns, (width, height), strict=True)
    )
    apart = [np.hypot(x[:, None] - each.x, y - each.y) for each in channels.outlines(width, height)]
    within = np.min(apart, axis=0) < channels.width / 2
    values = np.where(within, 1.0, porosity)[..., None]
    return Structure(negative=Coating(Voxels(values)), sides=(width, height))


def structures():
    """Volumes on every mesh; what channels give over the coating that is pressed into their ribs,
    as their pitch becomes small and large; and what a staircase in their place would give.
    """
    import test_structure as data

    misses = {}
    for name, channels in data.CHANNELS.items():
        for seed, boxes in enumerate([(1, 1, 1), (2, 3, 2), (5, 4, 7), (16, 9, 11), (40, 30, 20)]):
            x, y, z = data.random_mesh(channels, boxes, seed)
            share = cut(x, y, z, channels, from_foil=True).share
            held = (share * data.volumes(x, y, z)).sum() / (x[-1] * y[-1])
            miss = abs(held / channels.volume_in(data.THICKNESS) - 1)
            misses[name] = max(misses.get(name, 0.0), float(miss))

    plain = capacity(slow_coating(), (1, 1))

    def gain(channels, columns, in_plane=1.0):
        return capacity(slow_coating(pressed(channels), in_plane), columns) / plain

    lines = Channels(lattice="lines", pitch=5e-6, width=1e-6)
    limit = gain(lines, (1, 1))
    fine = {
        pitch: gain(replace(lines, pitch=pitch * 1e-6, width=0.2e-6 * pitch), (10, 1))
        for pitch in (1, 2, 4)
    }
    pitches = (30, 60, *range(90, 260, 10), 300, 400, 600)
    wide = {
        ratio: [
            gain(replace(lines, pitch=pitch * 1e-6, width=0.2e-6 * pitch), (10, 1), ratio)
            for pitch in pitches
        ]
        for ratio in (1.0, 2.471)
    }
    half = {
        ratio: float(np.interp(-(1 + limit) / 2, np.negative(gains), pitches))
        for ratio, gains in wide.items()
    }
    round_ones = Channels(lattice="triangular", pitch=100e-6, width=40e-6)
    porosity = pressed(round_ones).between("negative", 0.42, 85.2e-6).porosity
    meshes = ((3, 5), (6, 10), (10, 18))
    return {
        "misses": misses,
        "limit": limit,
        "fine": fine,
        "pitches_um": pitches,
        "gains": wide,
        "half_pitch_um": half,
        "columns": meshes,
        "cut": [gain(round_ones, columns) for columns in meshes],
        "staircase": [
            capacity(slow_coating(staircase(round_ones, porosity, columns)), columns) / plain
            for columns in meshes
        ],
    }


def swelling():
    """Coatings that are filled evenly beside the closed form, orders in time, what is lost over
    holes and channels, and the cost over the same discharge without swelling.
    """
    import test_p4d_swelling as data

    evens = {sharing: data.filled_evenly(sharing) for sharing in data.SHARINGS}
    errors, steps, _ = data.errors_in_time(2.0, 0.4)
    lost = [data.round_trip(cell).conservation._asdict() for cell in data.CELLS.values()]
    stack = data.Swelling(0.4)
    foils = {"bare": {}, "perforated": {"perforation": Perforation(75e-6, 160e-6, 15e-6)}}
    meshes = {"bare": Mesh(), "perforated": Mesh((10, 5, 10), (4, 7), 3)}
    return {
        "thickness": {
            sharing: abs(even.thickness / even.closed_form.thickness - 1)
            for sharing, even in evens.items()
        },
        "porosity": {
            sharing: float(np.abs(even.porosity - even.closed_form.porosity).max())
            for sharing, even in evens.items()
        },
        "steps": steps,
        "errors": errors,
        "orders": {name: fitted_order(steps, each) for name, each in errors.items()},
        "runs": len(lost),
        "worst": worst_of(lost),
        "cost": {
            name: cost_over(
                replace(examples.chen_2020(), **changes),
                data.swelling_cell(data.GRAPHITE, stack, **changes),
                meshes[name],
            )
            for name, changes in foils.items()
        },
    }


def cost_over(plain, other, mesh, pairs=5):
    """Median over pairs that alternate of the processor time of a discharge at 1C over that of
    another.
    """

    def seconds(cell):
        step = Step("current", cell.one_c, until_voltage=cell.lower_cutoff)
        start = time.process_time()
        simulate(cell, [step], mesh)
        return time.process_time() - start

    seconds(plain), seconds(other)  # compiles
    return float(np.median([seconds(other) / seconds(plain) for _ in range(pairs)]))


def both_sides():
    """Two faces of a foil against one, what each keeps in ten cycles, and what they cost."""
    import test_p4d_both_sides as faces

    tight, line = Tolerances(time=1e-5), Mesh((6, 4, 6))

    def apart(one, other):
        """Largest difference of two runs' voltages at the steps of the one [V]."""
        return float(np.abs(np.interp(one.time, other.time, other.voltage) - one.voltage).max())

    mirror = {}
    for filling in ("coating", "electrolyte"):
        cell = faces.both(replace(faces.HOLES, filling=filling))
        half = cell.faces()[""]
        mirror[filling] = apart(
            simulate(cell, faces.drive(cell), faces.SMALL).dataset,
            simulate(half, faces.drive(half), faces.SMALL).dataset,
        )
    closed = faces.both(None, 0.1, -0.1, tied=False)
    shares, end = (0.8, 1.2), 200.0
    step = Step("current", 2 * closed.one_c, back=shares[1] * closed.one_c, until_time=end)
    data = simulate(closed, [step], line, tight).dataset
    alone = [
        simulate(face, [Step("current", share * closed.one_c, until_time=end)], line, tight).dataset
        for share, face in zip(shares, closed.faces().values(), strict=True)
    ]
    closed_misses = [
        abs(float(data[name][-1] - own.voltage[-1]))
        for name, own in zip(("voltage", "voltage_back"), alone, strict=True)
    ]
    cycles = {}
    for loading in (0.02, 0.05, 0.1):
        cell = charged(faces.both(negative=loading), faces.LOST)
        discharge = Step("current", cell.one_c, until_voltage=cell.lower_cutoff)
        steps = [*[discharge, *protocols.charge(cell, 0.5, 0.1)] * 10, discharge]
        solution = simulate(cell, steps, Mesh((4, 2, 4), (2, 3), 1, 6))
        data = solution.dataset
        cycles[loading] = {
            "steps": solution.counts["steps"],
            "lithium": solution.conservation.lithium,
            "through": float(np.abs(data.lithium_through_holes).max() / data.lithium_front[0]),
            "front_of_capacity": float(data.capacity_front[-1] / data.capacity[-1]),
        }
    return {
        "mirror_V": mirror,
        "closed_V": max(closed_misses),
        "cycles": cycles,
        "cost": _cost_of_both_sides(faces),
    }


def _cost_of_both_sides(faces, pairs=5):
    """Processor time over that of one face on boxes of the same size, medians of runs in turn."""
    two = faces.both(replace(faces.HOLES, foil_thickness=15e-6), negative=0.05)
    one = replace(examples.chen_2020(), perforation=two.perforation)
    runs = {
        "one": (one, {}, 6),
        "tied": (two, {}, 3),
        "apart": (replace(two, tied=False), {"back": two.one_c}, 3),
    }
    times = {name: [] for name in runs}
    for turn in range(pairs + 1):  # the first compiles
        for name, (cell, more, deep) in runs.items():
            step = Step("current", 2 * cell.one_c, until_voltage=3.4, **more)
            start = time.process_time()
            simulate(cell, [step], Mesh((10, 5, 10), (6, 10), deep))
            if turn:
                times[name].append(time.process_time() - start)
    return {
        name: float(np.median(np.divide(times[name], times["one"]))) for name in ("tied", "apart")
    }


PARTS = {
    part.__name__: part
    for part in (
        orders,
        peers,
        conservation,
        sample,
        rates,
        errors,
        structures,
        both_sides,
        swelling,
    )
}


def main(names):
    for name in names or PARTS:
        start = time.process_time()
        part = PARTS[name]()
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        results[name] = part
        packages = ("numpy", "numba", "scipy", "pybamm")
        results["versions"] = {
            package: version(package) for package in packages if find_spec(package)
        }
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {time.process_time() - start:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
