"""The pictures of the README: which screens they show, how they are driven and how they are drawn. ``python -m tests.gallery``."""
