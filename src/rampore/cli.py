"""The ``rampore`` command: one function a subcommand, which imports what it needs when it runs."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import rampore

Run = Callable[[argparse.Namespace], int]


#: Characters of a message that are shown; what a file or a call repeats may be endless.
LONGEST_LINE = 1000


class _Parser(argparse.ArgumentParser):
    """One line for a wrong call, which names the nearest right one; no option is ever guessed from
    its beginning.
    """

    def __init__(self, **settings) -> None:
        super().__init__(allow_abbrev=False, **settings)
        # A word that begins like a number is one, as -3e-6 is: no option of ours does.
        self._negative_number_matcher = re.compile(r"-(\.?\d|inf$|nan$)")

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {_one_line(message)}; see {self.prog} --help\n")

    def parse_known_args(self, args=None, namespace=None):
        args = list(sys.argv[1:] if args is None else args)
        for word in args:
            if word == "--" or (self._subparsers and not word.startswith("-")):
                break
            self._refuse_unknown(word)
        return super().parse_known_args(args, namespace)

    def _refuse_unknown(self, word: str) -> None:
        name, known = word.partition("=")[0], self._option_string_actions
        if not name.startswith("-") or name == "-" or self._negative_number_matcher.match(word):
            return
        if name not in known and (name.startswith("--") or name[:2] not in known):
            from rampore.checks import nearest

            self.error(f"there is no option {name!r}{nearest(name, known)}")

    def _check_value(self, action, value) -> None:
        if action.choices is not None and value not in action.choices:
            from rampore.checks import nearest

            hint = nearest(value, action.choices)
            raise argparse.ArgumentError(action, f"{value!r} is not one of the choices{hint}")


def _one_line(text: str) -> str:
    """A message without line ends and control characters, and not endless."""
    text = " ".join(line.strip() for line in text.splitlines())
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    cut = LONGEST_LINE // 2
    return text if len(text) <= LONGEST_LINE else f"{text[:cut]} ... {text[-cut:]}"


def _number(whole: bool = False, **limits: float) -> Callable[[str], float]:
    """How an option is read that is a number within limits, see :func:`rampore.checks.quantity`."""

    def read(text: str) -> float:
        from rampore.checks import quantity

        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no {'whole ' * whole}number") from None
        return quantity("value", value, argparse.ArgumentTypeError, **limits)

    return read


_count = _number(whole=True, at_least=1, at_most=1024)


def _refuse_idle(parser: argparse.ArgumentParser, why: str, given: dict[str, object]) -> None:
    """End where options were given that have no effect in this call."""
    idle = [name for name, value in given.items() if value is not None and value is not False]
    if idle:
        parser.error(
            f"{' and '.join(idle)} would have no effect {why}: leave "
            f"{'them' if idle[1:] else 'it'} out"
        )


def _reproduce(parser: argparse.ArgumentParser) -> Run:
    """Run the chapters that changed and build the book."""
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="chapters to run; all by default"
    )
    parser.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the chapters that declare it; may be repeated; ends in a page "
        "with the study's values beside yours",
    )
    parser.add_argument(
        "--parameters",
        action="store_true",
        help="list what the chapters take by -p, and run nothing",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where results go (default: build in the study, build-yours with -p)",
    )
    parser.add_argument(
        "--study",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where _toc.yml is, or below it",
    )
    parser.add_argument(
        "--jobs", type=_count, metavar="N", help="chapters at once (default: one on each core)"
    )
    parser.add_argument("--no-html", dest="html", action="store_false", help="stop before the HTML")
    parser.add_argument(
        "--pdf", action="store_true", help="print the book as one PDF too, by Chromium"
    )
    parser.add_argument(
        "--update", action="store_true", help="refresh the committed notebooks and README.md"
    )
    parser.add_argument(
        "--force", action="store_true", help="run the chapters even where nothing changed"
    )

    def run(options: argparse.Namespace) -> int:
        from rampore.audit import reproduce
        from rampore.audit.reproduce.parameters import declared, listing

        study = reproduce.find(options.study)
        if options.parameters:
            print(
                listing(
                    {
                        name: declared(study.chapters[name])
                        for name in study.select(options.chapters)
                    }
                )
            )
            return 0
        names = [name for name, _ in options.parameter]
        if twice := [name for name in names if names.count(name) > 1]:
            parser.error(f"the parameter {twice[0]!r} is given twice")
        reproduce.reproduce(
            study,
            options.chapters,
            parameters=dict(options.parameter),
            output=options.output,
            jobs=options.jobs,
            html=options.html,
            pdf=options.pdf,
            update=options.update,
            force=options.force,
        )
        return 0

    return run


def _claims(parser: argparse.ArgumentParser) -> Run:
    """Show the verdicts of the last run: all, some, or one in full."""
    from rampore.audit.claims import Verdict

    verdicts = [verdict.value for verdict in Verdict]
    parser.add_argument("ids", nargs="*", metavar="CLAIM", help="claims to show in full")
    parser.add_argument("--chapter", help="only what this chapter computes")
    parser.add_argument(
        "--verdict",
        choices=verdicts,
        metavar="VERDICT",
        help=f"only this one of: {', '.join(verdicts)}",
    )
    parser.add_argument(
        "--study",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where study.toml is, or below it",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("build"), metavar="FOLDER", help="where the results are"
    )

    def run(options: argparse.Namespace) -> int:
        from rampore.audit import chapter, claims
        from rampore.audit.ledger import LedgerError, read_ledger
        from rampore.audit.reproduce import verdicts
        from rampore.checks import choice

        ledger = read_ledger(_study_settings(options.study).ledger)
        if options.chapter is not None:
            choice(
                "--chapter",
                options.chapter,
                {each.chapter for each in ledger.values()},
                LedgerError,
            )
        path = options.output / "claims.json"
        if not path.is_file():
            raise LedgerError(
                f"no {path}: run `rampore reproduce` first, or name its folder by --output"
            )
        entries = claims.entries(path)
        verdicts.refuse_edited(ledger, path, entries)
        for name in options.ids:
            ledger[name]
        for entry in entries:
            if options.chapter not in (None, entry["chapter"]) or options.verdict not in (
                None,
                entry["verdict"],
            ):
                continue
            if not options.ids:
                print(chapter.line(entry))
            elif entry["id"] in options.ids:
                print(*filter(None, chapter.full(entry)), "", sep="\n")
        return 0

    return run


def _parameters(parser: argparse.ArgumentParser) -> Run:
    """Show the study's inputs: all keys, or where some come from."""
    parser.add_argument(
        "keys", nargs="*", metavar="KEY", help="keys, or beginnings of keys, to show in full"
    )
    parser.add_argument(
        "--cell", type=Path, metavar="FILE", help="a TOML file of your own instead of the study's"
    )

    def run(options: argparse.Namespace) -> int:
        from rampore.audit.pages.inputs import value_text
        from rampore.checks import nearest
        from rampore.lim2026 import parameters

        cell = parameters.load(options.cell)
        for beginning in options.keys:
            if not any(key.startswith(beginning) for key in cell.records):
                parser.error(f"no key starts with {beginning!r}{nearest(beginning, cell.records)}")
        shown = [
            record
            for key, record in cell.records.items()
            if key.startswith(tuple(options.keys) or "")
        ]
        for record in shown:
            print(f"{record.key} = {value_text(record)}  ({record.confidence}) {record.label}")
            if options.keys:
                sources = [cell.sources[name].citation for name in record.source]
                notes = [
                    f"as in the file: {record.value} {record.unit}",
                    *sources,
                    record.place,
                    record.formula,
                    record.note,
                ]
                print(*(f"    {text}" for text in notes if text), sep="\n")
        return 0

    return run


def _structure(parser: argparse.ArgumentParser) -> Run:
    """Draw a structure of the electrodes to scale, and say what it holds, before anything is
    solved.
    """
    parser.add_argument(
        "structure",
        type=Path,
        metavar="STRUCTURE.toml",
        help="holes in the foils, channels and layers in the coatings",
    )
    parser.add_argument(
        "--cell",
        type=Path,
        required=True,
        metavar="CELL.json",
        help="a BPX file: what is structured",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import structure

        structure.run(options)
        print(options.output / "structure.json")
        return 0

    return run


def _cell(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What changes a cell that a file describes, and its mesh."""
    return [
        parser.add_argument(
            "--collector",
            choices=("bare", "perforated"),
            help="negative foil (default: as in the file)",
        ),
        parser.add_argument(
            "--structure",
            type=Path,
            metavar="STRUCTURE.toml",
            help="holes, channels and layers in place of --collector; see rampore structure",
        ),
        parser.add_argument("--hole-um", type=float, help="diameter of the holes (default 75)"),
        parser.add_argument(
            "--pitch-um", type=float, help="distance of neighbouring holes (default 160)"
        ),
        parser.add_argument("--foil-um", type=float, help="thickness of the foil (default 15)"),
        _reservoir(parser),
        parser.add_argument(
            "--lower-cutoff-V", type=float, dest="lower_cutoff", help="default: as in the file"
        ),
        parser.add_argument(
            "--upper-cutoff-V", type=float, dest="upper_cutoff", help="default: as in the file"
        ),
        *_mesh(parser),
    ]


def _reservoir(parser: argparse.ArgumentParser) -> argparse.Action:
    return parser.add_argument(
        "--reservoir-um",
        type=float,
        help="electrolyte beside the stack, per area (default: so much that its salt stays)",
    )


def _swelling(parser: argparse.ArgumentParser) -> None:
    """How a stack makes room for what swells."""
    parser.add_argument(
        "--sharing",
        type=float,
        help="of what swells: 0 a rigid stack, whose pores close, to 1 a free one (default 0)",
    )
    parser.add_argument(
        "--least-porosity",
        type=float,
        help="porosity that ends the run (default: pores that close are an error)",
    )


def _mesh(
    parser: argparse.ArgumentParser, layers: tuple[int, int, int] | None = None
) -> list[argparse.Action]:
    """How many boxes the cell is divided into."""
    return [
        parser.add_argument(
            "--columns",
            type=_count,
            nargs=2,
            metavar=("NX", "NY"),
            help="cells across the unit cell (default 8 14 or 1 1)",
        ),
        parser.add_argument(
            "--layers",
            type=_count,
            nargs=3,
            default=layers,
            metavar=("NEG", "SEP", "POS"),
            help="cells through the layers (default 20 10 20)",
        ),
    ]


def _discharge(parser: argparse.ArgumentParser) -> Run:
    """Discharge a cell from a BPX file, on bare or perforated foil, with the three-dimensional
    model. A cell that is exhausted before its voltage reaches the cut-off is a result as well, and
    so is one whose current alone takes the voltage beyond it: a note and summary.json say so, and
    the exit code is 0.
    """
    parser.add_argument("cell", type=Path, metavar="CELL.json", help="a BPX file")
    parser.add_argument(
        "--c-rate", type=float, default=1.0, help="current over 1C; negative charges (default 1)"
    )
    _swelling(parser)
    _cell(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import discharge

        discharge.run(options, print)
        return 0

    return run


def _simulate(parser: argparse.ArgumentParser) -> Run:
    """Run a protocol in sentences on a cell from a BPX file, at several rates, beside its partner
    without a structure, and against a measured curve. Runs that are complete stand in DIR; what is
    interrupted goes on where it stopped when it is called again, within a run too.
    """
    parser.add_argument("cell", type=Path, metavar="CELL.json", help="a BPX file")
    parser.add_argument(
        "protocol",
        metavar="PROTOCOL",
        help="sentences as PyBaMM has them, parted by semicolons, or a file with one a line: "
        "'3 x [Discharge at 1C until 2.5 V; Charge at C/2 until 4.2 V; Hold at 4.2 V until C/50]', "
        "and 'Follow CYCLE.csv until 2.5 V' for a table of a current or a power over time",
    )
    parser.add_argument(
        "--soc",
        type=_number(at_least=0, at_most=1),
        metavar="X",
        help="state of charge at the start, in place of the file's, which says what it means",
    )
    parser.add_argument(
        "--temperature-C",
        type=_number(above=-273.15, at_most=1000),
        dest="temperature",
        metavar="X",
        help="in place of the file's; kinetics and transport follow by the activation energies",
    )
    parser.add_argument(
        "--structure",
        type=Path,
        metavar="STRUCTURE.toml",
        help="holes, channels and layers; see rampore structure. The transport efficiency of the "
        "file then follows the pores, by the exponent of Bruggeman's law that it stands for",
    )
    parser.add_argument(
        "--against",
        choices=("bare",),
        help="the cell without holes and channels, of equal mass and thickness, with the gain over "
        "it; its error takes each run once more, with half the boxes in every direction",
    )
    parser.add_argument(
        "--half",
        choices=("negative", "positive"),
        help="this electrode against lithium; a discharge lithiates it, and voltages are its "
        "potential",
    )
    parser.add_argument(
        "--rates",
        type=_number(above=0),
        nargs="+",
        metavar="X",
        help="a run for each, which stands in the protocol as {rate}: 'Discharge at {rate}C ...'",
    )
    parser.add_argument(
        "--measured",
        type=Path,
        nargs="+",
        metavar="CURVE.csv",
        help="a table with a time and a voltage for each run: 'Test Time / s', 'Voltage / V'",
    )
    parser.add_argument(
        "--fields-at",
        type=_number(at_least=0),
        nargs="+",
        metavar="SECONDS",
        help="times since the start at which the fields are kept, for ParaView too, beside the "
        "beginning and the end of each step",
    )
    parser.add_argument(
        "--sweep",
        nargs="+",
        metavar="KEY=VALUES",
        help="a run for each value of a key of the structure, of the cell's file or of rate, soc, "
        "temperature-C, sharing, reservoir-um and least-porosity: 'channels.pitch=60:240:7 um', "
        "'Negative electrode / Thickness [m]=5e-5,1e-4', rate=0.5:5:6:log; of several keys every "
        "combination",
    )
    parser.add_argument(
        "--zip", action="store_true", help="the keys of --sweep side by side, not every combination"
    )
    parser.add_argument(
        "--jobs",
        type=_number(whole=True, at_least=1, at_most=1024),
        metavar="N",
        help="of --sweep at once (default: one for each core)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster that runs --sweep, as tcp://10.0.0.5:8786. Dask sends pickles, "
        "which can run anything: on a network that you trust alone",
    )
    _swelling(parser)
    _reservoir(parser)
    _mesh(parser, layers=(20, 10, 20))
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")

    def run(options: argparse.Namespace) -> int:
        if options.sweep is None:
            idle = {f"--{name}": getattr(options, name) for name in ("jobs", "scheduler")}
            _refuse_idle(parser, "without --sweep", idle | {"--zip": options.zip or None})

            from rampore.commands import simulate

            simulate.run(options, print)
            return 0
        idle = {f"--{name}": getattr(options, name) for name in ("rates", "measured")}
        _refuse_idle(parser, "beside --sweep", idle | {"--fields-at": options.fields_at})
        if options.jobs is not None:
            _refuse_idle(parser, "beside --jobs", {"--scheduler": options.scheduler})

        from rampore.commands import parametric

        parametric.run(options, print)
        return 0

    return run


def _or_all(text: str) -> int | str:
    return text if text == "all" else _number(whole=True, at_least=0, at_most=2**31)(text)


def _span(text: str) -> slice:
    ends = text.split(":")
    if len(ends) != 2 or not all(re.fullmatch("[0-9]{0,9}", end) for end in ends):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form A:B, two whole numbers of which one may be left out"
        )
    first, last = (int(end) if end else None for end in ends)
    if last is not None and last - (first or 0) < 2:
        raise argparse.ArgumentTypeError(
            f"{text!r} leaves less than two rows or columns; B is the first that goes"
        )
    return slice(first, last)


#: Edge of a pixel [um], from less than an atom to more than an electrode.
_EDGE = _number(at_least=1e-6, at_most=1e6)


def _image(parser: argparse.ArgumentParser) -> None:
    """What says which image is meant: the file, its part, and the size of a pixel."""
    parser.add_argument(
        "image",
        type=Path,
        nargs="+",
        metavar="IMAGE",
        help="TIFF, PNG, JPEG, NumPy, MetaImage, NRRD, HDF5, VTI or raw file; a Zarr; a folder of "
        "slices, or several files that are slices",
    )
    parser.add_argument(
        "--voxel-um",
        "--pixel-um",
        dest="voxel_um",
        type=_EDGE,
        nargs="+",
        metavar="X",
        help="edge of a pixel in um, or one for each axis (Z Y X, or Y X); counts over the file's",
    )
    parser.add_argument(
        "--page",
        type=_or_all,
        metavar="N|all",
        help="page of a TIFF that has several, from 0; all of them are a volume",
    )
    for name, what in (("channel", "channel"), ("time", "point in time")):
        parser.add_argument(
            f"--{name}",
            type=_or_all,
            metavar="N|all",
            help=f"{what} of a file that has several, from 0; all of them are slices",
        )
    parser.add_argument("--dataset", metavar="NAME", help="array of a file that has several")
    parser.add_argument("--slices", type=_span, metavar="A:B", help="slices to keep of a volume")
    parser.add_argument(
        "--rows", type=_span, metavar="A:B", help="rows to keep, e.g. :943 to drop an info bar"
    )
    parser.add_argument("--columns", type=_span, metavar="A:B", help="columns to keep")
    parser.add_argument(
        "--shape",
        type=_number(whole=True, at_least=1, at_most=2**31),
        nargs="+",
        metavar="N",
        help="of a raw file, two or three numbers; its last axis varies fastest",
    )
    parser.add_argument("--dtype", help="of a raw file, as NumPy names it (default uint8)")
    parser.add_argument(
        "--offset",
        type=_number(whole=True, at_least=0, at_most=2**62),
        metavar="BYTES",
        help="of a raw file, what stands before its first voxel (default 0)",
    )


def _check_image(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End where the options of an image do not go together."""
    if options.voxel_um is not None and len(options.voxel_um) > 3:
        parser.error(f"--voxel-um takes up to three numbers, not {len(options.voxel_um)}")
    if options.shape is None:
        _refuse_idle(
            parser,
            "without --shape, which says that the file is raw",
            {"--dtype": options.dtype, "--offset": options.offset},
        )
        return
    named = {f"--{name}": getattr(options, name) for name in ("page", "channel", "time", "dataset")}
    _refuse_idle(parser, "on a raw file, which --shape says it is", named)
    if len(options.shape) not in (2, 3):
        parser.error(f"--shape takes two numbers or three, not {len(options.shape)}")


def _pores(parser: argparse.ArgumentParser) -> Run:
    """Find and measure the pores of a grey cross-section or volume, or of a segmented one."""
    _image(parser)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--pores", choices=["dark", "bright"], help="what is pore; never guessed")
    kind.add_argument(
        "--phase",
        type=_number(),
        nargs="+",
        metavar="LABEL",
        help="the image is segmented, and these labels are pore",
    )
    parser.add_argument(
        "--recipe",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE.toml|KEY=VALUE",
        help="steps, values and counting rules, e.g. threshold=local 'denoise_size=0.2 um'; "
        "the later overrule",
    )
    parser.add_argument(
        "--phases",
        type=_number(whole=True, at_least=2, at_most=5),
        metavar="N",
        help="how many phases the image shows: it is segmented in six ways side by side, and what "
        "most of those on evened light find is measured",
    )
    parser.add_argument(
        "--structure",
        action="store_true",
        help="surface, chords, thickness and correlation of the pores, sizes of the particles",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )

    def run(options: argparse.Namespace) -> int:
        _check_image(parser, options)
        if options.phase is not None:
            _refuse_idle(
                parser, "on labels, which --phase says they are", {"--phases": options.phases}
            )

        from rampore.commands import pores

        pores.run(options)
        return 0

    return run


def _foil(parser: argparse.ArgumentParser) -> Run:
    """Measure the holes of a perforated foil on a picture that shows it face on."""
    _image(parser)
    parser.add_argument(
        "--holes",
        choices=["dark", "bright"],
        required=True,
        help="what holes look like: bright where light shines through them; never guessed",
    )
    parser.add_argument(
        "--structure",
        type=Path,
        metavar="FILE.toml",
        help="write the holes as a structure, which rampore structure, discharge and simulate take",
    )
    parser.add_argument(
        "--depth-um", type=_EDGE, metavar="X", help="thickness of the foil in um, for --structure"
    )
    parser.add_argument(
        "--foil",
        choices=["negative", "positive"],
        help="which foil of the cell, for --structure (default negative)",
    )
    parser.add_argument(
        "--filling",
        choices=["coating", "electrolyte"],
        help="what is in the holes, for --structure (default coating)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )

    def run(options: argparse.Namespace) -> int:
        _check_image(parser, options)
        if options.structure is None:
            given = {f"--{name}": getattr(options, name) for name in ("foil", "filling")}
            _refuse_idle(parser, "without --structure", {"--depth-um": options.depth_um} | given)
        elif options.depth_um is None:
            parser.error("--structure needs --depth-um, the thickness of the foil")

        from rampore.commands import foil

        foil.run(options)
        print(options.output / "foil.json")
        return 0

    return run


def _labelled(text: str) -> tuple[float, float]:
    label, equals, value = text.partition("=")
    return _number()(label), _number(at_least=0)(value) if equals else 1.0


def _diffuse(parser: argparse.ArgumentParser) -> Run:
    """Solve diffusion through the pores of a segmented image: tortuosity, fields, figure."""
    _image(parser)
    parser.add_argument(
        "--phase",
        type=_labelled,
        nargs="+",
        required=True,
        metavar="LABEL[=D]",
        help="labels that conduct, with their diffusivity over that of the first "
        "(1 where none is given)",
    )
    parser.add_argument(
        "--axis",
        type=_number(whole=True, at_least=-3, at_most=2),
        nargs="+",
        default=[0],
        metavar="N",
        help="axes of flow, of 0, 1 and 2; in a volume 0 runs through the slices (default 0)",
    )
    parser.add_argument(
        "--sides", choices=["closed", "periodic"], default="closed", help="the faces along the axis"
    )
    parser.add_argument(
        "--tolerance",
        type=_number(above=0, below=1),
        default=1e-4,
        metavar="X",
        help="largest relative difference between fluxes (default 1e-4)",
    )
    parser.add_argument(
        "--electrode",
        action="store_true",
        help="the tortuosity factor that the impedance of an electrode sees, too",
    )
    parser.add_argument(
        "--representative",
        action="store_true",
        help="the parts of the image too: the interval of each number, and how large an image "
        "should be",
    )
    parser.add_argument(
        "--fields",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="write concentration and flux, as NetCDF and for ParaView",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )

    def run(options: argparse.Namespace) -> int:
        labels = [label for label, _ in options.phase]
        if twice := [label for label in labels if labels.count(label) > 1]:
            parser.error(f"the label {twice[0]:g} is given twice")
        if len(set(options.axis)) < len(options.axis):
            parser.error("an axis is given twice")
        _check_image(parser, options)

        from rampore.commands import diffuse

        diffuse.run(options)
        return 0

    return run


def _hertz(text: str) -> float | tuple[float, float]:
    """A frequency, or a range A:B of them [Hz]."""
    read = _number(above=0)
    first, colon, last = text.partition(":")
    return (read(first), read(last)) if colon else read(first)


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def _held(text: str) -> tuple[str, float]:
    name, value = _named(text)
    return name, _number(at_least=0)(value)


def _bounded(text: str) -> tuple[str, tuple[float, float]]:
    name, value = _named(text)
    low, colon, high = value.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=LOW:HIGH")
    read = _number(at_least=0)
    return name, (read(low), read(high))


def _impedance(parser: argparse.ArgumentParser) -> Run:
    """Test impedance spectra by Kramers and Kronig's relations, and fit a circuit to them."""
    parser.add_argument(
        "spectrum",
        type=Path,
        nargs="+",
        metavar="SPECTRUM",
        help="what an instrument or a spreadsheet wrote: .csv, .txt, .mpt, .DTA, .z, .par, .idf, "
        ".xlsx; several, or a folder of them, make a table",
    )
    parser.add_argument(
        "--model",
        choices=["blocking", "circuit"],
        required=True,
        help="symmetric cell, or any circuit",
    )
    parser.add_argument(
        "--circuit",
        nargs="+",
        metavar="CIRCUIT",
        help="in impedance.py's notation, e.g. 'R0-p(R1,CPE1)'; several are compared",
    )
    parser.add_argument(
        "--guess",
        type=_number(),
        nargs="+",
        metavar="X",
        help="start of each parameter of the circuit, SI (default: found from the spectrum)",
    )
    parser.add_argument(
        "--fix",
        type=_held,
        nargs="+",
        metavar="NAME=X",
        help="parameters of the circuit that are known, SI",
    )
    parser.add_argument(
        "--bound",
        type=_bounded,
        nargs="+",
        metavar="NAME=LOW:HIGH",
        help="bounds of parameters of the circuit, SI",
    )
    parser.add_argument(
        "--seconds",
        type=_number(above=0, at_most=86400),
        metavar="S",
        help="processor time after which the fit of a circuit is given up (default 60)",
    )
    parser.add_argument(
        "--weighting",
        choices=["modulus", "unit", "noise"],
        default="modulus",
        help="by what residuals are divided; the others are fitted beside it (default modulus)",
    )
    parser.add_argument(
        "--short", action="store_true", help="allow for an electronic short in the symmetric cell"
    )
    parser.add_argument(
        "--drt", action="store_true", help="the distribution of relaxation times as well"
    )
    parser.add_argument(
        "--fmin", type=_number(above=0), metavar="HZ", help="frequencies below are left out"
    )
    parser.add_argument(
        "--fmax", type=_number(above=0), metavar="HZ", help="frequencies above are left out"
    )
    parser.add_argument(
        "--mask",
        type=_hertz,
        nargs="+",
        metavar="HZ|A:B",
        help="frequencies and ranges that are left out",
    )
    parser.add_argument(
        "--keep-all",
        action="store_true",
        help="leave out nothing else; else points that do not belong to the spectrum are, by name",
    )
    parser.add_argument(
        "--loop", type=_count, metavar="N", help="which of several spectra in the file, from 1"
    )
    parser.add_argument("--sheet", metavar="NAME", help="which sheet of a workbook")
    parser.add_argument(
        "--area-cm2",
        type=_number(at_least=1e-9, at_most=1e9),
        metavar="X",
        help="of one electrode: divides ohm cm2 in the file; with the next three: tortuosity",
    )
    parser.add_argument(
        "--thickness-um",
        type=_number(at_least=1e-6, at_most=1e9),
        metavar="X",
        help="of one electrode",
    )
    parser.add_argument(
        "--porosity",
        type=_number(above=0, at_most=1),
        metavar="X",
        help="of the electrode, a share: 0.24, not 24 [-]",
    )
    parser.add_argument(
        "--conductivity",
        type=_number(at_least=1e-12, at_most=1e9),
        metavar="X",
        help="of the electrolyte [S/m]",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )

    def run(options: argparse.Namespace) -> int:
        tortuosity = {
            "--thickness-um": options.thickness_um,
            "--porosity": options.porosity,
            "--conductivity": options.conductivity,
        }
        fit = {
            "--circuit": options.circuit,
            "--guess": options.guess,
            "--fix": options.fix,
            "--bound": options.bound,
            "--seconds": options.seconds,
        }
        if options.model == "circuit":
            _refuse_idle(parser, "with --model circuit", {"--short": options.short, **tortuosity})
            if not options.circuit:
                parser.error("--model circuit needs --circuit, one or several")
            if options.guess and len(options.circuit) > 1:
                parser.error("a --guess goes with one --circuit: leave it out for several")
        else:
            _refuse_idle(parser, "with --model blocking", fit)
            needed = {"--area-cm2": options.area_cm2, **tortuosity}
            if missing := [name for name, value in needed.items() if value is None]:
                why = f"without {', '.join(missing)}; a tortuosity needs all four"
                _refuse_idle(parser, why, tortuosity)
        if options.fmin and options.fmax and options.fmin >= options.fmax:
            parser.error("--fmin must be below --fmax")

        from rampore.commands import impedance

        impedance.run(options)
        return 0

    return run


def _study_settings(folder: Path):
    """The study at hand; where there is none, the one that comes with the package."""
    from rampore import lim2026
    from rampore.audit import study

    try:
        return study.settings(folder)
    except study.NoStudyError:
        return study.Settings(lim2026.LEDGER, "rampore.lim2026")


def _sweep(parser: argparse.ArgumentParser) -> Run:
    """Compute a sweep of the study, on all cores or on a Dask cluster; goes on where it stopped."""
    parser.add_argument(
        "sweep",
        nargs="?",
        metavar="SWEEP",
        default="crossing",
        help="of Lim et al.: the assumptions of chapter 4 crossed (crossing, the default), "
        "its unpublished inputs sampled (inverse), foils to choose from (design), holes, channels "
        "and layers beside each other (kinds), or the positive control (control)",
    )
    parser.add_argument(
        "--study",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where study.toml is, or below it",
    )
    parser.add_argument(
        "--jobs", type=_count, metavar="N", help="processes (default: one on each core)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask cluster's scheduler, e.g. tcp://10.0.0.5:8786",
    )
    parser.add_argument("--coarse", action="store_true", help="a few cases only, for a first look")
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="where finished cases stand (default: build/sweep/SWEEP.jsonl)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE.nc", help="where the result goes"
    )

    def run(options: argparse.Namespace) -> int:
        if options.scheduler is not None:
            _refuse_idle(
                parser, "with --scheduler, whose workers do the work", {"--jobs": options.jobs}
            )

        from rampore.audit import sweep_command

        own = _study_settings(options.study).part("sweeps")
        if own is None:
            parser.error("this study has no sweeps: its package needs a module `sweeps` with PLANS")
        if options.sweep not in own.PLANS:
            from rampore.checks import nearest

            parser.error(f"there is no sweep {options.sweep!r}{nearest(options.sweep, own.PLANS)}")
        sweep_command.run(options, own.PLANS)
        return 0

    return run


def _audit(parser: argparse.ArgumentParser) -> Run:
    """Audit a paper of your own: make a study, check it, compare its runs, export it."""
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name, build in AUDIT.items():
        told = build.__doc__ or ""
        part = parts.add_parser(name, help=_first_sentence(told), description=told)
        part.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
        part.set_defaults(run_part=build(part))
    return lambda options: options.run_part(options)


def _audit_new(parser: argparse.ArgumentParser) -> Run:
    """Make a study in a new folder: one chapter, three statements, one parameter file."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="new, or empty")

    def run(options: argparse.Namespace) -> int:
        from rampore.audit import starting

        for name in starting.new(options.folder):
            print(options.folder / name)
        print(f"Now: cd {options.folder} && rampore audit check && rampore reproduce")
        return 0

    return run


def _audit_update(parser: argparse.ArgumentParser) -> Run:
    """Bring a study to the newer template; what you have changed stays as it is."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER")

    def run(options: argparse.Namespace) -> int:
        from rampore.audit import starting

        outcome = starting.update(options.folder)
        for name in outcome.replaced:
            print(f"{name}: replaced")
        for name in outcome.removed:
            print(f"{name}: removed, the template has it no more")
        for name in outcome.beside:
            print(f"{name}: yours stays, the newer one is {name}.new: merge them")
        print(f"template {outcome.before} -> {outcome.after}")
        return 0

    return run


def _study_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--study",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where study.toml is, or below it",
    )


def _audit_check(parser: argparse.ArgumentParser) -> Run:
    """Check the study's settings, ledger, inputs and figures by their schemas and readers."""
    _study_option(parser)
    parser.add_argument(
        "--release", action="store_true", help="refuse statements that are still pending"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="with --release: where the results are (default: build in the study)",
    )

    def run(options: argparse.Namespace) -> int:
        if not options.release:
            _refuse_idle(parser, "without --release", {"--output": options.output})

        from rampore.audit import checking

        for line in checking.check(options.study, options.output, options.release):
            print(line)
        return 0

    return run


def _audit_diff(parser: argparse.ArgumentParser) -> Run:
    """Print as Markdown which verdicts flipped; ends with 0 where none did, and with 1 else."""
    parser.add_argument("old", type=Path, metavar="OLD", help="a claims.json")
    parser.add_argument("new", type=Path, metavar="NEW", help="a later one")

    def run(options: argparse.Namespace) -> int:
        from rampore.audit import claims, flips
        from rampore.audit.ledger import LedgerError

        try:
            old, new = claims.entries(options.old), claims.entries(options.new)
        except LedgerError as error:
            parser.error(str(error))
        found = flips.flips(old, new)
        print(flips.as_markdown(found), end="")
        return 1 if found else 0

    return run


def _audit_badge(parser: argparse.ArgumentParser) -> Run:
    """Draw the counts by verdict as one line, for a README."""
    parser.add_argument("claims", type=Path, metavar="CLAIMS.json")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.svg")

    def run(options: argparse.Namespace) -> int:
        from rampore import storage
        from rampore.audit import claims
        from rampore.audit.pages.badge import badge

        storage.write(options.output, badge(claims.entries(options.claims)))
        return 0

    return run


def _audit_export(parser: argparse.ArgumentParser) -> Run:
    """Write the last run in a form that others read: csv, codecheck, ro-crate; or the inputs as
    BattINFO.
    """
    formats = ("csv", "codecheck", "ro-crate", "battinfo")
    parser.add_argument("format", choices=formats, metavar="FORMAT", help=", ".join(formats))
    _study_option(parser)
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        help="where the results are (default: build in the study)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="PLACE",
        help="a file; of ro-crate a new folder, or a new file .zip",
    )

    def run(options: argparse.Namespace) -> int:
        from rampore import storage
        from rampore.audit import exports, study
        from rampore.audit.tabular import claims_csv

        found = study.find(options.study)
        if options.format == "battinfo":
            _refuse_idle(parser, "on inputs", {"--results": options.results})
            text = exports.parameter_set(_inputs_of(found.settings), found.settings.paper)
            storage.write(options.output, text)
            return 0
        made = exports.load(found, options.results or found.root / "build")
        if options.format == "ro-crate":
            exports.ro_crate(made, options.output)
        elif options.format == "csv":
            storage.write(options.output, claims_csv(made.entries))
        else:
            storage.write(options.output, exports.codecheck(made))
        return 0

    return run


def _inputs_of(settings):
    """A study's inputs, by the classes of its own package where it has some."""
    from rampore.audit.exports import ExportError
    from rampore.audit.inputs import read_values

    if settings.inputs:
        return read_values(settings.inputs)
    own = settings.part("parameters")
    if own is None:
        raise ExportError("this study names no inputs in study.toml")
    return own.load()


def _swell(parser: argparse.ArgumentParser) -> Run:
    """Hold the curve of a dilatometer, thickness over charge, against what lithium makes of
    graphite, of silicon and as a metal. With --cell, compute how thick that cell becomes along a
    protocol, over time and over charge, between the bounds of how its stack makes room, and hold
    the curve, if there is one, against these bounds. Pores that close end a step, and are a result.
    """
    parser.add_argument(
        "curve",
        type=Path,
        nargs="?",
        metavar="CURVE.csv",
        help="a table with a column of a length, as 'thickness / um', and one of a charge that the "
        "cell took up, as 'charge / mAh' or 'charge / mAh/cm2'",
    )
    parser.add_argument(
        "--porosity",
        type=_number(at_least=0, below=1),
        metavar="X",
        help="of the coating before it swells; without --cell",
    )
    parser.add_argument(
        "--area-cm2",
        type=_number(above=0, at_most=1e8),
        metavar="X",
        help="of one coating, where the file has the charge of the cell",
    )
    parser.add_argument(
        "--cell",
        type=Path,
        metavar="CELL.json",
        help="a BPX file with a 'Volume change of' a material",
    )
    of_cell = [
        parser.add_argument(
            "--c-rate",
            type=_number(),
            nargs="+",
            metavar="X",
            help="current of each step over 1C; negative charges. A step ends at its cut-off",
        ),
        parser.add_argument(
            "--duration-s",
            type=_number(above=0, at_most=1e9),
            nargs="+",
            metavar="X",
            help="when a step ends at the latest; one for all, or one for each",
        ),
        parser.add_argument(
            "--rest-s", type=_number(above=0, at_most=1e9), metavar="X", help="rest after each step"
        ),
        parser.add_argument(
            "--sharing",
            type=_number(at_least=0),
            nargs="+",
            metavar="X",
            help="of what swells: 0 a rigid stack, whose pores close, to 1 a free one; one run for "
            "each (default 0 0.5 1)",
        ),
        parser.add_argument(
            "--least-porosity",
            type=_number(above=0, below=1),
            metavar="X",
            help="at which pores have closed, which ends a step (default 0.01)",
        ),
        *_cell(parser),
    ]
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")

    def run(options: argparse.Namespace) -> int:
        if options.cell is None:
            idle = {each.option_strings[0]: getattr(options, each.dest) for each in of_cell}
            _refuse_idle(parser, "without --cell", idle)
            if options.curve is None or options.porosity is None:
                parser.error("give a curve and its --porosity, or a --cell and its --c-rate")
        else:
            _refuse_idle(parser, "beside --cell, which has one", {"--porosity": options.porosity})
            if options.c_rate is None:
                parser.error("--cell takes a --c-rate: the current of each step, e.g. -0.2 0.2")
            if options.curve is None:
                _refuse_idle(parser, "without a curve", {"--area-cm2": options.area_cm2})

        from rampore.commands import swell

        swell.run(options, print)
        return 0

    return run


AUDIT: dict[str, Callable[[argparse.ArgumentParser], Run]] = {
    "new": _audit_new,
    "update": _audit_update,
    "check": _audit_check,
    "diff": _audit_diff,
    "badge": _audit_badge,
    "export": _audit_export,
}


COMMANDS: dict[str, Callable[[argparse.ArgumentParser], Run]] = {
    "reproduce": _reproduce,
    "claims": _claims,
    "audit": _audit,
    "parameters": _parameters,
    "structure": _structure,
    "discharge": _discharge,
    "simulate": _simulate,
    "pores": _pores,
    "diffuse": _diffuse,
    "foil": _foil,
    "impedance": _impedance,
    "swell": _swell,
    "sweep": _sweep,
}


@contextmanager
def _notes() -> Iterator[None]:
    """What libraries warn of, or log, is told as a note of one line; what only their developers
    need is not.
    """

    def tell(message, category=UserWarning, *_) -> None:
        if not issubclass(category, DeprecationWarning | PendingDeprecationWarning | FutureWarning):
            print(f"rampore: note: {_one_line(str(message))}", file=sys.stderr)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell(record.getMessage())

    handler = Handler(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = tell
            yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """SIGTERM ends the program as an interruption does: with what it started, and with its
    unfinished work removed. A second one does not wait for that.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return

    def unwind(number: int, _) -> None:
        signal.signal(signal.SIGTERM, _end_at_once)
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_at_once(number: int, _) -> None:
    import psutil

    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(128 + number)


def _open_streams() -> None:
    """A stream that was closed before the start leads nowhere, or the first file would get what is
    meant for it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _drop_output() -> None:
    """What cannot be written any more goes nowhere, so that the interpreter does not try again at
    its end.
    """
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _first_sentence(text: str) -> str:
    sentence, stop, _ = " ".join(text.split()).partition(". ")
    return sentence + stop.strip()


def _run(arguments: Sequence[str]) -> int:
    parser = _Parser(prog="rampore", description=(rampore.__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--version", action="version", version=f"rampore {rampore.__version__}")
    debug = {"action": "store_true", "help": "show where in the program a failure comes from"}
    parser.add_argument("--debug", **debug)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, build in COMMANDS.items():
        told = build.__doc__ or ""
        command = commands.add_parser(name, help=_first_sentence(told), description=told)
        command.add_argument("--debug", **debug | {"default": argparse.SUPPRESS})
        command.set_defaults(run=build(command))
    options = parser.parse_args(arguments)
    return options.run(options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; gives the exit code: 0, 1 for a failure, 2 for a wrong call, 130 for an
    interruption. SIGTERM ends the program with 143.

    A failure is one line on standard error, which names the file, key or option and what to do;
    ``--debug`` shows the traceback before it. The failure of a chapter's cell is shown with its
    lines.
    """
    _open_streams()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _notes(), _termination_unwinds():
            try:
                return _run(arguments)
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return _fail("interrupted; what was finished stands, the next run does the rest", 130)
    except BrokenPipeError:
        _drop_output()
        return 1
    except Exception as error:
        _drop_output()
        if "--debug" in arguments:
            traceback.print_exc()
        return _fail(*_told(error, keep_lines="reproduce" in arguments))


def _told(error: Exception, keep_lines: bool) -> tuple[str, int]:
    """What a user reads of a failure, and the exit code."""
    match error:
        case rampore.RamporeError():
            chapter = keep_lines and error.exit_code == 1
            return str(error) if chapter else _one_line(str(error)), error.exit_code
        case MemoryError():
            return _one_line(f"there is not enough memory for this ({error}): make it smaller"), 1
        case OSError():
            return _one_line(
                f"{error.strerror or error}" + (f": {error.filename!r}" if error.filename else "")
            ), 1
    return _one_line(
        f"unexpected {type(error).__name__}: {error}: run again with --debug and report it"
    ), 1


def _fail(message: str, code: int) -> int:
    with suppress(OSError):
        print(f"rampore: {message}", file=sys.stderr)
    return code
