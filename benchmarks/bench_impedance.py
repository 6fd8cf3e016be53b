"""A spectrum of a perforated half cell of 5 000 boxes: rampore's iteration against a direct solver
on the same matrix.

    python benchmarks/bench_impedance.py [--repeat 3] [-o FILE.json]

60 frequencies from 5 MHz to 50 mHz. The direct solver, scipy's on the complex sparse matrix, does
every 20th of them and its time is multiplied. Times are of the processor, without imports,
compilation and assembly; each code runs in a process of its own, and the peak memory is that
process's. Both must agree on the impedance.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
from bench_conduction import machine

from rampore.lim2026 import parameters
from rampore.lim2026.cells import Scenario, half_cell
from rampore.p4d.impedance import RESIDUAL, Linearised
from rampore.p4d.model import Mesh, Model

FREQUENCIES = np.geomspace(5e6, 0.05, 60)
STRIDE = 20
MESH = Mesh((20, 10, 1), (10, 14), 6)
#: Largest relative difference of the two impedances.
AGREEMENT = 1e-8


def linearised(mesh=MESH):
    return Linearised(Model(half_cell(parameters.load(), Scenario(perforated=True)), mesh))


def rampore(linear):
    return [linear.solve(2 * np.pi * f)[0] for f in FREQUENCIES][::STRIDE], 1


def direct(linear):
    from scipy.sparse.linalg import spsolve

    matrices = [linear.sparse(2 * np.pi * f) for f in FREQUENCIES[::STRIDE]]
    return [spsolve(matrix, linear.imposed)[-1] for matrix in matrices], STRIDE


CODES = {"rampore": rampore, "scipy spsolve": direct}


def measure(code, repeat):
    """Processor time of the whole spectrum [s], peak memory [MB], impedances [ohm m2] as pairs."""
    CODES[code](linearised(Mesh((3, 2, 1), (2, 2), 2)))
    times = []
    for _ in range(repeat):
        linear = linearised()
        start = time.process_time()
        found, factor = CODES[code](linear)
        times.append(factor * (time.process_time() - start))
    return {
        "boxes": int(linear.model.layout.pore.size),
        "processor_time_s": float(np.median(times)),
        "memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "impedance_ohm_m2": [[z.real, z.imag] for z in found],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("-o", "--output", help="write the results as JSON")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # CODE: in this process
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.repeat)))
        return
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    results = []
    for code in CODES:
        repeat = options.repeat if code == "rampore" else 1
        command = [sys.executable, __file__, "--repeat", str(repeat), "--one", code]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=one_thread
        )
        found = json.loads(done.stdout.splitlines()[-1])
        results.append(
            {
                "code": code,
                "ratio": found["processor_time_s"] / (results or [found])[0]["processor_time_s"],
            }
            | found
        )
        print(
            f"{found['boxes']} boxes {code:>14} {found['processor_time_s']:8.2f} s "
            f"{results[-1]['ratio']:6.1f}",
            flush=True,
        )
    ours, theirs = (np.array(one["impedance_ohm_m2"]) @ [1, 1j] for one in results)
    worst = float(np.abs(ours / theirs - 1).max())
    print(f"impedances within {worst:.1e}")
    if not worst < AGREEMENT:
        raise SystemExit(f"the impedances differ by {worst:.1e}")
    if options.output:
        note = (
            f"A spectrum of {FREQUENCIES.size} frequencies; "
            f"the direct solver did {FREQUENCIES.size // STRIDE} of them."
        )
        title = "Impedance of a perforated half cell"
        with open(options.output, "w", encoding="utf-8") as file:
            content = {
                "title": title,
                "note": note,
                "machine": machine(),
                "residual": RESIDUAL,
                "results": results,
            }
            json.dump(content, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
