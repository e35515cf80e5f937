"""Which things were looked at one after the other: a way back, forward, and up to where one began. Pure; no widget."""

from __future__ import annotations

from typing import Final

from tui.model import Ref

LONGEST: Final = 100
"""Things that are remembered; the oldest are forgotten."""


class Trail:
    """A history as a browser has it, with the beginning of each visit: the crumbs lead from there to what is shown."""

    def __init__(self) -> None:
        self._refs: list[Ref] = []
        self._at = -1
        self._begun = 0

    @property
    def here(self) -> Ref | None:
        """What is shown, or was last."""
        return self._refs[self._at] if self._refs else None

    @property
    def crumbs(self) -> tuple[Ref, ...]:
        """From where this visit began to what is shown."""
        return tuple(self._refs[self._begun : self._at + 1])

    def enter(self, ref: Ref) -> None:
        """A visit begins."""
        if ref != self.here:
            self._add(ref)
        self._begun = self._at

    def follow(self, ref: Ref) -> None:
        """One thing leads to the next."""
        if ref != self.here:
            self._add(ref)

    def _add(self, ref: Ref) -> None:
        del self._refs[self._at + 1 :]
        self._refs.append(ref)
        gone = max(0, len(self._refs) - LONGEST)
        del self._refs[:gone]
        self._begun = max(0, self._begun - gone)
        self._at = len(self._refs) - 1

    def up(self) -> Ref | None:
        """One step back within this visit; None where it began."""
        return self.step(-1) if self._at > self._begun else None

    def step(self, step: int) -> Ref | None:
        """One step back (-1) or forward (1) through everything; None where there is nothing more."""
        if not 0 <= self._at + step < len(self._refs):
            return None
        self._at += step
        self._begun = min(self._begun, self._at)
        return self.here
