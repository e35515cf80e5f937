"""What somebody probably meant: the nearest valid spelling of a wrong word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(word: str, options: Iterable[str]) -> str:
    """``did you mean X?``, or where nothing is near ``one of A, B, C``; empty where there are no options."""
    known = sorted(set(options))
    return near(word, known) or (f"one of {', '.join(known)}" if known else "")


def near(word: str, options: Iterable[str]) -> str:
    """``did you mean X?`` if one of the options is near, else empty."""
    found = nearest(word, options)
    return f"did you mean {found}?" if found else ""


def nearest(word: str, options: Iterable[str]) -> str:
    """The option that is nearest, empty if none is near."""
    by_lower = {each.lower(): each for each in options}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""
