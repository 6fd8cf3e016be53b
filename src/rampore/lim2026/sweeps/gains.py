"""Every gain of the study over what the cell on bare foil delivers.

A gain is a ratio, and grows without bound where the bare cell gives next to nothing; the difference
of what both deliver, each over its own slow discharge, is defined there too.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rampore.checks import quantity
from rampore.lim2026.sweeps.crossing import RATES, delivered, settled
from rampore.p4d.errors import CellError

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["FLOORS", "by_floor", "reached", "table"]

#: Least shares of the slow discharge that a bare cell may have to deliver for its pair to count [-]
FLOORS = (0.0, 0.02, 0.05, 0.10, 0.20)

#: What of a case's inputs a row of :func:`table` has, where there is one.
INPUTS = (
    "porosity",
    "open_fraction",
    "closure",
    "separator",
    "contact",
    "contact_ratio",
    "swelling",
)


def table(studies: "Mapping[str, xarray.Dataset]") -> "pandas.DataFrame":
    """Pairs at each rate, one a row.

    Parameters
    ----------
    studies : mapping of str to xarray.Dataset
        As ``rampore sweep crossing`` and ``inverse`` write them, by what they are called.

    Returns
    -------
    pandas.DataFrame
        ``study``, ``rate``, those of ``INPUTS`` that the case has (the contact resistance in ohm
        cm2), what the bare cell delivers of its slow discharge ``delivered``, the ``gain`` (none
        over a cell that gave nothing), the ``difference`` of what both deliver, the numerical
        errors of the two [-], and whether both cells are ``resolved``.
    """
    import pandas as pd

    return pd.concat(
        [_rows(name, data, rate) for name, data in studies.items() for rate in RATES],
        ignore_index=True,
    )


def _rows(study, data, rate) -> "pandas.DataFrame":
    import pandas as pd

    bare, perforated = (delivered(data, foil, rate).values for foil in ("bare", "perforated"))
    errors = [
        data[f"capacity_{foil}_{rate}_error"].values / data[f"slow_{foil}"].values
        for foil in ("bare", "perforated")
    ]
    gain = "gain_5C" if rate == "5C" else "gain_3C" if "gain_3C" in data else "p4d_3c_capacity"
    inputs = {name: data[name].values for name in INPUTS if name in data}
    if data.contact.attrs["units"] == "ohm m2":
        inputs["contact"] = 1e4 * inputs["contact"]
    return pd.DataFrame(
        {
            "study": study,
            "rate": rate,
            **inputs,
            "delivered": bare,
            "gain": data[gain].values,
            "gain_error": data[f"{gain}_error"].values,
            "difference": perforated - bare,
            "difference_error": np.hypot(*errors),
            "resolved": np.broadcast_to(settled(data, rate).values, bare.shape),
        }
    )


def reached(pairs: "pandas.DataFrame", least: float) -> "pandas.Series":
    """Whether each pair reaches a gain: "reached" or "missed" by more than its error in a resolved
    pair, "undecided" where it is neither, "no outcome" where the cells were never charged.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As :func:`table` gives them.
    least : float
        The gain that is asked for [-].
    """
    import pandas as pd

    above, error = pairs.gain - least, pairs.gain_error
    cases = {
        "no outcome": pairs.delivered.isna(),
        "reached": pairs.resolved & (above >= error),
        "missed": pairs.resolved & (above <= -error),
    }
    found = np.select([*cases.values()], [*cases], default="undecided")
    return pd.Series(found, index=pairs.index)


def by_floor(pairs: "pandas.DataFrame", wanted: Mapping[str, float]) -> "pandas.DataFrame":
    """In what share of the pairs a gain is reached, by the least that a bare cell must deliver.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As :func:`table` gives them.
    wanted : mapping of str to float
        By rate, the gain that is asked for [-].

    Returns
    -------
    pandas.DataFrame
        One row for each of :data:`FLOORS` and rate: ``pairs`` in number; the share of them in which
        the gain is ``reached`` by more than its error in a resolved pair, and in which it ``may``
        be, counting every pair that is open [-]. A pair without a gain is open. Then the share
        with ``no outcome``, since pores close before the cell is charged: no such cell is
        counted as one that may.

    Raises
    ------
    CellError
        A gain of a whole or more is asked for: it is the ratio less 1.
    """
    import pandas as pd

    quantity("wanted gain", list(wanted.values()), CellError, at_least=0, below=1)
    rows = {}
    for rate, least in wanted.items():
        of_rate = pairs[pairs.rate == rate]
        for floor in FLOORS:
            counted = of_rate[~(of_rate.delivered < floor)]
            found = reached(counted, least)
            rows[rate, floor] = {
                "pairs": len(counted),
                "reached": (found == "reached").mean(),
                "may": found.isin(["reached", "undecided"]).mean(),
                "no outcome": (found == "no outcome").mean(),
            }
    return pd.DataFrame(rows).T.rename_axis(["rate", "floor"])
