"""Conduction through a unit cell of perforated foil: rampore's multigrid against peers on the same
network, in one run.

    python benchmarks/bench_conduction.py [--plane 32 64 106] [--repeat 3] [-o FILE.json]

Peers: scipy's sparse direct solver, scipy's conjugate gradients with the diagonal as preconditioner
and, where it is installed, pyamg's smoothed aggregation. All iterate to the same residual. Times
are of the processor, without imports and compilation; each case runs in a process of its own, and
the peak memory is that process's, assembly included.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np

from rampore.collector import pitch_from_open_fraction
from rampore.conduction.through_plane import CoatedFoil, ThroughPlaneMesh, build_network
from rampore.multigrid import Multigrid

TITLE = "Conduction through a perforated foil and its coating"
RESIDUAL = 1e-8
#: A direct solver needs more memory than most machines have beyond this many boxes.
DIRECT = 200_000


def problem(plane):
    foil = CoatedFoil(
        75e-6, float(pitch_from_open_fraction(75e-6, 0.2)), 15e-6, 30e-6, 1000.0, 1.1e-7
    )
    return build_network(foil, ThroughPlaneMesh(plane, plane // 3, plane // 6))


def assembled(net):
    """Matrix, right side and the boxes that take part."""
    from scipy.sparse import coo_array

    ground = net.face + net.wall + net.top
    cells = np.arange(ground.size).reshape(ground.shape)
    rows, columns, values = [cells.ravel()], [cells.ravel()], [ground.ravel()]
    for axis, k in enumerate(net.conductances):
        here, there = cells.ravel(), np.roll(cells, -1, axis).ravel()
        rows += [here, there, here, there]
        columns += [here, there, there, here]
        values += [k.ravel(), k.ravel(), -k.ravel(), -k.ravel()]
    matrix = coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    ).tocsr()
    used = matrix.diagonal() > 0
    return matrix[used][:, used], (net.face + net.wall).ravel()[used], used


def rampore(net, matrix, b, used):
    drive, x = net.face + net.wall, np.zeros(net.top.shape)
    Multigrid(net.conductances, drive + net.top).solve(
        drive,
        x,
        converged=lambda x: (
            np.linalg.norm(b - matrix @ x.ravel()[used]) < RESIDUAL * np.linalg.norm(b)
        ),
    )
    return x.ravel()[used]


def direct(net, matrix, b, used):
    from scipy.sparse.linalg import spsolve

    return spsolve(matrix.tocsc(), b)


def jacobi(net, matrix, b, used):
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import cg

    x, failed = cg(matrix, b, rtol=RESIDUAL, M=diags_array(1 / matrix.diagonal()), maxiter=20_000)
    if failed:
        raise RuntimeError(f"not converged: {failed}")
    return x


def pyamg(net, matrix, b, used):
    from pyamg import smoothed_aggregation_solver

    return smoothed_aggregation_solver(matrix.tocsr()).solve(b, tol=RESIDUAL, accel="cg")


CODES = {
    "rampore": (rampore, "rampore"),
    "scipy spsolve": (direct, "scipy"),
    "scipy cg": (jacobi, "scipy"),
}
CODES["pyamg"] = (pyamg, "pyamg")


def measure(code, plane, repeat):
    """Processor time [s], peak memory of the process [MB] and resistance [ohm m2] of one case."""
    solve, _ = CODES[code]
    small = problem(12)
    solve(small, *assembled(small))
    net = problem(plane)
    system = assembled(net)
    times = []
    for _ in range(repeat):
        start = time.process_time()
        x = solve(net, *system)
        times.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    into_top = net.top.ravel()[system[2]] @ x
    return {
        "boxes": int(net.top.size),
        "processor_time_s": float(np.median(times)),
        "memory_MB": peak / 1024,
        "resistance_ohm_m2": float(net.plan.sum() / into_top),
    }


def machine():
    """What the numbers were measured on."""
    return {
        "processor": next(
            (
                line.split(":")[1].strip()
                for line in open("/proc/cpuinfo")
                if line.startswith("model name")
            ),
            platform.processor(),
        )
        if os.path.exists("/proc/cpuinfo")
        else platform.processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("numpy", "scipy", "numba", "pyamg")},
    }


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--plane", type=int, nargs="+", default=[32, 64, 106], help="boxes along half a pitch"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("-o", "--output", help="write the results as JSON")
    # CODE PLANE: a case, in this process
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        code, plane = options.one
        print(json.dumps(measure(code, int(plane), options.repeat)))
        return
    print(
        f"{'boxes':>9} {'code':>14} {'time / s':>9} {'ratio':>7} {'memory / MB':>12} "
        f"{'R / mohm cm2':>13}"
    )
    results = []
    for plane in options.plane:
        own = None
        for code, (_, needs) in CODES.items():
            too_large = code == "scipy spsolve" and problem(plane).top.size > DIRECT
            if too_large or not find_spec(needs):
                continue
            command = [
                sys.executable,
                __file__,
                "--repeat",
                str(options.repeat),
                "--one",
                code,
                str(plane),
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{plane:>9} {code:>14}  failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            own = own or found["processor_time_s"]
            found = {"code": code, "ratio": found["processor_time_s"] / own} | found
            results.append(found)
            print(
                f"{found['boxes']:9d} {code:>14} {found['processor_time_s']:9.2f} "
                f"{found['ratio']:7.1f}"
                f" {found['memory_MB']:12.0f} {1e7 * found['resistance_ohm_m2']:13.5f}",
                flush=True,
            )
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump(
                {"title": TITLE, "machine": machine(), "residual": RESIDUAL, "results": results},
                file,
                indent=2,
            )
            file.write("\n")


if __name__ == "__main__":
    main()
