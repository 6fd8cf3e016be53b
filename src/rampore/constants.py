"""Constants of nature and of copper, and the temperature at which most properties were measured."""

FARADAY = 96485.33212  #: Faraday's constant [C/mol], CODATA 2018
AVOGADRO = 6.02214076e23  #: [1/mol], SI 2019
ELECTRONVOLT = 1.602176634e-19  #: [J], SI 2019
GAS_CONSTANT = 8.31446261815324  #: [J/(mol K)], CODATA 2018
REFERENCE_TEMPERATURE = 298.15  #: [K]
COPPER_DENSITY = 8960.0  #: at room temperature [kg/m3], CRC Handbook of Chemistry and Physics
