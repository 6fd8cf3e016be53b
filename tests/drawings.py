"""What is asked of any figure."""

from rampore.style import PAPER, render


def labels(figure):
    """Every axis' label that says something."""
    both = [text for axis in figure.axes for text in (axis.get_xlabel(), axis.get_ylabel())]
    return [text for text in both if text]


def assert_drawn_with_units(figure):
    """It renders, and every label of an axis ends with its unit in round brackets."""
    said = labels(figure)
    assert said
    assert [label for label in said if not (label.endswith(")") and " (" in label)] == []
    assert len(render(figure, "png", dpi=40)) > 1000


def open_markers(figure):
    """Lines drawn as what the paper states is."""
    lines = [line for axis in figure.axes for line in axis.get_lines()]
    return [
        line for line in lines if line.get_marker() == PAPER["marker"] and line.get_mfc() == "white"
    ]
