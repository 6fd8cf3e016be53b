"""Chapter numbers that are set, not counted.

Sphinx counts the chapters of a numbered part. With a chapter still unwritten, everything behind the
gap would change its number on the day it arrives, and the docstrings that cite an equation would be
wrong. ``chapter_numbers`` in ``_config.yml`` (page -> number) settles them once.
"""

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles, disable_builtin_toctree_collector


class NumberedChapters(TocTreeCollectorWithStyles):
    """Counts as the book's contents do, then puts the settled number in the first place."""

    def assign_section_numbers(self, env):
        before = {page: dict(numbers) for page, numbers in env.toc_secnumbers.items()}
        super().assign_section_numbers(env)
        for page, number in env.config.chapter_numbers.items():
            if page in env.toc_secnumbers:
                settle(env, page, number)
        return [page for page, numbers in env.toc_secnumbers.items() if numbers != before.get(page)]


def settle(env, page, number):
    """Replace the counted chapter number of one page, in its title, its contents and its sections."""
    sections = env.toc_secnumbers[page]
    for anchor, counted in sections.items():
        if counted:
            sections[anchor] = (number, *counted[1:])
    for node in [env.titles[page], *env.tocs[page].findall(nodes.reference)]:
        if node.get("secnumber"):
            node["secnumber"] = [number, *node["secnumber"][1:]]


def setup(app):
    """Register the setting, and take the place of the collector that counts."""
    app.setup_extension("sphinx_external_toc")
    disable_builtin_toctree_collector(app)
    app.add_config_value("chapter_numbers", {}, "env")
    app.add_env_collector(NumberedChapters)
    return {"version": "1", "parallel_read_safe": True}
