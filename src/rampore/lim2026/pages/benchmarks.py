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
        Of JSON files, see :func:`benchmark_table` for those with ``rows`` and :func:`solver_table`
        for the others.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return (
        "\n\n".join((benchmark_table if "rows" in one else solver_table)(one) for one in found)
        + "\n"
    )


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
        "| Image | Code | Time / s | over rampore's | Memory / MB | Tortuosity factor |",
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
    lines += ["| Boxes | Code | Time / s | over rampore's | Memory / MB |", "|--:|:--|--:|--:|--:|"]
    for row in results["results"]:
        memory = f"{row['memory_MB']:.0f}" if "memory_MB" in row else ""
        lines.append(
            f"| {row['boxes']} | {row['code']} | {row['processor_time_s']:.2f} | "
            f"{row['ratio']:.1f} | {memory} |"
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
