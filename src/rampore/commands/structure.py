"""``rampore structure``: a picture of a structure to scale, and what it holds, before anything is
solved.
"""

import argparse
import json

from rampore.commands.files import together
from rampore.p4d import bpx
from rampore.p4d.balance import depth
from rampore.p4d.cell import BACK, Cell, Electrode
from rampore.p4d.model import Mesh, grid_of
from rampore.p4d.partners import Equal, unstructured
from rampore.structure.files import read

UM = 1e6  #: um in a metre


def run(options: argparse.Namespace) -> dict:
    """Do what the command line says; returns what ``structure.json`` holds.

    Parameters
    ----------
    options : argparse.Namespace
        Those of the subcommand, see ``rampore structure --help``.

    Raises
    ------
    StructureError, CellError
        A file makes no sense, or the structure does not fit the cell.
    """
    from rampore.figures.structure import drawing
    from rampore.style import render

    cell = bpx.read(options.cell).with_structure(read(options.structure))
    summary = summarise(cell)
    with together(options.output) as folder:
        figure = drawing(cell)
        for form in ("png", "svg"):
            (folder / f"structure.{form}").write_bytes(render(figure, form, "structure"))
        text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        (folder / "structure.json").write_text(text, encoding="utf-8")
    return summary


def summarise(cell: Cell) -> dict:
    """Plain numbers in named units: the unit cell, and of each side its openings, what of the foil
    is touched, its solid over that without a structure, and its partners without one.

    Parameters
    ----------
    cell : Cell
        With a structure.
    """
    structure, partners = cell.structure, {equal: unstructured(cell, equal) for equal in Equal}
    grid = grid_of(cell, Mesh((1, 1, 1), hole_layers=1))
    summary = {"unit_cell_um": [UM * side for side in structure.unit_cell]}
    for name, electrode in cell.electrodes.items():
        if isinstance(electrode, Electrode):
            thickness, side = electrode.thickness, name.removeprefix(BACK)
            touched = getattr(grid, f"foil_{name.replace(' ', '_')}")
            summary[name] = {
                "open_fraction_of_foil": structure.open_fraction(side),
                "channels_share_of_coating": structure.channel_share(side, thickness),
                "touched_share_of_foil": float(touched.sum() / grid.area),
                "solid_over_unstructured": depth(cell, name, 1.0) / thickness,
                "unstructured_of_equal": {
                    str(equal): {
                        "thickness_um": UM * plain.electrodes[name].thickness,
                        "porosity": plain.electrodes[name].porosity,
                    }
                    for equal, plain in partners.items()
                },
            }
    return summary
