"""The benchmark tables of the book, from the results that ``benchmarks/`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_PLAIN = {"processor": "", "cores": " cores", "memory_GB": " GB"}


def benchmarks_page(folder: Path) -> str:
    """All results of a folder, one section each, as MyST Markdown without a title.

    Parameters
    ----------
    folder : Path
        Of JSON files, see :func:`benchmark_table` for those with ``rows``, :func:`race_table` for
        those with ``races`` and :func:`solver_table` for the others.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return "\n\n".join(_table(one) for one in found) + "\n"


def _table(results: Mapping) -> str:
    if "races" in results:
        return race_table(results)
    return (benchmark_table if "rows" in results else solver_table)(results)


def benchmark_table(results: Mapping) -> str:
    """One benchmark's table, with the machine it was measured on.

    Parameters
    ----------
    results : mapping
        ``title``, ``machine`` (what is known of it) and ``rows``, each with ``image`` and ``code``
        and then ``time_s``, ``memory_MB``, ``tortuosity_factor`` and ``ratio`` of its time to the
        first code's, or ``failed``, the reason. ``mismatch`` and ``cost_exponent`` where there is
        one.
    """
    lines = [f"## {results['title']}", "", _machine(results["machine"]), ""]
    if "mismatch" in results:
        lines[2] += f" Asked for: fluxes that agree to {results['mismatch']:g}."
    lines += [
        "| Image | Code | Time (s) | over rampore's | Memory (MB) | Tortuosity factor |",
        "|:--|:--|--:|--:|--:|--:|",
    ]
    for row in results["rows"]:
        if "failed" in row:
            lines.append(f"| {row['image']} | {row['code']} | {row['failed']} | | | |")
            continue
        numbers = (
            f"{row['time_s']:.2f} | {row['ratio']:.1f} | {row['memory_MB']:.0f} "
            f"| {row['tortuosity_factor']:.4f}"
        )
        lines.append(f"| {row['image']} | {row['code']} | {numbers} |")
    if "cost_exponent" in results:
        lines += [
            "",
            "The time of rampore on cubes grows as the number of voxels to the power "
            f"{results['cost_exponent']:.2f}.",
        ]
    return "\n".join(lines)


def solver_table(results: Mapping) -> str:
    """The table of a solver on meshes of several sizes, with the machine it was measured on.

    Parameters
    ----------
    results : mapping
        ``title``, ``machine``, ``residual`` to which all were asked to solve, and ``results``, each
        with ``boxes``, ``code``, ``processor_time_s``, ``memory_MB`` and ``ratio`` of its time to
        the first code's. ``note`` where there is one.
    """
    lines = [f"## {results['title']}", "", _machine(results["machine"]), ""]
    lines[2] += f" Asked for: a residual of {results['residual']:g}."
    if "note" in results:
        lines[2] += f" {results['note']}"
    lines += ["| Boxes | Code | Time (s) | over rampore's | Memory (MB) |", "|--:|:--|--:|--:|--:|"]
    for row in results["results"]:
        memory = f"{row['memory_MB']:.0f}" if "memory_MB" in row else ""
        lines.append(
            f"| {row['boxes']} | {row['code']} | {row['processor_time_s']:.2f} | "
            f"{row['ratio']:.1f} | {memory} |"
        )
    return "\n".join(lines)


def race_table(results: Mapping) -> str:
    """The table of two codes that ran in turns, with the spread of their ratio.

    Parameters
    ----------
    results : mapping
        ``title``, ``machine`` and ``races``, each with ``image``, ``partition``, ``pairs``, the
        numbers of ``pores`` and ``peer_pores``, ``from_mask_s``, ``from_grey_s`` and
        ``peer_from_mask_s``, ``ratio_from_mask`` and ``ratio_from_grey`` of the peer's time to
        ours, each with ``median``, ``least`` and ``most``.
    """
    lines = [f"## {results['title']}", "", _machine(results["machine"]), ""]
    lines += [
        "| Image | Partition | Pores | Pores of snow2 | From the mask / s | From grey / s "
        "| snow2, from the mask / s | Times as fast, from the mask | From grey | Pairs |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for race in results["races"]:
        ratios = [
            f"{ratio['median']:.1f} ({ratio['least']:.1f} to {ratio['most']:.1f})"
            for ratio in (race["ratio_from_mask"], race["ratio_from_grey"])
        ]
        lines.append(
            f"| {race['image']} | {race['partition']} | {race['pores']} | {race['peer_pores']} "
            f"| {race['from_mask_s']:.2f} | {race['from_grey_s']:.2f} "
            f"| {race['peer_from_mask_s']:.2f} | {ratios[0]} | {ratios[1]} | {race['pairs']} |"
        )
    return "\n".join(lines)


def _machine(machine: Mapping) -> str:
    parts = [f"{machine[name]}{unit}" for name, unit in _PLAIN.items() if name in machine]
    others = {**machine, **machine.get("versions", {})}
    parts += [
        f"{name} {value}"
        for name, value in others.items()
        if value and name not in (*_PLAIN, "versions", "load")
    ]
    return "Measured on " + ", ".join(parts) + ". Times are the processor's, on one thread."
