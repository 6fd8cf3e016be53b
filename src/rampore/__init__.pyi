# What `import rampore` offers, and the module that each name is from.
from . import examples
from .collector import PerforatedFoil
from .energy import Design
from .p4d.cell import Cell
from .p4d.time import Step
from .simple import (
    CellRun,
    PoreNetwork,
    SpectrumFit,
    StackEnergy,
    Tortuosity,
    analyse_pores,
    discharge,
    energy_density,
    fit_impedance,
    read_bpx,
    read_image,
    read_labels,
    read_spectrum,
    simulate,
    tortuosity,
)

__version__: str

class RamporeError(Exception):
    exit_code: int

__all__ = [
    "Cell",
    "CellRun",
    "Design",
    "PerforatedFoil",
    "PoreNetwork",
    "RamporeError",
    "SpectrumFit",
    "StackEnergy",
    "Step",
    "Tortuosity",
    "analyse_pores",
    "discharge",
    "energy_density",
    "examples",
    "fit_impedance",
    "read_bpx",
    "read_image",
    "read_labels",
    "read_spectrum",
    "simulate",
    "tortuosity",
]
