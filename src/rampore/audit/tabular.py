"""Every statement of a study with its verdict, as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_COLUMNS = (
    *("id", "section", "where", "basis", "kind", "statement", "unit", "stated", "tolerance"),
    *("tolerance_from", "half_digit", "accepted_low", "accepted_high", "computed", "rounding"),
    *("numerics", "definition", "inputs", "verdict", "measure", "explanation", "route", "given"),
    *("cross_check", "cause", "fails_if", "otherwise", "assumption", "needed", "needed_unit"),
    *("plausible_low", "plausible_high", "plausible_source", "bound", "needs", "chapter", "link"),
)


def claims_csv(entries: Iterable[dict]) -> str:
    """Every statement in a row: what is stated, what was computed, the verdict.

    Parameters
    ----------
    entries : iterable of dict
        Of ``claims.json``. Numbers are in the statement's unit; those of an assumption in
        ``needed_unit``.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        under = entry["assumption"] or {}
        low, high = under.get("plausible", (None, None))
        accepted = entry["accepted"] or (None, None)
        derived = {
            "accepted_low": accepted[0],
            "accepted_high": accepted[1],
            "otherwise": (entry["otherwise"] or {}).get("case"),
            "stated": entry["stated"] if entry["half_digit"] is not None else None,
            "given": " ".join(entry["given"]),
            **entry["uncertainty"],
            "assumption": under.get("text"),
            "needed": under.get("needed"),
            "needed_unit": under.get("unit"),
            "plausible_low": low,
            "plausible_high": high,
            "plausible_source": under.get("source"),
        }
        writer.writerow({name: derived.get(name, entry.get(name)) for name in _COLUMNS})
    return text.getvalue()
