"""Open-circuit potentials, kinetics and electrolytes: functions of arrays, each with its source."""

from rampore.materials.curves import (
    gen2_colclasure_2020 as gen2_colclasure_2020,
)
from rampore.materials.curves import (
    graphite_diffusivity_ecker as graphite_diffusivity_ecker,
)
from rampore.materials.curves import (
    graphite_diffusivity_oregan as graphite_diffusivity_oregan,
)
from rampore.materials.curves import (
    graphite_mcmb as graphite_mcmb,
)
from rampore.materials.curves import (
    lithium_cobalt_oxide as lithium_cobalt_oxide,
)
from rampore.materials.curves import (
    marquis_2019 as marquis_2019,
)
from rampore.materials.curves import (
    nmc811_diffusivity_oregan as nmc811_diffusivity_oregan,
)
from rampore.materials.functions import (
    Function as Function,
)
from rampore.materials.functions import (
    MaterialError as MaterialError,
)
from rampore.materials.functions import (
    Tabulated as Tabulated,
)
from rampore.materials.functions import (
    arrhenius as arrhenius,
)
from rampore.materials.functions import (
    constant as constant,
)
from rampore.materials.functions import (
    polynomial as polynomial,
)
from rampore.materials.functions import (
    slope as slope,
)
from rampore.materials.library import (
    electrolyte as electrolyte,
)
from rampore.materials.library import (
    graphite_ecker as graphite_ecker,
)
from rampore.materials.library import (
    graphite_mohtat as graphite_mohtat,
)
from rampore.materials.library import (
    graphite_siox_lgm50 as graphite_siox_lgm50,
)
from rampore.materials.library import (
    landesfeind_gasteiger_2019 as landesfeind_gasteiger_2019,
)
from rampore.materials.library import (
    nmc532_mohtat as nmc532_mohtat,
)
from rampore.materials.library import (
    nmc811_lgm50 as nmc811_lgm50,
)
from rampore.materials.library import (
    nyman_2008 as nyman_2008,
)
from rampore.materials.library import (
    potential as potential,
)
from rampore.materials.library import (
    silicon_delithiation as silicon_delithiation,
)
from rampore.materials.library import (
    silicon_lithiation as silicon_lithiation,
)
from rampore.materials.library import (
    valoen_reimers_2005 as valoen_reimers_2005,
)
from rampore.materials.properties import (
    Electrolyte as Electrolyte,
)
from rampore.materials.properties import (
    ExchangeCurrent as ExchangeCurrent,
)
from rampore.materials.properties import (
    symmetric_exchange_current as symmetric_exchange_current,
)
