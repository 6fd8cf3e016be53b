"""Pictures of perforated foils whose holes are known."""

import math

import numpy as np
from scipy import ndimage


def drawn(diameter, pitch, lattice="triangular", shape=(240, 320), missing=(), scatter=0.0, fine=4):
    """A picture of round holes, each pixel by the share of it that is open, and that share of all.

    Lengths in pixels.
    """
    rng = np.random.default_rng(0)
    step = pitch * math.sqrt(3) / 2 if lattice == "triangular" else pitch
    open_ = np.zeros(np.multiply(shape, fine), bool)
    y, x = ((np.arange(n * fine) + 0.5) / fine for n in shape)
    number = 0
    for row in range(-1, int(shape[0] / step) + 2):
        shift = (row % 2) * pitch / 2 if lattice == "triangular" else 0.0
        for column in range(-1, int(shape[1] / pitch) + 2):
            number += 1
            if number in missing:
                continue
            middle = row * step + 3.3, column * pitch + shift + 1.7
            radius = diameter / 2 + scatter * rng.standard_normal()
            open_ |= np.add.outer((y - middle[0]) ** 2, (x - middle[1]) ** 2) < radius**2
    share = open_.reshape(shape[0], fine, shape[1], fine).mean(axis=(1, 3))
    return share, float(share.mean())


def photograph(share, blur=1.0, noise=5.0, slope=0.0):
    """Grey values of a picture that was taken against the light."""
    grey = ndimage.gaussian_filter(60 + 140 * share, blur)
    light = 1 + slope * np.linspace(-1, 1, share.shape[1])
    return grey * light + np.random.default_rng(1).normal(0, noise, share.shape)
