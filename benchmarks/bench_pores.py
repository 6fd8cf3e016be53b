"""A mask, and a grey image, to its pore network, beside PoreSpy's snow2 on the same mask, in pairs.

    python benchmarks/bench_pores.py [-o FILE.json] [--pairs 5] [--steps] [--check]

In each pair both codes run one after the other, so that a busy moment meets both; shown are medians
of processor times on one thread, and of the ratio with its least and greatest. Ours counts twice,
from the mask as snow2 does, and from the grey image whose mask it is. With ``--check`` it ends with
1 where a target is missed. Imports and compilation are not counted: both run once, small, first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

import numpy as np
from bench_diffusion import machine

from rampore import pores
from rampore.pores import segmenting

SHAPES = {"section": (1536, 2048), "volume": (200, 200, 200)}
#: How many times as fast as snow2 from grey, with the default partition [-].
TARGETS = {"section": 8.0, "volume": 6.0}
PIXEL = 50e-9  #: [m]


def make_image(
    shape: tuple[int, ...], porosity: float = 0.24, blur: float = 5.0, noise: float = 15.0
) -> np.ndarray:
    """A random field cut at its quantile, as 8-bit grey values with noise."""
    rng = np.random.default_rng(1)
    field = segmenting.gaussian(rng.random(shape, dtype=np.float32), blur)
    grey = np.where(field < np.quantile(field, porosity), 70.0, 170.0) + rng.normal(0, noise, shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def ours(mask: np.ndarray, recipe: pores.Recipe, progress=lambda step: None):
    """Mask to labels and network."""
    analysis = pores.measure(mask, PIXEL, recipe, progress=progress)
    return analysis, pores.network(analysis.table, analysis.throats)


def theirs(mask: np.ndarray):
    """Mask to labels and network."""
    from porespy.networks import snow2

    return snow2(mask, boundary_width=0, parallel_kw=None).network


def seconds(function, *arguments) -> tuple[float, object]:
    """Processor time of a run [s], and what the function gives."""
    start = time.process_time()
    found = function(*arguments)
    return time.process_time() - start, found


def spread(values: np.ndarray) -> dict[str, float]:
    """Median, least and greatest."""
    return dict(zip(("median", "least", "most"), np.quantile(values, [0.5, 0, 1]), strict=True))


def race(grey: np.ndarray, recipe: pores.Recipe, pairs: int) -> dict:
    """A row of the table: both codes in turns on one image."""
    times = []
    for _ in range(pairs):
        segmenting_s, mask = seconds(pores.segment, grey, "dark", recipe)
        measuring_s, (analysis, _) = seconds(ours, mask, recipe)
        peer_s, network = seconds(theirs, mask)
        times.append((segmenting_s, measuring_s, peer_s))
    first, second, peer = np.transpose(times)
    return {
        "image": " x ".join(map(str, grey.shape)),
        "partition": recipe.partition,
        "pairs": pairs,
        "pores": len(analysis.table),
        "peer_pores": len(network["pore.all"]),
        "from_mask_s": float(np.median(second)),
        "from_grey_s": float(np.median(first + second)),
        "peer_from_mask_s": float(np.median(peer)),
        "ratio_from_mask": spread(peer / second),
        "ratio_from_grey": spread(peer / (first + second)),
    }


class Steps:
    """Prints when each step of a run starts."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    def __call__(self, step: str) -> None:
        print(f"    {time.perf_counter() - self.start:6.2f} s {step}")


def shown(row: dict) -> str:
    """A row as a line."""
    ratios = [
        f"{found['median']:.1f} ({found['least']:.1f} to {found['most']:.1f}) times as fast from "
        f"the {start}"
        for start, found in (("mask", row["ratio_from_mask"]), ("grey", row["ratio_from_grey"]))
    ]
    return (
        f"{row['image']}, {row['partition']}: {row['pores']} pores in {row['from_grey_s']:.2f} s, "
        f"snow2 {row['peer_pores']} in {row['peer_from_mask_s']:.2f} s; {', '.join(ratios)}, in "
        f"{row['pairs']} pairs"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="end with 1 where a target is missed")
    parser.add_argument("--steps", action="store_true", help="show when each step starts")
    parser.add_argument("--pairs", type=int, default=5, help="runs of both codes")
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the results")
    options = parser.parse_args()
    from porespy import settings

    settings.tqdm["disable"] = True
    rows, missed = [], False
    for name, shape in SHAPES.items():
        small = make_image(tuple(min(side, 64) for side in shape))
        grey = make_image(shape)
        for partition in ("rabbani", "snow"):
            recipe = pores.Recipe(partition=partition)
            race(small, recipe, 1)
            if options.steps:
                ours(pores.segment(grey, "dark", recipe), recipe, Steps())
            rows.append(race(grey, recipe, options.pairs))
            print(shown(rows[-1]), flush=True)
        missed |= rows[-2]["ratio_from_grey"]["median"] < TARGETS[name]
    if options.output:
        results = {"title": "From an image to its pores", "machine": machine(), "races": rows}
        options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
