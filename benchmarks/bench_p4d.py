"""Speed of the P4D engine: alone by size, and in races against PyBaMM's two DFN models.

    python benchmarks/bench_p4d.py [-o FILE.json] [--sizes 1k 5k 20k 50k 200k] [--without line box]

- *perforated*: a full 3C discharge of the LG M50 cell on perforated foil at a time tolerance of
  1e-3, by size.
- *line*: the same cell on bare foil, laterally uniform, 80 equal cells a layer, at 3C against
  PyBaMM's DFN with the IDAKLU solver on as many points.
- *box*: a porosity that varies along both lateral axes, on the same uniform boxes, against
  ``BasicDFNUnstructured`` and IDAKLU. It takes the potential in the middle of the last boxes for
  the foil's, so the solids conduct like metal here.

A race is between two solutions of the same problem that are equally exact:

- Every property is the same function in both codes, wherever it is evaluated: the polynomials of
  the electrolyte are continued as they are, without a limit of validity.
- Beside each time stands the error that it bought, in time and in the radius of the particles: the
  largest difference of the voltage, from 5 s to nine tenths of the run, from that of the same code
  on the same boxes with many more points in the particles and steps far smaller. ``EFFORTS`` are
  the cheapest of those that were tried at which the two errors are alike. PyBaMM's radial points
  are denser towards the surface, as our modes are, where its solver comes to an end with them.
- So refined the two have to agree, and their difference is given: what one solves is what the
  other does.

Both codes are set up, compiled and run once, and then take turns, each in a process of its own, in
one thread: processor times, and of their ratios the median, the least and the most. Peak memory is
that of the process before anything is refined. On a machine that is busy compare ratios, not
seconds.
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
from typing import NamedTuple

import numpy as np

from rampore.p4d import examples
from rampore.p4d.cell import Perforation
from rampore.p4d.solution import Mesh, Step, Tolerances, simulate

C_RATE = 3.0
SIZES = {
    "1k": ((4, 7), 12),
    "5k": ((8, 14), 16),
    "20k": ((12, 21), 28),
    "50k": ((18, 32), 32),
    "200k": ((30, 52), 48),
}
TARGETS = {"1k": 0.4, "5k": 1.5, "20k": 5.0, "50k": 13.0, "200k": 52.0}  #: [s]
LINE = (80, 80, 80)
SOLID = 1e4  #: conductivity of both solids in the boxes [S/m]
BOXES = {
    "small 2C": ((10, 6, 10), (4, 6), 300.0, 2.0),
    "small 1C": ((10, 6, 10), (4, 6), 600.0, 1.0),
    "large 1C": ((16, 8, 16), (8, 14), 180.0, 1.0),
}  #: layers, columns, time at most [s], C-rate
SIDES = (80e-6, 140e-6)  #: of the boxes [m]
TURNS = {"large 1C": 3}  #: of each code in a race; 7 where nothing is said
NO_LIMIT = 1e4  #: beyond any concentration of salt that occurs [mol/m3]


class Effort(NamedTuple):
    """What the two codes take in a race."""

    tolerance: float = Tolerances().time  #: ours in time
    points: int = 20  #: of PyBaMM in the particles
    stretch: float = 3.0  #: how much denser those are at the surface; 0 for equal ones
    tolerances: dict = {"rtol": 1e-4, "atol": 1e-6}  # noqa: RUF012  PyBaMM's in time, its own


EFFORTS = {
    "line": Effort(tolerance=3e-4, points=30, stretch=2.0),
    "small 2C": Effort(tolerance=5e-4),
}
FINE = Effort(1e-6, 60, 3.0, {"rtol": 1e-6, "atol": 1e-8})
FINE_MODES = 20


class Racer:
    """A case in a process of its own, which runs whenever it is told to."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.title = " ".join((name, *arguments))
        self.load = os.getloadavg()[0]
        self.seconds = []  #: processor time of each run
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--case", name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYBAMM_DISABLE_TELEMETRY": "true",
                "NUMBA_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )

    def _ask(self, question):
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.title}: ended with code {self._process.wait()}")
        return json.loads(answer)

    def run(self) -> None:
        """Run once more."""
        self.seconds.append(self._ask("run"))

    def finish(self, t: list[float] | None = None) -> dict:
        """What is to be told of the last run, at the times t [s], or at its own; the process ends.

        "voltage_V" and "fine_V" are those of the run and of the refined solution at "t_s".
        """
        found = self._ask(t)
        self._process.stdin.close()
        self._process.wait()
        found |= {"cpu_s": float(np.median(self.seconds)), "load_before": self.load}
        print(
            f"{self.title:18}{found['cells']:6} cells  {found.get('steps', '-'):>5} steps  "
            f"{found['cpu_s']:8.3f} s  {found['peak_memory_GB']:.2f} GB  load {self.load:.1f}",
            flush=True,
        )
        return found


def serve(run, describe):
    """Answer a :class:`Racer`."""
    for line in sys.stdin:
        question = json.loads(line)
        if question == "run":
            start = time.process_time()
            found = run()
            answer = time.process_time() - start
        else:
            memory = {"peak_memory_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}
            answer = describe(found, question) | memory
        print(json.dumps(answer), flush=True)


def discharge(cell, until=None, c_rate=C_RATE):
    """A protocol of one step."""
    return [Step("current", c_rate * cell.one_c, until_voltage=cell.lower_cutoff, until_time=until)]


def totals(solution):
    """Counts of a solution of ours."""
    return {
        "cells": int(np.count_nonzero(solution.dataset.volume)),
        "boxes": solution.dataset.volume.size,
        **solution.counts,
        "end_s": float(solution.dataset.time[-1]),
        "drift_of_lithium": solution.conservation.lithium,
    }


def perforated(size):
    cell = replace(
        examples.chen_2020(), perforation=Perforation(75e-6, 160e-6, 15e-6), contact_negative=1e-4
    )
    columns, layers = SIZES[size]
    simulate(cell, discharge(cell, 10.0), Mesh((4, 2, 4), (2, 2), 2))
    mesh = Mesh((layers, layers // 2, layers), columns, max(layers // 4, 2))
    return (
        lambda: simulate(cell, discharge(cell), mesh),
        lambda solution, t: totals(solution),
    )


def unlimited():
    """The LG M50 cell whose electrolyte is the same polynomial at every concentration."""
    cell = examples.chen_2020()
    return replace(cell, electrolyte=cell.electrolyte._replace(validity=NO_LIMIT))


def ours(effort, cell, layers, columns, until, c_rate, sides=None):
    """A runner of this code."""
    protocol = discharge(cell, until, c_rate)

    mesh = Mesh(layers, columns, grading=0.0)
    fine_mesh, fine_tolerances = mesh._replace(modes=FINE_MODES), Tolerances(time=FINE.tolerance)

    def run():
        return simulate(cell, protocol, mesh, Tolerances(time=effort.tolerance), sides=sides)

    def describe(solution, _):
        t, voltage = (np.asarray(solution.dataset[name]) for name in ("time", "voltage"))
        compared = (t >= 5.0) & (t <= 0.9 * t[-1])
        t, voltage = t[compared], voltage[compared]
        fine = simulate(cell, protocol, fine_mesh, fine_tolerances, t, sides=sides).dataset
        at_steps = np.interp(t, fine.time, fine.voltage)  # which the refined run meets
        return totals(solution) | {
            "modes": mesh.modes,
            "tolerance": effort.tolerance,
            "t_s": t.tolist(),
            "voltage_V": voltage.tolist(),
            "fine_V": at_steps.tolist(),
        }

    small = Mesh((4, 2, 4), (2, 2) if sides else (1, 1), grading=0.0)
    simulate(cell, discharge(cell, 10.0, c_rate), small, sides=sides)
    return run, describe


def theirs(effort, model, parameters, shape, until, **options):
    """A runner of PyBaMM; ``shape`` are the points of each axis but the particles'."""
    import pybamm

    def simulation(effort):
        graded = pybamm.MeshGenerator(
            pybamm.Exponential1DSubMesh, {"side": "right", "stretch": effort.stretch}
        )
        meshes = dict(model.default_submesh_types)
        if effort.stretch:
            meshes |= {"negative particle": graded, "positive particle": graded}
        return pybamm.Simulation(
            model,
            parameter_values=parameters,
            var_pts=shape | {"r_n": effort.points, "r_p": effort.points},
            submesh_types=meshes,
            solver=pybamm.IDAKLUSolver(**effort.tolerances),
            **options,
        )

    cells = sum(shape[x] for x in ("x_n", "x_s", "x_p")) * shape.get("y", 1) * shape.get("z", 1)
    usual = simulation(effort)
    usual.solve([0, 0.01])

    def describe(solution, t):
        fine = simulation(FINE).solve([0, until])
        return {
            "cells": cells,
            "radial_points": effort.points,
            "stretch": effort.stretch,
            "steps": len(solution.t),
            "end_s": float(solution.t[-1]),
            "voltage_V": solution["Voltage [V]"](t).tolist(),
            "fine_V": fine["Voltage [V]"](t).tolist(),
        }

    return lambda: usual.solve([0, until]), describe


def line():
    return ours(EFFORTS["line"], unlimited(), LINE, (1, 1), 1200.0, C_RATE)


def line_pybamm():
    import pybamm

    return theirs(
        EFFORTS["line"],
        pybamm.lithium_ion.DFN(),
        pybamm.ParameterValues("Chen2020"),
        dict(zip(("x_n", "x_s", "x_p"), LINE, strict=True)),
        1200.0,
        C_rate=C_RATE,
    )


def _varied(x, y, cosine):
    return 0.25 + 0.12 * cosine(np.pi * x / SIDES[0]) * cosine(np.pi * y / SIDES[1])


def box(size):
    cell = unlimited()
    graphite = replace(cell.negative.materials[0], fraction=0.6)
    negative = replace(
        cell.negative,
        materials=(graphite,),
        porosity=lambda x, y, z: _varied(x, y, np.cos),
        conductivity=SOLID,
    )
    cell = replace(cell, negative=negative, positive=replace(cell.positive, conductivity=SOLID))
    return ours(EFFORTS.get(size, Effort()), cell, *BOXES[size], SIDES)


def box_pybamm(size):
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
    shape = dict(zip(("x_n", "x_s", "x_p", "y", "z"), (*layers, *columns), strict=True))
    model = pybamm.lithium_ion.BasicDFNUnstructured({"dimensionality": 2})
    return theirs(EFFORTS.get(size, Effort()), model, parameters, shape, until)


CASES = {
    function.__name__: function for function in (perforated, line, line_pybamm, box, box_pybamm)
}


def alone(name, *arguments, runs):
    """A case by itself."""
    racer = Racer(name, *arguments)
    for _ in range(runs):
        racer.run()
    return racer.finish()


def race(name, *arguments):
    """Ours against PyBaMM's, in turns: both, the ratios of their times and how far their refined
    voltages are apart.
    """
    racers = Racer(name, *arguments), Racer(f"{name}_pybamm", *arguments)
    for turn in range(TURNS.get(arguments[0] if arguments else name, 7)):
        for racer in racers if turn % 2 else racers[::-1]:
            racer.run()
    ours = racers[0].finish()
    pybamm = racers[1].finish(ours.pop("t_s"))
    voltage, fine = [], []
    for found in (ours, pybamm):
        voltage.append(np.array(found.pop("voltage_V")))
        fine.append(np.array(found.pop("fine_V")))
        found["error_mV"] = _largest(voltage[-1] - fine[-1])
    ratios = np.divide(racers[1].seconds, racers[0].seconds)
    difference = _largest(fine[0] - fine[1])
    print(
        f"{np.median(ratios):.1f} times as fast ({ratios.min():.1f} to {ratios.max():.1f}), errors "
        f"{ours['error_mV']:.2f} and {pybamm['error_mV']:.2f} mV, "
        f"refined {difference:.2f} mV apart",
        flush=True,
    )
    return {
        "ours": ours,
        "pybamm": pybamm,
        "turns": len(ratios),
        "ratio_of_cpu": float(np.median(ratios)),
        "least_ratio": float(ratios.min()),
        "most_ratio": float(ratios.max()),
        "difference_mV": difference,
    }


def _largest(difference):
    return 1e3 * float(np.abs(difference).max())


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
    parser.add_argument("--without", nargs="+", choices=("line", "box", *BOXES), default=[])
    parser.add_argument("--case", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        serve(*CASES[options.case[0]](*options.case[1:]))
        return

    result = {}
    if options.output and options.output.exists():
        result = json.loads(options.output.read_text(encoding="utf-8"))

    def keep(**parts):
        result.update(parts, machine=machine(), c_rate=C_RATE, threads=1)
        result["time_tolerance"] = Tolerances().time
        if options.output:
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    sizes = {
        size: alone("perforated", size, runs=2 if size in ("50k", "200k") else 3)
        | {"target_s": TARGETS[size]}
        for size in options.sizes
    }
    if len(sizes) > 1:
        cells, cpu = (
            np.log([found[key] for found in sizes.values()]) for key in ("cells", "cpu_s")
        )
        exponent = float(np.polyfit(cells, cpu, 1)[0])
        print(f"cost grows as cells to the power {exponent:.2f}")
        keep(perforated=sizes, cost_exponent=exponent)
    if "line" not in options.without:
        keep(line=race("line"))
    if "box" not in options.without:
        for size in [size for size in BOXES if size not in options.without]:
            keep(box=result.get("box", {}) | {size: race("box", size)})


if __name__ == "__main__":
    main()
