"""The machinery of an executable audit, of any paper: ledger, chapters, inputs, sweeps,
reproduction.
"""
