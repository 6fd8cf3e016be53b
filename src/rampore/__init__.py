"""An executable audit of Lim et al., Nano-Micro Lett. 18 (2026) 75: perforated collectors, pores
and ion transport.

Import what you need by its subject, e.g. ``from rampore import collector``; nothing heavy is
imported here.
"""

__version__ = "0.1.0"


class RamporeError(Exception):
    """What went wrong, in words for the user; the command prints it without a traceback and ends
    with `exit_code`.
    """

    exit_code = 1
