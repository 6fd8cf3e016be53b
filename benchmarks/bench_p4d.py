"""Speed of the P4D engine: full 3C discharges at a time tolerance of 1e-3, by number of cells, after compilation.

Processor time of one thread and peak memory: ``python benchmarks/bench_p4d.py [COLUMNS_X COLUMNS_Y LAYERS]...``.
"""

import resource
import sys
import time
from dataclasses import replace

import numpy as np

from rampore.p4d import published
from rampore.p4d.cell import Perforation
from rampore.p4d.solution import Mesh, Step, simulate

MESHES = [(4, 7, 12), (8, 14, 16), (12, 21, 28)]


def discharge(cell, mesh):
    """Cells, steps and processor seconds of one discharge."""
    start = time.process_time()
    solution = simulate(cell, [Step("current", 3 * cell.one_c, until_voltage=cell.lower_cutoff)], mesh)
    seconds = time.process_time() - start
    return solution.dataset.volume.size, solution.counts["steps"], seconds


def main(meshes):
    perforated = replace(published.chen_2020(), perforation=Perforation(75e-6, 160e-6, 15e-6), contact_negative=1e-4)
    discharge(perforated, Mesh((4, 2, 4), (2, 2), 2))
    line = Mesh((80, 80, 80))
    discharge(published.chen_2020(), line)
    size, steps, seconds = discharge(published.chen_2020(), line)
    print(f"laterally uniform, 80 cells a layer: {size} cells, {steps} steps, {seconds:.2f} s")
    sizes, times = [], []
    for nx, ny, layers in meshes:
        mesh = Mesh((layers, layers // 2, layers), (nx, ny), max(layers // 4, 2))
        size, steps, seconds = discharge(perforated, mesh)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"perforated, {nx} x {ny} columns: {size} cells, {steps} steps, {seconds:.2f} s, {memory:.2f} GB at most")
        sizes.append(size)
        times.append(seconds)
    if len(sizes) > 1:
        print(f"cost grows as cells to the power {np.polyfit(np.log(sizes), np.log(times), 1)[0]:.2f}")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(list(zip(given[::3], given[1::3], given[2::3], strict=True)) or MESHES)
