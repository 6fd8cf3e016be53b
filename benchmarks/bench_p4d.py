"""Speed of the P4D engine beside PyBaMM's two DFN models, in one run.

    python benchmarks/bench_p4d.py [-o FILE.json] [--sizes 1k 5k 20k 50k] [--without line box]

- *perforated*: a full 3C discharge of the LG M50 cell on perforated foil at a time tolerance of
  1e-3, by size.
- *line*: the same cell on bare foil, laterally uniform, 80 cells a layer, against PyBaMM's DFN with
  the IDAKLU solver on 80 points a layer and 20 in the particles; with the error in time of each,
  against itself at tight tolerances.
- *box*: a porosity that varies along both lateral axes, on the same uniform boxes, against
  ``BasicDFNUnstructured``: a full 3C discharge on the small mesh and its first 60 s on the large
  one; the first 600 s and 180 s at 1C. PyBaMM has 20 points in the particles, once also 80; what
  that leaves of the difference between the voltages, after 5 s and after 100 s, is given beside the
  times. It takes the potential in the middle of the last boxes for the foil's, so the solids
  conduct like metal here. At 3C salt goes beyond the range that its conductivity was measured in,
  which the two codes continue differently.

Each case runs in a process of its own, so that the peak memory is that case's. It runs once before
it is timed, small where that compiles the same; imports, compilation and the set-up of PyBaMM's
models are not counted. Times are the shortest of some runs, processor time beside that of the wall.
On a machine that is busy compare ratios, not seconds.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from rampore.p4d import examples
from rampore.p4d.cell import Perforation
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

C_RATE = 3.0
SIZES = {"1k": ((4, 7), 12), "5k": ((8, 14), 16), "20k": ((12, 21), 28), "50k": ((18, 32), 32)}
TARGETS = {"1k": 0.4, "5k": 1.5, "20k": 5.0, "50k": 13.0}  #: [s]
LINE = 80
SOLID = 1e4  #: conductivity of both solids in the boxes [S/m]
RADIAL = (20, 80)  #: PyBaMM's points in the particles: as usual, and for the accuracy of ours
BOXES = {
    "small 3C": ((10, 6, 10), (4, 6), 1200.0, 3.0),
    "large 3C": ((16, 8, 16), (8, 14), 60.0, 3.0),
    "small 1C": ((10, 6, 10), (4, 6), 600.0, 1.0),
    "large 1C": ((16, 8, 16), (8, 14), 180.0, 1.0),
}  #: layers, columns, time at most [s], C-rate
SIDES = (80e-6, 140e-6)  #: of the boxes [m]


def timed(function, repeats):
    """Shortest processor and wall time [s] of some calls, and what the last one gave."""
    cpu, wall = [], []
    for _ in range(repeats):
        start = time.process_time(), time.perf_counter()
        found = function()
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return {"cpu_s": min(cpu), "wall_s": min(wall)}, found


def describe(seconds, solution):
    """A case of ours."""
    return {
        "cells": int(np.count_nonzero(solution.dataset.volume)),
        "boxes": solution.dataset.volume.size,
        **solution.counts,
        **seconds,
        "end_s": float(solution.dataset.time[-1]),
        "drift_of_lithium": solution.conservation.lithium,
    }


def discharge(cell, until=None, c_rate=C_RATE):
    """A protocol of one step."""
    return [Step("current", c_rate * cell.one_c, until_voltage=cell.lower_cutoff, until_time=until)]


def perforated(size):
    cell = replace(
        examples.chen_2020(), perforation=Perforation(75e-6, 160e-6, 15e-6), contact_negative=1e-4
    )
    columns, layers = SIZES[size]
    simulate(cell, discharge(cell, 10.0), Mesh((4, 2, 4), (2, 2), 2))
    mesh = Mesh((layers, layers // 2, layers), columns, max(layers // 4, 2))
    return describe(
        *timed(lambda: simulate(cell, discharge(cell), mesh), 2 if size == "50k" else 3)
    )


def line():
    cell, mesh = examples.chen_2020(), Mesh((LINE, LINE, LINE))
    simulate(cell, discharge(cell, 10.0), mesh)
    seconds, solution = timed(lambda: simulate(cell, discharge(cell), mesh), 5)
    stops = np.linspace(20.0, 0.95 * float(solution.dataset.time[-1]), 12)
    v = [
        np.interp(stops, run.dataset.time, run.dataset.voltage)
        for run in (
            simulate(cell, discharge(cell), mesh, Tolerances(time=t), stops) for t in (1e-3, 1e-6)
        )
    ]
    return {
        **describe(seconds, solution),
        "error_in_time_mV": 1e3 * float(np.abs(v[0] - v[1]).max()),
    }


def line_pybamm():
    import pybamm

    def simulation(**tolerances):
        return pybamm.Simulation(
            pybamm.lithium_ion.DFN(),
            parameter_values=pybamm.ParameterValues("Chen2020"),
            C_rate=C_RATE,
            var_pts={**dict.fromkeys(("x_n", "x_s", "x_p"), LINE), "r_n": 20, "r_p": 20},
            solver=pybamm.IDAKLUSolver(**tolerances),
        )

    usual = simulation()
    usual.solve([0, 1200])
    seconds, solution = timed(lambda: usual.solve([0, 1200]), 5)
    t = np.linspace(20.0, 0.95 * float(solution.t[-1]), 12)
    tight = simulation(rtol=1e-8, atol=1e-9).solve([0, 1200])
    error = 1e3 * float(np.abs(solution["Voltage [V]"](t) - tight["Voltage [V]"](t)).max())
    end = float(solution.t[-1])
    return {
        "cells": 3 * LINE,
        "radial_points": 20,
        **seconds,
        "end_s": end,
        "error_in_time_mV": error,
    }


def _varied(x, y, cosine):
    return 0.25 + 0.12 * cosine(np.pi * x / SIDES[0]) * cosine(np.pi * y / SIDES[1])


def box(size):
    layers, columns, until, c_rate = BOXES[size]
    cell = examples.chen_2020()
    graphite = replace(cell.negative.materials[0], fraction=0.6)
    negative = replace(
        cell.negative, materials=(graphite,), porosity=lambda x, y, z: _varied(x, y, np.cos)
    )
    cell = replace(
        cell,
        negative=replace(negative, conductivity=SOLID),
        positive=replace(cell.positive, conductivity=SOLID),
    )
    simulate(cell, discharge(cell, 10.0, c_rate), Mesh((4, 2, 4), (2, 2), grading=0.0), sides=SIDES)
    mesh = Mesh(layers, columns, grading=0.0)
    seconds, solution = timed(
        lambda: simulate(cell, discharge(cell, until, c_rate), mesh, sides=SIDES), 3
    )
    t = np.geomspace(5.0, 0.9 * float(solution.dataset.time[-1]), 16)
    data = simulate(
        cell, discharge(cell, until, c_rate), mesh, Tolerances(), t, sides=SIDES
    ).dataset
    return {
        **describe(seconds, solution),
        "t_s": t.tolist(),
        "voltage_V": np.interp(t, data.time, data.voltage).tolist(),
    }


def box_pybamm(size, points):
    import pybamm

    layers, columns, until, c_rate = BOXES[size]
    one_c = examples.chen_2020().one_c
    parameters = pybamm.ParameterValues("Chen2020")
    parameters.update(
        {
            "Electrode width [m]": SIDES[0],
            "Electrode height [m]": SIDES[1],
            "Nominal cell capacity [A.h]": one_c * SIDES[0] * SIDES[1],
            "Current function [A]": c_rate * one_c * SIDES[0] * SIDES[1],
            "Negative electrode porosity": lambda x, y, z: _varied(y, z, pybamm.cos),
            "Negative electrode active material volume fraction": 0.6,
            **{
                f"{side} electrode conductivity [S.m-1]": SOLID for side in ("Negative", "Positive")
            },
        }
    )
    simulation = pybamm.Simulation(
        pybamm.lithium_ion.BasicDFNUnstructured({"dimensionality": 2}),
        parameter_values=parameters,
        var_pts=dict(
            zip(
                ("x_n", "x_s", "x_p", "y", "z", "r_n", "r_p"),
                (*layers, *columns, int(points), int(points)),
                strict=True,
            )
        ),
        solver=pybamm.IDAKLUSolver(),
    )
    simulation.solve([0, 0.01])
    seconds, solution = timed(lambda: simulation.solve([0, until]), 1)
    t = np.geomspace(4.0, 0.95 * float(solution.t[-1]), 400)
    return {
        "cells": sum(layers) * columns[0] * columns[1],
        "radial_points": int(points),
        "steps": len(solution.t),
        **seconds,
        "end_s": float(solution.t[-1]),
        "t_s": t.tolist(),
        "voltage_V": solution["Voltage [V]"](t).tolist(),
    }


CASES = {
    function.__name__: function for function in (perforated, line, line_pybamm, box, box_pybamm)
}


def run(name, *arguments):
    """A case in a process of its own."""
    environment = {
        **os.environ,
        "PYBAMM_DISABLE_TELEMETRY": "true",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    load = os.getloadavg()[0]
    done = subprocess.run(
        [sys.executable, __file__, "--case", name, *arguments],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1]) | {"load_before": load}
    print(f"{' '.join((name, *arguments)):18}", end="")
    print(
        f"{found['cells']:6} cells  {found.get('steps', '-'):>5} steps  {found['cpu_s']:8.3f} s "
        "cpu",
        end="",
    )
    print(
        f"  {found['wall_s']:8.3f} s wall  {found['peak_memory_GB']:.2f} GB  load {load:.1f}",
        flush=True,
    )
    return found


def machine():
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = {line.partition(": ")[2] for line in lines if line.startswith("model name")}
    return {
        "processor": ", ".join(models) or platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "numba", "pybamm", "rampore")},
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="where the results go as JSON; parts that are not run stay",
    )
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=list(SIZES))
    parser.add_argument("--without", nargs="+", choices=("line", "box"), default=[])
    parser.add_argument("--case", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        found = CASES[options.case[0]](*options.case[1:])
        found["peak_memory_GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(found))
        return

    result = {}
    if options.output and options.output.exists():
        result = json.loads(options.output.read_text(encoding="utf-8"))
    result |= {"machine": machine(), "c_rate": C_RATE}
    result |= {"time_tolerance": Tolerances().time, "threads": 1}
    sizes = {size: run("perforated", size) | {"target_s": TARGETS[size]} for size in options.sizes}
    if len(sizes) > 1:
        result["perforated"] = sizes
        cells, cpu = (
            np.log([found[key] for found in sizes.values()]) for key in ("cells", "cpu_s")
        )
        result["cost_exponent"] = float(np.polyfit(cells, cpu, 1)[0])
        print(f"cost grows as cells to the power {result['cost_exponent']:.2f}")
    if "line" not in options.without:
        ours, theirs = run("line"), run("line_pybamm")
        theirs["ratio_of_cpu"] = theirs["cpu_s"] / ours["cpu_s"]
        result["line"] = {"ours": ours, "pybamm": [theirs]}
        print(
            f"faster than PyBaMM's DFN {theirs['ratio_of_cpu']:.1f} times; error in time", end=" "
        )
        print(f"{ours['error_in_time_mV']:.2f} mV, theirs {theirs['error_in_time_mV']:.2f} mV")
    if "box" not in options.without:
        result["box"] = {}
        for size in BOXES:
            ours = run("box", size)
            t, v = (np.array(ours.pop(key)) for key in ("t_s", "voltage_V"))
            result["box"][size] = {"ours": ours, "pybamm": []}
            for points in RADIAL if size == "small 1C" else RADIAL[:1]:
                theirs = run("box_pybamm", size, str(points))
                difference = 1e3 * np.abs(
                    np.interp(t, theirs.pop("t_s"), theirs.pop("voltage_V")) - v
                )
                theirs["ratio_of_cpu"] = theirs["cpu_s"] / ours["cpu_s"]
                for since in (5.0, 100.0):
                    late = difference[t >= since]
                    theirs[f"difference_after_{since:.0f}_s_mV"] = (
                        float(late.max()) if late.size else None
                    )
                result["box"][size]["pybamm"].append(theirs)
                print(f"faster than PyBaMM's 3-D DFN {theirs['ratio_of_cpu']:.1f} times;", end=" ")
                print(
                    f"voltages within {difference.max():.2f} mV, after 100 s",
                    theirs["difference_after_100_s_mV"],
                )
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
