"""What the theme and the notebooks leave out: pictures that load as one comes to them, heads of tables as one row."""

import re
import struct
from pathlib import Path

HEAD = re.compile(r"<thead>((?:(?!</thead>).)*)</thead>", re.DOTALL)
ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<th[^>]*>.*?</th>", re.DOTALL)
EMPTY = re.compile(r"<th(?: [^>]*)?></th>")
PICTURE = re.compile(r'<img (?![^>]*\b(?:width|height)\b)([^>]*\bsrc="[^"]*/_images/([^"/]+)")')
POINTS = re.compile(rb'<svg[^>]* width="([0-9.]+)pt" height="([0-9.]+)pt"')


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


def size(path):
    """Width and height of a picture on a page [px]; none where its kind does not tell."""
    start = path.read_bytes()[:2000]
    if start.startswith(b"\x89PNG"):
        return struct.unpack(">II", start[16:24])
    points = POINTS.search(start)
    return points and tuple(round(float(each) * 4 / 3) for each in points.groups())


def with_room(app, body):
    """Pictures keep their room before they have come: else all would be near, and load at once."""
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def sized(tag):
        found = tag[2] in sources and size(sources[tag[2]])
        return f'<img width="{found[0]}" height="{found[1]}" {tag[1]}' if found else tag[0]

    return PICTURE.sub(sized, body)


def mend(app, pagename, templatename, context, doctree):
    """Change the body of a page before it is laid out."""
    if body := context.get("body"):
        body = EMPTY.sub("<td></td>", HEAD.sub(one_row, body))
        body = with_room(app, body).replace("<img ", '<img loading="lazy" decoding="async" ')
        # in a list of literature, of which browsers know no entries of their own any more
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    """Come before the theme."""
    app.connect("html-page-context", mend, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
