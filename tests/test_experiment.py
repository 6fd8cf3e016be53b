"""Protocols in sentences: the engine's steps from them, PyBaMM's reading of the same, refusals."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rampore.cycler import CyclerError
from rampore.experiment import LONGEST, ExperimentError, parse, steps
from rampore.p4d import examples, protocols
from rampore.p4d.time import Step, TimeCourse

CELL = examples.chen_2020()
ONE_C, AREA = CELL.one_c, 0.1027


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Discharge at 3C until 2.5 V", Step("current", 3 * ONE_C, until_voltage=2.5)),
        ("Charge at 1C until 4.2 V", Step("current", -ONE_C, until_voltage=4.2)),
        ("charge at 1 C until 4.2V", Step("current", -ONE_C, until_voltage=4.2)),
        ("Hold at 4.2 V until C/50", Step("voltage", 4.2, until_current=0.02 * ONE_C)),
        ("Hold at 4.2 V until 50mA", Step("voltage", 4.2, until_current=0.05 / AREA)),
        (
            "Hold at 4200 mV for 1 h or until C/50",
            Step("voltage", 4.2, until_time=3600.0, until_current=0.02 * ONE_C),
        ),
        ("Rest for 40 s", Step("rest", until_time=40.0)),
        ("Rest for 1.5 hours", Step("rest", until_time=5400.0)),
        (
            "Discharge at 1 A for 10 minutes or until 2.5 V",
            Step("current", 1 / AREA, until_voltage=2.5, until_time=600.0),
        ),
        ("Discharge at 20 A/m2 for 1 min", Step("current", 20.0, until_time=60.0)),
        ("Discharge at 2 mA/cm2 for 1 min", Step("current", 20.0, until_time=60.0)),
        ("Discharge at 20 W for 30 s", Step("power", 20 / AREA, until_time=30.0)),
        ("Charge at 80 W/m2 until > 4.1 V", Step("power", -80.0, until_voltage=4.1)),
        ("Charge at 8 mW/cm2 until 20 A/m2", Step("power", -80.0, until_current=20.0)),
    ],
)
def test_a_sentence_is_the_step_that_the_engine_takes(text, step):
    assert steps(text, CELL, AREA) == [step]


def test_a_protocol_in_sentences_is_the_one_that_stands_in_the_code():
    text = """
        # 0.2C and a hold, after each discharge
        2 x [
            Discharge at 1C until 2.5 V
            Charge at 0.2C until 4.2 V; Hold at 4.2 V until C/50
        ]
        Discharge at 1C until 2.5 V  # the last one
    """
    assert steps(text, CELL) == protocols.rate_test(CELL, [1.0] * 3)


def test_brackets_repeat_what_stands_in_them_also_within_others():
    inner, outer = parse("Rest for 1 s")[0], parse("Rest for 2 s")[0]
    assert parse("2 x [Rest for 2 s; 3 x [Rest for 1 s]]") == 2 * (outer, inner, inner, inner)


# Tables


@pytest.fixture
def cycle(tmp_path):
    path = tmp_path / "cycle.csv"
    path.write_text("Time / s,Current / A\n10,2\n11,-1\n13,0\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("ending", "ends"),
    [
        ("", {}),
        (" until 2.5 V", {"until_voltage": 2.5}),
        (" for 2 s", {"until_time": 2.0}),
        (" for 2 s or until 2500 mV", {"until_time": 2.0, "until_voltage": 2.5}),
    ],
)
@pytest.mark.parametrize("levels", [False, True])
def test_a_table_is_followed_beside_sentences(cycle, ending, ends, levels):
    sentence = f"Follow cycle.csv, positive charges{' in levels' * levels}{ending}"
    rest, step, again = steps(f"Rest for 1 s; 2 x [{sentence}]", CELL, AREA, cycle.parent)
    course = TimeCourse((0.0, 1.0, 3.0), (-2.0 / AREA, 1.0 / AREA, 0.0), levels)
    assert step == again == Step("current", course=course, **ends)
    assert rest == Step("rest", until_time=1.0)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Follow cycle.csv until 2.5 V", "nothing says whether a positive 'Current / A'"),
        ("Follow none.csv, positive charges", "there is no file"),
        ("Follow cycle.csv, positive charges until C/50", "'until C/50' has no effect here"),
        ("Follow cycle.csv, positive charges until < 2 V", "leave the '<' out, for the cell"),
        ("Follow", "a table is followed, as in"),
    ],
)
def test_a_table_that_cannot_be_followed_is_refused(cycle, sentence, message):
    with pytest.raises((ExperimentError, CyclerError), match=re.escape(message)):
        parse(sentence, cycle.parent)


# What PyBaMM understands

SAID_BY_PYBAMM = [
    "Discharge at 1C for 0.5 hours",
    "Discharge at C/20 for 0.5 hours",
    "Charge at 0.5 C for 45 minutes",
    "Discharge at 1 A for 0.5 hours",
    "Charge at 200 mA for 45 minutes",
    "Discharge at 1W for 0.5 hours",
    "Charge at 200mW for 45 minutes",
    "Rest for 10 minutes",
    "Hold at 1V for 20 seconds",
    "Charge at 1 C until 4.1V",
    "Hold at 4.1 V until 50mA",
    "Hold at 3V until C/50",
    "Discharge at C/3 for 2 hours or until 2.5 V",
    "Discharge at 2e-1 A for 1 m until 2500 mV",
    "Charge at 1.5 A until > 4.2 V",
    "Hold at 4.2 V until < 0.05 A",
]


def as_pybamm_has_it(pybamm, text):
    """Kind, value, duration where one is said, and the end by its kind and value."""
    step = pybamm.step.string(text)
    kind = {"CRate": "1C", "Current": "A", "Power": "W", "Voltage": "V", "Rest": "rest"}
    ends = {"CRateTermination": "1C", "CurrentTermination": "A", "VoltageTermination": "V"}
    duration = None if step.uses_default_duration else step.duration
    end = [(ends[type(each).__name__], each.value) for each in step.termination]
    return kind[type(step).__name__], step.value, duration, end


def as_read_here(text):
    (sentence,) = parse(text)
    sign = -1 if sentence.verb == "Charge" else 1

    def told(amount):
        if amount.per == "1C":
            return "1C", amount.value
        return {"current": "A", "power": "W", "voltage": "V"}[amount.kind], amount.value

    kind, value = ("rest", 0) if sentence.at is None else told(sentence.at)
    end = [] if sentence.end is None else [told(sentence.end)]
    return kind, sign * value, sentence.time, end


@pytest.mark.parametrize("text", SAID_BY_PYBAMM)
def test_a_sentence_means_what_it_means_to_pybamm(text, monkeypatch):
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
    pybamm = pytest.importorskip("pybamm", reason="the extra `validation` is not installed")
    assert as_read_here(text) == as_pybamm_has_it(pybamm, text)


NUMBERS = st.floats(1e-3, 1e3).map(lambda value: f"{value:.6g}")
BLANK = st.sampled_from(["", " "])
RATES = st.one_of(
    st.builds("{}{}{}".format, NUMBERS, BLANK, st.sampled_from(["C", "A", "mA", "W", "mW"])),
    NUMBERS.map("C/{}".format),
)
TIMES = st.builds("{} {}".format, NUMBERS, st.sampled_from(["s", "sec", "min", "hours", "h", "hr"]))
VOLTS = st.builds("{}{}{}".format, NUMBERS, BLANK, st.sampled_from(["V", "mV"]))
ENDS = st.one_of(
    TIMES.map(" for {}".format),
    VOLTS.map(" until {}".format),
    st.builds(" for {} or until {}".format, TIMES, VOLTS),
)


@given(st.sampled_from(["Discharge", "Charge"]), RATES, ENDS)
def test_any_current_or_power_means_what_it_means_to_pybamm(verb, rate, end):
    pybamm = pytest.importorskip("pybamm", reason="the extra `validation` is not installed")
    text = f"{verb} at {rate}{end}"
    here, there = as_read_here(text), as_pybamm_has_it(pybamm, text)
    assert here[0] == there[0]
    assert here[1:3] == pytest.approx(there[1:3])
    assert [kind for kind, _ in here[3]] == [kind for kind, _ in there[3]]
    assert [value for _, value in here[3]] == pytest.approx([value for _, value in there[3]])


# What is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no sentence"),
        ("# nothing but a remark", "there is no sentence"),
        ("Dicharge at 1C until 2 V", "'Dicharge' is no instruction; did you mean 'Discharge'"),
        ("Discharge 1C until 2 V", "'1C until 2 V' begins with neither 'at' nor 'for' nor 'until'"),
        ("Discharge at 1C", "it has no end"),
        ("Discharge for 1 h", "a discharge is at a current or a power"),
        ("Discharge at 1C until", "'' is not an amount"),
        ("Discharge at 1C until 2.5 V, Rest for 1 h", "'2.5 V, Rest for 1 h' is not an amount"),
        ("Discharge at -1C until 2 V", "current = -1 must be finite and above 0"),
        ("Discharge at 0 A for 1 h", "current = 0 must be finite and above 0"),
        ("Discharge at 1e999 A for 1 h", "1e999 A = inf must be finite"),
        ("Discharge at C/0 for 1 h", "the divisor in 'C/0' = 0"),
        ("Discharge at 1 AA until 2 V", "'AA' in '1 AA' is no unit here; did you mean 'A'"),
        ("Discharge at 2 Ohm for 1 h", "'2 Ohm' is a resistance"),
        ("Discharge at 1C until C/20", "'until C/20' has no effect here: a voltage ends this step"),
        ("Discharge at 1C until > 3 V", "holds before it begins: leave the '>' out"),
        ("Discharge at 1 W until 1 W", "a voltage or a current ends this step"),
        ("Charge at 4.2 V for 1 h", "a voltage is held, as in 'Hold at 4.2 V until C/50'"),
        ("Hold at 1 A for 1 h", "a voltage is held"),
        ("Hold at 4.2 V until 3 V", "'until 3 V' has no effect here: a current ends this step"),
        ("Hold at 4.2 V until 0 A", "current = 0 must be finite and above 0"),
        ("Rest", "it has no end"),
        ("Rest until 3 V", "a rest has a time and nothing else"),
        ("Rest at 1C for 1 h", "a rest has a time and nothing else"),
        ("Rest for 1 fortnight", "'fortnight' in '1 fortnight' is no unit of time"),
        ("Rest for one hour", "'one hour' is not a time"),
        ("Rest for 0 s", "0 s = 0 must be finite and above 0"),
        ("Rest for 1 h (1 minute period)", "a period of output has no place in a sentence"),
        ("Rest for 1 h at 25oC", "a temperature or a period"),
        ("Rest for 1 h " + LONGEST * "x", f"it is longer than {LONGEST} characters"),
        ("3 x Rest for 1 h", "'3' is no instruction"),
        ("3 x; Rest for 1 h", "'3 x' repeats what stands in brackets"),
        ("3 x", "'3 x' repeats nothing"),
        ("3 x [Rest for 1 h", "a '[' is not closed"),
        ("Rest for 1 h]", "a ']' closes nothing"),
        ("[Rest for 1 h]", "before a '[' stands how often"),
        ("0 x [Rest for 1 h]", "times = 0 must be finite and above 0"),
        ("3 x []", "there is no sentence"),
        ("1000 x [1000 x [Rest for 1 s]]", "steps = 1e+06 must be finite and at most 10000"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line_that_says_which_part(text, message):
    with pytest.raises(ExperimentError, match=re.escape(message)) as refused:
        parse(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_refusal_names_the_sentence_by_its_place_and_its_words():
    with pytest.raises(ExperimentError, match="sentence 3, 'Rest until 3 V': a rest"):
        parse("Rest for 1 h\n\n# a remark\n5 x [Rest for 1 s; Rest until 3 V]")


def test_a_current_of_the_whole_cell_needs_its_area():
    with pytest.raises(ExperimentError, match="a current of the whole cell needs its area"):
        steps("Discharge at 1 A for 1 h", CELL)
    with pytest.raises(ExperimentError, match="a power of the whole cell needs its area"):
        steps("Discharge at 1 W for 1 h", CELL)


def test_the_example_of_its_own_docstring_holds():
    import doctest

    from rampore import experiment

    assert doctest.testmod(experiment) == (0, 3)
