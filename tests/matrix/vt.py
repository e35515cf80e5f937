"""A strict reading of what a program sends to a terminal: every byte is text that is drawn, or a sequence with a shape.

A shape keeps what a sequence does and drops what it is about: ``CSI 12;40H`` and ``CSI 1;1H`` are ``CSI H``, but ``CSI ?1049h`` is only
itself. Lines that the output layer moves are one shape, with the region that it sets and takes back: any part of it alone is another (a
pseudo-terminal may put a carriage return before a line feed). What no rule knows is a shape too, and one that no empty screen emits.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<scroll>\x1b\[\d+;\d+r\x1b\[\d+H(?:(?:\r?\n)+|(?:\x1bM)+)\x1b\[r)"
    r"|\x1b\[(?P<mark>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b(?P<string>[\]PX^_])(?P<body>[^\x07\x1b\x9c]*)(?P<end>\x07|\x1b\\|\x9c|)"
    r"|\x1b(?P<single>[ -/]*[0-~])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>.)",
    re.DOTALL,
)
_WHOLE: Final = frozenset("hlJKncqtsupx")
"""Finals whose numbers say what is done, and so belong to the shape."""

TITLE: Final = "2;rollwatch"
_ASKED: Final = re.compile(rb"\x1b\[1;(\d+)H\x1b\[6n")
_DRAWN_CF: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def answers(written: bytes | bytearray, since: int) -> tuple[bytes, int]:
    """What a terminal says to those questions in ``written`` that were not answered yet, and up to where they are answered: the output
    layer puts the cursor at a column of the first line and asks where it is, which is how it numbers frames."""
    said = [(b"\x1b[1;%sR" % asked[1], asked.end()) for asked in _ASKED.finditer(written, since)]
    return b"".join(text for text, _ in said), said[-1][1] if said else since


def shapes(data: bytes) -> Counter[str]:
    """How often each shape occurs. Raises ``UnicodeDecodeError`` for what is no UTF-8."""
    found: Counter[str] = Counter()
    for token in _TOKEN.finditer(data.decode("utf-8")):
        if token["scroll"]:
            found["scroll"] += 1
        elif token["text"] is not None:
            found.update(_hidden(token["text"]))
        elif token["final"]:
            numbers = token["numbers"] if token["final"] in _WHOLE else ""
            found[f"CSI {token['mark']}{numbers}{token['middle']}{token['final']}"] += 1
        elif token["string"] == "]" and token["body"].startswith(TITLE):
            # The title of the window names the context, in characters that are drawn.
            found["title"] += 1
            found.update(_hidden(token["body"]))
        elif token["string"]:
            found[f"ESC {token['string']} {token['body'][:20]!r}"] += 1
        elif token["single"]:
            found[f"ESC {token['single']}"] += 1
        else:
            found[f"control {ord(token['control']):#04x}"] += 1
    return found


def _hidden(text: str) -> Counter[str]:
    """Characters that a terminal hides, obeys or reorders by, and more combining marks on a cell than four."""
    if text.isascii():
        return Counter()
    found = Counter(f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in _HIDDEN and char not in _DRAWN_CF)
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run > 4:
            found["marks"] += 1
    return found
