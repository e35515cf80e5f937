"""Records one incident from the first sign to the handoff: ``python -m tests.gallery.recording`` writes ``screenshots/incident.cast``.

The program runs in a real pseudo-terminal against the emulator; what it wrote and when is kept in asciicast form, version 2, which
``asciinema play`` shows. Nothing is staged but the keys. Reading pauses are told as such: the wait after a key is how long one looks.
"""

from __future__ import annotations

import json
import time
from typing import Final

from tests.e2e.driver import Terminal, rollwatch
from tests.gallery.scenes import FOLDER

SIZE: Final = (120, 40)
FILE: Final = FOLDER / "incident.cast"
STORY: Final = (
    # keys, what must then be on the screen, seconds to look at it
    ((), "payments", 4.0),
    (("2", "home"), "failed", 2.0),
    (("l",), "Log of payments", 3.0),
    (("p",), "panic", 4.0),
    (("esc", "A"), "Unresolved", 4.0),
    (("esc", "2", "x"), "What can be done", 3.0),
    (("r",), "Sends, once", 3.0),
    (("\x1b[C", "enter"), "accepted", 6.0),
    (("T",), "Timeline", 4.0),
    (("esc", "H"), "andoff", 5.0),
    (("esc", "q"), "", 0.5),
)


class Recorder(Terminal):
    """A terminal that remembers when each piece was written."""

    def __init__(self) -> None:
        super().__init__(rollwatch("demo", "--scenario", "incident"), size=SIZE)
        self.pieces: list[tuple[float, str]] = []
        self._began = time.monotonic()
        self._rest = b""

    def pump(self, seconds: float) -> bool:
        before = len(self.raw)
        came = super().pump(seconds)
        data = self._rest + bytes(self.raw[before:])
        text = data.decode("utf-8", "ignore")
        self._rest = data[len(text.encode()) :]
        if text:
            self.pieces.append((round(time.monotonic() - self._began, 3), text))
        return came

    def look(self, seconds: float) -> None:
        """Let time pass as somebody who reads."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(min(left, 0.1))


def main() -> None:
    with Recorder() as terminal:
        for keys, shows, seconds in STORY:
            for key in keys:
                terminal.press(key)
                terminal.look(0.5)
            if shows:
                terminal.sees(shows)
            terminal.look(seconds)
        terminal.ends()
    head = {"version": 2, "width": SIZE[0], "height": SIZE[1], "title": "rollwatch: an incident, from the first sign to the handoff"}
    lines = [json.dumps(head), *(json.dumps([at, "o", text]) for at, text in terminal.pieces)]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {terminal.pieces[-1][0]:.0f} s, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
