"""What the samples of the unpublished inputs say: which agree with the paper, what they agree on,
what would tell more.

All of it reads the data set of ``rampore sweep inverse``; see :mod:`rampore.lim2026.sweeps.inverse`
for how a sample is made and for what the paper states of it. A difference below its numerical error
decides nothing.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rampore import checks
from rampore.checks import choice
from rampore.extras import needs
from rampore.lim2026.sweeps.crossing import (
    CLAIMS,
    RATES,
    Standing,
    delivered,
    settled,
    standing,
)
from rampore.lim2026.sweeps.inverse import TARGETS, spans
from rampore.p4d.errors import CellError

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = [
    "BANDS",
    "OBSERVABLES",
    "WORDS",
    "agrees",
    "by_delivered",
    "consistent",
    "informing",
    "sensitivities",
    "standings",
]

#: What an experiment reads off the cells on bare foil alone, beside the inputs themselves.
OBSERVABLES = ("capacity_bare_3C", "capacity_bare_5C", "pulse_bare")

#: The inputs that are sampled and :data:`OBSERVABLES`, as figures and sentences call them.
WORDS = {
    "published_share": "porosities as published",
    "hidden_share": "pores that no micrograph shows",
    "open_fraction": "open fraction",
    "tortuosity": "tortuosity of the anode",
    "exponent": "exponent of the tortuosity",
    "separator_tortuosity": "tortuosity of the separator",
    "positive_tortuosity": "tortuosity of the cathode",
    "electrolyte": "electrolyte",
    "salt_transport": "transport in the electrolyte",
    "contact": "contact resistance",
    "contact_ratio": "contact, perforated over bare",
    "siox_exchange_current": "exchange current of SiOx",
    "graphite_exchange_current": "exchange current of graphite",
    "nmc_exchange_current": "exchange current of NMC",
    "lithium_exchange_current": "exchange current of lithium",
    "siox_diffusivity": "diffusivity in SiOx",
    "graphite_diffusivity": "diffusivity in graphite",
    "nmc_diffusivity": "diffusivity in NMC",
    "siox_radius": "radius of SiOx",
    "graphite_radius": "radius of graphite",
    "nmc_radius": "radius of NMC",
    "lost": "lithium lost in the first charge",
    "cathode": "potential of the cathode",
    "basis": "capacity of the cathode",
    "swelling": "swelling",
    "capacity_bare_3C": "capacity at 3C",
    "capacity_bare_5C": "capacity at 5C",
    "pulse_bare": "pulse resistance",
}

#: Of what a bare cell delivers at 5C over its slow discharge, their ends [-]
BANDS = (0.0, 0.05, 0.10, 0.20, 0.40, 1.0)

#: of the response to one input; the gains rise or fall smoothly, and more would add noise
HARMONICS = 4
BINS = 4  #: a measurement is taken to tell in which quarter of its range a sample lies


def _event(among, cases: int) -> np.ndarray:
    among = np.asarray(among)
    if among.dtype != bool or among.shape != (cases,) or not among.any():
        raise CellError(f"of {cases} samples one or more are marked by as many True or False")
    return among


def agrees(data: "xarray.Dataset", wide: bool = False) -> dict[str, np.ndarray]:
    """Which samples give each of the paper's numbers (case,), by quantity.

    A sample without an outcome gives none of them, nor does one whose bare cell is not
    :func:`~rampore.lim2026.sweeps.crossing.settled`.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep inverse`` writes it.
    wide : bool
        By the wide tolerance, see :class:`rampore.lim2026.sweeps.inverse.Target`.
    """
    found = {}
    sure = {f"gain_{rate}": settled(data, rate).values for rate in RATES}
    for name, target in TARGETS.items():
        miss = data[name].values - target.stated
        allowed = (target.wide if wide else target.strict) + data[f"{name}_error"].values
        near = miss >= -allowed if target.least else np.abs(miss) <= allowed
        found[name] = near & sure.get(name, True)
    return found


def consistent(data: "xarray.Dataset", wide: bool = False) -> np.ndarray:
    """Which samples give all of the paper's numbers (case,); parameters as of :func:`agrees`."""
    return np.logical_and.reduce(list(agrees(data, wide).values()))


def by_delivered(data: "xarray.Dataset") -> "pandas.DataFrame":
    """Which samples give the paper's numbers, by what their bare cell delivers at 5C: whoever reads
    that share off the paper's Fig. 3d has the row that holds.

    Parameters
    ----------
    data : xarray.Dataset
        As ``rampore sweep inverse`` writes it.

    Returns
    -------
    pandas.DataFrame
        By the two ends of each of :data:`BANDS`: ``samples``, how many of them give each of
        :data:`~rampore.lim2026.sweeps.inverse.TARGETS` by the wide tolerance and ``all`` of them,
        and the least contact resistance on bare foil of those that give the gain at 5C,
        ``contact`` [ohm m2]; nan where none does.
    """
    import pandas as pd

    share, found = delivered(data, "bare", "5C").values, agrees(data, wide=True)
    found["all"] = np.logical_and.reduce(list(found.values()))
    rows = {}
    for low, high in pairwise(BANDS):
        inside = (share >= low) & (share < high)
        contacts = data.contact.values[inside & found["gain_5C"]]
        rows[low, high] = {
            "samples": int(inside.sum()),
            **{name: int((inside & which).sum()) for name, which in found.items()},
            "contact": contacts.min() if contacts.size else np.nan,
        }
    return pd.DataFrame(rows).T.rename_axis(["from", "to"])


def standings(data: "xarray.Dataset", among: np.ndarray) -> dict[str, Standing]:
    """How each claim on the 3C discharge stands among some samples.

    Parameters
    ----------
    data : xarray.Dataset
    among : (case,) array of bool
        At least one of them.
    """
    chosen = data.isel(case=np.flatnonzero(_event(among, data.sizes["case"])))
    return {claim: standing(chosen, claim) for claim in CLAIMS}


def _inputs(data: "xarray.Dataset") -> tuple[list[str], np.ndarray]:
    """Names and values of the inputs (case, inputs), rivals by number."""
    columns = [
        [span.names.index(name) for name in data[span.name].values]
        if span.names
        else data[span.name].values
        for span in spans()
    ]
    return [span.name for span in spans()], np.column_stack(columns).astype(float)


def sensitivities(
    data: "xarray.Dataset", quantity: str, seed: int = 1, resamples: int = 200
) -> "pandas.DataFrame":
    r"""How much of a ratio's variance each input explains by itself.

    The first-order index of Sobol of :math:`\ln(1 + g)`, g the gain, by the RBD-FAST method on the
    samples as they are (Plischke 2010, with the bias correction of Tissot and Prieur 2012). The
    logarithm keeps a cell that gives next to nothing from deciding alone.

    Parameters
    ----------
    data : xarray.Dataset
    quantity : str
        A gain, e.g. ``"gain_5C"``.
    seed : int
        Of the bootstrap.
    resamples : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        By input: ``first`` and ``first_error``, at 95 % [-]; the largest first.
    """
    import pandas as pd
    from scipy.stats import rankdata

    with needs("book"):
        from SALib.analyze import rbd_fast

    choice("quantity", quantity, list(map(str, data.data_vars)), CellError)
    checks.quantity("resamples", resamples, CellError, at_least=1, whole=True)
    names, values = _inputs(data)
    gain = data[quantity].values
    # The method sorts by each input: where it is discrete, equal values would keep the regular
    # order of the samples, and come in another order on another processor. Ranks in a random order
    # of the samples know no equals.
    known = np.random.default_rng(seed).permutation(np.flatnonzero(np.isfinite(gain)))
    ranks = rankdata(values[known], method="ordinal", axis=0)
    problem = {
        "num_vars": len(names),
        "names": names,
        "bounds": [[span.low, span.high] for span in spans()],
    }
    found = rbd_fast.analyze(
        problem, ranks, np.log1p(gain[known]), M=HARMONICS, seed=seed, num_resamples=resamples
    )
    table = {"first": found["S1"], "first_error": found["S1_conf"]}
    return pd.DataFrame(table, index=names).sort_values("first", ascending=False)


def _entropy(share):
    """Of a yes or no with that share of yes [bit]."""
    share = np.clip(share, 1e-12, 1 - 1e-12)
    return -share * np.log2(share) - (1 - share) * np.log2(1 - share)


def _told(event, quarter):
    """Share of an event's entropy that knowing the quarter removes [-]."""
    counts = np.bincount(quarter, minlength=BINS)
    yes = np.bincount(quarter, weights=event, minlength=BINS)
    left = sum(n * _entropy(k / n) for n, k in zip(counts, yes, strict=True) if n) / event.size
    return 1 - left / _entropy(event.mean())


def informing(
    data: "xarray.Dataset", event: np.ndarray, seed: int = 1, shuffles: int = 400
) -> "pandas.DataFrame":
    """What each measurement would tell of a yes or no: the share of its uncertainty that it
    removes.

    The uncertainty is the entropy of the event over the samples; a measurement tells in which
    quarter of the samples, by its value, the cell lies. What chance alone would seem to tell, by
    shuffling, stands beside it.

    Parameters
    ----------
    data : xarray.Dataset
    event : (case,) array of bool
        Neither always nor never true.
    seed, shuffles : int
        Of the shuffling.

    Returns
    -------
    pandas.DataFrame
        By measurement, an input or one of :data:`OBSERVABLES`: ``told`` and ``chance`` (95 % of the
        shuffles stay below) [-]; the largest first.
    """
    import pandas as pd

    event = _event(event, data.sizes["case"])
    if event.all():
        raise CellError("the event is true of all samples: nothing can tell of it")
    checks.quantity("shuffles", shuffles, CellError, at_least=1, whole=True)
    rng = np.random.default_rng(seed)
    names, values = _inputs(data)
    names = [*names, *OBSERVABLES]
    values = np.column_stack([values, *(data[name].values for name in OBSERVABLES)])
    rows = {}
    for name, column in zip(names, values.T, strict=True):
        known = np.isfinite(column)
        edges = np.quantile(column[known], np.linspace(0, 1, BINS + 1)[1:-1])
        quarter, happened = np.searchsorted(edges, column[known]), event[known].astype(float)
        shuffled = [_told(rng.permutation(happened), quarter) for _ in range(shuffles)]
        rows[name] = _told(happened, quarter), float(np.quantile(shuffled, 0.95))
    return pd.DataFrame(rows, index=["told", "chance"]).T.sort_values("told", ascending=False)
