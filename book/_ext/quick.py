"""The same pages in less time."""

import gc
from functools import cache


def one_contents_for_sources(app, pagename, templatename, context, doctree):
    """The pages of a module's source stand in no contents, so those of one folder show the same."""
    if not pagename.startswith("_modules/"):
        return
    depth = pagename.count("/")
    context["toctree"] = lambda **options: contents(app, depth, **options)


@cache
def contents(app, depth, **options):
    """The contents as a page that many folders down shows them."""
    return app.builder._get_local_toctree("_modules" + "/-" * depth, **options)


def setup(app):
    """A build ends before what it leaves behind would fill a memory; looking for it takes half of the time."""
    gc.disable()
    app.connect("html-page-context", one_contents_for_sources, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
