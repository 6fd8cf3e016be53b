"""Formulas are set when the book is built, as MathML: a page needs no script to show them."""

from base64 import b64encode
from pathlib import Path

from docutils import nodes
from math_core import LatexToMathML
from sphinx.util.math import get_node_equation_number

FONT = Path(__file__).parent.parent / "_static/formulas/stix-two-math.woff"
STYLE = "formulas.css"
#: Not called "Math", a name that browsers never load a font for.
FACE = '@font-face {{ font-family: "Book Formulas"; src: url(data:font/woff;base64,{data}) format("woff"); }}\n'

CONVERTER = LatexToMathML(fancy_error=False)


def mathml(formula, display):
    """A formula of LaTeX as MathML; of several lines, those that are aligned."""
    several = r"\\" in formula and r"\begin{" not in formula
    text = rf"\begin{{aligned}}{formula}\end{{aligned}}" if several else formula
    return CONVERTER.convert_with_local_state(text, displaystyle=display)


def set_inline(translator, node):
    """A formula within a line."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(mathml(node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def set_display(translator, node):
    """A formula on lines of its own, with its number beside it."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(mathml(node.astext(), display=True))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def write_style(app):
    """The font within its style sheet: some browsers refuse fonts beside a page that was opened from a folder."""
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    data = b64encode(FONT.read_bytes()).decode()
    (folder / STYLE).write_text(FACE.format(data=data), encoding="utf-8")


def add_style(app, pagename, templatename, context, doctree):
    """Only a page with formulas carries the font."""
    if "<math" in context.get("body", ""):
        app.add_css_file(STYLE)


def setup(app):
    """Take the place of MathJax."""
    app.add_html_math_renderer("mathml", (set_inline, None), (set_display, None))
    app.connect("builder-inited", write_style)
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
