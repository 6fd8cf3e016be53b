"""How nbval compares the chapters: words exactly here, numbers within their errors in ``tests/test_numbers.py``."""

import pytest

from rampore.chapter import CLAIM_MIME, NUMBERS_MIME, TABLE_MIME

#: Structured outputs; what a reader sees of them stands beside them as text.
STRUCTURED = (CLAIM_MIME, NUMBERS_MIME, TABLE_MIME)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    collectors = yield
    for collector in collectors:
        if file_path.suffix == ".ipynb":
            collector.skip_compare += STRUCTURED
    return collectors
