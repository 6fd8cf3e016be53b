"""lim2026/sweeps"""
