"""Tests mirror the package: ``tests/engine/test_store.py`` is about ``tui/engine/store.py``."""
