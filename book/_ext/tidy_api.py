"""What Python says of itself in an API page, and a reader need not know; and a page made in less
time.
"""

import enum
import inspect
from functools import cache

from jinja2 import PackageLoader
from jinja2.sandbox import SandboxedEnvironment
from numpydoc import docscrape_sphinx


def drop_alias(app, what, name, obj, options, lines):
    """A named tuple's field without a word of its own: nothing, instead of "Alias for field number
    0".
    """
    if "\n".join(lines).strip().startswith("Alias for field number"):
        lines.clear()


def drop_enum_call(app, what, name, obj, options, signature, return_annotation):
    """The functional form of an enumeration is not how anybody makes one."""
    if inspect.isclass(obj) and issubclass(obj, enum.Enum):
        return "", ""
    return None


@cache
def templates():
    """What numpydoc lays out a docstring by; it would read and compile its template anew for each."""
    return SandboxedEnvironment(loader=PackageLoader("numpydoc"))


def setup(app):
    """Listen to autodoc, after numpydoc."""
    docscrape_sphinx.SandboxedEnvironment = lambda loader: templates()
    app.connect("autodoc-process-docstring", drop_alias, priority=900)
    app.connect("autodoc-process-signature", drop_enum_call, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
