"""Perforated current collectors, pores and ion transport of battery electrodes; and an executable
audit of Lim et al., Nano-Micro Lett. 18 (2026) 75.

What most people start with is here, e.g. ``rampore.discharge``; the rest is imported by its
subject, e.g. ``from rampore import collector``. Nothing heavy is imported before it is used.
"""

import sys

import lazy_loader


class RamporeError(Exception):
    """What went wrong, in words for the user; the command prints it without a traceback and ends
    with `exit_code`.
    """

    exit_code = 1


_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str):
    if name in __all__:
        return _lazy(name)
    if name == "__version__":
        from importlib.metadata import version

        return version("rampore")
    # with its name and place Python tells in a traceback what may have been meant
    raise AttributeError(
        f"module 'rampore' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
    )
