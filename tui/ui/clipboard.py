"""Text for the user's own clipboard, through the terminal: OSC 52, wrapped for the multiplexers that would swallow it.

Write only, never read. What is copied is cleaned and capped; whether the terminal obeys cannot be known, and we say so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from tui.text import clean
from tui.ui.notify import wrapped

MOST: Final = 64 * 1024
"""Bytes of text; terminals cap the whole sequence near 75 000."""


class TooMuch(ValueError):
    """More text than terminals accept."""


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The bytes that make a terminal copy ``text``. ``environ`` tells whether tmux or screen is in between. Raises ``TooMuch``."""
    body = clean(text, MOST + 1, lines=True).encode("utf-8", "replace")
    if len(body) > MOST:
        raise TooMuch(f"{len(body) // 1024} KiB are too much for a terminal's clipboard, {MOST // 1024} KiB is the most")
    sequence = f"\x1b]52;c;{base64.b64encode(body).decode('ascii')}\x07"
    return wrapped(sequence, environ)
