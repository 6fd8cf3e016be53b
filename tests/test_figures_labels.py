"""Every axis of every figure says its unit in one way: behind the quantity, in round brackets."""

import ast
from pathlib import Path

import pytest

import rampore

PACKAGE = Path(rampore.__file__).parent
MODULES = sorted(
    path for folder in ("figures", "lim2026/figures") for path in (PACKAGE / folder).glob("*.py")
)
LABELS = {"xlabel", "ylabel", "zlabel", "set_xlabel", "set_ylabel", "supxlabel", "supylabel"}


def spoken(node):
    """What a literal says, and ``…`` for what is put in; empty where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(spoken(part) or "…" for part in node.values)
    return ""


def labels(tree):
    """The label of each axis and of each bar of colours that is written out in a module."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        said = [word.value for word in call.keywords if word.arg in LABELS]
        if name == "colorbar":
            said += [word.value for word in call.keywords if word.arg == "label"]
        if name in LABELS or (name == "set_label" and ast.unparse(call.func.value) == "bar"):
            said += call.args[:1]
        yield from filter(None, map(spoken, said))


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_a_label_ends_with_its_unit_in_brackets(module):
    said = list(labels(ast.parse(module.read_text(encoding="utf-8"))))
    assert [label for label in said if not (label.endswith(")") and " (" in label)] == []


def test_labels_are_found_where_they_are_written():
    source = 'a.set(xlabel="x / m")\na.set_ylabel(f"{b} (s)")\nf.colorbar(s, ax=a, label="c")'
    assert list(labels(ast.parse(source))) == ["x / m", "… (s)", "c"]
