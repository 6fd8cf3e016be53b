"""What a user calls says what it takes and gives: the type checker reads the rest of a module only
where `include` of pyproject.toml names it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "rampore"
SPECIAL = ("__init__", "__call__")


def _public(body: list[ast.stmt]) -> Iterator[tuple[ast.FunctionDef, bool]]:
    """Every public function of a module, and whether its first argument is the object or class."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method, _ in _public(node.body):
                static = any(ast.unparse(mark) == "staticmethod" for mark in method.decorator_list)
                yield method, not static
        elif isinstance(node, ast.FunctionDef) and (
            not node.name.startswith("_") or node.name in SPECIAL
        ):
            yield node, False


def _bare(function: ast.FunctionDef, bound: bool) -> list[str]:
    """What of a signature has no type."""
    of = function.args
    taken = [*of.posonlyargs, *of.args][bound:] + of.kwonlyargs
    taken += [each for each in (of.vararg, of.kwarg) if each]
    bare = [each.arg for each in taken if each.annotation is None]
    return bare + ["what it gives"] * (function.returns is None)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("def f(x: int) -> int: ...", []),
        ("def f(x, *y, z=1, **w): ...", ["x", "z", "y", "w", "what it gives"]),
        ("class A:\n    def f(self, x) -> None: ...", ["x"]),
        ("class A:\n    @staticmethod\n    def f(x) -> None: ...", ["x"]),
        ("def _f(x): ...\nclass _A:\n    def f(self, x): ...", []),
    ],
)
def test_a_signature_without_a_type_is_found(source, bare):
    assert [name for each in _public(ast.parse(source).body) for name in _bare(*each)] == bare


def test_every_public_signature_says_what_it_takes_and_gives():
    bare = {
        f"{path.relative_to(PACKAGE)}:{function.lineno} {function.name}": names
        for path in sorted(PACKAGE.rglob("*.py"))
        for function, bound in _public(ast.parse(path.read_text(encoding="utf-8")).body)
        if (names := _bare(function, bound))
    }
    assert not bare
