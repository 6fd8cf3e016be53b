"""Generated sections and volumes: the truth is exact, the porosity is met, and pixels do not change
the electrode.
"""

import math

import numpy as np
import pytest
from scipy import ndimage

from rampore.coating import Local
from rampore.collector import perforated_foil
from rampore.micrograph import (
    GRAPHITE_SIOX,
    POROSITY_TOLERANCE,
    GrainKind,
    MicrographError,
    Mixture,
    PhantomElectrode,
    Phase,
    bare_electrode,
    chequered,
    disc_lattice,
    perforated_electrode,
    section,
    volume,
)

FOIL = perforated_foil(15e-6, 8960.0, hole_diameter=75e-6, open_fraction=0.20)
PUBLISHED = Local(npr=0.19, pr=0.28)
BARE = bare_electrode(34e-6, 0.24, foil_thickness=10e-6)
RAM = perforated_electrode(31e-6, PUBLISHED, FOIL)
PIXEL = 0.2e-6


def cut(electrode, seed=0, width=120e-6, pixel_size=PIXEL, **more):
    return section(
        electrode,
        GRAPHITE_SIOX,
        width=width,
        pixel_size=pixel_size,
        rng=np.random.default_rng(seed),
        **more,
    )


def porosity(phantom, where=...):
    return phantom.pore[where].sum() / phantom.coating[where].sum()


# ── Exact truth ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("electrode", [BARE, RAM], ids=["bare", "perforated"])
def test_the_porosity_is_met_in_the_image_and_in_every_window(electrode, seed):
    """120 um are three windows of 40 um across; the coating over foil is one deep."""
    phantom = cut(electrode, seed)
    assert porosity(phantom) == pytest.approx(
        float(np.nanmean(phantom.porosity)), abs=POROSITY_TOLERANCE
    )
    for columns in np.array_split(np.arange(phantom.phase.shape[1]), 3):
        here = np.s_[:, columns]
        assert porosity(phantom, here) == pytest.approx(
            float(np.nanmean(phantom.porosity[here])), abs=POROSITY_TOLERANCE
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_perforated_electrode_has_both_porosities_where_they_belong(seed):
    """Beyond the transition; regions cut windows in part, so that they fluctuate by what half a
    window does.
    """
    phantom = cut(RAM, seed, width=300e-6, x=-150e-6)
    outward = (
        np.abs((phantom.x + FOIL.pitch / 2) % FOIL.pitch - FOIL.pitch / 2) - FOIL.hole_diameter / 2
    )
    npr, pr = (
        porosity(phantom, np.s_[:, outward > 5e-6]),
        porosity(phantom, np.s_[:, outward < -5e-6]),
    )
    assert npr == pytest.approx(PUBLISHED.npr, abs=0.02)
    assert pr == pytest.approx(PUBLISHED.pr, abs=0.02)


@pytest.mark.parametrize("eps", [0.05, 0.15, 0.35, 0.55])
def test_dense_and_open_coatings_are_met_as_well(eps):
    phantom = cut(bare_electrode(50e-6, eps), width=80e-6)
    assert porosity(phantom) == pytest.approx(eps, abs=POROSITY_TOLERANCE)


def test_a_porosity_that_is_a_field_is_met_along_it():
    electrode = PhantomElectrode(40e-6, lambda x, y, z: 0.15 + 0.2 * x / 160e-6 + 0 * (y + z))
    phantom = cut(electrode, width=160e-6)
    for columns in np.array_split(np.arange(phantom.phase.shape[1]), 4):
        wanted = float(phantom.porosity[:, columns].mean())
        assert porosity(phantom, np.s_[:, columns]) == pytest.approx(wanted, abs=POROSITY_TOLERANCE)


def test_without_windows_only_the_whole_is_met_and_parts_fluctuate():
    phantom = cut(BARE, width=160e-6, window=math.inf)
    parts = [
        porosity(phantom, np.s_[:, columns])
        for columns in np.array_split(np.arange(phantom.phase.shape[1]), 4)
    ]
    assert porosity(phantom) == pytest.approx(0.24, abs=1e-4)
    assert np.std(parts) > 5 * POROSITY_TOLERANCE


def test_a_volume_meets_its_porosity_and_its_sections_fluctuate_about_it():
    cube = volume(
        bare_electrode(30e-6, 0.24),
        GRAPHITE_SIOX,
        width=30e-6,
        breadth=24e-6,
        pixel_size=0.4e-6,
        rng=np.random.default_rng(0),
    )
    assert cube.phase.shape == (75, 75, 60)
    assert porosity(cube) == pytest.approx(0.24, abs=POROSITY_TOLERANCE)
    sections = [porosity(cube.section(k)) for k in range(60)]
    assert np.mean(sections) == pytest.approx(porosity(cube), abs=1e-12)
    assert 0.005 < np.std(sections) < 0.06
    assert cube.section(-1).origin[1] == pytest.approx(59.5 * 0.4e-6)


def test_every_pixel_is_one_thing():
    phantom = cut(RAM, x=-60e-6, above=3e-6, below=3e-6)
    counts = np.bincount(phantom.phase.ravel(), minlength=len(Phase))
    assert counts.sum() == phantom.phase.size
    assert np.array_equal(np.isnan(phantom.porosity), ~phantom.coating)
    assert np.array_equal(phantom.grain > 0, phantom.coating & ~phantom.pore)
    grains = (phantom.phase == Phase.GRAPHITE) | (phantom.phase == Phase.SIOX)
    assert np.array_equal(phantom.grains.phase[phantom.grain[grains] - 1], phantom.phase[grains])
    assert np.array_equal(phantom.labels() > 0, phantom.pore)
    assert phantom.labels(diagonal=True).max() < phantom.labels().max()


def test_binder_has_the_share_of_the_solid_that_was_asked_for():
    phantom = cut(BARE)
    solid = phantom.coating & ~phantom.pore
    assert np.mean(phantom.phase[solid] == Phase.BINDER) == pytest.approx(
        GRAPHITE_SIOX.binder, abs=2e-4
    )


def test_graphite_and_siox_share_the_solid_nearly_as_they_are_drawn():
    """Overlaps cost the larger kind 0.05; one section of 18 000 um2 scatters by 0.02 about that."""
    phantom = cut(bare_electrode(60e-6, 0.24), width=300e-6, pixel_size=0.4e-6)
    graphite, siox = (
        np.count_nonzero(phantom.phase == phase) for phase in (Phase.GRAPHITE, Phase.SIOX)
    )
    assert graphite / (graphite + siox) == pytest.approx(0.653 - 0.05, abs=0.06)


def test_the_foil_shows_the_chord_of_the_hole_that_the_section_cuts():
    for y, chord in [(0.0, 75e-6), (30e-6, 45e-6)]:
        phantom = cut(RAM, x=-60e-6, y=y)
        row = np.argmin(np.abs(phantom.z + 7.5e-6))
        filled = phantom.coating[row]
        assert filled.sum() * PIXEL == pytest.approx(chord, abs=2 * PIXEL)
        assert np.all(phantom.phase[row, ~filled] == Phase.COLLECTOR)


def test_the_next_row_of_holes_is_half_a_pitch_aside():
    phantom = cut(RAM, x=0.0, y=FOIL.pitch * math.sqrt(3) / 2, width=FOIL.pitch)
    filled = phantom.coating[np.argmin(np.abs(phantom.z + 7.5e-6))]
    edges = phantom.x[filled][[0, -1]] - FOIL.pitch / 2
    assert edges == pytest.approx([-FOIL.hole_diameter / 2, FOIL.hole_diameter / 2], abs=PIXEL)


def test_layers_have_their_thickness_from_the_free_surface_down():
    phantom = cut(BARE, above=4e-6, below=2e-6)
    layers = [Phase.OUTSIDE] * 20 + [None] * 170 + [Phase.COLLECTOR] * 50 + [Phase.OUTSIDE] * 10
    assert phantom.phase.shape[0] == len(layers)
    for row, layer in zip(phantom.phase, layers, strict=True):
        assert (
            np.all(row == layer)
            if layer is not None
            else not np.isin(row, (Phase.OUTSIDE, Phase.COLLECTOR)).any()
        )


def test_platelets_lie_flat_and_siox_is_round():
    """Mean chord through grains along the electrode over that through its thickness."""
    phantom = cut(bare_electrode(60e-6, 0.24), width=200e-6)

    def elongation(phase):
        mask = phantom.phase == phase
        edges = [
            np.count_nonzero(np.diff(np.where(mask, phantom.grain, 0), axis=axis))
            for axis in (0, 1)
        ]
        return edges[0] / edges[1]

    assert elongation(Phase.GRAPHITE) > 1.4
    assert elongation(Phase.SIOX) == pytest.approx(1, abs=0.2)


# ── The same electrode ───────────────────────────────────────────────────────────────────────────


def test_the_same_stream_gives_the_same_electrode_and_another_one_another():
    first, again, other = cut(RAM, 5), cut(RAM, 5), cut(RAM, 6)
    assert np.array_equal(first.phase, again.phase)
    assert np.array_equal(first.grain, again.grain)
    assert np.mean(first.phase != other.phase) > 0.2


def test_half_the_pixel_size_shows_the_same_electrode():
    """Grains and roughness are those of the coarse image; what differs is within half a coarse
    pixel of an edge.
    """
    coarse, fine = cut(RAM, 3, pixel_size=0.2e-6), cut(RAM, 3, pixel_size=0.1e-6)
    assert np.array_equal(coarse.grains.centre, fine.grains.centre)
    assert porosity(fine) == pytest.approx(porosity(coarse), abs=2 * POROSITY_TOLERANCE)
    enlarged = np.kron(coarse.pore, np.ones((2, 2), dtype=bool))
    differs = enlarged != fine.pore
    boundary = ndimage.binary_dilation(enlarged, iterations=2) & ndimage.binary_dilation(
        ~enlarged, iterations=2
    )
    assert differs.mean() < 0.02
    assert np.mean(boundary[differs]) > 0.95
    seen = [
        np.unique(phantom.grain[phantom.grain > 0], return_counts=True)[1].size
        for phantom in (coarse, fine)
    ]
    assert seen[1] == pytest.approx(seen[0], rel=0.05)
    sizes = [
        np.count_nonzero(p.grain) * p.pixel_size**2 / n
        for p, n in zip((coarse, fine), seen, strict=True)
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


def test_grains_have_the_size_distribution_that_was_asked_for():
    """Median by volume and spread; the tail beyond two standard deviations is cut, which moves the
    median by 2 %.
    """
    kind = GrainKind(Phase.SIOX, share=1.0, diameter=3e-6, spread=0.35, aspect=1.0, tilt=math.inf)
    made = section(
        bare_electrode(60e-6, 0.3),
        Mixture((kind,)),
        width=200e-6,
        pixel_size=0.5e-6,
        rng=np.random.default_rng(0),
    )
    diameter = np.sort(2 * np.cbrt(np.prod(made.grains.radii, axis=1)))
    by_volume = np.cumsum(diameter**3) / np.sum(diameter**3)
    assert diameter[np.searchsorted(by_volume, 0.5)] == pytest.approx(3e-6, rel=0.06)
    assert np.std(np.log(diameter)) == pytest.approx(0.35, rel=0.05)
    assert diameter.max() <= kind.largest * (1 + 8 * np.finfo(float).eps)  # by way of the volume


def test_grains_are_oblong_and_flat_as_their_kind_says():
    """The long semi-axis in a grain's plane over the short one is e^(2 x 0.15 n) with n normal, and
    its thickness over the two the aspect times e^(0.2 n).
    """
    kind = GrainKind(Phase.GRAPHITE, share=1.0, diameter=3e-6, spread=0.2, aspect=0.4, tilt=0.3)
    made = section(
        bare_electrode(60e-6, 0.3),
        Mixture((kind,)),
        width=300e-6,
        pixel_size=0.5e-6,
        rng=np.random.default_rng(0),
    )
    long, short, thick = made.grains.radii.T
    reach = 4 / np.sqrt(2 * long.size)  # four standard errors of a standard deviation
    assert reach < 0.1
    assert np.std(np.log(long / short)) == pytest.approx(2 * 0.15, rel=reach)
    assert np.std(np.log(thick / np.sqrt(long * short))) == pytest.approx(0.2, rel=reach)


# ── Pores drawn one by one ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("along", "down", "pieces"),
    [(True, True, 1), (True, False, 4), (False, True, 5), (False, False, 20)],
)
def test_discs_hang_together_as_their_channels_say(along, down, pieces):
    known = disc_lattice(
        4, 5, radius=2e-6, pitch=6e-6, pixel_size=0.1e-6, channel=0.6e-6, along=along, down=down
    )
    assert ndimage.label(known.pore)[1] == pieces
    assert known.labels.max() == 20
    assert np.all(known.pore[known.labels > 0])
    assert known.coordination.sum() == 2 * (along * 4 * 4 + down * 3 * 5)


def test_discs_have_their_radius_to_first_order_in_the_pixel():
    for pixel in (0.2e-6, 0.1e-6, 0.05e-6):
        known = disc_lattice(2, 2, radius=2e-6, pitch=6e-6, pixel_size=pixel)
        # A quarter of a pixel: the rim is drawn in whole ones, whose errors along it cancel but for
        # a fraction of one.
        np.testing.assert_allclose(known.radius, 2e-6, atol=0.25 * pixel)
        assert np.count_nonzero(known.pore) * pixel**2 == pytest.approx(
            np.pi * np.sum(known.radius**2), rel=1e-12
        )


def test_a_chequerboard_has_the_porosity_of_each_square():
    wanted = np.array([[0.09, 0.25, 0.49], [0.25, 0.64, 0.09]])
    known = chequered(wanted, block=20, pixel_size=1e-7)
    blocks = known.pore.reshape(2, 20, 3, 20).mean(axis=(1, 3))
    # 6, 10, 14 and 16 pixels of 20 are exact
    np.testing.assert_allclose(blocks, wanted, atol=1e-12)
    np.testing.assert_allclose(known.radius, 20e-7 * np.sqrt(wanted.ravel() / np.pi), rtol=1e-12)
    assert known.labels.max() == ndimage.label(known.pore)[1] == 6


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: bare_electrode(0.0, 0.24), "thickness of a coating = 0 m must"),
        (lambda: bare_electrode(30e-6, 1.2), "porosity = 1.2 must"),
        (lambda: PhantomElectrode(30e-6, 0.2, FOIL, foil_thickness=1e-5), "perforated or bare"),
        (lambda: perforated_electrode(30e-6, PUBLISHED, FOIL, transition=-1e-6), "transition"),
        (lambda: cut(PhantomElectrode(30e-6, lambda x, y, z: 1.5 + 0 * (x + y + z))), "from 1.5"),
        (
            lambda: cut(PhantomElectrode(30e-6, lambda x, y, z: np.nan * (x + y + z))),
            "between 0 and 1",
        ),
        (lambda: cut(BARE, width=-1e-6), "width = -1e-06 m must"),
        (lambda: cut(BARE, pixel_size=0.0), "pixel size = 0 m must"),
        (lambda: cut(BARE, pixel_size=1e-3), "too coarse"),
        (lambda: cut(BARE, above=-1e-6), "surroundings"),
        (lambda: cut(BARE, window=0.0), "window"),
        (lambda: cut(BARE).section(0), "only a volume"),
        (lambda: Mixture((GRAPHITE_SIOX.grains[0],)), "sum to 1"),
        (lambda: Mixture(GRAPHITE_SIOX.grains, binder=1.0), "binder"),
        (lambda: GrainKind(Phase.SIOX, 1.0, -1e-6, 0.3, 1.0, 0.0), "diameter"),
        (lambda: GrainKind(Phase.SIOX, 1.0, 1e-6, 0.3, 1.5, 0.0), "aspect"),
        (lambda: disc_lattice(2, 2, radius=3e-6, pitch=6e-6, pixel_size=1e-7), "touch"),
        (
            lambda: disc_lattice(2, 2, radius=2e-6, pitch=6e-6, pixel_size=1e-7, channel=5e-8),
            "do not show",
        ),
        (lambda: chequered([[0.2, 1.0]], block=20, pixel_size=1e-7), "porosities at index"),
    ],
)
def test_what_cannot_be_generated_is_refused_with_the_reason(make, why):
    with pytest.raises(MicrographError, match=why):
        make()
