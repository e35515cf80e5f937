"""What a user can choose about the console's looks and keys, as plain values; whoever starts the console fills them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from tui.local.kept import Kept
from tui.local.runbooks import Runbooks
from tui.local.settings import Tool
from tui.tables.words import FULL
from tui.ui.alarm import Channels
from tui.ui.theming import DEFAULT


class Keeping(Protocol):
    """Where it is kept how the console was left. Both calls block."""

    def load(self) -> Kept: ...

    def save(self, kept: Kept, *, views: bool = False) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``theme`` is a theme's name; ``mouse`` False leaves the mouse to the terminal; ``ascii`` writes our glyphs in ASCII; ``keys`` maps an
    action's id to its keys; ``theme_folders`` are the user's own; ``zone`` None is the machine's time zone; ``report`` writes a crash
    report and returns where it is, None if it could not; ``save`` writes lines to a new private file and returns where that is, or raises
    ``errors.StorageError``; None where nothing may be written."""

    theme: str = DEFAULT
    free: bool = False
    """Nobody chose the theme: it may follow the terminal's background."""
    mouse: bool = True
    plain: bool = False
    """Output is written as Textual writes it, whole and at once."""
    ascii: bool = False
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    theme_folders: tuple[Path, ...] = ()
    zone: tzinfo | None = None
    report: Callable[[BaseException], Path | None] | None = None
    save: Callable[[Path, Iterable[str]], Path] | None = None
    watch: bool = False
    """Follow the log of the service that needs somebody most, as soon as services are known: a demo shows what it can."""
    entered: bool = False
    """The terminal's other screen is in use already, with the picture of the last time on it."""
    keep: Keeping | None = None
    """Where it is kept how the console was left; None: nowhere."""
    runbooks: Runbooks = field(default_factory=lambda: Runbooks(None))
    """Who owns what, and what to do when it fails."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    """Programs and pages of the user's own, by name."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What a short word in the palette stands for."""
    floors: Mapping[str, float] = field(default_factory=dict)
    """Seconds that must at least pass between two reads, by connection."""
    full: tuple[float, float] = FULL
    """Shares of a load that are worth a warning and an alarm."""
    alerts: Channels = field(default_factory=Channels)
    """What rings, and where."""
