"""The generated pages of the book, as MyST Markdown: the parameters, the scorecard, the summary."""
