"""A coating between its openings: one porosity, layers, a profile, a function or voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rampore.arrays import FloatOrArray
from rampore.checks import choice, quantity, shares
from rampore.structure.errors import StructureError

Law = Callable[[FloatOrArray], FloatOrArray]

_POROSITY = {"above": 0, "at_most": 1}
#: points and weights in a box from 0 to 1, of which the mean of a cubic is exact
_POINTS = 0.5 + np.array([-0.5, 0.5]) / np.sqrt(3)


@dataclass(frozen=True)
class CoatingLayer:
    """One layer of a coating.

    Attributes
    ----------
    share : float
        Of the thickness [-].
    porosity : float
        [-]
    efficiency : callable, optional
        Transport efficiency over the porosity, through the plane [-]; by default the electrode's.
    in_plane : float, optional
        Efficiency in the plane over that through it [-]; by default the coating's.
    """

    share: float
    porosity: float
    efficiency: Law | None = None
    in_plane: float | None = None

    def __post_init__(self) -> None:
        quantity("layer: share", self.share, StructureError, above=0, at_most=1)
        quantity("layer: porosity", self.porosity, StructureError, **_POROSITY)
        if self.in_plane is not None:
            quantity("layer: in_plane", self.in_plane, StructureError, above=0)


@dataclass(frozen=True)
class DepthProfile:
    """A porosity over the depth of a coating.

    Attributes
    ----------
    function : callable
        Porosity [-] over the share of the thickness, 0 at the foil and 1 at the separator [-]; an
        :class:`rampore.expressions.Expression` is one.
    """

    function: Law


@dataclass(frozen=True, eq=False)
class Voxels:
    """Porosities of equal bricks, which fill the coating over the unit cell (mx, my, mz) [-].

    The first of z lies at the foil. 1 is open electrolyte.
    """

    values: np.ndarray

    def __post_init__(self) -> None:
        if np.ndim(self.values) != 3 or not np.size(self.values):
            raise StructureError(
                f"voxels are an array of three axes, x, y and z, not of shape "
                f"{np.shape(self.values)}"
            )
        quantity("voxels: porosity", self.values, StructureError, **_POROSITY)


#: Porosity of a coating; a function takes x, y and z [m], z from the negative foil's face.
Porosity = float | tuple[CoatingLayer, ...] | DepthProfile | Voxels | Callable


@dataclass(frozen=True)
class Coating:
    """A coating as it is between its openings.

    Attributes
    ----------
    porosity : float, tuple of CoatingLayer, DepthProfile, Voxels or callable, optional
        [-]; by default the electrode's own. Layers come in order from the foil to the separator.
    in_plane : float, optional
        Transport efficiency in the plane over that through it [-]; by default the electrode's.
    solid : {"removed", "pressed"}
        Where the solid is that channels leave no room for: gone, or pressed into what stands
        between them, so that mass and thickness are those without channels. The latter takes a
        coating that is the same everywhere.
    """

    porosity: Porosity | None = None
    in_plane: float | None = None
    solid: str = "removed"

    def __post_init__(self) -> None:
        choice("coating: solid", self.solid, ("removed", "pressed"), StructureError)
        if self.in_plane is not None:
            quantity("coating: in_plane", self.in_plane, StructureError, above=0)
        if isinstance(self.porosity, tuple):
            parts = [layer.share for layer in self.porosity]
            shares("coating: shares of the layers", parts, StructureError)
        elif isinstance(self.porosity, int | float):
            quantity("coating: porosity", self.porosity, StructureError, **_POROSITY)
        even = self.porosity is None or isinstance(self.porosity, int | float)
        if self.solid == "pressed" and not even:
            raise StructureError(
                "coating: solid is pressed evenly into a coating of one porosity; give layers, "
                "profiles and fields as they are after it"
            )

    def at_foil(self) -> Coating:
        """As the coating is at its foil."""
        match self.porosity:
            case tuple(layers):
                return replace(self, porosity=(replace(layers[0], share=1.0),))
            case DepthProfile(function=function):
                return replace(self, porosity=float(function(np.zeros(1))[0]))
            case Voxels(values=values):
                return replace(self, porosity=Voxels(values[..., :1]))
        return self


class DirectedClosure(NamedTuple):
    """How a porosity conducts."""

    law: Law  #: transport efficiency through the plane over the porosity [-]
    in_plane: float = 1.0  #: efficiency in the plane over that through it [-]

    def efficiency(self, porosity: FloatOrArray) -> np.ndarray:
        """Along x, y and z (3, ...) [-]; of open electrolyte 1, whatever the law.

        Raises
        ------
        StructureError
            Where it would conduct better than open electrolyte.
        """
        porosity = np.asarray(porosity, float)
        filled = porosity < 1
        through = np.where(filled, self.law(np.where(filled, porosity, 0.5)), 1.0)
        across = np.where(filled, self.in_plane * through, 1.0)
        limits = {"above": 0, "at_most": 1}
        quantity("transport efficiency through the plane", through, StructureError, **limits)
        quantity("transport efficiency in the plane", across, StructureError, **limits)
        return np.stack([across, across, through])


class Samples(NamedTuple):
    """A porosity and what conducts in it, at points that boxes take their means from."""

    porosity: np.ndarray  #: (sx, sy, sz) [-]
    efficiency: np.ndarray  #: along x, y and z (3, sx, sy, sz) [-]
    #: weights of the points in the boxes of each axis, (nx, sx), (ny, sy) and (nz, sz) [-]
    weights: tuple[np.ndarray, np.ndarray, np.ndarray]

    def mean_porosity(self) -> np.ndarray:
        """Of each box (nx, ny, nz) [-]."""
        return _averaged(self.porosity, self.weights)

    def series_efficiency(self) -> np.ndarray:
        """Of each box along x, y and z: in series along, in parallel across (3, nx, ny, nz) [-]."""
        found = []
        for axis, values in enumerate(self.efficiency):
            along = np.tensordot(self.weights[axis], 1 / values, (1, axis))
            ones = [np.eye(len(w)) if n == axis else w for n, w in enumerate(self.weights)]
            found.append(_averaged(np.moveaxis(1 / along, 0, axis), ones))
        return np.stack(found)


def _averaged(values, weights):
    return np.einsum("ai,bj,ck,ijk->abc", *weights, values, optimize=True)


def _overlaps(edges, parts):
    """Share of each box in each part: (boxes, parts) [-]."""
    low = np.maximum(edges[:-1, None], parts[None, :-1])
    high = np.minimum(edges[1:, None], parts[None, 1:])
    covered = np.maximum(high - low, 0.0)
    return covered / covered.sum(axis=1, keepdims=True)


def _inner_points(edges):
    """Two points in each box, and their weights."""
    points = (edges[:-1, None] + np.diff(edges)[:, None] * _POINTS).ravel()
    return points, np.kron(np.eye(edges.size - 1), [[0.5, 0.5]])


def sample(
    coating: Coating,
    closure: DirectedClosure,
    edges: tuple[np.ndarray, np.ndarray, np.ndarray],
    from_foil: bool,
) -> Samples:
    """A coating, whose porosity is given, on boxes.

    Parameters
    ----------
    coating : Coating
    closure : DirectedClosure
        Of the electrode; where the coating says otherwise, that counts.
    edges : (x, y, z)
        Of the boxes [m]; z of those of the coating alone.
    from_foil : bool
        Whether the foil is at the lower end of z.
    """
    if coating.in_plane is not None:
        closure = closure._replace(in_plane=coating.in_plane)
    x, y, z = edges
    anywhere = [np.ones((each.size - 1, 1)) for each in (x, y, z)]
    match coating.porosity:
        case tuple(layers):
            return _sample_layers(layers, closure, anywhere, z, from_foil)
        case DepthProfile(function=function):
            points, weights = _inner_points(z)
            depth = (points - z[0]) / (z[-1] - z[0])
            values = function(depth if from_foil else 1 - depth) + 0.0 * depth
            values, weights = values[None, None], (*anywhere[:2], weights)
        case Voxels(values=values):
            values = values if from_foil else values[..., ::-1]
            weights = tuple(
                _overlaps(each, np.linspace(each[0], each[-1], n + 1))
                for each, n in zip(edges, values.shape, strict=True)
            )
        case float() | int():
            values, weights = np.full((1, 1, 1), float(coating.porosity)), tuple(anywhere)
        case _:
            points, weights = zip(*map(_inner_points, edges), strict=True)
            values = coating.porosity(*np.meshgrid(*points, indexing="ij"))
            values = np.broadcast_to(np.asarray(values, float), [each.size for each in points])
    quantity("coating: porosity", values, StructureError, **_POROSITY)
    return Samples(values, closure.efficiency(values), weights)


def _sample_layers(layers, closure, anywhere, z, from_foil):
    ordered = layers if from_foil else layers[::-1]
    share = np.cumsum([0.0, *(layer.share for layer in ordered)])
    parts = z[0] + (z[-1] - z[0]) * share / share[-1]
    efficiency = [
        DirectedClosure(
            layer.efficiency or closure.law,
            closure.in_plane if layer.in_plane is None else layer.in_plane,
        ).efficiency(layer.porosity)
        for layer in ordered
    ]
    return Samples(
        np.array([[[layer.porosity for layer in ordered]]]),
        np.stack(efficiency, axis=1)[:, None, None, :],
        (*anywhere[:2], _overlaps(z, parts)),
    )
