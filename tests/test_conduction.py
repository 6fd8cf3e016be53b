import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import mu_0

from rampore.collector import pitch_from_open_fraction
from rampore.conduction.contact import contact_needed, contact_saving, separator_resistance
from rampore.conduction.errors import ConductionError
from rampore.conduction.field import (
    decay_length,
    hole_signal,
    long_strip_field,
    magnetic_field,
    ripple,
    smallest_visible_pitch,
    standoff_of,
)
from rampore.conduction.limits import (
    contact_limited_variation,
    edge_width,
    thick_resistance,
    thin_resistance,
    thin_variation,
)
from rampore.conduction.sheet import maxwell, perforated_sheet, rayleigh, tab_loss
from rampore.conduction.through_plane import (
    CoatedFoil,
    ThroughPlaneMesh,
    build_network,
    through_plane,
)
from rampore.lim2026.uniformity import (
    COARSE,
    COARSER,
    Departure,
    KeptInSeries,
    departure,
    difference,
    over_diameter,
    series,
    threshold_map,
    widest_error,
    widest_holes,
    widest_uniform_hole,
)
from rampore.multigrid import ConvergenceError

D = 75e-6
P = float(pitch_from_open_fraction(D, 0.2))
FOIL = CoatedFoil(D, P, 15e-6, 30e-6, 1000.0, 1.1e-7)


@pytest.fixture(scope="module")
def sheet():
    """Currents around one hole of a sheet."""
    return perforated_sheet(D, P, cells=8)


def fitted_order(errors):
    """Order of convergence from errors on meshes refined by two."""
    return -np.polyfit(np.arange(len(errors)), np.log2(np.abs(errors)), 1)[0]


# Through the coating: exact values


@pytest.mark.parametrize("contact", [0.0, 1e-7, 1e-4])
def test_without_holes_contact_and_coating_are_in_series(contact):
    """Holes of a millionth of the area are none, to a millionth."""
    foil = CoatedFoil(1e-3 * P, P, 0.0, 30e-6, 1000.0, contact)
    flow = through_plane(foil, mesh=ThroughPlaneMesh(8, 5, 1))
    assert flow.resistance == pytest.approx(contact + 30e-6 / 1000, rel=3e-6)
    assert flow.variation < 1e-5
    assert flow.mean_current == pytest.approx(1e-3 / flow.resistance)


def test_a_dominant_contact_conducts_by_its_area_walls_included():
    """R a_c / R_c - 1 is of the order of the coating's share, here 1e-6."""
    flow = through_plane(replace(FOIL, contact_resistance=3e-2), mesh=ThroughPlaneMesh(16, 8, 4))
    assert flow.resistance * FOIL.contact_area / 3e-2 == pytest.approx(1, abs=3e-6)
    assert flow.wall_share == pytest.approx(
        1 - (1 - FOIL.open_fraction) / FOIL.contact_area, abs=1e-5
    )


def test_a_dominant_contact_leaves_the_variation_that_the_series_says_at_second_order():
    exact = contact_limited_variation(D, P, 30e-6)
    foil = replace(FOIL, hole_depth=0.0, contact_resistance=1e-3)
    errors = [
        through_plane(foil, mesh=ThroughPlaneMesh(n, n // 2, 1)).variation - exact
        for n in (16, 32, 64)
    ]
    assert fitted_order(errors) == pytest.approx(2, abs=0.5)
    assert abs(errors[-1]) < 1e-4


def test_the_series_ends_in_the_variation_of_a_thin_coating():
    """All harmonics together are the step from foil to hole (Parseval); those left out are worth 2
    %.
    """
    assert contact_limited_variation(D, P, 0.0, orders=150) == pytest.approx(
        thin_variation(0.2), rel=0.01
    )


def rim_width(diameter, boxes):
    """Width of hole that the foil's edge feeds, over the coating's thickness; boxes are cubes."""
    thickness = 10e-6
    pitch = float(pitch_from_open_fraction(diameter, 0.2))
    foil = CoatedFoil(diameter, pitch, 0.0, thickness, 1000.0, 0.0)
    plane = round(pitch / 2 / thickness * boxes)
    flow = through_plane(foil, mesh=ThroughPlaneMesh(plane, boxes, 1, 0.0))
    more = (thin_resistance(foil) / flow.resistance - 1) * (1 - foil.open_fraction)
    return more / (4 * foil.open_fraction / foil.hole_diameter) / thickness


def test_a_thin_coating_conducts_over_foil_and_a_rim():
    """1 - f and, along the circumference 4 f / d, a strip of (2 ln 2 / pi) h.

    The corner between foil and hole leaves an error of first order in the boxes, the rim's
    curvature one in h / d; two meshes and two diameters take both out. What is left is 0.6 %; half
    the boxes again would move each width by 0.9 %.
    """
    narrow, wide = (
        2 * rim_width(diameter, 8) - rim_width(diameter, 4) for diameter in (100e-6, 200e-6)
    )
    assert 2 * wide - narrow == pytest.approx(edge_width(10e-6) / 10e-6, rel=0.01)
    assert abs(wide / narrow - 1) > 0.01  # the curvature does count


def test_few_holes_under_a_thick_coating_cost_the_spreading_of_a_disc():
    """The rim's singularity makes a uniform mesh first-order, which two of them take out: 0.3 % are
    left, and 0.9 % lie between what pairs of finer meshes leave.
    """
    f = 0.02
    pitch = float(pitch_from_open_fraction(20e-6, f))
    foil = CoatedFoil(20e-6, pitch, 0.0, 0.8 * pitch, 1000.0, 0.0)
    first, second = (
        (
            through_plane(foil, mesh=ThroughPlaneMesh(n, 3 * n // 2, 1, 0.0)).resistance
            - foil.bare_resistance
        )
        for n in (32, 64)
    )
    assert 2 * second - first == pytest.approx(
        thick_resistance(foil) - foil.bare_resistance, rel=0.01
    )


# Conservation and order


@pytest.mark.parametrize("contact", [0.0, 1.1e-7])
def test_every_section_of_the_coating_carries_the_same_current(contact):
    flow = through_plane(replace(FOIL, contact_resistance=contact), mesh=ThroughPlaneMesh(24, 8, 4))
    deep = int(np.searchsorted(flow.network.z, -1e-12))
    up = flow.current_density()[2][..., deep + 1 : -1]  # boxes that touch neither foil nor top
    carried = (up * flow.network.plan[..., np.newaxis]).sum((0, 1)) / flow.network.plan.sum()
    np.testing.assert_allclose(carried, flow.mean_current, rtol=1e-6)
    assert np.average(flow.top_current, weights=flow.network.plan) == pytest.approx(
        flow.mean_current
    )


def test_the_resistance_converges_as_the_rim_allows():
    """Behind a contact resistance the current at the rim is finite, and the order about that of the
    cut boxes.
    """
    values = [
        through_plane(FOIL, mesh=ThroughPlaneMesh(n, n // 4, n // 8)).resistance_ratio
        for n in (16, 32, 64, 128)
    ]
    assert fitted_order(np.diff(values)) > 1.3
    assert values[-1] == pytest.approx(values[-2], rel=5e-4)


def test_the_error_by_a_mesh_half_as_fine_covers_what_a_finer_one_changes():
    mesh, fine = ThroughPlaneMesh(32, 12, 6), ThroughPlaneMesh(64, 24, 12)
    foils = series(FOIL, [32.5e-6, 150e-6], KeptInSeries.OPEN_FRACTION)
    flows = [through_plane(foil, mesh=mesh) for foil in foils]
    left = difference(flows, [through_plane(foil, mesh=fine) for foil in foils])
    error = difference(flows, [through_plane(foil, mesh=mesh.halved) for foil in foils])
    assert (left <= error).all()
    assert (error[["variation", "shortfall", "excess", "through walls"]] < 5e-3).all()


def test_current_scales_with_voltage_and_nothing_else_does():
    one, two = (
        through_plane(FOIL, voltage=v, mesh=ThroughPlaneMesh(16, 8, 4)) for v in (1e-3, 2e-3)
    )
    np.testing.assert_allclose(two.top_current, 2 * one.top_current)
    assert two.resistance == one.resistance
    assert departure(two) == pytest.approx(departure(one))


def test_lengths_alone_decide_with_the_contact_length():
    """Twice every length at half the conductivity and the same contact per length: the same
    picture.
    """
    scaled = CoatedFoil(2 * D, 2 * P, 30e-6, 60e-6, 500.0, 4 * 1.1e-7)
    mesh = ThroughPlaneMesh(16, 8, 4)
    assert departure(through_plane(scaled, mesh=mesh)) == pytest.approx(
        departure(through_plane(FOIL, mesh=mesh))
    )
    assert scaled.contact_length == 2 * FOIL.contact_length


# Independent codes


def test_the_network_has_the_solution_of_a_direct_solver():
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    mesh = ThroughPlaneMesh(12, 6, 3)
    net, flow = build_network(FOIL, mesh), through_plane(FOIL, mesh=mesh, tolerance=1e-12)
    ground = net.face + net.wall + net.top
    cells = np.arange(ground.size).reshape(ground.shape)
    used = np.isfinite(flow.potential).ravel()
    rows, columns, values = [cells.ravel()], [cells.ravel()], [ground.ravel()]
    for axis, k in enumerate(net.conductances):
        here, there = cells.ravel(), np.roll(cells, -1, axis).ravel()
        rows += [here, there, here, there]
        columns += [here, there, there, here]
        values += [k.ravel(), k.ravel(), -k.ravel(), -k.ravel()]
    matrix = coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    ).tocsr()
    phi = spsolve(matrix[used][:, used].tocsc(), (1e-3 * (net.face + net.wall)).ravel()[used])
    np.testing.assert_allclose(flow.potential.ravel()[used], phi, rtol=1e-6)


def test_voxels_that_resolve_the_copper_conduct_as_much():
    """Another mesh, another model: stairs for walls (2 % at 24 voxels a radius), and copper of
    finite conductivity.
    """
    from rampore.diffusion import steady_diffusion

    n, thickness, depth = 48, 20, 10
    h = P / 2 / n
    foil = CoatedFoil(D, P, depth * h, thickness * h, 1000.0, 0.0)
    rows = round(math.sqrt(3) * n)
    x, y = (np.arange(n) + 0.5)[:, np.newaxis] * h, (np.arange(rows) + 0.5) * h
    height = rows * h
    hole = (np.hypot(x, y) < D / 2) | (np.hypot(x - P / 2, y - height) < D / 2)
    # copper sheet, perforated foil, coating
    image = np.ones((n, rows, 1 + depth + thickness))
    image[..., 0] = np.where(hole, 0, 6e4)
    image[..., 1 : 1 + depth] = np.where(hole, 1, 6e4)[..., np.newaxis]
    found = steady_diffusion(image, 2, tolerance=1e-6).relative_diffusivity
    resistance = (1 + depth + thickness) * h / 1000 / found
    assert through_plane(foil).resistance == pytest.approx(resistance, rel=0.02)


# Uniform or not


def test_a_series_keeps_what_it_says():
    diameters = [32.5e-6, 75e-6, 150e-6, 300e-6]
    fraction, pitch = (series(FOIL, diameters, keep, 33e-6) for keep in KeptInSeries)
    assert [foil.open_fraction for foil in fraction] == pytest.approx([0.2] * 4)
    assert [foil.pitch for foil in pitch] == [P] * 3, (
        "holes of 300 um do not fit into a pitch of 160 um"
    )
    assert [foil.coating_thickness for foil in pitch] == pytest.approx(
        [33e-6 - f.open_fraction * 15e-6 for f in pitch]
    )


def test_wider_holes_are_less_uniform_by_every_definition():
    found = over_diameter(FOIL, [30e-6, 75e-6, 150e-6, 300e-6])
    assert all((np.diff(values) > 0).all() for values in found)
    assert found.variation[-1] < thin_variation(0.2)


def test_the_widest_uniform_hole_departs_by_the_limit():
    diameters = np.geomspace(20e-6, 600e-6, 10)
    found = over_diameter(FOIL, diameters)
    for name, values in found._asdict().items():
        widest = widest_uniform_hole(diameters, values, 0.1)
        (there,) = getattr(over_diameter(FOIL, [widest]), name)
        assert there == pytest.approx(0.1, abs=0.005), name  # interpolated between ten holes
    assert widest_uniform_hole(diameters, found.variation, 0.9) == math.inf
    assert widest_uniform_hole(diameters, found.variation, -1.0) == 0


def test_the_error_of_the_widest_hole_covers_what_a_finer_mesh_and_more_holes_change():
    diameters, more = np.geomspace(20e-6, 600e-6, 10), np.geomspace(60e-6, 150e-6, 4)
    found, coarse, fine = (
        over_diameter(FOIL, holes, mesh)
        for holes, mesh in (
            (diameters, COARSE),
            (diameters, COARSER),
            (more, ThroughPlaneMesh(48, 24, 12)),
        )
    )
    for name in ("variation", "excess"):
        values, best = getattr(found, name), widest_uniform_hole(more, getattr(fine, name), 0.1)
        error = widest_error(diameters, values, 0.1, np.abs(values - getattr(coarse, name)))
        assert abs(widest_uniform_hole(diameters, values, 0.1) - best) <= error < 0.1 * best, name
        both = widest_holes(diameters, (found, coarse), (coarse, coarse), 0.1)[name]
        assert (widest_uniform_hole(diameters, values, 0.1), error) in both
        assert both == sorted(both)
    assert widest_error(diameters, found.variation, 0.9, np.zeros(10)) == 0


def test_a_thicker_coating_is_uniform_over_wider_holes():
    wide, errors = threshold_map(FOIL, [15e-6, 60e-6], [1.0], 0.1, holes=7)
    assert isinstance(wide, Departure)
    assert all(values[0, 1] > 1.5 * values[0, 0] for values in wide)
    assert all(
        (error > 0).all() and (error < 0.2 * values).all()
        for values, error in zip(wide, errors, strict=True)
    )


# Along the foil


@pytest.mark.parametrize("f", [0.05, 0.2, 0.6, 0.8])
def test_a_perforated_sheet_conducts_as_rayleighs_series_says_at_second_order(f):
    exact = rayleigh(f, orders=8)
    pitch = float(pitch_from_open_fraction(D, f))
    errors = [
        perforated_sheet(D, pitch, cells=n).relative_conductance - exact for n in (16, 32, 64, 128)
    ]
    # each mesh cuts the edge in other places
    assert fitted_order(errors) == pytest.approx(2, abs=0.3)
    assert abs(errors[-1]) < 1e-4 * exact


def test_rayleighs_series_is_the_published_one():
    """Perrins, McKenzie and McPhedran (1979), Eq. 27, whose coefficients have six digits."""
    f = np.array([0.1, 0.4, 0.7])
    known = 1 - 2 * f / (1 + f - 0.075422 * f**6 / (1 - 1.060283 * f**12) - 0.000076 * f**12)
    np.testing.assert_allclose(rayleigh(f, orders=3), known, rtol=2e-5)


def test_few_holes_hinder_as_maxwell_found_and_none_conducts_better():
    f = np.linspace(0.01, 0.85, 20)
    assert rayleigh(0.05) == pytest.approx(maxwell(0.05), rel=1e-8)
    assert (rayleigh(f) <= maxwell(f) + 1e-12).all()


def test_a_triangular_lattice_conducts_alike_along_and_across_its_rows():
    along, across = (perforated_sheet(D, P, axis, cells=64) for axis in (0, 1))
    # both meshes' errors
    assert along.relative_conductance == pytest.approx(across.relative_conductance, rel=3e-5)
    assert max(along.imbalance, across.imbalance) < 1e-6


def test_the_tiles_of_a_sheet_carry_on_the_current_of_one():
    for axis in (0, 1):
        sheet = perforated_sheet(D, P, axis, cells=8)
        tiled = sheet.tiled((3, 4))
        n0, n1 = sheet.current.shape[1:]
        assert tiled.shape == (2, 3 * n0, 4 * n1)
        np.testing.assert_array_equal(tiled[:, :n0, :n1], sheet.current)
        np.testing.assert_allclose(tiled[axis].mean(1 - axis), 1, atol=1e-7)
        np.testing.assert_allclose(tiled[1 - axis].mean(), 0, atol=1e-12)


def test_a_tab_as_wide_as_the_foil_loses_a_half_and_a_third():
    loss = tab_loss(30e-3, 40e-3, 30e-3, 2e-3, 0.5, cells=64)
    drop = 0.5 * 2e-3 * 40 / 30
    assert loss.greatest == pytest.approx(drop / 2, rel=1e-3)
    assert loss.mean == pytest.approx(drop / 3, rel=1e-3)


@pytest.mark.parametrize("tab", [30e-3, 5e-3])
def test_the_error_of_a_tab_s_loss_covers_what_a_finer_mesh_changes(tab):
    found, fine = (tab_loss(30e-3, 30e-3, tab, 2e-3, 0.5, cells=cells) for cells in (48, 192))
    assert abs(found.mean - fine.mean) <= found.error
    assert abs(found.greatest - fine.greatest) <= found.error
    assert fine.error < found.error < 0.05 * found.mean


def test_halving_a_narrow_tab_adds_the_logarithm_of_two():
    """Spreading into a half plane: ln 2 / pi squares for each halving. Meshes as fine as the tab
    err alike.
    """
    wide, narrow = (
        tab_loss(1.0, 1.0, 1 / part, 1.0, 1.0, cells=8 * part).mean for part in (16, 32)
    )
    assert narrow - wide == pytest.approx(math.log(2) / math.pi, rel=0.01)


# Magnetic field


def test_far_inside_a_wide_sheet_the_field_is_half_of_the_current():
    b = magnetic_field(
        np.stack([np.full((400, 400), 300.0), np.zeros((400, 400))]), (1e-4, 1e-4), 3e-4
    )
    centre = b[:, 200, 200]
    assert centre[1] == pytest.approx(-mu_0 * 300 / 2, rel=0.02)  # 2 z / (pi half width) is missing
    assert abs(centre[[0, 2]]).max() < 0.005 * abs(centre[1])  # half a pixel off the middle


def test_a_long_strip_approaches_the_field_of_an_endless_one_at_second_order():
    """In the middle section of a strip a hundred widths long, one width above it."""

    def error(ny):
        h, nx = 3e-3 / ny, 100 * ny + 1
        current = np.stack([np.full((nx, ny), 300.0), np.zeros((nx, ny))])
        b = magnetic_field(current, (h, h), 3e-3)[1:, nx // 2]
        y = (np.arange(ny) + 0.5 - ny / 2) * h
        return np.abs(b - long_strip_field(y, 3e-3, 3e-3, 300.0)).max() / (mu_0 * 300)

    errors = [error(ny) for ny in (3, 6, 12, 24)]
    assert fitted_order(errors) == pytest.approx(2, abs=0.2)
    assert errors[-1] < 1e-4


def test_the_transform_gives_what_direct_summation_gives():
    rng = np.random.default_rng(0)
    current, (dx, dy), z = rng.standard_normal((2, 13, 9)), (1e-4, 2e-4), 5e-4
    x, y = (np.arange(13) + 0.5) * dx, (np.arange(9) + 0.5) * dy
    r = np.stack(np.broadcast_arrays(
        x[:, None, None, None] - x[:, None], y[:, None, None] - y, np.full((13, 9, 13, 9), z)
    ))  # fmt: skip
    sheet = np.concatenate([current, np.zeros((1, 13, 9))])[:, None, None]
    direct = (
        mu_0
        / (4 * np.pi)
        * np.cross(sheet, r / (r**2).sum(0) ** 1.5, axis=0).sum((-2, -1))
        * dx
        * dy
    )
    found = magnetic_field(current, (dx, dy), z)
    np.testing.assert_allclose(found, direct, atol=1e-12 * np.abs(direct).max())
    assert magnetic_field(current.astype(np.float32), (dx, dy), z).dtype == np.float32


def test_far_inside_a_perforated_strip_the_holes_show_as_the_first_harmonics_say(sheet):
    """At 0.6 of a pitch the next harmonics are e^-5 of the first; pixels make the rest of 5 %."""
    cells = (40, 24)
    added = sheet.tiled(cells) - np.array([1.0, 0.0])[:, np.newaxis, np.newaxis]
    z = 0.6 * P
    b = magnetic_field(added, sheet.spacing, z)[1]
    middle = tuple(slice(n // 3, 2 * n // 3) for n in b.shape)
    assert np.abs(b[middle]).max() / (mu_0 / 2) == pytest.approx(ripple(sheet, P, z), rel=0.05)


def test_the_signal_of_holes_dies_within_the_decay_length_but_for_the_edges(sheet):
    signal = hole_signal(sheet, P, (3e-3, 3e-3), 1.0, [0.1e-3, 0.2e-3])
    assert signal.inside[1] / signal.inside[0] == pytest.approx(math.exp(-0.1e-3 / decay_length(P)))
    assert (signal.greatest >= 0.99 * signal.inside).all()
    assert signal.field == pytest.approx(mu_0 / 2 / signal.width)
    assert signal.width == pytest.approx(3e-3, rel=0.05)
    assert standoff_of(signal.greatest[1], signal.standoff, signal.greatest) == pytest.approx(
        0.2e-3
    )
    visible = smallest_visible_pitch(1.0, 1e-3, 0.01)
    assert math.exp(-1e-3 / decay_length(visible)) == pytest.approx(0.01)


def test_a_distance_between_two_is_that_of_a_power_law_in_whatever_order_they_come():
    standoffs = np.array([1.0, 4.0, 2.0])
    assert standoff_of(3.0**-2, standoffs, standoffs**-2) == pytest.approx(3.0, rel=1e-12)


# Contact


def test_what_a_contact_saves_is_what_was_needed():
    needed = contact_needed(0.24, 3e-4, 0.2)
    assert contact_saving(needed, 0.2) == pytest.approx(0.24 * 3e-4)
    assert separator_resistance(20e-6, 14.0, 0.7) == pytest.approx(4e-4)


# Refusal


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conductivity": 0.0}, "conductivity = 0 must"),
        ({"contact_resistance": -1.0}, "contact resistance"),
        ({"hole_depth": math.nan}, "hole depth"),
        ({"pitch": 70e-6}, "overlap"),
        ({"pitch": D}, "overlap"),
    ],
)
def test_a_foil_that_cannot_be_is_refused(change, message):
    with pytest.raises(ConductionError, match=message):
        replace(FOIL, **change)


def test_what_makes_no_problem_is_refused():
    with pytest.raises(ConductionError, match="boxes"):
        build_network(FOIL, ThroughPlaneMesh(0, 1, 1))
    with pytest.raises(ConductionError, match="overlap"):
        perforated_sheet(P, P)
    with pytest.raises(ConductionError, match="open fraction"):
        rayleigh(0.95)
    with pytest.raises(ConductionError, match="wider than the foil"):
        tab_loss(1.0, 1.0, 2.0, 1.0, 1.0)
    with pytest.raises(ConductionError, match="too coarse"):
        magnetic_field(np.ones((2, 4, 4)), (1e-4, 1e-4), 1e-4)
    with pytest.raises(ConductionError, match="ratio of a contact that saves something"):
        contact_needed(0.2, 1.0, 1.0)
    with pytest.raises(ConductionError, match="increase"):
        widest_uniform_hole(np.array([2.0, 1.0]), np.array([0.0, 1.0]), 0.5)


def test_a_mesh_on_which_current_gets_lost_is_not_believed():
    thin = replace(FOIL, hole_diameter=1e-7, pitch=P * 1e-7 / D, contact_resistance=0.0)
    with pytest.raises(ConvergenceError):
        through_plane(thin, mesh=ThroughPlaneMesh(24, 12, 6))
