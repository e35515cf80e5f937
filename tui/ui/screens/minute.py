"""The log of a thing around a moment, asked of its platform: what it said when something happened. One key back to where one was.

It reads once and follows nothing; what it read can be searched, copied and written to a file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.engine.session import Session
from tui.errors import RollwatchError
from tui.model import LogLine, Ref
from tui.tables import Moment
from tui.ui.finding import Finder
from tui.ui.keys import bindings_for
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.text_view import Content, Hung, TextView
from tui.ui.workers import start

BEFORE: Final = timedelta(minutes=1)
AFTER: Final = timedelta(minutes=2)
MOST: Final = 2_000
"""Lines that are shown."""
NOTHING: Final = (
    "Its platform has no line from the minute before to two minutes after.",
    "It said nothing, or its log is no longer there.",
)
LOUD: Final = {"error": "bad", "fatal": "bad", "warn": "warn", "warning": "warn"}


class MinuteScreen(Screen[None]):
    """Lines with their times; the first after the moment is under the cursor."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.MINUTE)

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self._moment = moment
        self._view = TextView()
        self._title = StatusLine(classes="title")
        self._finder = Finder(self._view)
        self._bottom = Bottom()
        self._read: list[LogLine] = []
        self._name = ""

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._finder
        yield self._bottom

    def show(self, ref: Ref, name: str, at: datetime) -> None:
        """Ask for the log of this thing around this moment."""
        self._read, self._name = [], name
        self._finder.forget()
        self._say(name, at, "asking its platform…")
        self._view.show_lines(())
        start(self, self._load, ref, name, at, group="minute", exclusive=True)

    def _say(self, name: str, at: datetime, what: str) -> None:
        when = self._moment().local(at, "%a %H:%M:%S")
        self._title.set_parts(
            [Part(pieces=(Piece(f"Log of {name} around {when}", "title"),)), Part(pieces=(Piece(what, "muted"),), rank=1)], []
        )

    async def _load(self, ref: Ref, name: str, at: datetime) -> None:
        lines: list[LogLine] = []
        try:
            async for batch in self.session.log(ref, since=at - BEFORE, until=at + AFTER):
                lines += [each for each in batch if each.at is None or at - BEFORE <= each.at <= at + AFTER]
                if len(lines) >= MOST:
                    break
        except RollwatchError as error:
            self._view.show_lines([(Piece(str(error), "bad"),)])
            self._say(name, at, "not read")
            return
        except Exception:
            logging.getLogger(__name__).exception("a log could not be read")
            self._view.show_lines([(Piece("This could not be read; the log file has the rest.", "bad"),)])
            self._say(name, at, "not read")
            return
        if not lines:
            self._view.show_lines([(Piece(each, "muted"),) for each in NOTHING])
            self._say(name, at, "no lines")
            return
        self._read = shown = lines[:MOST]
        self._view.show_lines([self._line(each, at) for each in shown])
        first = next((index for index, each in enumerate(shown) if each.at is not None and each.at >= at), len(shown) - 1)
        self._view.go_to(first)
        count = f"{len(shown):,} lines" if len(lines) < MOST else f"the first {len(shown):,} lines"
        self._say(name, at, f"{count}, {BEFORE.seconds // 60} minute before to {AFTER.seconds // 60} after")

    def _line(self, line: LogLine, at: datetime) -> Content:
        when = self._moment().local(line.at, "%H:%M:%S") if line.at is not None else "        "
        after = line.at is not None and line.at >= at
        mark = Piece("▏ " if after else "  ", "accent")
        level = str(line.level).casefold()
        return Hung((Piece(f"{when} ", "muted"), mark, Piece(f"{level:6} ", LOUD.get(level, "muted")), Piece(str(line.text))), indent=18)

    def on_screen_resume(self) -> None:
        self._view.focus()
        actions = self.keymap.bar(Place.MINUTE)
        hints = [KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in actions if self.keymap.spelled(each)]
        self._bottom.keys.set_keys(hints)

    def action_act(self, id_: str) -> None:
        """Do what a key means here."""
        app = program(self)
        acts: Mapping[str, Callable[[], object]] = {
            **self._finder.acts(),
            "reading.back": self._back,
            "past.copy": self._copy,
            "past.save": self._save,
            "console.help": lambda: app.open_help(Place.MINUTE),
        }
        acts[id_]()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)

    def _back(self) -> None:
        if not self._bottom.hush() and not self._finder.forget():
            self.dismiss()

    def _texts(self) -> list[str]:
        """The lines as they are copied and written, with their whole time."""
        moment = self._moment()
        return [f"{moment.local(each.at) if each.at is not None else ''} {each.level} {each.text}".strip() for each in self._read]

    def _copy(self) -> None:
        program(self).copy("\n".join(self._texts()), f"{len(self._read):,} lines")

    def _save(self) -> None:
        if not self._read:
            program(self).say("there is nothing to write", "warn")
            return
        program(self).elsewhere.save(f"log {self._name}", "log", self._texts(), f"{len(self._read):,} lines")
