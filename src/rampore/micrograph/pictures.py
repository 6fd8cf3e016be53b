"""PNG, JPEG and what else Pillow reads without starting a program."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from rampore.extras import needs
from rampore.micrograph.stored import (
    Choice,
    MicrographError,
    Stored,
    check_size,
    plain_density,
)
from rampore.untrusted import fenced

#: What Pillow may read; of other formats some start programs.
PICTURES = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "JPEG2000")
LOSSY = ("JPEG", "WEBP", "JPEG2000")

#: Tag of the way in which a camera was held.
ORIENTATION = 0x0112


def read_picture(path: Path, choice: Choice, labels: bool) -> Stored:
    """Read a picture, upright as its EXIF record wants it.

    Parameters
    ----------
    path : Path
    choice : Choice
        Of which a picture knows the size only.
    labels : bool
        Whether the numbers of a palette are labels, and its colours left aside.

    Raises
    ------
    MicrographError
        Where the file is damaged, too large or no picture.
    """
    with needs("images"):
        from PIL import Image, ImageOps, UnidentifiedImageError

    with fenced(f"{path.name}: the file is truncated or damaged", MicrographError):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                picture = Image.open(path, formats=PICTURES)
        except Image.DecompressionBombError as error:
            raise MicrographError(
                f"{path.name}: too large for this format; save it as TIFF ({error})"
            ) from error
        except UnidentifiedImageError as error:
            raise MicrographError(
                f"{path.name} is neither PNG, JPEG, TIFF, .npy nor .npz, nor a volume that is "
                "known here; raw voxels need their shape"
            ) from error
        with picture:
            check_size(picture.size[::-1], choice.most, path.name)
            kind, density = picture.format, picture.info.get("dpi")
            turned = picture.getexif().get(ORIENTATION, 1) >= 5
            picture = ImageOps.exif_transpose(picture)
            coloured = picture.mode in ("CMYK", "YCbCr") or (picture.mode == "P" and not labels)
            array = np.asarray(picture.convert("RGB") if coloured else picture)
    edges, said_by, missing = {}, "", ""
    if density is not None:
        edges, said_by, missing = plain_density(
            density[::-1] if turned else density, "inch", f"{kind} pixel density"
        )
    return Stored(
        array, "YX" + "S" * (array.ndim - 2), edges, said_by, missing, lossy=kind in LOSSY
    )
