"""Which keys a dialog must not take for an answer: those typed before it was there, and one that is still held down.

A terminal tells presses only; a key that is held is the same key again and again. Pure, no widget; seconds since boot come in.
"""

from __future__ import annotations

from typing import Final

HELD: Final = 0.3
"""Seconds after opening in which keys mean nothing, and within which the same key again is one that is held."""


class Guard:
    """The keys of one dialog from its opening on."""

    def __init__(self) -> None:
        self._opened = float("-inf")
        self._down: dict[str, float] = {}

    def open(self, now: float, opener: str) -> None:
        """It opens now, because of this key."""
        self._opened = now
        self._down = {opener: now} if opener else {}

    def seen(self, now: float) -> None:
        """It is drawn only now: what came before was no answer to what could not be read."""
        self._opened = now

    def holds(self, key: str, now: float) -> bool:
        """Whether this press is to be ignored."""
        early = now - self._opened < HELD
        repeated = key in self._down and now - self._down[key] < HELD
        if early or repeated:
            self._down[key] = now
            return True
        self._down.pop(key, None)
        return False
