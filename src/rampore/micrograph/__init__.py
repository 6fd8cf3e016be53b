"""Cross-section images: reading a user's, and generating ones whose truth is known.

In an image axis 0 is depth: row 0 is the free surface, the collector lies at the bottom.
"""

from rampore.micrograph.reading import (
    InfoBar,
    Micrograph,
    MicrographError,
    Pores,
    propose_info_bar,
    read,
)

__all__ = [
    "InfoBar",
    "Micrograph",
    "MicrographError",
    "Pores",
    "propose_info_bar",
    "read",
]
