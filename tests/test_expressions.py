"""Formulas from text: the values that they denote, bounded in every way, and nothing that runs."""

import time

import numpy as np
import pytest

from rampore.expressions import DEEPEST, LONGEST, Expression, ExpressionError

X = np.array([0.2, 0.7])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "-2*x**2 + exp(-x)/cosh(x) - tanh(3e-1*x)",
            -2 * X**2 + np.exp(-X) / np.cosh(X) - np.tanh(0.3 * X),
        ),
        ("1 - 2 - x", -1 - X),
        ("8/4/2*x", X),
        ("-x**2", -(X**2)),
        ("2**-x", 2**-X),
        ("2**3**2*x", 512 * X),
        ("-(-+x)", X),
        (" 1.e-1 *\n(x + .5) ", 0.1 * (X + 0.5)),
    ],
)
def test_a_formula_has_the_value_and_the_precedence_of_python(text, expected):
    assert Expression(text)(X) == pytest.approx(expected, rel=1e-15)
    assert Expression(text).constant is None


def test_a_formula_without_x_is_a_number():
    assert Expression("-2**2 + exp(0)").constant == -3.0
    assert Expression("0.1")(X) == pytest.approx([0.1, 0.1])


def test_a_formula_takes_the_complex_step():
    step = 1e-30
    slope = np.imag(Expression("x**3*tanh(2*x) - 1/x")(X + 1j * step)) / step
    assert slope == pytest.approx(
        3 * X**2 * np.tanh(2 * X) + 2 * X**3 / np.cosh(2 * X) ** 2 + 1 / X**2, rel=1e-13
    )


def test_a_formula_that_has_no_value_somewhere_is_not_a_number_there():
    assert not np.isfinite(Expression("1/(x - 0.2) + (x - 0.7)**-1")(X)).any()
    assert np.isnan(Expression("(x - 0.5)**0.5")(X)[0])


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "exit(0)",
        "eval(chr(95))",
        "x.real",
        "y + 1",
        "exp(x, x)",
        "exp x",
        "exp",
        "[x for x in (1,)]",
        "lambda: 1",
        "x if x else 1",
        "x and x",
        "x // 2",
        "x % 2",
        "x @ x",
        "x == x",
        "2(x)",
        "x x",
        "1_0",
        "0x10",
        "1j",
        "'a'",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "x\0",
        "# x",
        "nan",
        "inf",
        "1 +",
        "(x",
        "x)",
        "",
        " ",
    ],
)
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(ExpressionError, match="expression"):
        Expression(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9**9**9**9*x", "exponent"),
        ("x**9**9", "exponent"),
        ("99**99**9", "exponent"),
        ("1e200*1e200*x", "not a finite number"),
        ("cosh(1000)", "not a finite number"),
        ("x/(1 - 1) + 1/0", "not a finite number"),
        ("(0 - 8)**0.5", "not a finite number"),
        ("9" * 5000, "not finite"),
        ("1e999", "not finite"),
        ("(" * (DEEPEST + 1) + "x" + ")" * (DEEPEST + 1), "deeper"),
        ("-" * 19_999 + "x", "deeper"),
        ("x**" * 5000 + "x", "deeper"),
        ("exp(" * 3000 + "x" + ")" * 3000, "deeper"),
        ("x+" * LONGEST + "x", "characters"),
    ],
)
def test_what_would_take_long_or_lead_beyond_all_numbers_is_refused_within_a_second(text, message):
    start = time.process_time()
    with pytest.raises(ExpressionError, match=message) as refused:
        Expression(text)
    assert time.process_time() - start < 1
    assert len(str(refused.value)) < 300


def test_the_longest_formula_is_read_within_a_second():
    start = time.process_time()
    formula = Expression("+".join(["x"] * (LONGEST // 2)))
    assert time.process_time() - start < 1
    assert formula(1.0) == LONGEST // 2


def formula(rng, depth):
    """A random formula of the grammar."""
    kind = rng.integers(6 if depth else 2)
    if kind == 0:
        return "x"
    if kind == 1:
        return repr(float(np.round(10 ** rng.uniform(-6, 6), 3)))
    inner = formula(rng, depth - 1)
    if kind == 2:
        return f"{rng.choice(['exp', 'tanh', 'cosh', '-', '+'])}({inner})"
    if kind == 3:
        return f"({inner})**{rng.integers(-3, 4)}"
    return f"({inner} {rng.choice(['+', '-', '*', '/'])} {formula(rng, depth - 1)})"


def answer(text):
    """The formula, or why there is none."""
    try:
        return Expression(text), ""
    except ExpressionError as problem:
        return None, str(problem)


@pytest.mark.parametrize("seed", range(300))
def test_a_formula_of_the_grammar_is_read_as_python_reads_it_or_has_a_constant_that_is_no_number(
    seed,
):
    text = formula(np.random.default_rng(seed), 5)
    names = {
        "exp": np.exp,
        "tanh": np.tanh,
        "cosh": np.cosh,
        "x": np.float64(0.3),
        "__builtins__": {},
    }
    value, refused = answer(text)
    assert not refused or "finite" in refused
    if refused:
        return
    with np.errstate(all="ignore"):
        expected = np.float64(eval(text, names))  # of the grammar alone, as made above
    if np.isfinite(expected):
        assert value(0.3) == pytest.approx(expected, rel=1e-9)


def test_any_text_is_a_formula_or_refused_in_one_line():
    rng = np.random.default_rng(7)
    alphabet = list("x0123456789.e+-*/() exptanhcosh_,'[]\n\0\N{SNOWMAN}")
    texts = ["".join(rng.choice(alphabet, rng.integers(1, 30))) for _ in range(5000)]
    refused = [message for _, message in map(answer, texts) if message]
    assert 0 < len(refused) < 5000
    assert not any("\n" in message for message in refused)
