"""Scenes that a reader can turn: out of the chapters' outputs, as scripts beside the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rampore.audit.chapter import SCENE_MIME
from rampore.audit.study import ReproduceError
from rampore.extras import needs

with needs("audit"):
    from nbformat import NotebookNode


def scene_scripts(notebooks: Iterable[NotebookNode]) -> dict[str, bytes]:
    """The scenes of executed chapters, each a script that a page can add when a reader asks for it.

    A page that was opened from a folder may add a script, but fetch nothing.

    Parameters
    ----------
    notebooks : iterable of NotebookNode

    Returns
    -------
    dict of str to bytes
        By file name.

    Raises
    ------
    ReproduceError
        Two scenes have one name.
    """
    scripts: dict[str, bytes] = {}
    for notebook in notebooks:
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                if SCENE_MIME not in output.get("data", {}):
                    continue
                name, scene = (output["data"][SCENE_MIME][key] for key in ("name", "scene"))
                if f"{name}.js" in scripts:
                    raise ReproduceError(f"two scenes of the book are called {name!r}")
                place = f"window.ramporeScenes[{json.dumps(name)}]"
                text = json.dumps(scene, separators=(",", ":"), ensure_ascii=False)
                scripts[f"{name}.js"] = f"{place} = {text};\n".encode()
    return scripts
