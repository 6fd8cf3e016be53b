"""What a voltage and a heat are made of."""

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """What makes a part of the voltage, or of the heat."""

    OPEN_CIRCUIT = "open circuit"  #: of the particles' means
    SOLID_DIFFUSION = "solid diffusion"  #: of their surfaces, less that
    KINETICS = "kinetics"
    DOUBLE_LAYER = "double layer"  #: the whole drop, where nothing reacts
    SALT_DIFFUSION = "electrolyte, diffusion"
    SALT_OHMIC = "electrolyte, ohmic"
    CONTACT = "contact"
    SOLID = "solid"  #: ohmic, between contact and reaction
    ENTROPY = "entropy"  #: reversible, of heat alone


class Part(NamedTuple):
    """Where a part of the voltage, or of the heat, comes from; no side or no material is an empty
    word.
    """

    cause: Cause
    side: str = ""  #: name of the electrode, as :attr:`rampore.p4d.cell.Cell.electrodes` has it
    material: str = ""

    @property
    def label(self) -> str:
        """As a reader calls it."""
        place = f"{self.side} {self.material}".strip()
        return f"{self.cause}, {place}" if place else str(self.cause)
