"""Samples of the unpublished inputs: their spans, their cells, and what is read off them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rampore import sweep
from rampore.audit.sweep import read
from rampore.lim2026 import parameters
from rampore.lim2026.cells import LITHIUM_EXCHANGE_CURRENT, Scenario, charged_cell, half_cell
from rampore.lim2026.pairs import pulse_resistance
from rampore.lim2026.sweeps import consistency, inverse
from rampore.lim2026.sweeps.crossing import CLAIMS, key
from rampore.lim2026.sweeps.inverse import TARGETS, spans
from rampore.p4d.errors import CellError
from rampore.p4d.model import Mesh

COMMITTED = Path(__file__).parents[1] / "book" / "data" / "inverse.nc"
GIVEN = parameters.load()

#: The study's own choice within each span.
OWN = {
    "published_share": 1.0,
    "hidden_share": 0.0,
    "open_fraction": GIVEN.perforation.open_fraction,
    "tortuosity": 4.7 * 0.24**-0.1,
    "exponent": 1.1,
    "separator_tortuosity": GIVEN.separator.tortuosity,
    "positive_tortuosity": GIVEN.positive.tortuosity,
    "electrolyte": "LG19",
    "salt_transport": 1.0,
    "contact": GIVEN.contact.negative,
    "contact_ratio": GIVEN.contact.perforated_ratio,
    "lithium_exchange_current": LITHIUM_EXCHANGE_CURRENT.reference,
    "lost": float(np.mean(GIVEN.formation.irreversible_capacity)),
    "cathode": "hanyang",
    "basis": "stated",
    "swelling": "none",
} | {
    f"{name}_{what}": value
    for name in ("siox", "graphite", "nmc")
    for what, value in {
        "exchange_current": getattr(GIVEN, name).exchange_current.reference,
        "diffusivity": getattr(GIVEN, name).diffusivity,
        "radius": getattr(GIVEN, name).radius,
    }.items()
}


@pytest.fixture(scope="module")
def samples():
    return inverse.cases()


#: Of four samples, half of the slow discharge.
DELIVERED = {"capacity_bare_3C": [1.0] * 4, "slow_bare": [2.0] * 4}


def made(samples, **quantities):
    """A data set of samples with quantities of one's own, free of numerical error."""
    outcomes = [
        sweep.Outcome({name: float(values[n]) for name, values in quantities.items()})
        for n in range(len(samples))
    ]
    data = sweep.dataset(samples, outcomes, inverse.units())
    return data.assign({f"{name}_error": xr.zeros_like(data[name]) for name in quantities})


@pytest.mark.parametrize("span", spans(), ids=lambda span: span.name)
def test_a_span_holds_the_studys_own_value_and_runs_from_end_to_end(span):
    if span.names:
        assert {span.at(quantile) for quantile in (0.0, 0.3, 0.6, 1.0)} == set(span.names)
        assert OWN[span.name] in span.names
    else:
        assert [span.at(0.0), span.at(1.0)] == pytest.approx([span.low, span.high], rel=1e-12)
        assert np.all(np.diff([span.at(quantile) for quantile in np.linspace(0, 1, 9)]) > 0)
        assert span.low <= OWN[span.name] <= span.high
    assert span.why


ENDS = 'low = 1\nhigh = 2\nspread = "even"\nunit = "m"\nconfidence = "read"\nwhy = "seen"'


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("high = 2", "high = 1", "span radius: high = 1 must be finite and above 1"),
        ("low = 1", "low = -1", "span radius: low = -1 must be finite and at least 0"),
        ("low = 1", "low = '1'", "span radius: low = '1' is no number"),
        ('"even"', '"evn"', "spread = 'evn' is not one of the choices; did you mean 'even'"),
        ('"m"', '"um"', "span radius: unit = 'um' is not of SI"),
        ('"read"', '"red"', "confidence = 'red' is not one of the choices; did you mean 'read'"),
        ('why = "seen"', "", "span radius needs why"),
        ("why =", "reason =", "span radius: unknown key 'reason'"),
        ("low = 1", "lowest = 1", "'radius' must have one of low, record, names"),
        ("low = 1", 'low = 1\nnames = ["a"]', "'radius' must have one of low, record, names"),
        (ENDS, 'record = "nmc.radios"\nspread = "even"', "did you mean 'nmc.radius'"),
        (ENDS, 'record = "nmc.radius"', "span radius needs spread"),
        (ENDS, 'names = ["a"]\nunit = "m"', "span radius: unknown key 'unit'"),
    ],
)
def test_a_span_that_cannot_be_is_refused_by_name(old, new, reason):
    assert inverse.read_spans(f"[radius]\n{ENDS}") == (
        inverse.Span("radius", 1, 2, "even", "m", parameters.Confidence.READ, "seen"),
    )
    assert old in ENDS
    with pytest.raises(CellError) as refusal:
        inverse.read_spans(f"[radius]\n{ENDS.replace(old, new)}")
    assert reason in str(refusal.value)


def test_a_span_of_a_record_is_its_range_or_the_value_that_is_one():
    radius, lost = inverse.read_spans(
        '[r]\nrecord = "nmc.radius"\nspread = "even"\n'
        '[q]\nrecord = "formation.irreversible_capacity"\nspread = "even"\nwhy = "seen"'
    )
    assert (radius.low, radius.high) == GIVEN.records["nmc.radius"].range
    assert radius.why.endswith("The range of `cell.toml`.")
    assert (lost.low, lost.high) == GIVEN.formation.irreversible_capacity
    assert (radius.unit, lost.unit, lost.why) == ("m", "C/m2", "seen")


def test_samples_are_the_same_in_every_run_and_fill_each_span_evenly(samples):
    assert samples == inverse.cases()
    share = np.array([case["published_share"] for case in samples])
    # a Latin hypercube has exactly one point in each of as many equal strips as it has points
    assert sorted((share * len(samples)).astype(int)) == list(range(len(samples)))


def test_a_sample_with_the_studys_own_values_is_the_studys_own_cell():
    given, scenario = inverse.inputs(OWN)
    for foil in (False, True):
        own, lost = charged_cell(GIVEN, Scenario(perforated=foil))
        one, left = charged_cell(given, replace(scenario, perforated=foil))
        assert left == pytest.approx(lost, rel=1e-12)
        assert one.perforation == own.perforation
        assert one.negative.porosity == pytest.approx(own.negative.porosity, rel=1e-12)
        for eps in (0.19, 0.24, 0.28):
            expected = own.negative.transport_efficiency(eps)
            assert one.negative.transport_efficiency(eps) == pytest.approx(expected, rel=1e-12)
        materials = zip(
            (*one.negative.materials, *one.positive.materials),
            (*own.negative.materials, *own.positive.materials),
            strict=True,
        )
        for mine, its in materials:
            assert mine.exchange_current == pytest.approx(its.exchange_current, rel=1e-12)
            assert mine.stoichiometry == pytest.approx(its.stoichiometry, rel=1e-9)


@pytest.mark.parametrize("hidden", [0.0, 0.7])
def test_without_the_published_share_both_foils_hold_the_same_solid(hidden):
    given, scenario = inverse.inputs({**OWN, "published_share": 0.0, "hidden_share": hidden})
    bare, perforated = (
        charged_cell(given, replace(scenario, perforated=foil))[0] for foil in (False, True)
    )
    held = []
    for cell in (bare, perforated):
        f = cell.perforation.open_fraction if cell.perforation else 0.0
        for material in cell.negative.materials:
            over, above = (material.fraction,) * 2 if not cell.perforation else material.fraction
            depth = cell.perforation.foil_thickness if cell.perforation else 0.0
            held.append(
                (1 - f) * over * cell.negative.thickness
                + f * above * (cell.negative.thickness + depth)
            )
    assert held[2:] == pytest.approx(held[:2], rel=1e-12)


def test_a_contact_resistance_adds_itself_to_the_pulse_on_bare_foil():
    """The current is imposed and the same everywhere, so the contact costs it R i, whatever the
    rest does.
    """
    mesh = Mesh((6, 3, 1), (1, 1), 1, 6)
    without, with_it = (
        pulse_resistance(
            half_cell(parameters.with_values(GIVEN, {"contact.negative": (value, "ohm cm2")})), mesh
        )
        for value in (0.0, 5.0)
    )
    # the runs take other steps: 1e-3 V of their tolerance
    assert with_it - without == pytest.approx(5e-4, rel=1e-3)


def test_a_sample_agrees_where_it_lies_within_tolerance_and_numerical_error(samples):
    few = samples[:4]
    data = made(
        few,
        gain_3C=[0.1, 0.1, -0.01, 0.1],
        gain_5C=[0.204, 0.21, 0.2, np.nan],
        pulse_ratio=[0.76, 0.80, 0.76, 0.76],
    )
    assert consistency.consistent(data).tolist() == [True, False, False, False]
    assert consistency.consistent(data, wide=True).tolist() == [True, True, False, False]
    data["gain_3C_error"] += 0.02
    assert consistency.consistent(data).tolist() == [True, False, True, False]
    assert set(consistency.agrees(data)) == set(TARGETS)


def test_a_cell_that_is_not_resolved_decides_nothing_and_stays_in_the_denominator(samples):
    margins = {key(claim): [1.0, 1.0, -1.0, -1.0] for claim in CLAIMS}
    gains = {"gain_3C": [0.1] * 4, "gain_5C": [0.2] * 4, "pulse_ratio": [0.76] * 4}
    data = made(samples[:4], **margins, **gains, **DELIVERED)
    assert consistency.consistent(data).all()
    everywhere = np.ones(4, bool)
    assert consistency.standings(data, everywhere)["p4d-gradient"] == (0.5, 0.5, 0.0)
    data["capacity_bare_3C_resolved"] = ("case", [1.0, 0.0, 1.0, 0.0])
    assert consistency.standings(data, everywhere)["p4d-gradient"] == (0.25, 0.25, 0.5)
    assert consistency.consistent(data).tolist() == [True, False, True, False]
    data["capacity_bare_5C_resolved"] = ("case", [0.0, 1.0, 1.0, 1.0])
    assert consistency.consistent(data).tolist() == [False, False, True, False]


def test_a_claim_stands_by_its_margin_over_its_error(samples):
    margins = {key(claim): [1.0, -1.0, 0.05, np.nan] for claim in CLAIMS}
    data = made(samples[:4], **margins, **DELIVERED)
    for name in margins:
        data[f"{name}_error"] += 0.1
    found = consistency.standings(data, np.array([True, True, True, True]))["p4d-gradient"]
    assert found == (0.25, 0.25, 0.5)  # one without a margin is open
    assert found.word == "some"
    words = {
        n: consistency.standings(data, np.arange(4) == n)["p4d-gradient"].word for n in range(4)
    }
    assert words == {0: "all", 1: "none", 2: "none", 3: "none"}


def test_each_band_of_what_is_delivered_counts_its_own_samples(samples):
    data = made(
        samples[:4],
        gain_3C=[0.1, 0.1, -0.1, 0.1],
        gain_5C=[0.2, 0.23, 0.2, 0.0],
        pulse_ratio=[0.76, 0.76, 0.76, 0.76],
        capacity_bare_5C=[0.02, 0.3, 0.35, 0.9],
        slow_bare=[1.0, 1.0, 1.0, 1.0],
    )
    table = consistency.by_delivered(data)
    assert table.samples.sum() == 4
    assert table.loc[(0.2, 0.4), ["samples", "gain_3C", "gain_5C", "all"]].tolist() == [2, 1, 2, 1]
    assert table.loc[(0.2, 0.4)].contact == data.contact.values[1:3].min()
    assert np.isnan(table.loc[(0.4, 1.0)].contact)


def test_sensitivities_of_a_sum_are_its_terms_shares_of_the_variance(samples):
    u = np.array([case["published_share"] for case in samples])
    v = np.array([np.log(case["salt_transport"] / 0.68) / np.log(1.31 / 0.68) for case in samples])
    table = consistency.sensitivities(made(samples, gain_5C=np.expm1(0.3 * u + 0.2 * v)), "gain_5C")
    assert list(table.index[:2]) == ["published_share", "salt_transport"]
    shares, errors = table["first"].values, table.first_error.values
    # an error is 1.96 standard deviations
    assert np.all(np.abs(shares[:2] - [9 / 13, 4 / 13]) < 2 * errors[:2])
    assert np.all(np.abs(shares[2:]) < 2 * errors[2:].max())


@pytest.mark.parametrize("name", [span.name for span in spans()])
def test_what_one_input_decides_alone_no_other_seems_to_decide(samples, name):
    data = made(samples, gain_5C=np.zeros(len(samples)))
    names, values = consistency._inputs(data)
    own = values[:, names.index(name)]
    own = np.log(own) if own.min() > 0 and own.max() > 5 * own.min() else own
    data["gain_5C"] = "case", np.expm1(0.3 * (own - own.mean()) / np.ptp(own))
    first = consistency.sensitivities(data, "gain_5C", resamples=5)["first"]
    assert first.index[0] == name
    assert first.iloc[0] > 0.8
    assert np.all(np.abs(first.iloc[1:]) < 0.06)


def test_sensitivities_are_the_same_however_a_sort_leaves_equal_values(samples, monkeypatch):
    """Sorting by vector instructions puts them in another order than sorting without."""
    u = np.array([case["published_share"] for case in samples])
    data = made(samples, gain_5C=np.expm1(0.3 * u))
    table, sort = consistency.sensitivities(data, "gain_5C", resamples=5), np.argsort

    def turned_sort(x, **given):
        return sort(x, **given) if given else x.size - 1 - sort(x[::-1], kind="stable")

    monkeypatch.setattr(np, "argsort", turned_sort)
    turned = consistency.sensitivities(data, "gain_5C", resamples=5)
    assert np.abs(turned["first"] - table["first"].loc[turned.index]).max() < 1e-12
    assert np.abs(turned.first_error - table.first_error.loc[turned.index]).max() < 1e-12


def test_a_measurement_tells_all_of_what_hangs_on_its_half_and_nothing_of_what_does_not(samples):
    observed = {name: np.arange(len(samples)) % 7.0 for name in consistency.OBSERVABLES}
    data = made(samples, **observed)
    event = data.contact.values > np.median(data.contact.values)
    table = consistency.informing(data, event)
    assert table.index[0] == "contact"
    assert table.told.iloc[0] == pytest.approx(1.0)
    others = table.iloc[1:]
    assert (others.told > others.chance).mean() < 0.2  # one in twenty by chance


def test_a_random_sample_of_the_committed_ones_comes_out_again():
    data = read(COMMITTED)
    assert data.sizes["case"] == inverse.COUNT
    n = int(np.random.default_rng().integers(data.sizes["case"]))
    case = {span.name: data[span.name].values[n].item() for span in spans()}
    assert case == pytest.approx(inverse.cases()[n])
    for name, value in inverse.values(case, "crossing").items():
        if np.isfinite(value) and not name.endswith(("_every", "_any")):
            assert value == pytest.approx(
                data[name].values[n], abs=data[f"{name}_error"].values[n]
            ), (n, name)


def test_every_input_and_every_observable_has_a_word_of_its_own():
    names = [*(span.name for span in spans()), *consistency.OBSERVABLES]
    assert list(consistency.WORDS) == names
    assert len(set(consistency.WORDS.values())) == len(names)
