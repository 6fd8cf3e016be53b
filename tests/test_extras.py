"""Install what you use: each import is of the base, or says which extra it takes."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rampore
from rampore.extras import MissingExtraError, needs

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGE = ROOT / "src" / "rampore"
DISTRIBUTIONS = packages_distributions()
#: What comes with another: compiled code with numba, the grammar of BPX files with bpx, what writes
#: a PNG with Matplotlib, and with Jupyter Book and the kernel the readers of pages and cells.
COMES_WITH = {
    "llvmlite": "numba",
    "pydantic": "bpx",
    "PIL": "matplotlib",
    "docutils": "jupyter-book",
    "sphinx": "jupyter-book",
    "markdown_it": "jupyter-book",
    "myst_nb": "jupyter-book",
    "IPython": "ipykernel",
}


def names(lines):
    """Packages of requirements, and of the extras of this package that they name."""
    for each in map(Requirement, lines):
        if each.name == PROJECT["name"]:
            for extra in each.extras:
                yield from names(PROJECT["optional-dependencies"][extra])
        else:
            yield canonicalize_name(each.name)


BASE = set(names(PROJECT["dependencies"]))


def imports(node, extra=None):
    """Module, line and extra of each import that runs, which those for type checkers do not."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "needs":
                extra = ast.literal_eval(call.args[0])
    if isinstance(node, ast.Import):
        yield from ((alias.name.split(".")[0], node.lineno, extra) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield node.module.split(".")[0], node.lineno, extra
    for child in ast.iter_child_nodes(node):
        yield from imports(child, extra)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_an_import_is_of_the_base_or_says_which_extra_it_takes(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for module, line, extra in imports(tree):
        if module in sys.stdlib_module_names or module == "rampore":
            continue
        package = COMES_WITH.get(module) or canonicalize_name(DISTRIBUTIONS[module][0])
        allowed = BASE | set(names(PROJECT["optional-dependencies"][extra] if extra else []))
        assert package in allowed, f"line {line}: {module}"


def test_every_extra_of_a_package_is_among_all():
    everything = set(names(PROJECT["optional-dependencies"]["all"]))
    for extra in ("images", "spectra", "paraview", "audit", "cluster", "book"):
        assert set(names(PROJECT["optional-dependencies"][extra])) <= everything


def test_the_base_leaves_out_what_only_a_book_or_pictures_take():
    heavy = {"papermill", "pyvista", "salib", "jupyter-book", "porespy", "scikit-image"}
    assert not heavy & BASE


def test_what_is_missing_says_what_to_install():
    with (
        pytest.raises(MissingExtraError, match=r"pip install 'rampore\[images\]'") as caught,
        needs("images"),
    ):
        import a_package_that_is_not_there  # noqa: F401
    assert isinstance(caught.value, rampore.RamporeError | ImportError)
    assert caught.value.name == "a_package_that_is_not_there"
