"""``python -m rampore``: the ``rampore`` command."""

import sys

from rampore.cli import main

sys.exit(main())
