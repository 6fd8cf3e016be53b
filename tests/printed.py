"""What the paper prints, typed a second time, and where a ledger states something else."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

from rampore.audit.ledger import Ledger

#: "10 to 25 % higher", of which the ledger has the middle.
RANGES = {"adhesion-gain": (0.25 - 0.10) / 2}


def printed() -> list[dict]:
    """Rows of what the paper prints: numbers as they stand there, and the words around them."""
    path = Path(__file__).resolve().parent / "data" / "paper" / "printed.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_as_printed(row: dict) -> tuple[float, float]:
    """Value and half of the last digit [unit]: 24 %, 24 % lower and 24 % more are 0.24, 0.76 and
    1.24.
    """
    text = f"{row['printed']} more" if row["id"] in RANGES else row["printed"]
    values = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    value, half = sum(values) / len(values), float(row["place"]) / 2
    if "%" in text and row["unit"] == "1":
        value, half = value / 100, half / 100
    share = {"lower": 1 - value, "more": 1 + value}
    return share.get(text.split()[-1], value), half


def misread(ledger: Ledger) -> Iterator[str]:
    """Every number of the paper that a ledger states otherwise, or takes for another precision."""
    for row in filter(lambda row: row["printed"], printed()):
        claim, (value, half) = ledger[row["id"]], read_as_printed(row)
        typed = {"stated": value, "half_digit": half, "tolerance": RANGES.get(row["id"], half)}
        if claim.unit != row["unit"]:
            yield f"{claim.id}: unit is {claim.unit!r}, and {row['unit']!r} as printed"
        for name, number in typed.items():
            there = getattr(claim, name)
            if not math.isclose(there, number, rel_tol=1e-12):
                yield f"{claim.id}: {name} is {there:g}, and {number:g} as printed"
