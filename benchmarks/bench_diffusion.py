"""Steady diffusion on images: time and memory of rampore, PoreSpy and TauFactor on the same voxels, in one run.

    python benchmarks/bench_diffusion.py [--largest 200] [--repeat 3] [--without porespy taufactor]

Each case runs in a process of its own, so that the peak memory is that case's; the time leaves out imports and
compilation (a small image is solved first). All are asked for a flux mismatch of 1e-3. PoreSpy needs openpnm, TauFactor
needs torch; a peer that is not installed is left out.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
from scipy.ndimage import gaussian_filter

MISMATCH = 1e-3


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


CODES = {"rampore": (rampore, "rampore"), "porespy": (porespy, "openpnm"), "taufactor": (taufactor, "taufactor")}


def measure(code, shape, repeat):
    """Median time [s], peak memory above the image's [MB], tortuosity factor of one case, in this process."""
    solve, _ = CODES[code]
    porosity = 0.45 if len(shape) == 3 else 0.7
    solve(sample((80, 80) if len(shape) == 2 else (30, 30, 30), 0.8))
    pores = sample(shape, porosity)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        factor = solve(pores)
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"time_s": float(np.median(times)), "memory_MB": (peak - before) / 1024, "tortuosity_factor": float(factor)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=200, help="edge of the largest cube")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], choices=CODES)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)  # CODE N0 N1 [N2]: a case, in this process
    options = parser.parse_args()
    if options.one:
        code, *shape = options.one
        print(json.dumps(measure(code, tuple(map(int, shape)), options.repeat)))
        return
    shapes = [(1000, 1000)] + [(n, n, n) for n in (50, 100, 150, 200, 300, 400) if n <= options.largest]
    present = [name for name, (_, needs) in CODES.items() if find_spec(needs) and name not in options.without]
    print(f"{'image':>16} {'code':>10} {'time / s':>10} {'ratio':>8} {'memory / MB':>12} {'tau':>10}")
    for shape in shapes:
        own = None
        for code in present:
            if code == "taufactor" and len(shape) == 2:  # more than ten minutes on a CPU
                continue
            command = [sys.executable, __file__, "--repeat", str(options.repeat), "--one", code, *map(str, shape)]
            done = subprocess.run(command, capture_output=True, text=True)
            name = " x ".join(map(str, shape))
            if done.returncode:
                print(f"{name:>16} {code:>10}  failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            own = own or found["time_s"]
            ratio = found["time_s"] / own
            print(
                f"{name:>16} {code:>10} {found['time_s']:10.2f} {ratio:8.1f} {found['memory_MB']:12.0f}"
                f" {found['tortuosity_factor']:10.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
