"""A cell's code, folded under the line that says what it does; results stand open."""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode


def open_fold(translator, node):
    """The line is what a reader sees, and what a screen reader says."""
    line = escape(node["prompt_show"])
    translator.body.append(f'<details class="code"><summary>{line}</summary>\n')


def close_fold(translator, node):
    """What follows the code is never folded."""
    translator.body.append("</details>\n")


def setup(app):
    """Take the place of MyST-NB's own fold, whose name is the same for every cell."""
    app.setup_extension("myst_nb")
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
