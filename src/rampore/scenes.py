"""A field in boxes that a reader can turn, cut and play: what a viewer in a browser needs of it,
and nothing else.

A scene is a mesh of boxes with values at one time or at several. Values travel as 16-bit numbers
between the least and the largest of their field, compressed; what a browser shows is off by less
than a hundred-thousandth of that range.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rampore import RamporeError
from rampore.checks import choice, increasing

#: The largest number stands for a box without a value.
_NONE = np.iinfo(np.uint16).max
_SHADES = 33  #: of a colour map; a browser goes straight from one to the next

#: What a field's colours say: more or less, or above and below nothing.
COLOURS = {"ordered": "viridis", "signed": "RdBu_r"}


class SceneError(RamporeError, ValueError):
    """A scene that cannot be: the message says what does not fit."""


class SceneField(NamedTuple):
    """A quantity in the boxes of a scene."""

    label: str
    unit: str  #: as a reader sees it
    #: (frames, nx, ny, nz) [unit]; nan where a box has none, the same boxes in every frame
    values: np.ndarray
    colours: str = "ordered"  #: one of :data:`COLOURS`


class Scene(NamedTuple):
    """Boxes with values."""

    edges: tuple[np.ndarray, np.ndarray, np.ndarray]  #: of the boxes along x, y and z [length_unit]
    length_unit: str  #: as a reader sees it
    frames: tuple[str, ...]  #: what each frame is called
    fields: tuple[SceneField, ...]
    #: along which of x, y and z the boxes go on as in a mirror, beyond their last edge
    mirrored: tuple[bool, bool, bool] = (False, False, False)
    solid: str = ""  #: what boxes without a value are; nothing is drawn there without a name

    def encoded(self) -> dict[str, Any]:
        """The scene as plain texts and numbers, for JSON.

        Raises
        ------
        SceneError
            Edges do not increase, or values have another shape, no finite value, or not the same
            boxes in every frame.
        """
        for name, along in zip("xyz", self.edges, strict=True):
            increasing(f"edges along {name}", along, SceneError)
        return {
            "edges": [np.asarray(along, float).round(6).tolist() for along in self.edges],
            "lengthUnit": self.length_unit,
            "frames": list(self.frames),
            "fields": [self._encoded(field) for field in self.fields],
            "mirrored": list(self.mirrored),
            "solid": self.solid,
        }

    def _encoded(self, field: SceneField) -> dict[str, Any]:
        choice("colours", field.colours, COLOURS, SceneError)
        wanted = (len(self.frames), *(len(along) - 1 for along in self.edges))
        values = np.asarray(field.values, float)
        if values.shape != wanted:
            raise SceneError(f"{field.label}: values of shape {values.shape}, not {wanted}")
        there = np.isfinite(values)
        if not there.any() or (there != there[0]).any():
            raise SceneError(f"{field.label}: some boxes have values, the same in every frame")
        low, high = float(values[there].min()), float(values[there].max())
        if field.colours == "signed":
            low, high = -max(-low, high), max(-low, high)
        scale = (_NONE - 1) / (high - low) if high > low else 0.0
        steps = np.where(there, np.where(there, values - low, 0) * scale, _NONE).round()
        return {
            "label": field.label,
            "unit": field.unit,
            "low": low,
            "high": high,
            "colours": _colours(COLOURS[field.colours]),
            "data": base64.b64encode(_packed(steps.astype(np.uint16))).decode("ascii"),
        }

    def summaries(self) -> Mapping[str, np.ndarray]:
        """By field the least, the mean and the largest value of each frame (3 frames,) [unit]."""
        return {
            field.label: np.concatenate(
                [
                    of(field.values.reshape(len(self.frames), -1), axis=1)
                    for of in (np.nanmin, np.nanmean, np.nanmax)
                ]
            )
            for field in self.fields
        }


def _packed(steps: np.ndarray) -> bytes:
    """Differences from frame to frame, low bytes before high ones: they compress twice as well."""
    change = np.diff(steps, axis=0, prepend=np.zeros_like(steps[:1])).ravel()
    both = np.concatenate([change & 0xFF, change >> 8]).astype(np.uint8)
    return zlib.compress(both.tobytes(), 9)


def _colours(name: str) -> list[str]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps[name](shade)) for shade in np.linspace(0, 1, _SHADES)]
