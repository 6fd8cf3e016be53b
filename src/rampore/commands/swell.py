"""``rampore swell``: a dilatometer's curve against what lithium makes of its hosts."""

import argparse
import csv
import io
import json
from collections.abc import Callable

import numpy as np

from rampore import storage
from rampore.commands.files import together
from rampore.dilatometry import compare, read_dilatometry

Say = Callable[[str], object]

FILES = ("swelling.json", "bounds.csv")


def run(options: argparse.Namespace, say: Say = print) -> dict:
    """Do what the command line says of one curve.

    ``swelling.json`` has what is said, ``bounds.csv`` the curve and its bounds, point by point.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore swell --help``.
    say : callable
        Takes a line of what was found.

    Returns
    -------
    dict
        What ``swelling.json`` has.

    Raises
    ------
    DilatometryError
        The file holds no curve, or no charge moved.
    """
    area = None if options.area_cm2 is None else 1e-4 * options.area_cm2
    curve = read_dilatometry(options.curve, area)
    swelling = compare(curve, options.porosity)
    charge, thickness = curve.charge / 3.6e4, 1e6 * curve.thickness
    row = swelling.row
    summary = {
        "understood": curve.understood,
        "thickness_um": thickness[row],
        "areal_charge_mAh_cm2": charge[row],
        "volume_per_lithium_cm3_mol": 1e6 * swelling.volume,
        "left_um": thickness[-1],
        "left_areal_charge_mAh_cm2": charge[-1],
        "beyond_lithium_metal": swelling.beyond_metal,
        "bounds": {
            bound.host: {
                "volume_per_lithium_cm3_mol": [1e6 * each for each in bound.volume],
                "thickness_um": [1e6 * bound.least[row], 1e6 * bound.most[row]],
            }
            for bound in swelling.bounds
        },
    }
    say(f"read {curve.understood}")
    say(
        f"{thickness[row]:.3g} um at {charge[row]:.3g} mAh/cm2: "
        f"{1e6 * swelling.volume:.3g} cm3 for each mole of lithium"
    )
    for bound in swelling.bounds:
        low, high = (1e6 * each for each in bound.volume)
        span = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
        say(
            f"  {bound.host}, {span} cm3/mol: {1e6 * bound.least[row]:.3g} um where the pores keep "
            f"their volume, to {1e6 * bound.most[row]:.3g} um where the porosity stays"
        )
    if swelling.beyond_metal:
        say("  more than lithium alone makes: pores opened, gas came, or something bent")
    say(f"{thickness[-1]:.3g} um left at the end, at {charge[-1]:.3g} mAh/cm2")
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    hosts = [f"{bound.host}, {end} / um" for bound in swelling.bounds for end in ("least", "most")]
    table.writerow(["areal charge / mAh cm-2", "thickness / um", *hosts])
    spans = [1e6 * end for bound in swelling.bounds for end in (bound.least, bound.most)]
    table.writerows(np.column_stack([charge, thickness, *spans]).tolist())
    with together(options.output, FILES) as folder:
        storage.write(folder / "bounds.csv", stream.getvalue())
        storage.write(folder / "swelling.json", json.dumps(summary, indent=2) + "\n")
    return summary
