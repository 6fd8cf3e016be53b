"""Run the examples of a page, each as a doctest in a namespace of its own.

    python five_lines.py PAGE.md

prints for each what went wrong, or nothing, as JSON.
"""

import doctest
import json
import re
import sys
from decimal import Decimal
from pathlib import Path

NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


class Numbers(doctest.OutputChecker):
    """Texts exactly, but for the width of columns; numbers to one in the last digit shown."""

    def check_output(self, want, got, optionflags):
        want, got = (" ".join(text.split()) for text in (want, got))
        if re.split(NUMBER, want) != re.split(NUMBER, got):
            return False
        pairs = zip(re.findall(NUMBER, want), re.findall(NUMBER, got), strict=True)
        return all(self._alike(Decimal(wanted), Decimal(found)) for wanted, found in pairs)

    @staticmethod
    def _alike(wanted, found):
        return abs(found - wanted) <= Decimal(1).scaleb(wanted.as_tuple().exponent)


def examples(page):
    """Title and text of each example of a page."""
    text = Path(page).read_text(encoding="utf-8")
    return dict(re.findall(r"^## (.+?)\n\n```pycon\n(.*?)```", text, re.M | re.S))


def run(title, text):
    """What went wrong in an example; nothing where it went well."""
    wrong = []
    test = doctest.DocTestParser().get_doctest(text, {}, title, None, None)
    doctest.DocTestRunner(Numbers(), verbose=False).run(test, out=wrong.append)
    return "".join(wrong)


if __name__ == "__main__":
    json.dump(
        {title: run(title, text) for title, text in examples(sys.argv[1]).items()}, sys.stdout
    )
