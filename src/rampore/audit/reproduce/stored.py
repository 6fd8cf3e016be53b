"""What earlier runs stored, read back: whatever somebody did to it meanwhile, it is either whole or
not there.
"""

from __future__ import annotations

from pathlib import Path

from rampore.audit.reproduce.files import are_texts, read_json

#: Of a chapter's provenance, with what each may be.
_PROVENANCE: dict[str, type | tuple[type, ...]] = {
    "chapter": str,
    "commit": (dict, type(None)),
    "started": str,
    "wall_time_s": (int, float),
    "parameters": dict,
    "seed": object,
    "notebook_sha256": str,
    "source_sha256": str,
    "inputs": dict,
    "files": dict,
}


def provenance(path: Path) -> dict | None:
    """How a chapter's results were made; None where there is no such file, or it is damaged.

    Parameters
    ----------
    path : Path
        Of a ``provenance.json``.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        return None
    whole = all(
        name in content and isinstance(content[name], kinds) for name, kinds in _PROVENANCE.items()
    )
    return (
        content if whole and are_texts(content["inputs"]) and are_texts(content["files"]) else None
    )
