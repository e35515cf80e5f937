"""The output layer: what Textual wants shown is compared with what the terminal shows, and only the difference is sent, at the
terminal's own pace, inside one synchronized update.

    class Console(PacedApp[None]): ...      that is all; ``app.link.state`` tells round trip and rate, ``app.link.changed`` when they move

Textual draws into a back grid; a front grid holds what was written. While the link is busy nothing is written and frames merge in
the back grid by themselves; when the terminal has answered the difference goes out, what has the focus first. A terminal that never
answers is never waited for; inside tmux and screen, which answer for themselves, and on Windows, nothing waits either. Any surprise in
here ends this layer, not the console: Textual's own output takes over with a full repaint.

What a key changes is drawn at once; what changes by itself is drawn a frame later at most, as Textual would. (Textual draws on the beats
of a timer, so that a key waits for the next one whenever anything else has just been drawn.)

This is the only file that leans on Textual's internals: ``App._display``, ``_register``, ``_batch_count``, ``_sync_available`` and
``_driver``, a screen's ``_update_timer`` and what that calls, the compositor's ``LayoutUpdate`` and ``ChopsUpdate``, the writer
thread's queue, and what a strip keeps of how it was cut. A test names the version they were read in.
"""

# ruff: noqa: SLF001  (leaning on those internals is what this file is for)

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic

from rich.color import ColorSystem
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.geometry import Size
from textual.screen import UPDATE_PERIOD, Screen
from textual.strip import Strip

from tui.ui.link_frame import BLANK, Grid, Inks, Pen, find_scroll, patch_line, scroll_codes
from tui.ui.link_pace import LinkState, Pace
from tui.ui.throttle import Throttle

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.dom import DOMNode
    from textual.widget import Widget

log = logging.getLogger(__name__)

TEXTUAL: Final = ("8.2.8", "8.3")
"""The versions of Textual, from and below, whose internals this file was read against."""

CROWDED: Final = 12
"""Writes that may wait in the driver's queue; at thirty the event loop would stand still."""

AGAIN: Final = 0.05
"""Seconds until a crowded queue is looked at again."""

HURRIED: Final = 3
"""Frames that are drawn at once after a key: what it moved, and what that changes elsewhere, one message later and two."""


APART: Final = 1 / 60
"""Seconds between two keys below which the later one is drawn like anything else: drawing each would hold up the next."""


def may_ask(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether this terminal's answers say anything about the link: not where something between answers for itself."""
    term = environ.get("TERM", "")
    inside = "TMUX" in environ or "STY" in environ or "WT_SESSION" in environ or term.startswith(("screen", "tmux"))
    return not inside and platform != "win32" and term not in {"", "dumb"}


class Link:
    """The terminal as this app knows it. Everything runs on the event loop's thread."""

    def __init__(self, app: App[Any], *, pace: Pace, now: Callable[[], float]) -> None:
        self._app = app
        self._now = now
        self._pace = pace
        self._inks = Inks(getattr(app.console, "_color_system", None) or ColorSystem.TRUECOLOR)
        self._back = Grid(0, 0)
        self._front = Grid(0, 0)
        self._stale: dict[int, int] = {}
        self._frame = 0
        self._timer: asyncio.TimerHandle | None = None
        self._state = pace.state
        self.working = True
        self.changed: Callable[[LinkState], None] | None = None
        """Called when the link turned poor or good again, or began or ceased to be measured."""

    @property
    def state(self) -> LinkState:
        """Round trip, rate and mode, as measured."""
        return self._pace.state

    def lines(self) -> list[str]:
        """What Textual wants shown, as text."""
        return ["".join(char for char, _ in line).replace("\0", " ") for line in self._back.lines]

    # In from Textual -----------------------------------------------------------------------------------------------------

    def show(self, screen: Screen[Any], update: RenderableType | None) -> bool:
        """Take what Textual wants shown; False if Textual has to write it itself."""
        if not self.working or not self._writable() or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return False
        self.safely(lambda _: self._take(screen, update))
        return True

    def _take(self, screen: Screen[Any], update: LayoutUpdate | ChopsUpdate) -> None:
        width, height = screen.outer_size
        if (width, height) != (self._back.width, self._back.height):
            self._back, self._front = Grid(width, height, BLANK), Grid(width, height)
            self._stale.clear()
        for x, y, strips in _pieces(update):
            for strip in strips:
                self._back.put(x, y, strip, self._inks)
                x += strip.cell_length
                # A strip that was cut at its own end keeps itself for that: a circle for each line drawn, which only the collector ends.
                strip._divide_cache.clear()
            self._stale.setdefault(y, self._frame)
        self.flush()

    def forget(self, width: int, height: int) -> None:
        """Somebody else wrote to the terminal, it was resized or came back: trust nothing that is on it and write all again.
        Where the size is another one Textual draws everything anew by itself."""
        self._front.forget()
        same = (width, height) == (self._back.width, self._back.height)
        self._stale = {y: self._stale.get(y, self._frame) for y in range(height)} if same else {}
        if self._stale:
            self._wake_in(0.0)

    def stop(self) -> None:
        """Leave the output to Textual from now on."""
        if self.working:
            self.working = False
            self._cancel()
            for screen in self._app._screen_stack[-1:]:
                screen.refresh()

    def safely(self, work: Callable[[Link], object]) -> None:
        """Do something with this layer while it works. Whatever goes wrong in it, Textual's own output must go on."""
        if not self.working:
            return
        try:
            work(self)
        except Exception:
            log.exception("the output layer gave up; plain output from here on")
            self.stop()

    def answered(self, x: int, y: int) -> None:
        """The terminal told where its cursor is: the frame with that mark is on the screen."""
        if y == 0 and self._pace.answered(x + 1, self._now()):
            self._tell()
            self._try_again()

    # Out to the terminal -------------------------------------------------------------------------------------------------

    def _writable(self) -> bool:
        app = self._app
        return app._running and not app._closed and not app.is_headless and app._driver is not None and not app._batch_count

    def _crowded(self) -> bool:
        queue = getattr(getattr(self._app._driver, "_writer_thread", None), "_queue", None)
        return queue is not None and queue.qsize() > CROWDED

    def flush(self) -> None:
        """Write what differs, if the link is free; otherwise come back when it is."""
        if not self._stale:
            return
        if self._crowded():
            self._wake_in(AGAIN)
            return
        now = self._now()
        if not self._pace.ready(now):
            self._wake_in(self._pace.wait(now))
            return
        text, left = self._difference(self._pace.budget())
        self._stale = left
        self._frame += 1
        if text:
            self._write(text, now)
        if left:
            self._wake_in(0.0 if self._pace.ready(now) else self._pace.wait(now))

    def _write(self, text: str, now: float) -> None:
        app = self._app
        driver = app._driver
        if driver is None:
            return
        x, y = app.screen.outer_size.clamp_offset(app.cursor_position)
        size = len(text) if text.isascii() else len(text.encode())
        before, behind = (
            "" if number is None else f"\x1b[1;{number}H\x1b[6n" for number in self._pace.sent(size, now, room=self._back.width)
        )
        # One write, so that the frame is one piece for the queue, the kernel and the terminal.
        begin, end = ("\x1b[?2026h", "\x1b[?2026l") if app._sync_available else ("", "")
        driver.write(f"{before}{begin}{text}{behind}\x1b[{y + 1};{x + 1}H{end}")
        driver.flush()
        if self._timer is None:
            self._wake_in(self._pace.wait(now))

    def _difference(self, budget: int | None) -> tuple[str, dict[int, int]]:
        """What to write, at most about ``budget`` bytes, and the lines that have to wait for the next frame."""
        front, back = self._front, self._back
        changed = [y for y in self._stale if front.lines[y] != back.lines[y]]
        pen = Pen(self._inks)
        first: set[int] = set()
        scroll = find_scroll(front, back, changed)
        if scroll is not None:
            pen.out.append(scroll_codes(scroll, back.height))
            front.scroll(*scroll)
            moved = range(scroll.first, scroll.last + 1)
            first = set(moved[-scroll.by :] if scroll.by > 0 else moved[: -scroll.by])
            stale = {y: self._stale.get(y, self._frame) for y in (*self._stale, *moved)}
            changed = [y for y in stale if front.lines[y] != back.lines[y]]
        left: dict[int, int] = {}
        written = 0
        for y in self._order(changed, first) if budget is not None else sorted(changed):
            if budget is not None and written >= budget and y not in first:
                left[y] = self._stale.get(y, self._frame)
                continue
            before = len(pen.out)
            patch_line(pen, y, front.lines[y], back.lines[y])
            front.lines[y] = list(back.lines[y])
            written += sum(map(len, pen.out[before:]))
        return pen.close(), left

    def _order(self, lines: Sequence[int], first: set[int]) -> list[int]:
        """What a scroll laid bare, then what has the focus, then what has waited longest."""
        focused = self._app.focused
        rows = range(*focused.region.line_span) if focused is not None else range(0)
        return sorted(lines, key=lambda y: (y not in first, y not in rows, self._stale.get(y, self._frame), y))

    # Waiting -------------------------------------------------------------------------------------------------------------

    def _wake_in(self, seconds: float | None) -> None:
        if seconds is None:
            return
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds + 0.001, self._try_again)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _try_again(self) -> None:
        """An answer came, or one is overdue, or the queue may have room again."""
        self._cancel()
        if self._writable():
            self.safely(lambda _: self._go_on())

    def _go_on(self) -> None:
        now = self._now()
        self._pace.ready(now)
        self._tell()
        self.flush()
        if self._timer is None:
            self._wake_in(self._pace.wait(now))

    def _tell(self) -> None:
        state = self._pace.state
        before, self._state = self._state, state
        if (before.poor, before.mode) != (state.poor, state.mode) and self.changed is not None:
            self.changed(state)


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Sequence[Strip]]]:
    """Where an update writes what: cell, line, strips."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield update.region.x, y, list(line)
        return
    for y, begin, until in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > until or end <= begin:
                continue
            yield x, y, [strip if begin <= x < until and end <= until else strip.crop(0, min(end, until) - x)]


class Frames:
    """When a screen is drawn; stands where Textual has a timer for that. The first change after a quiet time is drawn when the others of
    its turn of the loop are in, further ones when a frame has passed, and while ``hurried`` says so at once."""

    def __init__(self, screen: Screen[Any], hurried: Callable[[], bool]) -> None:
        self._screen = screen
        self._hurried = hurried
        self._throttle = Throttle(self._next_turn, UPDATE_PERIOD)
        self._turn: asyncio.Handle | None = None

    def resume(self) -> None:
        """Something is to be drawn."""
        if self._turn is None:
            self._throttle.ask(at_once=self._hurried())

    def pause(self) -> None:
        """Nothing is to be drawn any more."""
        self._throttle.drop()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _next_turn(self) -> None:
        self._turn = asyncio.get_running_loop().call_soon(self._draw)

    def _draw(self) -> None:
        self._turn = None
        app = self._screen.app
        if app._exit or not self._screen.is_running:
            return
        try:
            self._screen._on_timer_update()
        except Exception as error:  # noqa: BLE001  (what Textual does with what its timers raise)
            app._handle_exception(error)


class PacedApp(App[ReturnType], Generic[ReturnType]):
    """An app whose output goes through a ``Link``. ``plain``, or ``ROLLWATCH_OUTPUT=plain``, leaves everything to Textual."""

    def __init__(self, *arguments: Any, plain: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.link: Link | None = None
        self._hurry, self._keyed = 0, float("-inf")
        if not plain and os.environ.get("ROLLWATCH_OUTPUT") != "plain" and sys.platform != "win32":
            try:
                self.link = Link(self, pace=Pace(enabled=may_ask(os.environ)), now=_loop_time)
            except Exception:  # an app without this layer is still an app
                log.exception("there is no output layer; plain output")

    @property
    def untouched(self) -> float:
        """Seconds since a key or the mouse was heard."""
        return _loop_time() - self._keyed

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self.link is not None and self.link.show(screen, renderable):
            self.post_display_hook()
            return
        super()._display(screen, renderable)

    def _register(self, parent: DOMNode, *widgets: Widget, **options: Any) -> list[Widget]:
        if self.link is not None:
            for screen in widgets:
                if isinstance(screen, Screen):
                    screen._Screen__update_timer = Frames(screen, self._hurried)  # type: ignore[attr-defined]
        return super()._register(parent, *widgets, **options)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            before, self._keyed = self._keyed, _loop_time()
            self._hurry = HURRIED if self._keyed - before >= APART else 0
        await super().on_event(event)

    def _hurried(self) -> bool:
        left, self._hurry = self._hurry, max(0, self._hurry - 1)
        return left > 0

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The terminal's answer to the question behind a frame."""
        if self.link is not None:
            self.link.safely(lambda link: link.answered(event.x, event.y))

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._forget(self.size))

    def on_resize(self, event: events.Resize) -> None:
        """The terminal may have moved, cut or cleared what was on it."""
        self._forget(event.size)

    def _forget(self, size: Size) -> None:
        if self.link is not None:
            self.link.safely(lambda link: link.forget(*size))


def _loop_time() -> float:
    """The event loop's clock: only differences of it are used, to measure the link."""
    return asyncio.get_running_loop().time()
