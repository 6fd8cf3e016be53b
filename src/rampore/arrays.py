"""What a signature calls a number, or an array of numbers that broadcasts with the others."""

import numpy as np

FloatOrArray = float | np.ndarray


def distinct(array: np.ndarray) -> np.ndarray:
    """Sorted values that an array holds; of small whole numbers without sorting all of it."""
    if array.dtype.kind == "b" or array.dtype in (np.uint8, np.uint16):
        return np.flatnonzero(np.bincount(array.ravel())).astype(array.dtype)
    return np.unique(array)
