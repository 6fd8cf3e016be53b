"""What the commands on images share: which part of which file is meant, and what to tell of it."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rampore.micrograph import Labels, Micrograph, propose_info_bar

#: An image: one file or folder, or several that are its slices.
File = Path | list[Path]

#: Names of the axes of a volume.
PLACES = ("slices", "rows", "columns")


def chosen(options: argparse.Namespace) -> tuple[File, dict[str, Any]]:
    """The file, or files, and how :func:`rampore.micrograph.read` is told which part is meant."""
    image = options.image[0] if len(options.image) == 1 else options.image
    size = options.voxel_um and [1e-6 * edge for edge in options.voxel_um]
    spans = [getattr(options, place) for place in PLACES]
    crop = None
    if spans[0] is not None:
        crop = spans
    elif any(spans[1:]):
        crop = spans[1:]
    raw = {"shape": options.shape, "dtype": options.dtype or "uint8", "offset": options.offset or 0}
    part = {name: getattr(options, name) for name in ("page", "channel", "time", "dataset")}
    if size is not None and len(size) == 1:
        size = size[0]
    return image, {"pixel_size": size, "crop": crop, **part, **raw}


def tell(image: Micrograph | Labels, say: Callable[[str], None], cropped: bool) -> None:
    """Say what was understood of the file, and where an info bar may be."""
    for note in image.notes:
        say(f"note: {note}")
    values = image.grey if isinstance(image, Micrograph) else image.label
    if cropped or values.ndim != 2:
        return
    if (bar := propose_info_bar(values)) is not None:
        keep = bar.crop[0]
        first, last = ("" if end is None else str(end) for end in (keep.start, keep.stop))
        say(
            f"note: rows {bar.rows[0]} to {bar.rows[1] - 1} look like an info bar; --rows "
            f"{first}:{last} leaves them out"
        )


def in_um(size: float | tuple[float, ...] | None) -> float | list[float] | None:
    """The size of a pixel in um, for JSON."""
    if size is None or isinstance(size, float):
        return None if size is None else 1e6 * size
    return [1e6 * edge for edge in size]
