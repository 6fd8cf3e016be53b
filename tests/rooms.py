"""Draws in CONTRIBUTING.md which rooms of the package import which: ``make drawing``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
MARKS = "<!-- rooms:begin -->", "<!-- rooms:end -->"


def floors() -> list[list[str]]:
    """Rooms by floor, the highest first, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    ]
    return [re.split(r"\s*[|:]\s*", layer) for layer in contract["layers"]]


def arrows(rooms: list[str]) -> set[tuple[str, str]]:
    """Which room imports which, directly."""
    graph = grimp.build_graph("rampore")
    room_of = {
        module: module.split(".")[1]
        for module in graph.modules
        if module.count(".") and module.split(".")[1] in rooms
    }
    return {
        (room, room_of[imported])
        for module, room in room_of.items()
        for imported in graph.find_modules_directly_imported_by(module)
        if imported in room_of and room_of[imported] != room
    }


def drawing() -> str:
    """A Mermaid flowchart: a box a room, a row a floor; an arrow that others imply is left out."""
    rows = floors()
    pairs = arrows([room for row in rows for room in row])
    below = {room: {low for high, low in pairs if high == room} for row in rows for room in row}

    def reached(room: str) -> set[str]:
        return below[room].union(*(reached(low) for low in below[room]))

    direct = sorted(
        (high, low)
        for high, low in pairs
        if not any(low in reached(middle) for middle in below[high] - {low})
    )
    boxes = [
        f"  subgraph floor{number}[floor {number}]\n"
        + "".join(f"    {room}\n" for room in sorted(row))
        + "  end"
        for number, row in zip(range(len(rows), 0, -1), rows, strict=True)
    ]
    return "\n".join(
        [
            "```mermaid",
            "flowchart TD",
            *boxes,
            *(f"  {high} --> {low}" for high, low in direct),
            "```",
        ]
    )


def page() -> str:
    """CONTRIBUTING.md with today's drawing."""
    head, begin, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, tail = rest.partition(MARKS[1])
    return f"{head}{begin}\n{drawing()}\n{end}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
