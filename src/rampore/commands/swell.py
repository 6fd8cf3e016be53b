"""``rampore swell``: a dilatometer's curve against what lithium makes of its hosts, or how thick a
cell becomes along a protocol, and the curve against that.
"""

import argparse
import json
from collections.abc import Callable

from rampore import storage
from rampore.commands.files import table, together
from rampore.dilatometry import Dilatometry, compare, read_dilatometry

Say = Callable[[str], object]

FILES = ("swelling.json", "bounds.csv")
MAH_CM2 = 3.6e4  #: C/m2 in a mAh/cm2
UM = 1e6  #: um in a metre


def run(options: argparse.Namespace, say: Say = print) -> dict:
    """Do what the command line says of a curve, of a cell, or of both.

    ``swelling.json`` has what is said, ``bounds.csv`` the curve and its bounds, point by point. Of
    a cell ``thickness.csv`` and ``thickness.nc`` have every state of every run, and
    ``thickness.png`` and ``thickness.svg`` show them.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the subcommand, see ``rampore swell --help``.
    say : callable
        Takes a line of what was found, or of progress.

    Returns
    -------
    dict
        What ``swelling.json`` has.

    Raises
    ------
    DilatometryError
        The file holds no curve, or no charge moved.
    CellError
        The cell, or an option, makes no sense, or has no effect.
    SolverError
        The cell cannot be computed.
    """
    area = None if options.area_cm2 is None else 1e-4 * options.area_cm2
    curve = None if options.curve is None else read_dilatometry(options.curve, area)
    if options.cell is None:
        return _of_hosts(options, curve, say)
    from rampore.commands import dilation

    return dilation.run(options, curve, say)


def _of_hosts(options, curve: Dilatometry, say):
    """A curve against what lithium makes of each host."""
    swelling = compare(curve, options.porosity)
    charge, thickness = curve.charge / MAH_CM2, UM * curve.thickness
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
                "thickness_um": [UM * bound.least[row], UM * bound.most[row]],
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
            f"  {bound.host}, {span} cm3/mol: {UM * bound.least[row]:.3g} um where the pores keep "
            f"their volume, to {UM * bound.most[row]:.3g} um where the porosity stays"
        )
    if swelling.beyond_metal:
        say("  more than lithium alone makes: pores opened, gas came, or something bent")
    say(f"{thickness[-1]:.3g} um left at the end, at {charge[-1]:.3g} mAh/cm2")
    hosts = [f"{bound.host}, {end} / um" for bound in swelling.bounds for end in ("least", "most")]
    spans = [UM * end for bound in swelling.bounds for end in (bound.least, bound.most)]
    headings = ["areal charge / mAh cm-2", "thickness / um", *hosts]
    with together(options.output, FILES) as folder:
        storage.write(folder / "bounds.csv", table(headings, [charge, thickness, *spans]))
        storage.write(folder / "swelling.json", json.dumps(summary, indent=2) + "\n")
    return summary
