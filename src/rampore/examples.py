"""Inputs to try the tool on, one of each kind: generated, so that nothing needs a file; the same in
every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rampore.constants import COPPER_DENSITY

if TYPE_CHECKING:
    from rampore.energy import Design
    from rampore.impedance.spectrum import Spectrum
    from rampore.micrograph import Labels, Micrograph
    from rampore.p4d.cell import Cell


def cell() -> Cell:
    """The LG M50 of Chen et al. 2020, graphite with SiOx against NMC 811."""
    from rampore.p4d.examples import chen_2020

    return chen_2020()


def micrograph() -> Micrograph:
    """A coating of graphite and SiOx with 24 % of pores, 30 um thick and 60 um wide, as a
    microscope shows it with 0.125 um a pixel.
    """
    from rampore.micrograph import CALIBRATED, TYPICAL, bare_electrode, section

    rng = np.random.default_rng(0)
    phantom = section(
        bare_electrode(30e-6, 0.24), CALIBRATED, width=60e-6, pixel_size=0.125e-6, rng=rng
    )
    return TYPICAL.image(phantom, rng)


def volume() -> Labels:
    """The same coating in three dimensions with 40 % of pores, 12 x 12 x 12 um: 1 in a pore, 0 in
    the solid, voxels of 0.25 um.
    """
    from rampore.micrograph import CALIBRATED, Labels, bare_electrode
    from rampore.micrograph import volume as generate

    phantom = generate(
        bare_electrode(12e-6, 0.40),
        CALIBRATED.scaled(0.5),
        width=12e-6,
        breadth=12e-6,
        pixel_size=0.25e-6,
        rng=np.random.default_rng(0),
    )
    return Labels(phantom.pore.astype(np.uint8), phantom.pixel_size)


def spectrum() -> Spectrum:
    """A symmetric cell of two electrodes that block, each with an ionic resistance of 8 ohm, as an
    instrument with 0.2 % of noise sees it.
    """
    from rampore.impedance.spectrum import Spectrum
    from rampore.impedance.transmission_line import symmetric_cell

    frequency = np.geomspace(1e5, 0.1, 49)
    clean = symmetric_cell(
        2 * np.pi * frequency,
        separator_resistance=3.0,
        ionic_resistance=8.0,
        capacitance=2e-3,
        exponent=0.95,
    )
    real, imaginary = np.random.default_rng(0).normal(0, 0.002, (2, frequency.size))
    return Spectrum(frequency, clean * (1 + real + 1j * imaginary))


def design() -> Design:
    """The unit that repeats in a pouch cell of graphite against NMC, 3 mAh/cm2 a side, on foils of
    10 um copper and 15 um aluminium, without electrolyte and casing.
    """
    from rampore.energy import Design

    return Design(
        positive_foil_thickness=15e-6,
        positive_foil_density=2700.0,
        positive_loading=0.18,
        positive_density=3300.0,
        positive_porosity=0.25,
        separator_thickness=20e-6,
        separator_density=950.0,
        separator_porosity=0.45,
        negative_loading=0.10,
        negative_density=1550.0,
        negative_porosity=0.30,
        negative_foil_thickness=10e-6,
        negative_foil_density=COPPER_DENSITY,
        sides=2,
    )
