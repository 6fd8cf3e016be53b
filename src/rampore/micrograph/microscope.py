"""What an electron microscope makes of a cross-section: each fault a pure function, composed by
:class:`Microscope`.

Grey values are signals relative to white: 0 is black, 1 white. Lengths are in metres and need the
pixel size, so that the same microscope may look at one electrode at several magnifications.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from rampore.checks import quantity
from rampore.micrograph.phantom import Phantom, Phase
from rampore.micrograph.reading import Micrograph
from rampore.micrograph.stored import MicrographError

__all__ = [
    "TYPICAL",
    "Contrast",
    "Microscope",
    "blur",
    "charging",
    "contrast",
    "curtaining",
    "digitise",
    "grain_contrast",
    "pore_back",
    "shot_noise",
    "uneven_illumination",
]

#: Full width of a Gaussian at half its height, in standard deviations [-].
_FWHM = 2 * math.sqrt(2 * math.log(2))


@dataclass(frozen=True)
class Contrast:
    """Grey of each phase, of white [-]; pores are dark. Equal greys for all solids make an image of
    two levels.
    """

    pore: float = 0.12
    graphite: float = 0.42
    siox: float = 0.56
    binder: float = 0.34
    collector: float = 0.88
    outside: float = 0.12

    def __post_init__(self) -> None:
        for each in fields(self):
            quantity(
                f"grey of {each.name}",
                getattr(self, each.name),
                MicrographError,
                at_least=0,
                at_most=1,
            )

    @property
    def table(self) -> np.ndarray:
        """(6,) grey of each ``Phase`` in its order [-]."""
        return np.array([getattr(self, phase.name.lower()) for phase in Phase], dtype=np.float32)


def contrast(phase: np.ndarray, contrast: Contrast) -> np.ndarray:
    """Grey of every pixel by its ``Phase`` [-]."""
    quantity("phase", phase, MicrographError, at_least=0, below=len(Phase), whole=True)
    return contrast.table[phase]


def grain_contrast(
    grey: np.ndarray, grain: np.ndarray, solid: np.ndarray, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """Give every grain a grey of its own, as the orientation of a crystal does.

    Parameters
    ----------
    grey : (n0, n1) array
        [-]
    grain : (n0, n1) array of int
        Number of the grain.
    solid : (n0, n1) array of bool
        Where it shows.
    spread : float
        Standard deviation of a grain's grey, relative to it [-].
    rng : numpy.random.Generator
    """
    quantity("spread", spread, MicrographError, at_least=0)
    quantity("grain", grain, MicrographError, at_least=0, whole=True)
    factor = 1 + spread * rng.standard_normal(int(grain.max()) + 1, dtype=np.float32)
    return np.where(solid, grey * factor[grain], grey).astype(np.float32)


def pore_back(
    grey: np.ndarray,
    pore: np.ndarray,
    strength: float,
    depth: float,
    pixel_size: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Show in the pores the material that lies behind the plane of the cut, out of focus.

    What is seen is other solid at a depth drawn as smooth noise with the mean `depth`; its signal
    fades as it is seen through a hole no wider than the pore: by exp(-depth / distance from the
    pore's edge). Wide pores show more of their back than narrow ones.

    Parameters
    ----------
    grey : (n0, n1) array
        [-]
    pore : (n0, n1) array of bool
    strength : float
        Signal of solid right behind the plane, over that of the solid in it [-].
    depth : float
        Mean depth of what is seen [m].
    pixel_size : float
        [m]
    rng : numpy.random.Generator
    """
    quantity("strength", strength, MicrographError, at_least=0)
    _lengths(depth=depth, pixel_size=pixel_size)
    behind = np.exp(0.7 * _smooth_noise(grey.shape, depth / pixel_size, rng)) * (depth / pixel_size)
    room = ndimage.distance_transform_edt(pore).astype(np.float32)
    solid = float(grey[~pore].mean()) if not pore.all() else 1.0
    seen = np.float32(strength * solid) * np.exp(-behind / np.maximum(room, 0.5))
    return np.where(pore, np.maximum(grey, seen), grey).astype(np.float32)


def charging(
    grey: np.ndarray, pore: np.ndarray, strength: float, length: float, pixel_size: float
) -> np.ndarray:
    """Brighten the solid toward the edges of pores, where more electrons escape and charge stays.

    Parameters
    ----------
    grey : (n0, n1) array
        [-]
    pore : (n0, n1) array of bool
        What counts as void; the surroundings too, where their edges charge.
    strength : float
        Gain at the edge, of white [-].
    length : float
        Length over which it falls to 1/e [m].
    pixel_size : float
        [m]
    """
    quantity("strength", strength, MicrographError, at_least=0)
    _lengths(length=length, pixel_size=pixel_size)
    away = (ndimage.distance_transform_edt(~pore) - 0.5) * pixel_size
    return np.where(pore, grey, grey + strength * np.exp(-away / length)).astype(np.float32)


def curtaining(
    grey: np.ndarray, strength: float, width: float, pixel_size: float, rng: np.random.Generator
) -> np.ndarray:
    """Streaks along the ion beam, down the image: each column has a gain that drifts slowly with
    depth.

    Parameters
    ----------
    grey : (n0, n1) array
        [-]
    strength : float
        Standard deviation of the gain [-].
    width : float
        Of a streak [m]; it is 40 times as long.
    pixel_size : float
        [m]
    rng : numpy.random.Generator
    """
    quantity("strength", strength, MicrographError, at_least=0)
    _lengths(width=width, pixel_size=pixel_size)
    streaks = _smooth_noise(grey.shape, (40 * width / pixel_size, width / pixel_size), rng)
    return (grey * np.maximum(0, 1 + np.float32(strength) * streaks)).astype(np.float32)


def uneven_illumination(grey: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A gain that varies over the image as a paraboloid of random tilt, between 1 - `strength` and
    1 + `strength`.
    """
    quantity("strength", strength, MicrographError, at_least=0)
    u, v = (np.linspace(-1, 1, n, dtype=np.float32) for n in grey.shape)
    a, b, c, d, e = rng.standard_normal(5)
    field = a * u[:, None] + b * v + c * u[:, None] ** 2 + d * v**2 + e * u[:, None] * v
    low, high = float(field.min()), float(field.max())
    return (grey * (1 + strength * (2 * (field - low) / (high - low) - 1))).astype(np.float32)


def blur(grey: np.ndarray, width: float, pixel_size: float) -> np.ndarray:
    """The point spread of the beam: a Gaussian of the full `width` at half its height [m]."""
    quantity("width", width, MicrographError, at_least=0, unit="m")
    _lengths(pixel_size=pixel_size)
    return ndimage.gaussian_filter(
        grey, width / _FWHM / pixel_size, mode="nearest", truncate=5
    ).astype(np.float32)


def shot_noise(grey: np.ndarray, electrons: float, rng: np.random.Generator) -> np.ndarray:
    """Counts of a beam that gives `electrons` per pixel of white, over that number: variance = mean
    / electrons [-].
    """
    quantity("electrons", electrons, MicrographError, above=0)
    return (rng.poisson(np.maximum(grey, 0) * electrons) / electrons).astype(np.float32)


def digitise(grey: np.ndarray, bits: int) -> np.ndarray:
    """Whole numbers of `bits` (1 to 16), clipped at black and white."""
    quantity("bits of a detector", bits, MicrographError, at_least=1, at_most=16, whole=True)
    quantity("grey", grey, MicrographError)
    white = 2**bits - 1
    return np.round(np.clip(grey, 0, 1) * white).astype(np.uint8 if bits <= 8 else np.uint16)


def _lengths(**lengths: float) -> None:
    for name, length in lengths.items():
        quantity(name.replace("_", " "), length, MicrographError, above=0, unit="m")


def _smooth_noise(shape, width, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance, correlated over `width` pixels along each axis."""
    widths = np.broadcast_to(width, len(shape))
    coarse = [max(1, int(w // 4)) for w in widths]
    nodes = rng.standard_normal(
        [n // c + 4 for n, c in zip(shape, coarse, strict=True)], dtype=np.float32
    )
    sigma = [w / 2 / c for w, c in zip(widths, coarse, strict=True)]
    noise = ndimage.gaussian_filter(nodes, sigma, mode="wrap")
    noise = ndimage.zoom(
        noise, [(n + c) / m for n, c, m in zip(shape, coarse, noise.shape, strict=True)], order=1
    )
    noise = noise[tuple(slice(n) for n in shape)]
    return noise / max(float(noise.std()), 1e-12)


@dataclass(frozen=True)
class Microscope:
    """The faults of an image, each off at 0, in the order in which they arise.

    Attributes
    ----------
    contrast : Contrast
    grain_spread : float
        Relative standard deviation of the grey among grains of one material [-].
    back_strength, back_depth : float
        Pore-back effect: signal of solid right behind the plane [-], and mean depth of what is seen
        [m].
    charging_strength, charging_length : float
        Gain at the edges of pores, of white [-], and its range [m].
    curtain_strength, curtain_width : float
        Standard deviation of the gain [-] and width of a streak [m].
    illumination : float
        Largest deviation of the gain over the image [-].
    spot : float
        Full width at half maximum of the beam [m].
    electrons : float
        Electrons counted per pixel of white [-]; 0: no noise.
    bits : int
        Of the detector; 0: signals as they are, 0 to 1.
    """

    contrast: Contrast = Contrast()
    grain_spread: float = 0.0
    back_strength: float = 0.0
    back_depth: float = 1e-6
    charging_strength: float = 0.0
    charging_length: float = 0.2e-6
    curtain_strength: float = 0.0
    curtain_width: float = 0.5e-6
    illumination: float = 0.0
    spot: float = 0.0
    electrons: float = 0.0
    bits: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "contrast":
                continue
            quantity(each.name, value, MicrographError, at_least=0)
            if each.name in ("back_depth", "charging_length", "curtain_width") and value == 0:
                raise MicrographError(
                    f"{each.name} is a positive length; a strength of 0 turns the fault off"
                )
        quantity("bits", self.bits, MicrographError, at_most=16, whole=True)

    def image(self, phantom: Phantom, rng: np.random.Generator) -> Micrograph:
        """Look at a section.

        Parameters
        ----------
        phantom : Phantom
            Of two axes.
        rng : numpy.random.Generator
            Each fault has a stream of its own, so that turning one off leaves the others as they
            were.

        Returns
        -------
        Micrograph
            With pores dark; without `bits` on the scale of 0 to 1, else in whole numbers.

        Raises
        ------
        MicrographError
            Where the phantom is a volume.
        """
        if phantom.phase.ndim != 2:
            raise MicrographError("a microscope looks at a section: take phantom.section(index)")
        grain_rng, back_rng, curtain_rng, light_rng, shot_rng = rng.spawn(5)
        void = (phantom.phase == Phase.PORE) | (phantom.phase == Phase.OUTSIDE)
        size = phantom.pixel_size
        grey = contrast(phantom.phase, self.contrast)
        if self.grain_spread:
            crystal = (phantom.phase == Phase.GRAPHITE) | (phantom.phase == Phase.SIOX)
            grey = grain_contrast(grey, phantom.grain, crystal, self.grain_spread, grain_rng)
        if self.back_strength:
            grey = pore_back(
                grey, phantom.pore, self.back_strength, self.back_depth, size, back_rng
            )
        if self.charging_strength:
            grey = charging(grey, void, self.charging_strength, self.charging_length, size)
        if self.curtain_strength:
            grey = curtaining(grey, self.curtain_strength, self.curtain_width, size, curtain_rng)
        if self.illumination:
            grey = uneven_illumination(grey, self.illumination, light_rng)
        if self.spot:
            grey = blur(grey, self.spot, size)
        if self.electrons:
            grey = shot_noise(grey, self.electrons, shot_rng)
        stored = digitise(grey, self.bits) if self.bits else grey
        return Micrograph(stored.astype(np.float32), size, "phantom", str(stored.dtype), "given")


#: A fair field-emission image of an ion-milled section; every value is an assumption, none is from
#: the paper.
TYPICAL = Microscope(
    grain_spread=0.05,
    back_strength=0.6,
    back_depth=1.0e-6,
    charging_strength=0.10,
    charging_length=0.15e-6,
    curtain_strength=0.02,
    curtain_width=0.5e-6,
    illumination=0.08,
    spot=0.15e-6,
    electrons=150.0,
    bits=8,
)
