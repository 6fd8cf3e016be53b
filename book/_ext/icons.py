"""The icons that the pages show, cut out of the theme's fonts: its script for all of them weighs more than any page."""

import re
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pydata_sphinx_theme
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
STYLE = "icons.css"

#: What the theme's templates show, by the name of the icon.
SOLID = [
    "angle-left",
    "angle-right",
    "arrow-up",
    "bars",
    "chevron-down",
    "circle-half-stroke",
    "download",
    "expand",
    "file",
    "file-pdf",
    "lightbulb",
    "list",
    "magnifying-glass",
    "moon",
    "rocket",
    "sun",
    "xmark",
]
BRANDS = ["github"]

RULES = """
:root {
  --fa-font-solid: normal 900 1em/1 "Font Awesome 6 Free";
  --fa-font-brands: normal 400 1em/1 "Font Awesome 6 Brands";
}
:is(.fa-solid, .fas, .fab) { display: inline-block; -webkit-font-smoothing: antialiased; }
:is(.fa-solid, .fas)::before { font: var(--fa-font-solid); }
.fab::before { font: var(--fa-font-brands); }
.fa-lg { font-size: 1.25em; line-height: 0.05em; vertical-align: -0.075em; }
"""


def codes():
    """The letter in the fonts that each icon of the theme is, by its name."""
    [style] = STATIC.glob("vendor/fontawesome/*/css/all.min.css")
    text = style.read_text(encoding="utf-8")
    found = re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\(\w+)"\}', text)
    return {name: code for names, code in found for name in re.findall(r"\.fa-([\w-]+):", names)}


def of_style_sheets():
    """The letters that the theme's own style sheet asks for."""
    text = (STATIC / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    return re.findall(r'"\\(f[0-9a-f]{3})"', text)


def cut(font, letters):
    """A font of these letters alone, for a style sheet."""
    [path] = STATIC.glob(f"vendor/fontawesome/*/webfonts/{font}.ttf")
    font, options = TTFont(path), Options(notdef_outline=False, layout_features=[])
    subset = Subsetter(options)
    subset.populate(unicodes=[int(letter, 16) for letter in letters])
    subset.subset(font)
    font.flavor, kept = "woff", BytesIO()
    font.save(kept)
    return f"url(data:font/woff;base64,{b64encode(kept.getvalue()).decode()}) format('woff')"


def face(family, weight, source):
    """The rule of a style sheet that brings a font."""
    return f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: {source}; }}\n'


def write_style(app):
    """Fonts and names of the icons in one style sheet."""
    code = codes()
    solid = [code[name] for name in SOLID]
    named = (f'.fa-{name}::before {{ content: "\\{code[name]}"; }}\n' for name in (*SOLID, *BRANDS))
    text = face("Font Awesome 6 Free", 900, cut("fa-solid-900", [*solid, *of_style_sheets()]))
    text += face("Font Awesome 6 Brands", 400, cut("fa-brands-400", [code[name] for name in BRANDS]))
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STYLE).write_text(text + RULES + "".join(named), encoding="utf-8")


def setup(app):
    """Write the style sheet; the template `webpack-macros.html` names it."""
    app.connect("builder-inited", write_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
