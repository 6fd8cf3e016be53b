"""An abbreviation explains itself where it first stands in a section, and in a list of all: `abbreviations` in
`_config.yml`.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

#: What explains or names something already, or is no prose.
APART = (
    nodes.FixedTextElement
    | nodes.literal
    | nodes.math
    | nodes.reference
    | nodes.title
    | nodes.term
    | nodes.abbreviation
)


class Abbreviations(SphinxPostTransform):
    """Put the meaning behind the letters."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        meanings = self.config.abbreviations
        word = re.compile(rf"(?<![\w/-])({'|'.join(map(re.escape, meanings))})(?![\w/-])")
        explained = set()
        for text in list(self.document.findall(nodes.Text)):
            around = list(ancestors(text))
            if any(isinstance(node, APART) for node in around):
                continue
            section = next((node for node in around if isinstance(node, nodes.section)), self.document)
            parts = []
            for part in word.split(text):
                if part in meanings and (id(section), part) not in explained:
                    explained.add((id(section), part))
                    parts.append(nodes.abbreviation("", part, explanation=meanings[part]))
                else:
                    parts.append(nodes.Text(part))
            if len(parts) > 1:
                text.parent.replace(text, parts)


class AbbreviationList(SphinxDirective):
    """All abbreviations with their meanings, by the alphabet; several of a thing stand under the one."""

    def run(self):
        meanings = sorted(self.config.abbreviations.items(), key=lambda entry: entry[0].lower())
        items = [
            nodes.definition_list_item(
                "",
                nodes.term("", short),
                nodes.definition("", nodes.paragraph("", f"{meaning[0].upper()}{meaning[1:]}.")),
            )
            for short, meaning in meanings
            if short.removesuffix("s") == short or short.removesuffix("s") not in self.config.abbreviations
        ]
        return [nodes.definition_list("", *items, classes=["abbreviations"])]


def ancestors(node):
    """What a node stands in, from inside out."""
    while node := node.parent:
        yield node


def setup(app):
    """Register the setting and the list."""
    app.add_config_value("abbreviations", {}, "env")
    app.add_directive("abbreviations", AbbreviationList)
    app.add_post_transform(Abbreviations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
