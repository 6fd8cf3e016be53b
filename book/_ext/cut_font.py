"""The font of the formulas, made of the whole one: `python book/_ext/cut_font.py stix-two-math-latin-400-normal.woff`.

It is cut to the letters of formulas, and its larger roots are made as narrow as the smallest: browsers leave room for
the widest, and a gap would follow every small one.
"""

import sys
from pathlib import Path

from fontTools.misc.transform import Scale
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont

CUT = Path(__file__).parent.parent / "_static/formulas/stix-two-math.woff"

LETTERS = (
    "20-7E,A0,AF,B0,B1,B7,BD,D7,F7,2C6,2C7,2D9,2DC,302-305,307,308,332,20D7,391-3C9,3D1,3D5,3F1,3F5,"
    "2013,2014,2016,2026,2032-2034,203E,2044,2061-2064,210F,2113,211D,2190-2194,21D2,21D4,"
    "2200,2202,2203,2207,2208,220F,2211-2213,2215,2217,2218,221A,221D,221E,2225,2227-222E,"
    "2243,2245,2248,2260,2261,2264,2265,226A,226B,2282,2286,22A5,22C5,22EF,2308-230B,27C2,27E8,27E9,"
    "1D400-1D467,1D49C-1D4B5,210B,210E,2110,2112,211B,212C,2130,2131,2133,1D6A8-1D71B,1D7CE-1D7D7"
)
ROOT = 0x221A


def narrow_roots(font):
    """Scale every form of the root to the width of the smallest."""
    variants, widths = font["MATH"].table.MathVariants, font["hmtx"]
    smallest = font.getBestCmap()[ROOT]
    forms = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(smallest)]
    larger = {record.VariantGlyph for record in forms.MathGlyphVariantRecord} - {smallest}
    larger |= {part.glyph for part in forms.GlyphAssembly.PartRecords}
    glyphs, width = font.getGlyphSet(), widths[smallest][0]
    larger = {record.VariantGlyph for record in forms.MathGlyphVariantRecord} - {smallest}
    larger |= {part.glyph for part in forms.GlyphAssembly.PartRecords}
    for name in larger:
        before, side = widths[name]
        pen, scale = TTGlyphPen(None), width / before
        glyphs[name].draw(TransformPen(pen, Scale(scale, 1)))
        font["glyf"][name] = pen.glyph()
        widths[name] = width, round(scale * side)


def cut(path):
    """The font of a file, cut and changed."""
    font, options = TTFont(path), Options(layout_features=["*"], hinting=False)
    subset = Subsetter(options)
    subset.populate(unicodes=parse_unicodes(LETTERS))
    subset.subset(font)
    narrow_roots(font)
    font.flavor = "woff"
    return font


if __name__ == "__main__":
    cut(sys.argv[1]).save(CUT)
