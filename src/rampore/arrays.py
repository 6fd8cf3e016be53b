"""What a signature calls a number, or an array of numbers that broadcasts with the others."""

import numpy as np

FloatOrArray = float | np.ndarray
