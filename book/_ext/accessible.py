"""What the theme and the notebooks leave out: pictures that load as one comes to them, heads of tables as one row."""

import re

HEAD = re.compile(r"<thead>((?:(?!</thead>).)*)</thead>", re.DOTALL)
ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<th[^>]*>.*?</th>", re.DOTALL)
EMPTY = re.compile(r"<th(?: [^>]*)?></th>")


def one_row(head):
    """The names of a table's index in the row of its columns' names, where nothing else stands."""
    rows = [CELL.findall(row) for row in ROW.findall(head[1])]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return head[0]
    columns, index = rows
    pairs = list(zip(index, columns, strict=True))
    if not all(EMPTY.fullmatch(name) or EMPTY.fullmatch(column) for name, column in pairs):
        return head[0]
    cells = (column if EMPTY.fullmatch(name) else name for name, column in pairs)
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def mend(app, pagename, templatename, context, doctree):
    """Change the body of a page before it is laid out."""
    if body := context.get("body"):
        body = EMPTY.sub("<td></td>", HEAD.sub(one_row, body))
        body = body.replace("<img ", '<img loading="lazy" decoding="async" ')
        # in a list of literature, of which browsers know no entries of their own any more
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    """Come before the theme."""
    app.connect("html-page-context", mend, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
