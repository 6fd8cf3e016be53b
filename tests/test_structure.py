"""Structures as data: lattices, exact cuts on every mesh, what a file says and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rampore.structure import (
    Channels,
    Coating,
    CoatingLayer,
    DepthProfile,
    Holes,
    Structure,
    StructureError,
    Voxels,
)
from rampore.structure.files import read
from rampore.structure.mesh import cut, section
from rampore.structure.porosity import DirectedClosure, sample

THICKNESS = 50e-6

CHANNELS = {
    "round, triangular": Channels(lattice="triangular", pitch=100e-6, width=40e-6),
    "round, square": Channels(lattice="square", pitch=80e-6, width=40e-6, between=True),
    "blind cones": Channels(
        lattice="triangular", pitch=100e-6, width=60e-6, floor=20e-6, depth=30e-6
    ),
    "slots along y": Channels(lattice="triangular", pitch=100e-6, width=20e-6, length=90e-6),
    "blind tapered slots along x": Channels(
        lattice="square",
        pitch=100e-6,
        width=40e-6,
        length=80e-6,
        along="x",
        floor=10e-6,
        depth=33e-6,
    ),
    "lines": Channels(lattice="lines", pitch=70e-6, width=20e-6),
    "grooves along x": Channels(lattice="lines", pitch=70e-6, width=40e-6, along="x", floor=0.0),
}


def random_edges(rng, n, length):
    return np.concatenate([[0.0], np.sort(rng.random(n - 1)) * length, [length]])


def random_mesh(channels, boxes, seed=1):
    rng = np.random.default_rng(seed)
    width, height = Structure(channels=(channels,)).unit_cell
    sides = (width, height, THICKNESS)
    return [random_edges(rng, n, length) for n, length in zip(boxes, sides, strict=True)]


def volumes(x, y, z):
    return np.diff(x)[:, None, None] * np.diff(y)[:, None] * np.diff(z)


# Exact values


@pytest.mark.parametrize("boxes", [(1, 1, 1), (3, 5, 4), (13, 7, 9)])
@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
def test_channels_keep_their_volume_on_every_mesh(channels, boxes):
    x, y, z = random_mesh(channels, boxes)
    for from_foil in (True, False):
        part = cut(x, y, z, channels, from_foil)
        volume = (part.share * volumes(x, y, z)).sum() / (x[-1] * y[-1])
        assert volume == pytest.approx(channels.volume_in(THICKNESS), rel=1e-12)


@pytest.mark.parametrize("boxes", [(1, 1, 1), (6, 10, 5)])
def test_a_blind_cone_has_the_wall_and_the_floor_of_a_frustum(boxes):
    channels = CHANNELS["blind cones"]
    x, y, z = random_mesh(channels, boxes)
    wall = cut(x, y, z, channels, from_foil=True).wall.sum() / (x[-1] * y[-1])
    slant = math.hypot(30e-6, 20e-6)
    frustum = math.pi * (30e-6 + 10e-6) * slant + math.pi * 10e-6**2
    assert wall == pytest.approx(channels.density * frustum, rel=1e-12)


def test_walls_of_lines_face_across_them_and_those_of_discs_both_ways_alike():
    x, y, z = random_mesh(CHANNELS["lines"], (5, 3, 2))
    wall = cut(x, y, z, CHANNELS["lines"], from_foil=True).wall.sum(axis=(1, 2, 3))
    assert wall[0] == pytest.approx(wall.sum(), rel=1e-12)
    x, y, z = random_mesh(CHANNELS["round, triangular"], (5, 3, 2))
    wall = cut(x, y, z, CHANNELS["round, triangular"], from_foil=True).wall.sum(axis=(1, 2, 3))
    assert wall[0] == pytest.approx(wall[1], rel=1e-12)
    assert wall[2] == 0.0


def test_lengths_of_the_edges_of_boxes_in_a_disc_integrate_to_its_area():
    channels = CHANNELS["round, triangular"]
    width, height = Structure(channels=(channels,)).unit_cell
    x, y = np.linspace(0, width, 2001), np.linspace(0, height, 8)
    outlines = list(channels.outlines(width, height))
    lengths = section(x, y, channels, channels.width, outlines).side_x.sum(axis=1)
    area = np.sum(lengths) * (x[1] - x[0])
    # The trapezoidal rule without its ends, of which the two corners' discs have half a width each
    area += channels.width / 2 * (x[1] - x[0])
    assert area == pytest.approx(channels.open_fraction * width * height, rel=1e-4)


def test_a_channel_leaves_the_foil_that_it_reaches_and_no_other():
    through, blind = CHANNELS["lines"], replace(CHANNELS["lines"], depth=20e-6)
    x, y, _ = random_mesh(through, (7, 3, 1))
    whole = x[-1] * y[-1]
    for channels, share in ((through, 1 - 20 / 70), (blind, 1.0)):
        touched = Structure(channels=(channels,)).touched("negative", x, y, THICKNESS)
        assert touched.sum() == pytest.approx(share * whole, rel=1e-12)


def test_a_channel_over_a_hole_takes_away_no_more_foil_than_the_wider_of_the_two():
    holes = Holes(lattice="square", pitch=100e-6, width=50e-6, depth=10e-6)
    for width in (30e-6, 50e-6, 70e-6):
        channels = Channels(lattice="square", pitch=100e-6, width=width)
        x, y = random_mesh(channels, (7, 5, 1))[:2]
        touched = Structure((holes,), (channels,)).touched("negative", x, y, THICKNESS)
        open_area = math.pi * max(width, 50e-6) ** 2 / 4 / 100e-6**2
        assert touched.sum() == pytest.approx((1 - open_area) * x[-1] * y[-1], rel=1e-12)


def test_lattices_of_commensurate_pitches_share_a_unit_cell():
    holes = Holes(lattice="triangular", pitch=150e-6, width=50e-6, depth=10e-6)
    lines = Channels(lattice="lines", pitch=50e-6, width=10e-6)
    structure = Structure((holes,), (lines,))
    assert structure.unit_cell == pytest.approx((75e-6, math.sqrt(3) * 75e-6))
    assert Structure(channels=(lines,)).unit_cell == pytest.approx((25e-6, 25e-6))


def test_pressed_solid_keeps_mass_and_thickness():
    channels = CHANNELS["round, triangular"]
    structure = Structure(channels=(channels,), negative=Coating(solid="pressed"))
    share = structure.channel_share("negative", THICKNESS)
    pressed = structure.between("negative", 0.5, THICKNESS).porosity
    assert (1 - share) * (1 - pressed) == pytest.approx(0.5, rel=1e-12)


# What conducts


EDGES = (np.linspace(0, 1e-4, 4), np.linspace(0, 1e-4, 3), np.linspace(0, THICKNESS, 6))
LAW = DirectedClosure(lambda eps: eps / 2, in_plane=1.5)


def test_layers_conduct_in_series_through_the_plane_and_in_parallel_in_it():
    """One box of both layers, cut at a third."""
    edges = (EDGES[0], EDGES[1], np.array([0.0, THICKNESS]))
    coating = Coating(
        (CoatingLayer(1 / 3, 0.2), CoatingLayer(2 / 3, 0.5, lambda eps: eps**2, in_plane=1.0))
    )
    samples = sample(coating, LAW, edges, from_foil=True)
    x, _, z = samples.series_efficiency()[:, 0, 0, 0]
    assert samples.mean_porosity()[0, 0, 0] == pytest.approx(0.4, rel=1e-12)
    assert x == pytest.approx(1 / 3 * 0.15 + 2 / 3 * 0.25, rel=1e-12)
    assert z == pytest.approx(1 / (1 / 3 / 0.1 + 2 / 3 / 0.25), rel=1e-12)


def test_layers_keep_their_pores_on_every_mesh():
    coating = Coating((CoatingLayer(0.3, 0.2), CoatingLayer(0.2, 0.9), CoatingLayer(0.5, 0.4)))
    for seed in range(5):
        z = random_edges(np.random.default_rng(seed), 7, THICKNESS)
        for from_foil in (True, False):
            samples = sample(coating, LAW, (*EDGES[:2], z), from_foil)
            mean = samples.mean_porosity()[0, 0] @ np.diff(z) / THICKNESS
            assert mean == pytest.approx(0.3 * 0.2 + 0.2 * 0.9 + 0.5 * 0.4, rel=1e-12)


def test_voxels_are_means_by_volume_of_boxes_that_cut_them():
    rng = np.random.default_rng(3)
    values = rng.uniform(0.1, 0.9, (5, 4, 7))
    samples = sample(Coating(Voxels(values)), LAW, EDGES, from_foil=True)
    mean = (samples.mean_porosity() * volumes(*EDGES)).sum() / volumes(*EDGES).sum()
    assert mean == pytest.approx(values.mean(), rel=1e-12)
    back = sample(Coating(Voxels(values)), LAW, EDGES, from_foil=False)
    assert np.allclose(back.mean_porosity()[..., ::-1], samples.mean_porosity(), rtol=1e-12)


def test_a_profile_and_a_function_are_the_same_where_they_say_the_same():
    profile = Coating(DepthProfile(lambda x: 0.2 + 0.3 * x**2))
    function = Coating(lambda x, y, z: 0.2 + 0.3 * (z / THICKNESS) ** 2)
    first, second = (sample(each, LAW, EDGES, from_foil=True) for each in (profile, function))
    assert np.allclose(first.mean_porosity(), second.mean_porosity(), rtol=1e-12)
    assert np.allclose(first.series_efficiency(), second.series_efficiency(), rtol=1e-12)
    mean = first.mean_porosity()[0, 0] @ np.diff(EDGES[2]) / THICKNESS
    assert mean == pytest.approx(0.3, rel=1e-12)


def test_open_electrolyte_conducts_fully_whatever_the_closure_of_the_coating():
    values = np.full((2, 1, 1), 0.4)
    values[1] = 1.0
    samples = sample(Coating(Voxels(values)), LAW, EDGES, from_foil=True)
    efficiency = samples.series_efficiency()
    assert np.all(efficiency[:, -1] == 1.0)
    assert efficiency[:, 0, 0, 0] == pytest.approx([0.3, 0.3, 0.2], rel=1e-12)


def test_refusal_of_a_coating_that_conducts_better_than_open_electrolyte():
    with pytest.raises(StructureError, match=r"in the plane at .* = 1\.2 must be"):
        sample(Coating(0.8), LAW._replace(in_plane=3.0), EDGES, from_foil=True)


# Files


FILE = """
[[holes]]
lattice = "triangular"
pitch = "160 um"
width = "75 um"
depth = "15 um"
filling = 0.4

[[channels]]
coating = "positive"
lattice = "square"
pitch = "80 um"
width = "0.02 mm"
length = "40 um"
along = "x"
floor = "5 um"
depth = "30 um"

[negative]
in_plane = 2.47
[[negative.layers]]
share = 0.4
porosity = 0.25
[[negative.layers]]
share = 0.6
porosity = 0.35
exponent = 1.8
prefactor = 0.9

[positive]
porosity = "0.2 + 0.1*x"
"""


def written(tmp_path, text):
    path = tmp_path / "structure.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_the_structure_that_it_describes(tmp_path):
    text = FILE.replace("square", "lines").replace('length = "40 um"\nalong = "x"\n', "")
    structure = read(written(tmp_path, text))
    assert structure.holes == (
        Holes(lattice="triangular", pitch=160e-6, width=75e-6, depth=15e-6, filling=0.4),
    )
    assert structure.channels == (
        Channels(
            coating="positive", lattice="lines", pitch=80e-6, width=20e-6, floor=5e-6, depth=30e-6
        ),
    )
    lower, upper = structure.negative.porosity
    assert (lower, upper.share, upper.porosity) == (CoatingLayer(0.4, 0.25), 0.6, 0.35)
    assert upper.efficiency(0.35) == pytest.approx(0.9 * 0.35**1.8, rel=1e-12)
    assert structure.positive.porosity.function(0.5) == pytest.approx(0.25, rel=1e-12)


def test_a_file_names_its_voxels_beside_it(tmp_path):
    np.save(tmp_path / "voxels.npy", np.full((2, 3, 4), 0.3))
    text = 'sides = ["50 um", "80 um"]\n[positive]\nporosity = "voxels.npy"\n'
    structure = read(written(tmp_path, text))
    assert structure.unit_cell == (50e-6, 80e-6)
    assert structure.positive.porosity.values.shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"160 um"', "160"), "holes 1: pitch = 160 is no length with its unit, such as '75 um'"),
        (('"160 um"', '"160 mAh"'), "holes 1: pitch = '160 mAh': the unit 'mAh' cannot be expr"),
        (('"160 um"', '"70 um"'), "holes 1: holes of 75 um at a pitch of 70 um touch each other"),
        (('width = "75 um"\n', ""), "holes 1: there is no 'width'"),
        (("pitch = ", "pich = "), "holes 1: unknown key 'pich'; did you mean 'pitch'"),
        (('"triangular"', '"triangle"'), "'triangle' is not one of the choices; did you mean"),
        (("filling = 0.4", "filling = 1.4"), "holes 1: holes: porosity of the filling = 1.4 must"),
        (
            ('"5 um"', '"50 um"'),
            "channels 1: channels: floor = 5e-05 m must be finite and at least",
        ),
        (("share = 0.4", "share = 0.5"), "negative: coating: shares of the layers must sum to 1"),
        (("0.25", "0.0"), "layer: porosity = 0 must be finite and above 0"),
        (('"0.2 + 0.1*x"', '"open(x)"'), "positive: "),
        (('"0.2 + 0.1*x"', '"none.npy"'), "there is no file"),
        (("in_plane = 2.47", "in_plane = -1"), "negative: coating: in_plane = -1 must be finite"),
        (("[positive]", "[positiv]"), "unknown key 'positiv'; did you mean 'positive'"),
        (('coating = "positive"', 'coating = "anode"'), "channels: coating = 'anode' is not one"),
        (("[[holes]]", "[[holes"), "is no TOML"),
    ],
)
def test_refusal_of_a_file_names_the_entry(tmp_path, change, message):
    with pytest.raises(StructureError) as refusal:
        read(written(tmp_path, FILE.replace(*change)))
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Structure((Holes(lattice="square", pitch=9e-5, width=2e-5, depth=1e-5),) * 2),
            "has one kind of holes, not 2",
        ),
        (
            lambda: Structure(channels=(CHANNELS["lines"], CHANNELS["lines"])),
            "channels of the negative coating overlap",
        ),
        (
            lambda: Structure(
                channels=(
                    replace(CHANNELS["lines"], pitch=math.sqrt(5) * 20e-6),
                    replace(CHANNELS["round, square"], coating="positive"),
                )
            ),
            "share no unit cell along x: their mirror planes are 22.3607, 40 um apart",
        ),
        (
            lambda: Channels(lattice="lines", pitch=1e-4, width=1e-5, length=5e-5),
            "a line runs on for ever",
        ),
        (
            lambda: Channels(lattice="square", pitch=1e-4, width=2e-5, depth=60e-6).depth_in(5e-5),
            "channels of 60 um are deeper than the negative coating, 50 um",
        ),
        (
            lambda: Structure(
                channels=(Channels(lattice="lines", pitch=1e-4, width=6e-5),),
                negative=Coating(solid="pressed"),
            ).between("negative", 0.5, THICKNESS),
            "does not fit between its channels",
        ),
        (lambda: Coating(DepthProfile(np.cos), solid="pressed"), "pressed evenly"),
        (lambda: Voxels(np.ones((2, 2))), "three axes"),
        (lambda: Structure(channels=(CHANNELS["lines"],), sides=(1e-4, 1e-4)), "without openings"),
    ],
)
def test_refusal_of_a_structure_that_cannot_be(make, message):
    with pytest.raises(StructureError, match=message):
        make()


def test_refusal_of_a_channel_across_the_edge_of_a_hole():
    holes = Holes(lattice="square", pitch=100e-6, width=50e-6, depth=10e-6)
    lines = Channels(lattice="lines", pitch=100e-6, width=20e-6)
    x, y, _ = random_mesh(lines, (4, 4, 1))
    structure = Structure((holes,), (lines,))
    with pytest.raises(StructureError, match="across the edge of a hole"):
        structure.touched("negative", x, y, THICKNESS)
    blind = Structure((holes,), (replace(lines, depth=30e-6),))
    assert blind.touched("negative", x, y, THICKNESS).sum() > 0
