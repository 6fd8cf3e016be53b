"""The audit of Lim et al., Nano-Micro Lett. 18 (2026) 75: ledger and inputs, cells and coatings,
sweeps and figures.
"""

from pathlib import Path

#: Every statement of the paper.
LEDGER = Path(__file__).parent / "data" / "claims.toml"
