"""An executable audit of Lim et al., Nano-Micro Lett. 18 (2026) 75: perforated collectors, pores and ion transport.

Import what you need by its subject, e.g. ``from rampore import collector``; nothing heavy is imported here.
"""

__version__ = "0.1.0"
