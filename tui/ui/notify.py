"""How a terminal is told that something happened: bell, desktop notification, title. Bytes only, wrapped for tmux and screen.

Nothing but fixed texts and cleaned names ever stands in them: no control character and no separator of the sequence's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from tui.text import clean

BELL: Final = "\x07"
TITLE_LENGTH: Final = 80
TEXT_LENGTH: Final = 160
_SCREEN_PIECE: Final = 252
"""GNU screen passes at most so many bytes of one device control string."""

Way = Literal["auto", "osc9", "osc777", "osc99", "off"]
"""How notifications are sent: OSC 9 (iTerm2, WezTerm, Ghostty, Windows Terminal), 777 (VTE, rxvt, foot), 99 (kitty)."""

SAVE_TITLE: Final = "\x1b[22;2t"
RESTORE_TITLE: Final = "\x1b[23;2t"


def way_of(environ: Mapping[str, str]) -> Way:
    """What this terminal most likely understands. Behind a multiplexer it cannot be known; OSC 9 is ignored where it means nothing."""
    if environ.get("KITTY_WINDOW_ID") or "kitty" in environ.get("TERM", ""):
        return "osc99"
    if environ.get("VTE_VERSION") or environ.get("TERM", "").startswith(("rxvt", "foot")):
        return "osc777"
    return "osc9"


def notification(title: str, text: str, environ: Mapping[str, str], way: Way = "auto") -> str:
    """The sequence that shows a notification; empty for ``off``."""
    head, body = _plain(title, TITLE_LENGTH), _plain(text, TEXT_LENGTH)
    wanted = way_of(environ) if way == "auto" else way
    sequences = {
        "off": (),
        # A leading digit would be read as one of ConEmu's commands of the same number.
        "osc9": (f"\x1b]9;{head}: {body}\x07",),
        "osc777": (f"\x1b]777;notify;{head};{body}\x07",),
        "osc99": (f"\x1b]99;i=rollwatch:d=0;{head}\x1b\\", f"\x1b]99;i=rollwatch:d=1:p=body;{body}\x1b\\"),
    }[wanted]
    return "".join(wrapped(each, environ) for each in sequences)


def title(text: str) -> str:
    """The sequence that sets the title; a multiplexer keeps it as the title of its pane."""
    return f"\x1b]2;{_plain(text, TITLE_LENGTH)}\x07"


def wrapped(sequence: str, environ: Mapping[str, str]) -> str:
    """The sequence so that tmux or screen hands it on. tmux does so only with ``allow-passthrough on``."""
    term = environ.get("TERM", "")
    # One inside the other leaves both their marks. What is meant for screen tmux drops; what is meant for tmux screen would print.
    if environ.get("TMUX") and ("STY" not in environ or term.startswith("tmux")):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environ.get("STY") or term.startswith("screen"):
        pieces = [sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


def _plain(text: str, limit: int) -> str:
    """One line without controls and without the separators of these sequences."""
    return str(clean(text, limit)).replace(";", ",").replace("\x1b", "").replace("\x07", "")
