"""What the keys of the log pane do: searching, jumping, marking, looking further back, copying, saving. One table of acts.

It works on the pane and its view; what is said or opened goes through the app.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.errors import RollwatchError, StorageError
from tui.tables import FilterError
from tui.ui.logs.export import lines_of
from tui.ui.logs.followed import deployed_at
from tui.ui.logs.query import searched
from tui.ui.logs.sieve import Errors, Fits, Sieve
from tui.ui.logs.times import SPANS, moment_of, span_of
from tui.ui.screens.minutes import MinutesScreen
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import Level
from tui.ui.widgets.log_paint import TIMES
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.panes.logs import LogsPane
    from tui.ui.widgets.log_view import LogView

BEFORE: Final = timedelta(minutes=15)
"""How much of the time before a deployment is compared with what came after it."""
LONGEST: Final = timedelta(hours=24)
"""After so long the server is not asked for it any more."""

ERRORS: Final = Errors()

LEVELS: Final = (Level.NONE, Level.WARN, Level.ERROR)
"""What the level key goes through: everything, warnings and worse, errors and worse."""


class LogDeeds:
    """The acts of one pane."""

    def __init__(self, pane: LogsPane) -> None:
        self._pane = pane
        self._searched = ""
        self._named: dict[bool, str] = {}

    @property
    def _view(self) -> LogView:
        return self._pane.body

    @property
    def _app(self) -> Any:
        return self._pane.app

    def _how(self, id_: str, does: str) -> str:
        """``: s searches``, with the key that the user has given it; empty where it has none."""
        (key,) = self._app.keymap.spelled_ids(id_)
        return f": {key} {does}" if key else ""

    def table(self) -> Mapping[str, Callable[[], object]]:
        """What each action of the log pane does."""
        return {
            "logs.follow": self._toggle_follow,
            "logs.activity": self._pane.toggle_activity,
            "logs.close": self._pane.close_log,
            "logs.open": self._open,
            "logs.search": self._search,
            "logs.next": lambda: self._again(1),
            "logs.previous": lambda: self._again(-1),
            "logs.next_error": lambda: self._seek(ERRORS, 1, "no further error", runs=True),
            "logs.previous_error": lambda: self._seek(ERRORS, -1, "no error before this", runs=True),
            "logs.level": self._level,
            "logs.context": self._context,
            "logs.patterns": self._patterns,
            "logs.minutes": self._minutes,
            "logs.wrap": lambda: self._view.set_look(wrap=not self._view.paint.wrap),
            "logs.pretty": lambda: self._view.set_look(pretty=not self._view.paint.pretty),
            "logs.times": self._times,
            "logs.since": self._ask_since,
            "logs.goto": self._ask_time,
            "logs.mark": lambda: self._view.toggle_mark(),
            "logs.next_mark": self._next_mark,
            "logs.range": lambda: self._view.toggle_range(),
            "logs.copy": self._copy,
            "logs.save": lambda: self._ask_save(everything=False),
            "logs.save_all": lambda: self._ask_save(everything=True),
        }

    # Looking -----------------------------------------------------------------------------------------------------------------

    def _toggle_follow(self) -> None:
        if self._view.following:
            self._view.pause()
        else:
            self._view.follow()

    def _open(self) -> None:
        current = self._view.current
        if current is None:
            self._app.say("there is no line to open", "warn")
            return
        self._view.pause()
        self._app.open_record(self._view, self._pane.name_of)

    def _level(self) -> None:
        pane = self._pane
        pane.least = LEVELS[(LEVELS.index(pane.least) + 1) % len(LEVELS)]
        pane.refilter()

    def _context(self) -> None:
        self._pane.context = not self._pane.context
        self._pane.refilter()
        if not self._view.window.filtered:
            self._app.say("lines of context show with a filter: / or L", "muted")

    def _times(self) -> None:
        paint = self._view.paint
        wanted = TIMES[(TIMES.index(paint.times) + 1) % len(TIMES)]
        for view in self._pane.views:
            view.paint.now = self._pane.session.clock.wall()
            view.set_look(times=wanted)
        self._app.say(f"times: {wanted}")

    def _patterns(self) -> None:
        if not len(self._pane.followed):
            self._app.say("no log is followed", "warn")
            return
        self._pane.census.work(1_000)
        screen = self._app.open_patterns(self._pane)
        start(self._pane, self._reach_back, screen, group="patterns", exclusive=True)

    def _minutes(self) -> None:
        if not len(self._pane.followed):
            self._app.say("no log is followed", "warn")
            return
        screen = self._app.once(MinutesScreen, lambda: MinutesScreen(self._app.keymap, self._app.moment))
        self._app.push_screen(screen)
        screen.show(self._pane)

    async def _reach_back(self, screen: Any) -> None:
        """Nothing can be called new since a deployment while the log here begins after it: ask for what was said before."""
        pane = self._pane
        for ref in pane.followed.refs:
            deployed, known = deployed_at(ref, self._app.moment()), pane.census.since(ref)
            if deployed is None or known is None or known < deployed or pane.session.clock.wall() - deployed > LONGEST:
                continue
            screen.show(pane, again=True, said=f"asking {pane.name_of(ref)} for what it said before…")
            try:
                async with asyncio.timeout(30):
                    lines = await pane.followed.older(ref, deployed - BEFORE, pane.oldest(ref))
            except (RollwatchError, TimeoutError) as error:
                # It stays on the screen whose numbers it is about: without what was said before, new may not be new.
                screen.show(pane, again=True, said=f"not compared with before: {error or 'the server took too long'}")
                return
            if ref in pane.followed.refs:
                pane.log_view.backfill(ref, lines)
                pane.census.add(ref, lines)
        while pane.census.waiting:
            pane.census.work()
            await asyncio.sleep(0)
        if screen.is_current:
            screen.show(pane, again=True)

    # Searching ---------------------------------------------------------------------------------------------------------------

    def _search(self) -> None:
        before = self._pane.looked_for.pattern
        self._pane.prompt.ask(
            "search", "a text, or ~ and a regular expression", self._searched, self._search_for, lambda text: self._paint(text, before)
        )

    def _paint(self, text: str, otherwise: Any = None) -> None:
        self._view.set_highlight(searched(text) if text.strip("~") else otherwise)

    def _search_for(self, text: str) -> None:
        self._searched = text if text.strip("~") else ""
        if self._searched:
            self._again(-1)

    def _again(self, step: int) -> None:
        if not self._searched:
            self._app.say(f"nothing was searched for yet{self._how('logs.search', 'searches')}", "warn")
            return
        pattern = searched(self._searched)
        self._view.set_highlight(pattern)
        self._seek(Sieve([Fits(pattern)]), step, f"not found {'below' if step > 0 else 'above'}: {self._searched}")

    def _seek(self, wanted: Callable[[Entry], bool], step: int, otherwise: str, *, runs: bool = False) -> None:
        among = " among the lines that the filter shows" if self._view.window.filtered else ""
        self._view.seek(wanted, step, lambda found: None if found else self._app.say(otherwise + among, "warn"), runs=runs)

    def _next_mark(self) -> None:
        marks = self._view.marks
        if not len(marks):
            self._app.say(f"no line is marked{self._how('logs.mark', 'marks one')}", "warn")
            return

        def told(found: bool) -> None:
            if not found:
                self._app.say("no marked line is among those that are shown", "warn")

        self._view.seek(marks.has, 1, lambda found: None if found else self._view.seek_from_start(marks.has, told))

    # Times -------------------------------------------------------------------------------------------------------------------

    def _ask_time(self) -> None:
        self._pane.prompt.ask("jump to", "14:05, 14:05:30, 2026-05-04 14:05, or -5m", "", self._jump)

    def _jump(self, text: str) -> None:
        when = moment_of(text, self._pane.session.clock.wall(), self._view.paint.zone)
        position = self._view.buffer.line_at(when)
        if position is None:
            raise FilterError("there are no lines")
        self._view.go_to(position)
        oldest = next((entry.line.at for entry in self._view.buffer.between(self._view.buffer.start, self._view.buffer.start + 50)), None)
        if oldest is not None and when < oldest:
            self._app.say(f"the log begins here{self._how('logs.since', 'asks the server for older lines')}", "warn")

    def _ask_since(self) -> None:
        if not len(self._pane.followed):
            self._app.say("no log is followed", "warn")
            return
        self._pane.prompt.ask("since", " ".join(SPANS), "", self._since)

    def _since(self, text: str) -> None:
        span = span_of(text)
        start(self._pane, self._look_back, text, span, group="since", exclusive=True)

    async def _look_back(self, text: str, span: Any) -> None:
        """Ask the server for what is older than what is here, and stand at the time that was asked for."""
        since = None if span is None else self._pane.session.clock.wall() - span
        view, total = self._pane.log_view, 0
        self._app.say(f"asking for older lines: {text}…")
        for ref in self._pane.followed.refs:
            oldest = self._pane.oldest(ref)
            if oldest is not None and since is not None and oldest <= since:
                continue
            try:
                async with asyncio.timeout(30):
                    lines = await self._pane.followed.older(ref, since, oldest)
            except (RollwatchError, TimeoutError) as error:
                self._app.say(str(error) or "the server took too long to look back", "warn")
                return
            if ref in self._pane.followed.refs:
                view.backfill(ref, lines)
                self._pane.census.add(ref, lines)
                total += len(lines)
        position = view.buffer.start if since is None else view.buffer.line_at(since)
        if position is not None and len(view.buffer):
            view.go_to(position)
        self._app.say(f"{total:,} older lines" if total else "the server has nothing older than what is here")

    # Taking away -------------------------------------------------------------------------------------------------------------

    def _texts(self, entries: Sequence[Entry]) -> list[str]:
        return list(lines_of(entries, self._pane.name_of, names=len(self._pane.followed) > 1))

    def _copy(self) -> None:
        chosen = self._view.chosen
        one = len(chosen) == 1
        text = str(chosen[0].line.text) if one else "\n".join(self._texts(chosen))
        self._app.copy(text, "" if one else f"{len(chosen):,} lines")
        self._view.marks.anchor = None
        self._view.repaint_all()

    def _ask_save(self, *, everything: bool) -> None:
        what = "all" if everything else "what is shown"
        known = list(self._pane.names.values())
        name = self._named.get(everything) or f"{known[0] if len(known) == 1 else 'logs'}.log".replace("/", "-")
        self._pane.prompt.ask(f"save {what} to", "a new file", name, lambda path: self._save(path, everything))

    def _save(self, text: str, everything: bool) -> None:
        if not text.strip():
            raise FilterError("write the name of a file that does not exist yet")
        write = self._app.settings.save
        if write is None:
            raise FilterError("this console cannot write files")
        buffer = self._view.buffer
        entries = buffer.between(buffer.start, buffer.end) if everything else self._view.shown()
        # Asked in ways that raise nothing, whatever was typed: a home of nobody, a name that is too long, a folder that may not be read.
        path = Path(os.path.expanduser(text.strip()))  # noqa: PTH111
        if os.path.lexists(path):
            raise FilterError(f"exists already and is not overwritten: {path}")
        if not os.path.isdir(path.parent):  # noqa: PTH112
            raise FilterError(f"there is no folder {path.parent}")
        self._named[everything] = text.strip()
        start(self._pane, self._write, write, path, entries, group="save")

    async def _write(self, write: Callable[[Path, Iterable[str]], Path], path: Path, entries: Sequence[Entry]) -> None:
        # Beside the event loop also what they are written as: of all that is kept it takes seconds.
        lines = lines_of(entries, self._pane.name_of, names=len(self._pane.followed) > 1)
        try:
            written = await asyncio.to_thread(write, path, lines)
        except StorageError as error:
            self._app.say(str(error), "warn")
        else:
            self._app.say(f"{len(entries):,} lines are in {written}")
