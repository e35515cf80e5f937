"""The strings that nobody should be able to hurt a console with: escape sequences, markup, Unicode. Data only."""

from __future__ import annotations

from itertools import product
from typing import Final

MARKER: Final = "zq"
"""Stands around every hostile part, so that a test finds what is left of a string on the screen."""

_FINALS = "ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstu"
_CSI = tuple(f"\x1b[{number}{final}" for final in _FINALS for number in ("", "9"))
_PRIVATE = tuple(f"\x1b[?{mode}{word}" for mode in (1, 3, 5, 6, 7, 9, 12, 25, 47, 1000, 1003, 1006, 1049, 2004, 2026) for word in "hl")
_STRINGS = tuple(
    f"{start}{body}{end}"
    for start, body in (
        ("\x1b]", "0;pwned"),
        ("\x1b]", "2;pwned"),
        ("\x1b]", "52;c;cHduZWQ="),
        ("\x1b]", "52;c;?"),
        ("\x1b]", "8;;https://evil.example"),
        ("\x1b]", "4;1;?"),
        ("\x1b]", "9;pwned"),
        ("\x1b]", "10;?"),
        ("\x1b]", "11;#000000"),
        ("\x1b]", "50;#1"),
        ("\x1b]", "104"),
        ("\x1b]", "133;C"),
        ("\x1b]", "777;notify;a;b"),
        ("\x1b]", "1337;File=inline=1:cHduZWQ="),
        ("\x1bP", "$qm"),
        ("\x1bP", "+q544e"),
        ("\x1bP", "q#0;2;0;0;0#0~~"),
        ("\x1b_", "Gf=100;cHduZWQ="),
        ("\x1b^", "pwned"),
        ("\x1bX", "pwned"),
    )
    for end in ("\x07", "\x1b\\", "\x9c", "")
)
_C1 = tuple(chr(code) + body for code in range(0x80, 0xA0) for body in ("", "2J"))
_SINGLE = (*tuple(f"\x1b{final}" for final in "cDEHMNOZ78=><|}~FlmnoV W6#8%@(0)B*A+0"), "\x1b#8", "\x1b%G", "\x1b(0", "\x1b Q")
_C0 = tuple(map(chr, (*range(0x20), 0x7F)))
_ODD = (
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x1b\x1b[2J",
    "\x1b[2\x1b[2JJ",
    "\x1b[\x18 2J",
    "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17m",
    "\x1b[38;2;1;2;3m",
    "\x1b[38:2::1:2:3m",
    "\x1b[4:3m",
    "\x1b[999999999999C",
    "\x1b[>c",
    "\x1b[=c",
    "\x1b[!p",
    '\x1b[61"p',
    "\x1b[18t",
    "\x1b[21t",
    "\x1b[>4;2m",
    "\x1b[>1u",
    "\x1b[<u",
    "\x1b[?u",
    "\x1b[?2048$p",
    "\x1b[6n",
    "\x1b[5n",
    "\x1b[0q",
    "\x1b]8;;file:///etc/passwd\x1b\\click\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x9d0;pwned\x9c",
    "\x90q\x9c",
    "a\rb",
    "a\bb",
    "a\x0bb\x0cc",
    "\x0e\x0f",
    "\x1b[?1049l\x1b[2J\x1b[H$ ",
)

ESCAPES: Final[tuple[str, ...]] = tuple(dict.fromkeys((*_CSI, *_PRIVATE, *_STRINGS, *_C1, *_SINGLE, *_C0, *_ODD)))
"""Escape sequences, whole and broken, seven and eight bit, and every control character."""

_TAGS = (
    "bold red", "link=https://evil", "@click=app.boom", "@click=app.exit", "@click=screen.action_act('row.delete')", "@mouse.down=app.boom",
    "/", "/nope", "", " ", "#", "$primary", "on $error", "rgb(1,2,3)", "not bold", "reverse", "b", "blink", "@click=x('[')", "link='a\"b'",
)  # fmt: skip
_AROUND = ("[{0}]x", "x[{0}]x[/]", "[{0}][{0}][{0}]", "\\[{0}]x", "[[{0}]]")
_BROKEN = (
    "[",
    "]",
    "[/]",
    "[[[[[[",
    "[bold",
    "[@click",
    "[red]a[/red][/red]",
    "%(name)s {0} {name!r:>99}",
    "$variable ${x} $$",
    ":smile: :fire:",
)
MARKUP: Final[tuple[str, ...]] = (*dict.fromkeys(shape.format(tag) for shape, tag in product(_AROUND, _TAGS)), *_BROKEN)
"""What a library that reads markup would obey, or stumble over."""

UNICODE: Final[tuple[str, ...]] = (
    *(f"a{char}b" for char in "\u00ad"),
    *(f"a{char}b" for char in "\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202d\u202e"),
    *(f"a{char}b" for char in "\u2060\u2061\u2066\u2067\u2068\u2069\u206f\u2800\u3164\ufe0f\ufeff\uffa0\ufff9\ufffb\ufffc\uffff"),
    *(f"a{char}b" for char in "\U000e0001\U000e0041\U000e007f\U000e0100\U0001d173\U0001bca0\U00013430"),
    "a" + "\u0301" * 50,
    "\u0301" * 5 + "a",
    "a" + "\u20dd" * 9 + "b",
    "\ud800",
    "a\udfffb",
    "\ud83d\ude00",
    "prоd",  # a Cyrillic o
    "раураl",
    "ｐｒｏｄ",
    "日本語の名前",
    "한국어",
    "e\u0301te\u0301",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇫🇷",
    "👍🏽",
    "1️⃣",
    "שלום",
    "مرحبا",
    "नमस्ते",
    "ไทยที่",
    "İıſß",
    "ﷺ",
    "𒐫",
    "𝐩𝐫𝐨𝐝",
    "\u202eevil\u202c",
    "a\u0000b",
    "\t\n\r",
    "…",
    "—" * 300,
    "x" * 5000,
)  # fmt: skip
"""What hides, reorders, stacks, overflows or imitates."""

ALL: Final = (*ESCAPES, *MARKUP, *UNICODE)
