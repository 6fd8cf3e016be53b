"""lim2026/figures"""
