"""The figures of the study's chapters, a module each."""
