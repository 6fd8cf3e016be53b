"""Run a command under four kinds of arithmetic that one machine can be made to do: ``make
test-arithmetic``.

Another processor has other vector instructions, so that its sums round differently; a result that
holds within its error holds in all four. The machine's own setting comes last, so that what is left
in ``build`` is of it.

    python benchmarks/arithmetic.py make test
"""

from __future__ import annotations

import os
import subprocess
import sys
import time


def settings() -> dict[str, dict[str, str]]:
    """What is added to the environment in each setting, by its name."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    extensions = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    two = {f"{library}_NUM_THREADS": "2" for library in ("OMP", "OPENBLAS", "NUMBA")}
    return {
        "generic kernels of numba, two threads": {"NUMBA_CPU_NAME": "generic", **two},
        "oldest linear algebra, no vector extensions": {
            "OPENBLAS_CORETYPE": "Prescott",
            "NPY_DISABLE_CPU_FEATURES": extensions,
        },
        "linear algebra of another processor": {
            "OPENBLAS_CORETYPE": "Haswell",
            "OPENBLAS_L2_SIZE": "512",
        },
        "as it is": {},
    }


def main(command: list[str]) -> int:
    """Run the command in every setting; gives 0 where it gave 0 in all of them."""
    outcomes = {}
    for name, added in settings().items():
        print(
            f"\n{name}: {' '.join(f'{key}={value!r}' for key, value in added.items())}", flush=True
        )
        started = time.perf_counter()
        code = subprocess.run(command, env=os.environ | added).returncode
        outcomes[name] = code
        print(f"{name}: exit {code} after {time.perf_counter() - started:.0f} s", flush=True)
    print(
        "\n"
        + "\n".join(
            f"{'green' if not code else 'RED  '}  {name}" for name, code in outcomes.items()
        )
    )
    return max(outcomes.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
