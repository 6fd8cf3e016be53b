"""lim2026/pages"""
