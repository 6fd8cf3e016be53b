"""Cells from the literature that other codes also solve."""

from rampore import materials
from rampore.p4d.cell import Cell, Electrode, Material, Separator


def marquis_2019() -> Cell:
    """Graphite | LiCoO2 of Marquis et al. 2019, with the solid conductivities of the COMSOL
    solution; 1C = 24 A/m2.
    """
    graphite = Material(
        "graphite",
        fraction=0.6,
        radius=10e-6,
        maximum_concentration=24983.2619938437,
        diffusivity=3.9e-14,
        exchange_current=materials.symmetric_exchange_current(2e-5, 24983.2619938437),
        stoichiometry=0.8,
        potential=materials.graphite_mcmb,
    )
    oxide = Material(
        "lithium cobalt oxide",
        fraction=0.5,
        radius=10e-6,
        maximum_concentration=51217.9257309275,
        diffusivity=1e-13,
        exchange_current=materials.symmetric_exchange_current(6e-7, 51217.9257309275),
        stoichiometry=0.6,
        potential=materials.lithium_cobalt_oxide,
    )
    return Cell(
        negative=Electrode(
            100e-6, porosity=0.3, conductivity=100 * 0.7**1.5, materials=(graphite,)
        ),
        separator=Separator(25e-6, porosity=1.0),
        positive=Electrode(100e-6, porosity=0.3, conductivity=10 * 0.7**1.5, materials=(oxide,)),
        electrolyte=materials.marquis_2019(),
        concentration=1000.0,
        one_c=24.0,
        lower_cutoff=2.0,
        upper_cutoff=4.1,
    )


def _nmc811(stoichiometry):
    return Material(
        "nmc811",
        fraction=0.665,
        radius=5.22e-6,
        maximum_concentration=63104.0,
        diffusivity=4e-15,
        exchange_current=materials.symmetric_exchange_current(3.42e-6, 63104.0),
        stoichiometry=stoichiometry,
        potential=materials.nmc811_lgm50,
    )


def _lgm50(negative_materials, positive):
    return Cell(
        negative=Electrode(
            85.2e-6, porosity=0.25, conductivity=215.0, materials=negative_materials
        ),
        separator=Separator(12e-6, porosity=0.47),
        positive=Electrode(75.6e-6, porosity=0.335, conductivity=0.18, materials=(positive,)),
        electrolyte=materials.nyman_2008(),
        concentration=1000.0,
        one_c=5.0 / (0.065 * 1.58),
        lower_cutoff=2.5,
        upper_cutoff=4.2,
    )


def chen_2020() -> Cell:
    """LG M50 of Chen et al. 2020, graphite and SiOx as one material; 1C = 48.7 A/m2."""
    graphite = Material(
        "graphite",
        fraction=0.75,
        radius=5.86e-6,
        maximum_concentration=33133.0,
        diffusivity=3.3e-14,
        exchange_current=materials.symmetric_exchange_current(6.48e-7, 33133.0),
        stoichiometry=29866.0 / 33133.0,
        potential=materials.graphite_siox_lgm50,
    )
    return _lgm50((graphite,), _nmc811(17038.0 / 63104.0))


def ai_2022() -> Cell:
    """LG M50 with graphite and silicon apart, after Ai et al. 2022, the potential of graphite being
    Ecker's.

    Silicon follows the middle of its two branches until its hysteresis state is set.
    """
    graphite = Material(
        "graphite",
        fraction=0.735,
        radius=5.86e-6,
        maximum_concentration=28700.0,
        diffusivity=5.5e-14,
        exchange_current=materials.symmetric_exchange_current(6.48e-7, 28700.0),
        stoichiometry=27700.0 / 28700.0,
        potential=materials.graphite_ecker,
    )
    silicon = Material(
        "silicon",
        fraction=0.015,
        radius=1.52e-6,
        maximum_concentration=278000.0,
        diffusivity=1.67e-14,
        exchange_current=materials.symmetric_exchange_current(6.48e-7 * 28700 / 278000, 278000.0),
        stoichiometry=276610.0 / 278000.0,
        lithiation=materials.silicon_lithiation,
        delithiation=materials.silicon_delithiation,
    )
    return _lgm50((graphite, silicon), _nmc811(17038.0 / 63104.0))
