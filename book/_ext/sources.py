"""The pages of a module's source lead back to where each part is documented, and nowhere else."""

import re

from sphinx.util.osutil import relative_uri

BACK = re.compile(r'(<div class="viewcode-block" id="([^"]+)">\n)<a class="viewcode-back" href="[^"]*">[^<]*</a>')


def lead_back(app, pagename, templatename, context, doctree):
    """Where a module is first imported from says nothing of where its parts are documented."""
    if not pagename.startswith("_modules/rampore"):
        return
    documented, here = app.env.get_domain("py").objects, app.builder.get_target_uri(pagename)

    def link(block):
        entry = documented.get(f"{context['title']}.{block[2]}")
        if entry is None:
            return block[1]
        page = relative_uri(here, app.builder.get_target_uri(entry.docname))
        return f'{block[1]}<a class="viewcode-back" href="{page}#{entry.node_id}">[docs]</a>'

    context["body"] = BACK.sub(link, context["body"])


def setup(app):
    """Listen to what `sphinx.ext.viewcode` lays out."""
    app.connect("html-page-context", lead_back)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
