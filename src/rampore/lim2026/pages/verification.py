"""The page *Verification*: tables of what ``make bench`` wrote to ``benchmarks/results/p4d``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

SALT = 2.0  #: largest difference of the salt's concentration that was asked for [mol/m3]

_ORDERS = {
    "thickness": "cells through each electrode",
    "plane": "columns along x, perforated",
    "time": "steps in time",
    "radius": "modes of a sphere",
}


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 1) -> str:
    """A Markdown table whose last ``numbers`` columns are flush right."""
    left = len(header) - numbers
    rule = [":--" if n < left else "--:" for n in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows)) + "\n"


def _power(value: float) -> str:
    """A number as a power of ten with one decimal, in TeX."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return "0" if value == 0 else f"${mantissa}\\times 10^{{{int(exponent)}}}$"


def _number(value: float) -> str:
    """A number with two digits, the small ones as a power of ten."""
    return f"{value:.2g}" if value >= 1e-3 else _power(value)


def orders_table(orders: Mapping) -> str:
    """Errors of the voltage at the coarsest and the finest, and the order that a line through them
    all has.
    """
    rows = []
    for name, what in _ORDERS.items():
        own = orders[name]
        ends = [f"{_number(1e3 * own['errors_V'][n])} mV at {own['sizes'][n]}" for n in (0, -1)]
        rows.append((what, *ends, f"{own['order']:.2f}" if "order" in own else "beyond any"))
    return table(("refined", "coarsest", "finest", "order (2 expected)"), rows)


def _meets(one: Mapping) -> bool:
    """Whether voltage and, where it is compared, salt are as close as was asked for."""
    near = max(map(abs, one["difference_V"])) <= one["limit_V"]
    return near and one.get("salt_mol_per_m3", 0.0) <= SALT


def peers_table(peers: Iterable[Mapping]) -> str:
    """Largest differences of voltage and salt from each other code, and what was asked for."""
    rows = [
        (
            one["name"],
            f"{1e3 * max(map(abs, one['difference_V'])):.3f}",
            f"{1e3 * one['limit_V']:g}",
            f"{one['salt_mol_per_m3']:.2f}" if "salt_mol_per_m3" in one else "-",
            "yes" if _meets(one) else "**no**",
        )
        for one in peers
    ]
    header = (
        "code, cell, current",
        "voltage: largest difference (mV)",
        "asked for (mV)",
        "salt / mol m$^{-3}$",
        "met",
    )
    return table(header, rows, 4)


def conservation_table(conservation: Iterable[Mapping], sample: Mapping | None = None) -> str:
    """What protocols lose, over what there is; the last row is the worst of the random cells, if
    there are any.
    """
    runs = list(conservation)
    if sample:
        runs.append(
            {"name": f"worst of {sample['cells']} random cells", "steps": None, **sample["worst"]}
        )
    rows = [
        (
            one["name"],
            str(one["steps"] or "-"),
            *(_power(one[part]) for part in ("lithium", "salt", "charge")),
        )
        for one in runs
    ]
    return table(("run", "steps in time", "lithium", "salt", "charge"), rows, 4)


def sample_text(sample: Mapping) -> str:
    """How the random cells ended, in a sentence."""
    ends = ", ".join(f"{count} {outcome}" for outcome, count in sorted(sample["outcomes"].items()))
    return f"Of {sample['cells']} cells, {ends}.\n"


#: What each end of a run is called, and what it means.
_ENDS = {
    "voltage": "at the cut-off",
    "exhausted": "exhausted before",
    "voltage at once": "beyond it at once",
    "failed": "failed",
}


def rates_table(rates: Mapping) -> str:
    """How the discharges of each kind end, and the most that any of them loses."""
    rows = [
        (
            f"{kind}, {own['runs']} runs",
            *(str(own["ends"].get(end, 0)) for end in _ENDS),
            *(_power(own["worst"][part]) for part in ("lithium", "salt", "charge")),
        )
        for kind, own in rates.items()
    ]
    return table(("discharges", *_ENDS.values(), "lithium", "salt", "charge"), rows, 7)


def errors_text(errors: Mapping) -> str:
    """How often a stored value lies within its stored error of what a finer mesh gives."""
    values = 100 * errors["covered_values"] / errors["values"]
    unresolved = errors.get("unresolved_cases", 0)
    return (
        f"Of {errors['cases']} cases by lot from all sweeps {errors['covered_cases']} lie with all "
        "their numbers within the stored errors of what boxes of half the size give, and "
        f"{values:.1f} % of {errors['values']:,} numbers do. The data sets themselves call "
        f"{unresolved or 'none'} of these cases unresolved.\n"
    )


def structures_text(structures: Mapping) -> str:
    """How exactly meshes hold structures, and what channels give in the limits that are known."""
    worst = max(structures["misses"].values())
    gains = ", ".join(f"{pitch} µm {gain:.4f}" for pitch, gain in structures["fine"].items())
    ratio = structures["half_pitch_um"]["2.471"] / structures["half_pitch_um"]["1.0"]
    return (
        f"Volumes of {len(structures['misses'])} kinds of channels are held to {_power(worst)} on "
        f"random meshes from one box on. At fine pitch the gain in capacity is that of one "
        f"dimension, {structures['limit']:.4f}: {gains}. Half of it is left at a pitch of "
        f"{structures['half_pitch_um']['1.0']:.0f} µm, and with 2.471 times the efficiency in the "
        f"plane at one {ratio:.2f} times as large; the scaling law says "
        f"{2.471**0.5:.2f}.\n"
    )


def structures_table(structures: Mapping) -> str:
    """What round channels give on meshes that cut them and on staircases of the same boxes."""
    rows = [
        (f"{across} x {up}", f"{cut:.3f}", f"{stairs:.3f}")
        for (across, up), cut, stairs in zip(
            structures["columns"], structures["cut"], structures["staircase"], strict=True
        )
    ]
    return table(("columns", "cut exactly", "staircase"), rows, 2)


def swelling_text(swelling: Mapping) -> str:
    """How near swelling coatings come to the closed form, how their errors fall, what is lost, and
    what it costs.
    """
    orders = ", ".join(f"{name} {order:.1f}" for name, order in swelling["orders"].items())
    return (
        f"At 0.01C the thickness is that of the closed form to "
        f"{_power(max(swelling['thickness'].values()))}, and the porosity of every box to "
        f"{_power(max(swelling['porosity'].values()))}. Orders in time: {orders}. In "
        f"{swelling['runs']} cells, over holes and with channels among them, a discharge, a charge "
        f"and a discharge lose {_power(swelling['worst']['salt'])} of the salt, with what the "
        f"reservoir gained, and {_power(swelling['worst']['lithium'])} of the lithium. A discharge "
        f"takes {swelling['cost']['bare']:.2f} times the processor time of one without swelling on "
        f"bare foil, and {swelling['cost']['perforated']:.2f} times on perforated foil.\n"
    )


def both_sides_text(both: Mapping) -> str:
    """What a foil that is coated on both faces owes to one with one face."""
    mirror, cost = max(both["mirror_V"].values()), both["cost"]
    worst = max(run["lithium"] for run in both["cycles"].values())
    runs = ", ".join(
        f"{100 * float(loading):.0f} % {100 * run['through']:.2f} %"
        for loading, run in both["cycles"].items()
    )
    return (
        f"Two equal faces are one face with half the depth of the holes to {_power(mirror)} V; "
        "behind closed foil each face with a current of its own is its own cell to "
        f"{_power(both['closed_V'])} V. In ten cycles each face keeps its lithium, what came "
        f"through the holes counted, to {_power(worst)} of what there is. Of the lithium of the "
        f"front pass at most, where the back has more of the negative coating by: {runs}. "
        f"Both faces take {cost['tied']:.2f} times the time of one, and "
        f"{cost['apart']:.2f} times where a current is imposed on each.\n"
    )


def speed_table(speed: Mapping) -> str:
    """Times of discharges here and in PyBaMM, each with its error, from what ``bench_p4d.py``
    writes.
    """
    rows: list[tuple[str, ...]] = []
    loads: list[float] = []

    def add(name: str, code: str, one: Mapping, ratio: str = "-", difference: str = "-") -> None:
        error = f"{one['error_mV']:.2f}" if "error_mV" in one else "-"
        loads.extend([one["load_before"]] if "load_before" in one else [])
        rows.append(
            (
                name, code, f"{one['cells']:,}", f"{one['end_s']:.0f}", error,
                f"{one['cpu_s']:.2f}", ratio, f"{one['peak_memory_GB']:.2f}", difference,
            )
        )  # fmt: skip

    for one in speed.get("perforated", {}).values():
        add("perforated foil", "rampore", one)
    races = {"laterally uniform": speed["line"]} if "line" in speed else {}
    races |= {f"lateral porosity, {size} mesh": race for size, race in speed.get("box", {}).items()}
    for name, race in races.items():
        theirs = race["pybamm"]
        add(name, "rampore", race["ours"])
        add(
            name,
            f"PyBaMM, {theirs['radial_points']} points in a particle",
            theirs,
            f"{race['ratio_of_cpu']:.1f} ({race['least_ratio']:.1f} to {race['most_ratio']:.1f})",
            f"{race['difference_mV']:.2f}",
        )
    header = (
        "discharge", "code", "cells", "simulated (s)", "error in time and radius (mV)",
        "processor time (s)", "over ours (least to most)", "peak memory (GB)",
        "refined voltages differ by (mV)",
    )  # fmt: skip
    made = speed["machine"]
    told = f"\n{made['cores']} cores of {made['processor']}, Python {made['python']}"
    told += (
        f"; the time grows as the cells to the power {speed['cost_exponent']:.2f}"
        if "cost_exponent" in speed
        else ""
    )
    told += (
        f"; before each run the machine's load was {min(loads):.1f} to {max(loads):.1f}"
        if loads
        else ""
    )
    return table(header, rows, 7) + f"{told}.\n"


def versions_text(versions: Mapping[str, str]) -> str:
    """With which packages the numbers were made."""
    return f"Made with {', '.join(f'{name} {version}' for name, version in versions.items())}.\n"


#: Parts of the results that a piece of another name is made from.
_PART = {"staircase": "structures"}


def pages(results: Mapping) -> dict[str, str]:
    """The generated pieces of the page by file name; a part that was not run is said to be missing.

    Parameters
    ----------
    results : mapping
        What ``verification.json`` holds, and as its part ``speed`` what ``speed.json`` does.
    """
    makers = {
        "orders": lambda: orders_table(results["orders"]),
        "peers": lambda: peers_table(results["peers"]),
        "conservation": lambda: conservation_table(results["conservation"], results.get("sample")),
        "sample": lambda: sample_text(results["sample"]),
        "rates": lambda: rates_table(results["rates"]),
        "errors": lambda: errors_text(results["errors"]),
        "structures": lambda: structures_text(results["structures"]),
        "staircase": lambda: structures_table(results["structures"]),
        "swelling": lambda: swelling_text(results["swelling"]),
        "both_sides": lambda: both_sides_text(results["both_sides"]),
        "speed": lambda: speed_table(results["speed"]),
        "versions": lambda: versions_text(results["versions"]),
    }
    return {
        f"verification-{name}.md": make()
        if _PART.get(name, name) in results
        else "*Not run yet: `make bench`.*\n"
        for name, make in makers.items()
    }
