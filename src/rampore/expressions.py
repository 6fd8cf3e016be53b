"""Formulas of one variable, read from text: numbers, x, ``+ - * / **``, parentheses, and exp, tanh,
cosh.

A text is cut into these parts and put in the order of its computation; nothing of it is ever run as
a program. All numbers are floating-point, length, nesting and exponents are bounded, and what no
variable enters is computed once, when the text is read: no text takes long, and a constant beyond
all numbers is refused.
"""

from __future__ import annotations

import re

import numpy as np

from rampore import RamporeError
from rampore.arrays import FloatOrArray

__all__ = ["Expression", "ExpressionError"]

LONGEST = 20_000  #: text [characters]
DEEPEST = 100  #: nesting of parentheses, functions, signs and powers [-]
STEEPEST = 100.0  #: magnitude of a constant exponent [-]

_FUNCTIONS = {"exp": np.exp, "tanh": np.tanh, "cosh": np.cosh}
_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
_PART = re.compile(
    r"\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/()]))", re.ASCII
)


class ExpressionError(RamporeError, ValueError):
    """A text that is no formula of the grammar, or whose constants are no numbers."""

    exit_code = 2


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


class Expression:
    """The function of x that a text denotes, with the precedence of Python: -2**2 is -4, and
    2**3**2 is 2**9.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    text : str
    constant : float or None
        Its value where x does not enter [the unit of what it describes].

    Raises
    ------
    ExpressionError
        It is too long or too deep, holds anything else, or a constant in it is not finite.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._program = _Reader(text).program
        constant = len(self._program) == 1 and self._program[0] is not None
        self.constant = self._program[0] if constant else None

    def __call__(self, x: FloatOrArray) -> FloatOrArray:
        """Its value [the unit of what it describes] at x; not a number, or infinite, where it has
        none.
        """
        stack = []
        with np.errstate(all="ignore"):
            for entry in self._program:
                if isinstance(entry, np.ufunc):
                    stack[-entry.nin :] = [entry(*stack[-entry.nin :])]
                else:
                    stack.append(x if entry is None else entry)
            return stack[0] + 0.0 * x

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class _Reader:
    """Descends through a text once, and leaves its program in postfix order: a number, None for x,
    or an operation.
    """

    def __init__(self, text: str):
        self.program: list[float | np.ufunc | None] = []
        self._text, self._depth, self._place = text, 0, 0
        if len(text) > LONGEST:
            self._refuse(f"{len(text)} characters are more than {LONGEST}")
        self._parts = self._split()
        self._sum()
        if self._next():
            self._refuse(f"{_shown(self._next())} has no place there")

    def _split(self) -> list[str]:
        parts, place, text = [], 0, self._text.rstrip()
        while place < len(text):
            found = _PART.match(text, place)
            if found is None:
                self._refuse(f"{text[place:].lstrip()[0]!r} is not part of the format")
            parts.append(found[found.lastindex])
            place = found.end()
        return parts

    def _refuse(self, reason):
        raise ExpressionError(f"expression {_shown(self._text)} cannot be read: {reason}")

    def _next(self):
        return self._parts[self._place] if self._place < len(self._parts) else ""

    def _take(self):
        part = self._next()
        self._place += 1
        return part

    def _apply(self, operation):
        """Append an operation, or its value where all that it takes are numbers."""
        taken = self.program[-operation.nin :]
        if operation is np.power and isinstance(taken[1], float) and abs(taken[1]) > STEEPEST:
            self._refuse(f"the exponent {taken[1]:g} is beyond {STEEPEST:g}")
        if not all(isinstance(entry, float) for entry in taken):
            self.program.append(operation)
            return
        with np.errstate(all="ignore"):
            value = float(operation(*taken))
        if not np.isfinite(value):
            sign = next(
                sign for sign, act in {**_OPERATORS, **_FUNCTIONS}.items() if act is operation
            )
            self._refuse(
                f"{sign} of {' and '.join(f'{number:g}' for number in taken)} is not a finite "
                "number"
            )
        self.program[-operation.nin :] = [value]

    def _sum(self):
        self._product()
        while self._next() in ("+", "-"):
            operation = _OPERATORS[self._take()]
            self._product()
            self._apply(operation)

    def _product(self):
        self._signed()
        while self._next() in ("*", "/"):
            operation = _OPERATORS[self._take()]
            self._signed()
            self._apply(operation)

    def _signed(self):
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"it is nested deeper than {DEEPEST} levels")
        if self._next() in ("+", "-"):
            sign = self._take()
            self._signed()
            if sign == "-":
                self._apply(np.negative)
        else:
            self._atom()
            if self._next() == "**":
                self._take()
                self._signed()
                self._apply(np.power)
        self._depth -= 1

    def _atom(self):
        part = self._take()
        if part == "x":
            self.program.append(None)
        elif part in _FUNCTIONS:
            if self._take() != "(":
                self._refuse(f"{part} needs its argument in parentheses")
            self._enclosed()
            self._apply(_FUNCTIONS[part])
        elif part == "(":
            self._enclosed()
        elif part[:1].isdigit() or part[:1] == ".":
            self.program.append(float(part))
            if not np.isfinite(self.program[-1]):
                self._refuse(f"the number {_shown(part)} is not finite")
        else:
            self._refuse(
                f"{_shown(part)} is not part of the format" if part else "it ends too early"
            )

    def _enclosed(self):
        self._sum()
        if self._take() != ")":
            self._refuse("a parenthesis is not closed")
