"""An abbreviation explains itself where it first stands in a section: `abbreviations` in `_config.yml`."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

#: What explains or names something already, or is no prose.
APART = nodes.FixedTextElement | nodes.literal | nodes.math | nodes.reference | nodes.title | nodes.abbreviation


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


def ancestors(node):
    """What a node stands in, from inside out."""
    while node := node.parent:
        yield node


def setup(app):
    """Register the setting."""
    app.add_config_value("abbreviations", {}, "env")
    app.add_post_transform(Abbreviations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
