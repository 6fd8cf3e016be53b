"""A section of *How to use it on your own data*, or of another page, followed word for word."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from rampore import cli

BOOK = Path(__file__).resolve().parent.parent / "book"


class Section:
    """What stands below a heading: its text, its blocks of code and its files to download."""

    def __init__(self, title, page="own-data.md"):
        whole = (BOOK / page).read_text(encoding="utf-8")
        self.text = re.search(rf"^## {title}\n.*?(?=^## )", whole, re.M | re.S)[0]
        self.blocks = re.findall(r"```(\w+)\n(.*?)```", self.text, re.S)
        self.files = re.findall(r"\{download\}`[^<`]*<([^>]+)>`", self.text)

    def follow(self, folder):
        """Be somebody who downloads the files and does what the page says, block by block.

        Gives the names that its Python has, and what was printed.
        """
        names, shown = {}, io.StringIO()
        for file in self.files:
            (folder / Path(file).name).write_bytes((BOOK / file).read_bytes())
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(shown),
            contextlib.redirect_stderr(shown),
        ):
            for kind, text in self.blocks:
                if kind == "python":
                    exec(compile(text, "own-data.md", "exec"), names)
                elif kind == "bash":
                    run(text)
                else:
                    assert kind in ("text", "toml")
        return names, shown.getvalue()

    def shows(self) -> Iterator[str]:
        """The lines that the page says are printed."""
        for kind, text in self.blocks:
            if kind == "text":
                yield from re.sub(r"\n +", " ", text).splitlines()


def run(text):
    """Give the commands of a block; those that the page says are refused have to be."""
    for line in text.replace("\\\n", " ").splitlines():
        command, *options = shlex.split(line, comments=True)
        assert command == "rampore"
        assert cli.main(options) == line.endswith("# refused"), line
