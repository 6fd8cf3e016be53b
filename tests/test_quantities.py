"""Quantities and choices of the library: whatever is handed over in their place, the module's own
error names it.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from rampore import (
    RamporeError,
    adhesion,
    ageing,
    closures,
    coating,
    collector,
    diffusion,
    energy,
    swelling,
    unitcell,
    wetting,
)
from rampore.coating import Local
from rampore.conduction import contact, field, limits, sheet
from rampore.conduction import through_plane as plane
from rampore.impedance import circuits, kramers_kronig, spectrum, transmission_line
from rampore.impedance.transmission_line import blocking_electrode, symmetric_cell
from rampore.lim2026 import coatings, estimates, stacks, uniformity
from rampore.lim2026.sweeps import design
from rampore.multigrid import Multigrid

BAD = {
    "nan": math.nan,
    "inf": math.inf,
    "minus inf": -math.inf,
    "a text": "1",
    "nothing": None,
    "a boolean": True,
    "one bad among good": np.array([0.3, math.nan, 0.2]),
    "rows of different lengths": [[1.0], [1.0, 2.0]],
}
RNG = np.random.default_rng(0)
IMAGE = np.ones((6, 7))
FOIL = plane.CoatedFoil(75e-6, 160e-6, 15e-6, 33e-6, 100.0, 1e-7)
OMEGA = np.geomspace(1e-1, 1e4, 30)
SPECTRUM = spectrum.Spectrum(OMEGA, symmetric_cell(2 * np.pi * OMEGA, 10.0, 20.0, 1e-3, 0.95))
BRUGGEMAN = closures.Closure("Bruggeman", 1.5)

QUANTITIES = {
    "open fraction of a lattice": lambda v: collector.open_fraction_from_lattice(v, 1e-4),
    "pitch of a lattice": lambda v: collector.pitch_from_open_fraction(75e-6, v),
    "diameter from a pitch": lambda v: collector.hole_diameter_from_open_fraction(v, 0.2),
    "walls of a foil": lambda v: collector.wall_area(0.2, v, 1e-5),
    "contact area": lambda v: collector.contact_area(v, 1e-5, 1e-5),
    "sides": lambda v: collector.contact_area(0.2, 1e-5, 1e-5, sides=v),
    "net section": collector.net_section,
    "strength": collector.open_fraction_from_net_section,
    "areal mass": lambda v: collector.areal_mass(v, 0.2),
    "masses": lambda v: collector.open_fraction_from_masses(0.05, 0.1, v),
    "foil": lambda v: collector.PerforatedFoil(v, 1e-4, 1e-5, 8960.0),
    "web": lambda v: collector.web_stress(1.0, v, 1e-5),
    "capacity of a host": lambda v: collector.theoretical_capacity(1.0, v),
    "estimate": lambda v: estimates.exclusions([estimates.Estimate("a", v, 0.1)]),
    "thickness of a coating": lambda v: coating.coating_thickness(v, 1500.0),
    "depth of the holes": lambda v: coating.local_thickness(33e-6, 0.2, v),
    "N/P": lambda v: coating.np_ratio(0.05, v, 1.0, 1.0),
    "mean loading": lambda v: coating.open_fraction_from_loadings(v, 0.045, 0.06),
    "known loading": lambda v: coating.other_loading(0.05, 0.2, npr=v),
    "what is kept": lambda v: coating.mass_conserving_porosity(
        Local(0.2, 0.3), Local(3e-5, 4e-5), 2.5e-5, 0.2, v
    ),
    "density of a part": lambda v: coating.solid_density([1.0], [v]),
    "draws": lambda v: coating.recipe_porosity_samples(
        1500.0, [1.0], [(2100.0, 2300.0)], RNG, size=v
    ),
    "calendering": lambda v: coating.calender(coating.Dried(4e-5, 1000.0), 1e-5, v),
    "layer": lambda v: energy.Layer("a", v, 1.0),
    "blend": lambda v: stacks.Blend(v, 10.0, 0.9),
    "blend of two coatings": lambda v: stacks.blend_from_thicknesses(
        [3e-5, 2e-5], v, 1.0, 1.0, 0.9
    ),
    "range": lambda v: energy.spread(lambda a: a, {"a": v}, RNG, 5),
    "drop": lambda v: wetting.work_of_adhesion(0.07, v),
    "drop on holes": lambda v: wetting.apparent_angle(1.0, 1.0, v),
    "meniscus": lambda v: wetting.bulge_height(v, 0.07, 1e-4),
    "filling": lambda v: wetting.filling_time(1e-5, 1e-5, v, 1.0),
    "blade": lambda v: wetting.blade_pressure(1.0, v, 1e-3, 2e-4, 1e-4),
    "bond": lambda v: adhesion.shear_strength(0.2, 1.0, v),
    "process zone": lambda v: adhesion.cut(
        collector.PerforatedFoil(75e-6, 160e-6, 15e-6), 1.0, 1.0, process_length=v
    ),
    "pull": lambda v: adhesion.pull_strength(0.2, 1.0, 1.0, v, 0.2),
    "growth": lambda v: swelling.swollen(3e-5, 0.3, v, 0.5),
    "stoichiometry": swelling.GRAPHITE["Ai 2020"],
    "oxide": swelling.silicon_monoxide,
    "charge of a swelling": lambda v: swelling.volume_per_lithium(1e-6, v),
    "cycles": lambda v: ageing.retained(v, 1e-3, ageing.Law.LINEAR),
    "rate of loss": lambda v: ageing.life(0.8, v, ageing.Law.ROOT),
    "depth of lithiation": lambda v: ageing.stress_driven_life(v, 1e-3, 2.0),
    "time of growth": lambda v: ageing.interface_thickness(v, 1e-12, 1e-20),
    "difference": lambda v: ageing.power(v, 1.0, 3, 3),
    "cells": lambda v: ageing.power(1.0, 1.0, v, 3),
    "image": diffusion.steady_diffusion,
    "axis of flow": lambda v: diffusion.steady_diffusion(IMAGE, axis=v),
    "spacing": lambda v: diffusion.steady_diffusion(IMAGE, spacing=v),
    "sides of an image": lambda v: diffusion.steady_diffusion(IMAGE, sides=v),
    "outlet": lambda v: diffusion.steady_diffusion(IMAGE, outlet=v),
    "anisotropy": lambda v: diffusion.steady_diffusion(IMAGE, anisotropy=(1.0, v)),
    "tolerance": lambda v: diffusion.steady_diffusion(IMAGE, tolerance=v),
    "times": lambda v: diffusion.transient_diffusion(IMAGE, v),
    "time steps": lambda v: diffusion.transient_diffusion(IMAGE, [1.0], steps=v),
    "start": lambda v: diffusion.transient_diffusion(IMAGE, [1.0], initial=v),
    "porosity of a closure": BRUGGEMAN,
    "fit of a closure": lambda v: closures.fit_closure(v, [0.1, 0.2, 0.3]),
    "mixture": lambda v: closures.mixing_gain(0.1, 0.3, v, BRUGGEMAN),
    "part of a flux": lambda v: coatings.localisation(IMAGE, IMAGE > 0, v),
    "pitch of a cell": unitcell.sides_of_cell,
    "intervals": lambda v: unitcell.graded(v, 1.0),
    "edges": lambda v: unitcell.cut_mesh(v, [0.0, 1.0], 0.1),
    "contact": lambda v: contact.contact_saving(v, 0.2),
    "sheet current": lambda v: field.magnetic_field(v, (1e-5, 1e-5), 1e-4),
    "decay": field.decay_length,
    "visible share": lambda v: field.smallest_visible_pitch(2.0, 1e-3, v),
    "thin coating": limits.thin_variation,
    "axis of a sheet": lambda v: sheet.perforated_sheet(1e-5, 2e-5, axis=v),
    "boxes of a sheet": lambda v: sheet.perforated_sheet(1e-5, 2e-5, cells=v),
    "Maxwell's foil": sheet.maxwell,
    "Rayleigh's foil": sheet.rayleigh,
    "coated foil": lambda v: replace(FOIL, conductivity=v),
    "mesh": lambda v: plane.build_network(FOIL, plane.ThroughPlaneMesh(v, 4, 4)),
    "diameters": lambda v: uniformity.series(FOIL, [v], uniformity.KeptInSeries.PITCH),
    "what a series keeps": lambda v: uniformity.series(FOIL, [1e-5], v),
    "departures": lambda v: uniformity.widest_uniform_hole(np.array([1.0, 2.0, 3.0]), v, 0.1),
    "frequencies": lambda v: spectrum.Spectrum(v, np.ones(6) + 1j),
    "impedances": lambda v: spectrum.Spectrum(np.arange(1.0, 7.0), v),
    "time constants": lambda v: kramers_kronig.kramers_kronig(SPECTRUM, v),
    "angular frequency": lambda v: blocking_electrode(v, 1.0, 1.0, 1.0),
    "separator": lambda v: symmetric_cell(np.ones(3), v, 1.0, 1.0, 1.0),
    "porosity of a line": lambda v: transmission_line.tortuosity(1.0, 1.0, 1.0, v, 1.0),
    "circuit": lambda v: circuits.fit_circuit(SPECTRUM, v, [1.0]),
    "guess": lambda v: circuits.fit_circuit(SPECTRUM, "R0", [v]),
}


@pytest.mark.parametrize("call", QUANTITIES.values(), ids=QUANTITIES)
def test_what_is_no_quantity_is_refused_by_the_modules_own_error(call):
    for name, value in BAD.items():
        with pytest.raises(RamporeError) as refused:
            call(value)
        assert "\n" not in str(refused.value), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: diffusion.steady_diffusion(IMAGE, sides="Periodic"),
            "sides = 'Periodic' .*'periodic'",
        ),
        (
            lambda: diffusion.steady_diffusion(IMAGE, outlet="close", uptake=1.0),
            "did you mean 'closed'",
        ),
        (
            lambda: diffusion.steady_diffusion(IMAGE, outlet="closed", uptake=0.0),
            "an uptake of 0 nothing flows",
        ),
        (
            lambda: diffusion.steady_diffusion(IMAGE, uptake=np.ones((2, 2))),
            "uptake takes .* shape, \\(6, 7\\)",
        ),
        (lambda: uniformity.series(FOIL, [1e-5], "picth"), "did you mean 'pitch'"),
        (lambda: uniformity.over_diameter(FOIL, []), "no diameters"),
        (lambda: design.nearest(None, {"hole_diametr": 1e-5}), "did you mean 'hole_diameter'"),
        (lambda: design.compute({"pitch": 1e-4}), "a design needs hole_diameter"),
        (lambda: circuits.fit_circuit(SPECTRUM, "R0-p(R1,CEP1)", [1.0] * 4), "did you mean 'CPE'"),
        (
            lambda: circuits.fit_circuit(SPECTRUM, "__import__('os').abort()", [1.0]),
            "is not expected",
        ),
        (
            lambda: stacks.blend_from_thicknesses([3e-5, 2e-5], [0.3, 0.3], 1.0, 1.0, 0.9),
            "two different SiOx",
        ),
        (lambda: coating.open_fraction_from_loadings(0.05, 0.05, 0.05), "must lie between the two"),
        (lambda: coating.other_loading(0.05, 0.9, npr=0.6), "completes the balance = -0.01"),
        (
            lambda: coating.recipe_porosity(1500.0, [1.0], [2200.0], None, (1600.0, 1700.0)),
            "outside the range",
        ),
    ],
)
def test_a_misspelt_word_or_a_question_without_an_answer_is_refused_with_the_reason(call, message):
    with pytest.raises(RamporeError, match=message):
        call()


def test_a_series_keeps_the_pitch_by_the_word_as_well_as_by_the_member():
    by_word, by_member = (
        uniformity.series(FOIL, [50e-6], keep) for keep in ("pitch", uniformity.KeptInSeries.PITCH)
    )
    assert by_word == by_member
    assert by_word[0].pitch == FOIL.pitch


def test_an_anisotropy_may_be_a_number_along_one_axis_and_an_array_along_the_other():
    found = diffusion.steady_diffusion(IMAGE, anisotropy=(2.0, np.ones(IMAGE.shape)))
    assert found.relative_diffusivity == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    ("conductance", "ground", "message"),
    [(-1.0, 1.0, "conductances"), (1.0, math.nan, "ground"), (0.0, 0.0, "joined to no ground")],
)
def test_a_network_that_is_none_is_refused(conductance, ground, message):
    shape = (2, 2, 2)
    faces = [np.full(shape, conductance) for _ in range(3)]
    if message == "joined to no ground":
        faces[0][0] = 1.0
    with pytest.raises(RamporeError, match=message):
        Multigrid(faces, np.full(shape, ground))
