"""Chapter numbers that are set, not counted.

Sphinx numbers the chapters of a numbered part 1, 2, 3, ... With chapters still unwritten, every equation and figure after the gap would be
renumbered when one arrives, and the docstrings that cite them would be wrong. ``chapter_numbers`` (page -> number) fixes them.
"""

from sphinx import addnodes
from sphinx.environment.collectors.toctree import TocTreeCollector


def _number(env, page: str, number: int) -> None:
    section_numbers = env.toc_secnumbers[page]
    for anchor, counted in section_numbers.items():
        if counted:
            section_numbers[anchor] = (number, *counted[1:])
    for node in [env.titles[page], *env.tocs[page].findall(addnodes.nodes.reference)]:
        if node.get("secnumber"):
            node["secnumber"] = [number, *node["secnumber"][1:]]


def setup(app):
    app.add_config_value("chapter_numbers", {}, "env")

    def extend(app):
        count = TocTreeCollector.assign_section_numbers

        def assign_section_numbers(self, env):
            before = {page: dict(numbers) for page, numbers in env.toc_secnumbers.items()}
            count(self, env)
            for page, number in app.config.chapter_numbers.items():
                if page in env.toc_secnumbers:
                    _number(env, page, number)
            return [page for page, numbers in env.toc_secnumbers.items() if numbers != before.get(page)]

        TocTreeCollector.assign_section_numbers = assign_section_numbers

    app.connect("builder-inited", extend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
