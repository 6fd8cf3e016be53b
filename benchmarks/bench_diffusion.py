"""Steady diffusion on images: time and memory of rampore, PoreSpy and TauFactor on the same voxels,
in one run.

    python benchmarks/bench_diffusion.py [-o FILE.json] [--largest 400] [--repeat 3] [--without
    porespy taufactor]

Each case runs in a process of its own, so that the peak memory is that case's; the time, a median,
leaves out imports and compilation (a small image is solved first). A flux mismatch of 1e-3 is asked
for; PoreSpy takes none and stops by its own rule. PoreSpy needs openpnm, TauFactor needs torch; a
peer that is not installed is left out. Above 200^3 rampore runs alone, and cases that take long run
once. The time is the processor's, on one thread, so that other work on the machine does not count.
"""

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from psutil import virtual_memory
from scipy.ndimage import gaussian_filter

MISMATCH = 1e-3
PEERS_UP_TO = 200**3
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def sample(shape, porosity=0.45, grain=4.0, seed=0):
    """Overlapping pores of a smoothed random field, at an exact porosity."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), grain)
    return noise < np.quantile(noise, porosity)


def rampore(pores):
    from rampore.diffusion import steady_diffusion

    return steady_diffusion(pores, tolerance=MISMATCH).tortuosity_factor


def porespy(pores):
    from porespy.simulations import tortuosity_fd

    return tortuosity_fd(pores, axis=0).tortuosity


def taufactor(pores):
    from taufactor import Solver

    solver = Solver(pores.astype(np.uint8), device="cpu")
    return float(np.squeeze(solver.solve(verbose=False, conv_crit=MISMATCH, iter_limit=100_000)))


CODES = {
    "rampore": (rampore, "rampore"),
    "porespy": (porespy, "openpnm"),
    "taufactor": (taufactor, "taufactor"),
}


def measure(code, shape, repeat):
    """Median processor time [s], peak memory above the image's [MB], tortuosity factor of one case,
    in this process.
    """
    solve, _ = CODES[code]
    porosity = 0.45 if len(shape) == 3 else 0.7
    solve(sample((80, 80) if len(shape) == 2 else (30, 30, 30), 0.8))
    pores = sample(shape, porosity)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(repeat):
        start = time.process_time()
        factor = solve(pores)
        times.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "time_s": float(np.median(times)),
        "memory_MB": (peak - before) / 1024,
        "tortuosity_factor": float(factor),
    }


def machine():
    """What the table was measured on."""
    lines = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    )
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_GB": round(virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "system": platform.system(),
        "date": time.strftime("%Y-%m-%d"),
    } | {
        name: version(name)
        for name in ("rampore", "porespy", "taufactor", "torch", "numba")
        if find_spec(name)
    }


def run(code, shape, repeat, limit):
    """One case in a process of its own: its row of the table, or why there is none."""
    command = [sys.executable, __file__, "--repeat", str(repeat), "--one", code, *map(str, shape)]
    row = {"image": " x ".join(map(str, shape)), "pixels": math.prod(shape), "code": code}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env=os.environ | ONE_THREAD
        )
    except subprocess.TimeoutExpired:
        return row | {"failed": f"not done in {limit} s"}
    if done.returncode:
        return row | {"failed": done.stderr.strip().splitlines()[-1][:200]}
    return row | json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=400, help="edge of the largest cube")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=500, help="longest time of a case [s]")
    parser.add_argument("--without", nargs="*", default=[], choices=CODES)
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the results")
    # CODE N0 N1 [N2]: a case, in this process
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        code, *shape = options.one
        print(json.dumps(measure(code, tuple(map(int, shape)), options.repeat)))
        return
    shapes = [(1000, 1000)] + [
        (n, n, n) for n in (50, 100, 150, 200, 300, 400) if n <= options.largest
    ]
    present = [
        name
        for name, (_, needs) in CODES.items()
        if find_spec(needs) and name not in options.without
    ]
    rows = []
    print(
        f"{'image':>16} {'code':>10} {'time / s':>10} {'ratio':>8} {'memory / MB':>12} {'tau':>10}"
    )
    for shape in shapes:
        alone = math.prod(shape) > PEERS_UP_TO
        for code in present[:1] if alone else present:
            if code == "taufactor" and len(shape) == 2:  # more than ten minutes on a CPU
                continue
            row = run(
                code,
                shape,
                1 if alone or (code != "rampore" and math.prod(shape) > 2e6) else options.repeat,
                options.limit,
            )
            rows.append(row)
            if "failed" in row:
                print(f"{row['image']:>16} {code:>10}  {row['failed']}", flush=True)
                continue
            own = next(each for each in rows if each["image"] == row["image"])
            row["ratio"] = row["time_s"] / own["time_s"]
            numbers = f"{row['time_s']:10.2f} {row['ratio']:8.1f} {row['memory_MB']:12.0f}"
            print(
                f"{row['image']:>16} {code:>10} {numbers} {row['tortuosity_factor']:10.4f}",
                flush=True,
            )
    cubes = [
        row
        for row in rows
        if row["code"] == "rampore" and row["image"].count("x") == 2 and "failed" not in row
    ]
    exponent = np.polyfit(
        *np.log([[row[name] for row in cubes] for name in ("pixels", "time_s")]), 1
    )[0]
    print(f"time grows as voxels^{exponent:.2f}")
    if options.output:
        results = {
            "title": "Steady diffusion on images",
            "mismatch": MISMATCH,
            "machine": machine(),
        }
        results |= {"cost_exponent": float(exponent), "rows": rows}
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
