"""The figures of the book: one function a figure, from results to a matplotlib figure; nothing is
computed here.
"""
