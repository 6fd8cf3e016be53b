"""A photograph of a perforated foil, face on: its holes, how they lie, and what they leave open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage, stats
from scipy.spatial import cKDTree

from rampore.checks import choice, quantity
from rampore.collector import CLOSE_PACKED
from rampore.extras import needs
from rampore.micrograph.stored import MicrographError

#: Pieces of less than this share of the median hole's area are dust [-].
DUST = 0.25
#: Neighbours stand within this many times the distance of the nearest [-]; on a square lattice the
#: diagonal is 1.41 away, on a triangular one the next but one 1.73.
NEAR = 1.2
#: At first light is evened out over this share of the shorter side [-].
LIGHT = 0.2
#: How often thresholds and light are found anew.
PASSES = 3
#: Where a hole may end between the grey values of foil and hole, where light is scattered at its
#: edge or the picture is clipped [-]; in the middle is its edge.
EDGE = 0.4, 0.5, 0.6
#: From the edge of a hole so far is looked for where it may end [px].
RIM = 3
#: Fewest holes within the frame, from which a lattice can be told [-].
FEWEST = 7


class FoilPicture(NamedTuple):
    """What a picture shows of a perforated foil; means with the standard deviation among holes."""

    hole_diameter: float  #: of the disc of a hole's area [m]
    hole_deviation: float  #: [m]
    pitch: float  #: distance to the neighbours [m]
    pitch_deviation: float  #: [m]
    lattice: str  #: "triangular", "square" or "irregular"
    open_fraction: float  #: share of the picture that is hole [-]
    axis_ratio: float  #: shorter axis of a hole over its longer one, the mean [-]
    holes: int  #: that are whole in the picture
    labels: np.ndarray  #: 0 on the foil, 1, 2, ... in each hole, cut ones too; shape of the picture
    #: half of what the diameter changes by between the ends of
    #: :data:`rampore.micrograph.foils.EDGE` [m]
    edge_uncertainty: float
    numbers: np.ndarray  #: of the whole holes in `labels`, shape (holes,)
    centres: np.ndarray  #: of the whole holes along rows and columns, shape (holes, 2) [m]
    diameters: np.ndarray  #: of the whole holes, shape (holes,) [m]
    axis_ratios: np.ndarray  #: of the whole holes, shape (holes,) [-]

    @property
    def diameter_uncertainty(self) -> float:
        """Of the mean diameter, 95 %: the scatter of the holes, and beside it, squared and added,
        where their edge is [m]. That of the pixel size comes on top.
        """
        return float(np.hypot(_of_mean(self.hole_deviation, self.holes), self.edge_uncertainty))

    @property
    def pitch_uncertainty(self) -> float:
        """Of the mean pitch, 95 %: the scatter of the distances, as of so many as there are holes
        [m]. That of the pixel size comes on top.
        """
        return _of_mean(self.pitch_deviation, self.holes)

    @property
    def lattice_fraction(self) -> float:
        """The open fraction of a lattice of such holes at this pitch [-]; NaN where there is none.

        Where it is far from :attr:`open_fraction`, holes are missing, double, or uneven.
        """
        packed = {"triangular": CLOSE_PACKED, "square": np.pi / 4}.get(self.lattice, np.nan)
        return float(packed * (self.hole_diameter / self.pitch) ** 2)


def measure_foil(grey: np.ndarray, pixel_size: float, holes: str) -> FoilPicture:
    """Diameter, pitch, lattice and open fraction of the holes on a picture that shows the foil face
    on.

    Foil and holes are parted half way between their grey values, each found around every place, so
    that neither blur nor a slope of the light moves the edges of the holes.

    Parameters
    ----------
    grey : (n0, n1) array
        Grey values, of any scale.
    pixel_size : float
        [m]
    holes : {"dark", "bright"}
        What holes look like: bright where light shines through them.

    Returns
    -------
    FoilPicture

    Raises
    ------
    MicrographError
        Where the picture has fewer than seven whole holes, or foil and holes cannot be told apart.
    """
    choice("holes", holes, ("dark", "bright"), MicrographError)
    quantity("pixel size", pixel_size, MicrographError, above=0, unit="m")
    grey = np.asarray(grey, float)
    if grey.ndim != 2 or not np.isfinite(grey).all() or np.ptp(grey) == 0:
        raise MicrographError(
            "a picture of a foil is one of two dimensions, of finite grey values that differ"
        )
    narrow, even, wide = _open(grey if holes == "bright" else -grey)
    labels = _number(even)
    area = np.bincount(labels.ravel())[1:]
    whole = ~_cut(labels)[1:]
    if whole.sum() < FEWEST:
        raise MicrographError(
            f"{whole.sum()} whole holes are on the picture, if holes are {holes}; {FEWEST} or more "
            "tell how they lie"
        )
    numbers = np.flatnonzero(whole) + 1
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, numbers))
    distance, neighbours = _neighbours(centres, labels.shape)
    diameter = pixel_size * np.sqrt(4 * area[whole] / np.pi)
    ratios = np.array([_axis_ratio(labels, number) for number in numbers])
    rim = ndimage.binary_dilation(labels > 0, iterations=RIM)
    ends = [np.sqrt(np.mean(part & rim) / np.mean(labels > 0)) for part in (narrow, wide)]
    return FoilPicture(
        float(diameter.mean()),
        float(diameter.std(ddof=1)),
        pixel_size * float(distance.mean()),
        pixel_size * float(distance.std(ddof=1)),
        _lattice(neighbours),
        float(np.mean(labels > 0)),
        float(ratios.mean()),
        len(numbers),
        labels,
        float(diameter.mean() * abs(ends[1] - ends[0]) / 2),
        numbers,
        pixel_size * (centres + 0.5),
        diameter,
        ratios,
    )


def _of_mean(deviation: float, count: int) -> float:
    """Half the 95 % interval of the mean of so many that scatter by a standard deviation."""
    return float(stats.t.ppf(0.975, count - 1) * deviation / np.sqrt(count))


def _open(grey: np.ndarray) -> list[np.ndarray]:
    """Where the holes are, which are bright, for each of :data:`EDGE`; the brighter an edge, the
    narrower they are.
    """
    with needs("images"):
        from skimage.filters import threshold_otsu

    wide = LIGHT * min(grey.shape)
    mean = ndimage.gaussian_filter(grey, wide)
    scatter = np.sqrt(ndimage.gaussian_filter((grey - mean) ** 2, wide))
    even = (grey - mean) / np.maximum(scatter, np.finfo(float).tiny)
    open_ = even > threshold_otsu(even)
    for _ in range(PASSES):
        count = max(ndimage.label(open_)[1], 1)
        reach = np.sqrt(grey.size / count)
        hole, foil = (_level(grey, part, reach) for part in (open_, ~open_))
        open_ = grey > (foil + hole) / 2
    return [grey > foil + share * (hole - foil) for share in sorted(EDGE, reverse=True)]


def _level(grey: np.ndarray, part: np.ndarray, reach: float) -> np.ndarray:
    """Mean grey value of a part of the picture around every place, without the rim of the part."""
    inner = ndimage.binary_erosion(part, np.ones((3, 3)), border_value=1)
    inner = (inner if inner.any() else part).astype(float)
    weight = ndimage.gaussian_filter(inner, reach)
    if not weight.min() > 0:
        raise MicrographError(
            "holes and foil do not alternate over the picture: cut it to the foil"
        )
    return ndimage.gaussian_filter(grey * inner, reach) / weight


def _number(open_: np.ndarray) -> np.ndarray:
    """A number for each hole, without dust on the foil or in a hole."""
    pieces, _ = ndimage.label(ndimage.binary_fill_holes(open_))
    area = np.bincount(pieces.ravel())
    area[0] = 0
    # half of the open area lies in holes larger than the typical one, dust or not
    order = np.sort(area)
    typical = order[np.searchsorted(np.cumsum(order), area.sum() / 2)]
    kept = (area >= DUST * typical) | _cut(pieces)
    kept[0] = False
    return np.where(kept, np.cumsum(kept), 0)[pieces]


def _cut(labels: np.ndarray) -> np.ndarray:
    """Whether the picture's edge cuts each, the foil at 0 first."""
    border = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
    return np.isin(np.arange(labels.max() + 1), border)


def _neighbours(centres: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Distances between neighbours [px], and how many each hole has that has them all within the
    frame.
    """
    tree = cKDTree(centres)
    nearest = np.median(tree.query(centres, k=2)[0][:, 1])
    pairs = tree.query_pairs(NEAR * nearest, output_type="ndarray")
    count = np.bincount(pairs.ravel(), minlength=len(centres))
    frame = np.min([centres, np.array(shape) - 1 - centres], axis=(0, 2))
    return np.linalg.norm(np.diff(centres[pairs], axis=1)[:, 0], axis=1), count[frame > 2 * nearest]


def _lattice(neighbours: np.ndarray) -> str:
    """The lattice on which most holes have so many neighbours."""
    for name, number in (("triangular", 6), ("square", 4)):
        if neighbours.size and np.mean(neighbours == number) > 0.5:
            return name
    return "irregular"


def _axis_ratio(labels: np.ndarray, number: int) -> float:
    """Shorter axis of a hole over its longer one, of the ellipse with its second moments [-]."""
    places = np.argwhere(labels == number)
    low, high = np.linalg.eigvalsh(np.cov(places.T) + np.eye(2) / 12)
    return float(np.sqrt(low / high))
