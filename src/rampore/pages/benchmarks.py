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
        Of JSON files, see :func:`benchmark_table`.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return "\n\n".join(benchmark_table(results) for results in found if "rows" in results) + "\n"


def benchmark_table(results: Mapping) -> str:
    """One benchmark's table, with the machine it was measured on.

    Parameters
    ----------
    results : mapping
        ``title``, ``machine`` (what is known of it) and ``rows``, each with ``image`` and ``code`` and then ``time_s``,
        ``memory_MB``, ``tortuosity_factor`` and ``ratio`` of its time to the first code's, or ``failed``, the reason.
        ``mismatch`` and ``cost_exponent`` where there is one.
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
        numbers = f"{row['time_s']:.2f} | {row['ratio']:.1f} | {row['memory_MB']:.0f} | {row['tortuosity_factor']:.4f}"
        lines.append(f"| {row['image']} | {row['code']} | {numbers} |")
    if "cost_exponent" in results:
        lines += [
            "",
            f"The time of rampore on cubes grows as the number of voxels to the power {results['cost_exponent']:.2f}.",
        ]
    return "\n".join(lines)


def _machine(machine: Mapping) -> str:
    parts = [f"{machine[name]}{unit}" for name, unit in _PLAIN.items() if name in machine]
    parts += [f"{name} {value}" for name, value in machine.items() if name not in _PLAIN]
    return "Measured on " + ", ".join(parts) + ". Times are the processor's, on one thread."
