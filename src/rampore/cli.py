"""The ``rampore`` command: one function a subcommand, which imports what it needs when it runs."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rampore

Run = Callable[[argparse.Namespace], int]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _reproduce(parser: argparse.ArgumentParser) -> Run:
    """Run the chapters that changed and build the book."""
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="chapters to run; all by default")
    parser.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the chapters that declare it; may be repeated",
    )
    parser.add_argument("--parameters", action="store_true", help="list what the chapters take by -p, and run nothing")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where results go (default: build in the study)")
    parser.add_argument("--study", type=Path, default=Path(), metavar="FOLDER", help="where _toc.yml is, or below it")
    parser.add_argument("--jobs", type=_count, metavar="N", help="chapters at once (default: one on each core)")
    parser.add_argument("--no-html", dest="html", action="store_false", help="stop before the HTML")
    parser.add_argument("--update", action="store_true", help="refresh the committed notebooks and README.md")
    parser.add_argument("--force", action="store_true", help="run the chapters even where nothing changed")

    def run(options: argparse.Namespace) -> int:
        from rampore import reproduce
        from rampore.reproduce.parameters import declared, listing

        study = reproduce.find(options.study)
        if options.parameters:
            print(listing({name: declared(study.chapters[name]) for name in study.select(options.chapters)}))
            return 0
        with _termination_unwinds():
            reproduce.reproduce(
                study,
                options.chapters,
                parameters=dict(options.parameter),
                output=options.output,
                jobs=options.jobs,
                html=options.html,
                update=options.update,
                force=options.force,
            )
        return 0

    return run


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """SIGTERM ends the program as an interruption does: with what it started, and with its unfinished work removed."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _claims(parser: argparse.ArgumentParser) -> Run:
    """Show the verdicts of the last run: all, some, or one in full."""
    from rampore.claims import Verdict

    verdicts = [verdict.value for verdict in Verdict]
    parser.add_argument("ids", nargs="*", metavar="CLAIM", help="claims to show in full")
    parser.add_argument("--chapter", help="only what this chapter computes")
    parser.add_argument(
        "--verdict", choices=verdicts, metavar="VERDICT", help=f"only this one of: {', '.join(verdicts)}"
    )
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="FOLDER", help="where the results are")

    def run(options: argparse.Namespace) -> int:
        from rampore import chapter, claims

        path = options.output / "claims.json"
        if not path.is_file():
            raise SystemExit(f"rampore: no {path}: run `rampore reproduce` first, or name its folder by --output")
        entries = claims.entries(path)
        for name in options.ids:
            claims.load()[name]
        for entry in entries:
            if options.chapter not in (None, entry["chapter"]) or options.verdict not in (None, entry["verdict"]):
                continue
            if not options.ids:
                print(chapter.line(entry))
            elif entry["id"] in options.ids:
                print(chapter.line(entry), entry["statement"], entry["explanation"], entry["link"], "", sep="\n")
        return 0

    return run


def _parameters(parser: argparse.ArgumentParser) -> Run:
    """Show the study's inputs: all keys, or where some come from."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="keys, or beginnings of keys, to show in full")
    parser.add_argument("--cell", type=Path, metavar="FILE", help="a TOML file of your own instead of the study's")

    def run(options: argparse.Namespace) -> int:
        from rampore import parameters
        from rampore.pages.parameters import value_text

        cell = parameters.load(options.cell)
        shown = [record for key, record in cell.records.items() if key.startswith(tuple(options.keys) or "")]
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
        if not shown:
            raise SystemExit(
                f"rampore: no key starts with {' or '.join(options.keys)}; `rampore parameters` lists them"
            )
        return 0

    return run


def _discharge(parser: argparse.ArgumentParser) -> Run:
    """Discharge a cell from a BPX file, on bare or perforated foil, with the three-dimensional model."""
    parser.add_argument("cell", type=Path, metavar="CELL.json", help="a BPX file")
    parser.add_argument("--c-rate", type=float, default=1.0, help="current over 1C; negative charges (default 1)")
    parser.add_argument("--collector", choices=("bare", "perforated"), help="negative foil (default: as in the file)")
    parser.add_argument("--hole-um", type=float, help="diameter of the holes (default 75)")
    parser.add_argument("--pitch-um", type=float, help="distance of neighbouring holes (default 160)")
    parser.add_argument("--foil-um", type=float, help="thickness of the foil (default 15)")
    parser.add_argument("--lower-cutoff-V", type=float, dest="lower_cutoff", help="default: as in the file")
    parser.add_argument("--upper-cutoff-V", type=float, dest="upper_cutoff", help="default: as in the file")
    parser.add_argument(
        "--columns", type=int, nargs=2, metavar=("NX", "NY"), help="cells across the unit cell (default 8 14 or 1 1)"
    )
    parser.add_argument("--layers", type=int, nargs=3, default=(20, 10, 20), metavar=("NEG", "SEP", "POS"))
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import discharge

        discharge.run(options, print)
        return 0

    return run


def _page(text: str) -> int | str:
    if text != "all" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a page number nor 'all'")
    return text if text == "all" else int(text)


def _span(text: str) -> slice:
    ends = text.split(":")
    if len(ends) != 2 or not all(end == "" or end.isdecimal() for end in ends):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form A:B")
    return slice(*(int(end) if end else None for end in ends))


def _pores(parser: argparse.ArgumentParser) -> Run:
    """Find and measure the pores of a grey cross-section or volume."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="PNG, TIFF, JPEG or NumPy file")
    parser.add_argument("--pixel-um", type=float, metavar="X", help="pixel size in um; counts over what the file says")
    parser.add_argument("--pores", choices=["dark", "bright"], required=True, help="what is pore; never guessed")
    parser.add_argument("--page", type=_page, metavar="N|all", help="page of a TIFF that has several; all are a volume")
    parser.add_argument("--rows", type=_span, metavar="A:B", help="rows to keep, e.g. :943 to drop an info bar")
    parser.add_argument("--columns", type=_span, metavar="A:B", help="columns to keep")
    parser.add_argument(
        "--recipe",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE.toml|KEY=VALUE",
        help="steps, values and counting rules, e.g. threshold=local 'denoise_size=0.2 um'; the later overrule",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import pores

        pores.run(options)
        return 0

    return run


def _labelled(text: str) -> tuple[float, float]:
    label, _, value = text.partition("=")
    try:
        return float(label), float(value or 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a label nor LABEL=DIFFUSIVITY") from None


def _diffuse(parser: argparse.ArgumentParser) -> Run:
    """Solve diffusion through the pores of a segmented image or volume: tortuosity, fields, figure."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="TIFF (its pages are a volume), PNG, NumPy or raw")
    parser.add_argument(
        "--phase",
        type=_labelled,
        nargs="+",
        required=True,
        metavar="LABEL[=D]",
        help="labels that conduct, with their diffusivity over that of the first (1 where none is given)",
    )
    parser.add_argument("--axis", type=int, default=0, help="axis of flow; in a volume 0 runs through the pages")
    parser.add_argument("--voxel-um", type=float, metavar="X", help="edge of a voxel in um; counts over the file's")
    parser.add_argument("--sides", choices=["closed", "periodic"], default="closed", help="the faces along the axis")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest relative difference between fluxes")
    parser.add_argument("--page", type=int, metavar="N", help="one page of a TIFF that has several, from 0")
    parser.add_argument("--shape", type=int, nargs="+", metavar="N", help="of a raw file; its last axis varies fastest")
    parser.add_argument("--dtype", default="uint8", help="of a raw file, as NumPy names it (default uint8)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import diffuse

        diffuse.run(options)
        return 0

    return run


def _impedance(parser: argparse.ArgumentParser) -> Run:
    """Test an impedance spectrum by Kramers and Kronig's relations, and fit a circuit to it."""
    parser.add_argument("spectrum", type=Path, metavar="SPECTRUM.csv", help="frequency, real and imaginary part")
    parser.add_argument(
        "--model", choices=["blocking", "circuit"], required=True, help="symmetric cell, or any circuit"
    )
    parser.add_argument("--circuit", help="in impedance.py's notation, e.g. 'R0-p(R1,CPE1)'")
    parser.add_argument(
        "--guess", type=float, nargs="+", metavar="X", help="start of each parameter of the circuit, SI"
    )
    parser.add_argument("--short", action="store_true", help="allow for an electronic short in the symmetric cell")
    parser.add_argument("--instrument", help="read a potentiostat's own file: gamry, biologic, autolab, ...")
    parser.add_argument("--area-cm2", type=float, metavar="X", help="of one electrode; with the next three: tortuosity")
    parser.add_argument("--thickness-um", type=float, metavar="X", help="of one electrode")
    parser.add_argument("--porosity", type=float, metavar="X", help="of the electrode [-]")
    parser.add_argument("--conductivity", type=float, metavar="X", help="of the electrolyte [S/m]")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where the results go")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import impedance

        impedance.run(options)
        return 0

    return run


def _sweep(parser: argparse.ArgumentParser) -> Run:
    """Compute a study of many cells, on all cores or on a Dask cluster; goes on where it stopped."""
    parser.add_argument(
        "study",
        nargs="?",
        choices=("crossing", "inverse", "design"),
        default="crossing",
        help="the assumptions of chapter 4 crossed (default), its unpublished inputs sampled, or foils to choose from",
    )
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes (default: one on each core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster's scheduler, e.g. tcp://10.0.0.5:8786")
    parser.add_argument("--coarse", action="store_true", help="a few cases only, for a first look")
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="where finished cases stand (default: build/sweep/STUDY.jsonl)",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.nc", help="where the result goes")

    def run(options: argparse.Namespace) -> int:
        from rampore.commands import sweep

        with _termination_unwinds():
            sweep.run(options)
        return 0

    return run


COMMANDS: dict[str, Callable[[argparse.ArgumentParser], Run]] = {
    "reproduce": _reproduce,
    "claims": _claims,
    "parameters": _parameters,
    "discharge": _discharge,
    "pores": _pores,
    "diffuse": _diffuse,
    "impedance": _impedance,
    "sweep": _sweep,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; gives the exit code: 0, 1 for a failure, 2 for a wrong call, 130 for an interruption."""
    parser = argparse.ArgumentParser(prog="rampore", description=(rampore.__doc__ or "").partition("\n")[0])
    parser.add_argument("--version", action="version", version=f"rampore {rampore.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, build in COMMANDS.items():
        summary = build.__doc__
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=build(command))
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        print("rampore: interrupted; what was finished stands, the next run does the rest", file=sys.stderr)
        return 130
    except rampore.RamporeError as error:
        print(f"rampore: {error}", file=sys.stderr)
        return error.exit_code
