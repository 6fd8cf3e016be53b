"""A grey image to its pore network, whole, beside PoreSpy's snow2 on the same mask, in pairs.

``python benchmarks/bench_pores.py`` prints a line for each case: medians of processor times, and of
the ratio with its least and greatest. With ``--check`` it ends with 1 where a target is missed: not
slower than snow2, and under 5 s. Imports are not counted: both run once, small, first.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

import numpy as np

from rampore import pores
from rampore.pores import segmenting

TARGET = 5.0  #: [s]
SHAPES = {"section": (1536, 2048), "volume": (200, 200, 200)}


def make_image(
    shape: tuple[int, ...], porosity: float = 0.24, blur: float = 5.0, noise: float = 15.0
) -> np.ndarray:
    """A random field cut at its quantile, as 8-bit grey values with noise."""
    rng = np.random.default_rng(1)
    field = segmenting.gaussian(rng.random(shape, dtype=np.float32), blur)
    grey = np.where(field < np.quantile(field, porosity), 70.0, 170.0) + rng.normal(0, noise, shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def ours(grey: np.ndarray, recipe: pores.Recipe, progress=lambda step: None):
    """Grey image to network."""
    analysis = pores.analyse(grey, "dark", 50e-9, recipe, progress=progress)
    return analysis, pores.network(analysis.table, analysis.throats)


def theirs(mask: np.ndarray):
    """Mask to network."""
    from porespy.networks import snow2

    return snow2(mask, boundary_width=0, parallel_kw=None).network


def seconds(function, *arguments) -> tuple[float, object]:
    """Processor time of a run [s], and what the function gives."""
    start = time.process_time()
    found = function(*arguments)
    return time.process_time() - start, found


class Pairs(NamedTuple):
    """Runs of both codes, one after the other each time, so that a busy moment meets both."""

    ours: np.ndarray  #: [s]
    theirs: np.ndarray  #: [s]

    def __str__(self) -> str:
        low, middle, high = np.quantile(self.theirs / self.ours, [0.0, 0.5, 1.0])
        return (
            f"{np.median(self.ours):.2f} s against {np.median(self.theirs):.2f} s, {middle:.1f} "
            f"times as fast ({low:.1f} to {high:.1f} in {len(self.ours)} pairs)"
        )


class Steps:
    """Prints when each step of a run starts."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    def __call__(self, step: str) -> None:
        print(f"    {time.perf_counter() - self.start:6.2f} s {step}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="end with 1 where a target is missed")
    parser.add_argument("--steps", action="store_true", help="show when each step starts")
    parser.add_argument("--pairs", type=int, default=5, help="runs of both codes")
    options = parser.parse_args()
    from porespy import settings

    settings.tqdm["disable"] = True
    recipes = {name: pores.Recipe(partition=name) for name in ("rabbani", "snow")}
    missed = False
    for name, shape in SHAPES.items():
        small = make_image(tuple(min(side, 64) for side in shape))
        for recipe in recipes.values():
            theirs(ours(small, recipe)[0].mask)
        grey = make_image(shape)
        mask = pores.segment(grey, "dark")
        for label, recipe in recipes.items():
            if options.steps:
                ours(grey, recipe, Steps())
            times = []
            for _ in range(options.pairs):
                mine, (analysis, _) = seconds(ours, grey, recipe)
                peer, network = seconds(theirs, mask)
                times.append((mine, peer))
            pairs = Pairs(*np.transpose(times))
            missed |= bool(np.median(pairs.ours) > min(np.median(pairs.theirs), TARGET))
            print(
                f"{name} {shape}: {label} from grey, {len(analysis.table)} pores, beside snow2 "
                f"from the mask, {len(network['pore.all'])} pores: {pairs}",
                flush=True,
            )
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
