"""``rampore foil``: the holes of a perforated foil on a picture of it, and their structure."""

import argparse
import json
import sys

from rampore import micrograph, storage
from rampore.commands import images
from rampore.commands.files import together
from rampore.figures.foils import found_holes
from rampore.micrograph import FoilPicture, Micrograph, MicrographError
from rampore.structure.openings import Holes
from rampore.style import render_both

UM = 1e6  #: um in a metre

#: Below this mean axis ratio holes are told to be oval, or the picture to be at a slant [-].
ROUND = 0.95

#: Open fractions of the picture and of its lattice that differ by more are told [-], of the latter.
ALIKE = 0.05


def run(options: argparse.Namespace) -> dict:
    """Do what the command line says: ``holes.csv``, ``foil.png``, ``foil.svg`` and ``foil.json``,
    written last; where it is asked for the file of the structure too. Gives what ``foil.json``
    holds.

    Parameters
    ----------
    options : argparse.Namespace
        Those of the subcommand, see ``rampore foil --help``.

    Raises
    ------
    MicrographError, StructureError
        The picture cannot be used, shows no holes, or none that make a structure.
    """
    file, part = images.chosen(options)
    picture = micrograph.read(file, **part)
    images.tell(picture, _say, cropped=part["crop"] is not None)
    if not isinstance(picture.pixel_size, float):
        raise MicrographError(
            f"the pixels of {picture.source} are oblong: scale the picture to square ones, or give "
            "their edge by --pixel-um"
        )
    seen = micrograph.measure_foil(picture.grey, picture.pixel_size, options.holes)
    structure = options.structure and _structure(seen, options)
    if structure:
        storage.check(options.structure)
    told = summary(seen, picture, options.holes)
    with together(options.output) as folder:
        for form, image in render_both(found_holes(picture, seen), "foil").items():
            (folder / f"foil.{form}").write_bytes(image)
        (folder / "holes.csv").write_text(_holes(seen), encoding="utf-8")
        text = json.dumps(told, indent=1, allow_nan=False) + "\n"
        (folder / "foil.json").write_text(text, encoding="utf-8")
    if structure:
        storage.write(options.structure, structure)
    for note in _notes(seen):
        _say(f"note: {note}")
    return told


def _say(step: str) -> None:
    print(f"rampore foil: {step}", file=sys.stderr, flush=True)


def summary(seen: FoilPicture, picture: Micrograph, holes: str) -> dict:
    """Plain numbers in named units; ends of 95 % intervals, without the pixel size's own error.

    Parameters
    ----------
    seen : rampore.micrograph.FoilPicture
    picture : rampore.micrograph.Micrograph
        Of square pixels.
    holes : {"dark", "bright"}
    """

    def mean(value: float, uncertainty: float, deviation: float) -> dict[str, float]:
        return {
            "value": UM * value,
            "low": UM * (value - uncertainty),
            "high": UM * (value + uncertainty),
            "standard_deviation": UM * deviation,
        }

    known = seen.lattice != "irregular"
    return {
        "picture": picture.source,
        "pixel_um": images.in_um(picture.pixel_size),
        "pixel_size_source": picture.pixel_size_source,
        "holes_are": holes,
        "whole_holes": seen.holes,
        "hole_diameter_um": mean(
            seen.hole_diameter, seen.diameter_uncertainty, seen.hole_deviation
        ),
        "edge_uncertainty_um": UM * seen.edge_uncertainty,
        "pitch_um": mean(seen.pitch, seen.pitch_uncertainty, seen.pitch_deviation),
        "lattice": seen.lattice,
        "open_fraction": seen.open_fraction,
        "open_fraction_of_lattice": seen.lattice_fraction if known else None,
        "axis_ratio": seen.axis_ratio,
    }


def _holes(seen: FoilPicture) -> str:
    import pandas as pd

    y, x = UM * seen.centres.T
    columns = {
        "number": seen.numbers,
        "x_um": x,
        "y_um": y,
        "diameter_um": UM * seen.diameters,
        "axis_ratio": seen.axis_ratios,
    }
    return pd.DataFrame(columns).to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _notes(seen: FoilPicture) -> list[str]:
    """What a reader should look at before he believes the numbers."""
    notes = []
    if seen.axis_ratio < ROUND:
        notes.append(
            f"the holes are oval, {seen.axis_ratio:.2f} times as long one way as the other; where "
            "they are round, the picture was taken at a slant"
        )
    if abs(seen.open_fraction / seen.lattice_fraction - 1) > ALIKE:
        notes.append(
            f"{100 * seen.open_fraction:.1f} % are open, and of the lattice "
            f"{100 * seen.lattice_fraction:.1f} %: holes are missing, closed or joined, or few are "
            "on the picture"
        )
    return notes


def _structure(seen: FoilPicture, options: argparse.Namespace) -> str:
    """The holes as a file of a structure has them.

    Raises
    ------
    MicrographError
        Where they lie on no lattice, or are oval: at a slant a triangular lattice passes for a
        square one.
    StructureError
        Where such holes would touch.
    """
    if seen.lattice == "irregular":
        raise MicrographError(
            "the holes lie on no lattice, which a structure asks for: leave --structure out, or "
            "write the file by hand"
        )
    if seen.axis_ratio < ROUND:
        raise MicrographError(
            f"the holes are oval, {seen.axis_ratio:.2f} times as long one way as the other, and a "
            "structure is made of round ones: take the picture face on, or leave --structure out"
        )
    holes = Holes(
        lattice=seen.lattice,
        pitch=seen.pitch,
        width=seen.hole_diameter,
        depth=1e-6 * options.depth_um,
        foil=options.foil or "negative",
        filling=options.filling or "coating",
    )
    lengths = "".join(
        f'{name} = "{UM * getattr(holes, name):.4g} um"\n' for name in ("pitch", "width", "depth")
    )
    words = "".join(
        f'{name} = "{getattr(holes, name)}"\n' for name in ("foil", "lattice", "filling")
    )
    return f"[[holes]]\n{words}{lengths}"
