"""Textual's terminal driver with three habits less: it does not ask for every movement of the mouse, its input thread sleeps until
there is something to read, and it believes the terminal of its size before the environment.

    App(driver_class=quiet_driver())        that is all

A pointer that crosses the screen would otherwise send hundreds of reports over a slow link, each of them an event for nothing; and
Textual looks at the keyboard ten times a second, all day. Nothing of this project is imported here. What of Textual's insides it
leans on (``run_input_thread``, ``exit_event``, the parser's ``_timeout_time``, ``_writer_thread``, ``_get_terminal_size``, how it stops
and goes on) a test names, with the version they were read in.
"""

# ruff: noqa: SLF001  (see above)

from __future__ import annotations

import os
import selectors
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.message import Message

PIECE: Final = 4096
"""Bytes read at once."""

ENTER: Final = "\x1b[?1049h"
"""What Textual writes to enter the terminal's other screen."""

LEAST: Final = 0.001
"""Seconds that a wait for the rest of an escape sequence lasts at least, so that it is over when it is looked at."""


class Bell(Event):
    """An event whose ``set`` also ends a ``select``: what waits for input waits for the end of the program in the same call."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = Lock()
        self._write = -1

    def set(self) -> None:
        super().set()
        with self._guard:
            if self._write >= 0:
                os.write(self._write, b".")

    def listen(self) -> int:
        """A file descriptor that is readable once the event is set; to be given to ``close``."""
        reading, writing = os.pipe()
        with self._guard:
            self._write = writing
        return reading

    def close(self, reading: int) -> None:
        """Nobody waits any more."""
        with self._guard:
            writing, self._write = self._write, -1
        os.close(writing)
        os.close(reading)


class Parser(Protocol):
    """What of Textual's parser is used."""

    _timeout_time: float | None

    def feed(self, data: str) -> Iterable[Message]:
        """What these characters mean; without any, the end."""

    def tick(self) -> Iterable[Message]:
        """What it means that nothing followed until now."""


def read_keys(fd: int, ended: Bell, parser: Parser, now: Callable[[], float], heard: Callable[[Message], None]) -> None:
    """Hand on what comes from ``fd`` until ``ended`` is set, asleep meanwhile but for the time that a lone escape is waited for.

    A terminal that is gone is not listened to any more; what that means is for others to decide.
    """
    decode = getincrementaldecoder("utf-8")(errors="replace").decode
    bell = ended.listen()
    try:
        with selectors.SelectSelector() as selector:
            selector.register(bell, selectors.EVENT_READ)
            selector.register(fd, selectors.EVENT_READ)
            while not ended.is_set():
                due = parser._timeout_time
                ready = {key.fd for key, _ in selector.select(None if due is None else max(LEAST, due - now()))}
                if fd in ready:
                    data = _read(fd)
                    if not data:
                        selector.unregister(fd)
                    for event in parser.feed(text) if (text := decode(data)) else ():
                        heard(event)
                for event in parser.tick():
                    heard(event)
    finally:
        ended.close(bell)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, PIECE)
    except OSError:
        return b""


def in_turn(driver: Any, what: Callable[[Any], object]) -> None:
    """Do this to a driver of Textual's because of a signal. That comes between any two steps of the loop's own thread, also while that
    has the lock of what is written to the terminal: what writes there too waits for its turn, or it would wait for itself."""
    with suppress(RuntimeError):  # the loop has ended meanwhile
        driver._loop.call_soon_threadsafe(what, driver)


def stop(driver: Any) -> None:
    """Give the terminal back, if it was taken, and stop until the shell says otherwise."""
    if driver._must_signal_resume:
        return  # the same stop, told twice
    if driver._auto_restart and driver._writer_thread is not None and driver._app.is_running:
        driver.suspend_application_mode()
        driver._must_signal_resume = True
    os.kill(os.getpid(), signal.SIGSTOP)


def go_on(driver: Any) -> None:
    """After SIGSTOP, which nobody is told of, everything is still on. Begun again on top of that, the keyboard protocol would be on
    twice, two threads would read the keys, and the raw settings would be taken for the terminal's own."""
    if driver._writer_thread is None or not driver._app.is_running:
        return
    if not driver._must_signal_resume:
        driver.suspend_application_mode()
        driver._must_signal_resume = True
    if driver._auto_restart:
        driver.resume_application_mode()


def quiet_driver(*, entered: bool = False, sieve: Callable[[str], str] = str) -> type[Driver] | None:
    """The driver class to use; None leaves the choice to Textual (Windows). With ``entered`` the terminal's other screen is in use
    already and shows something that is to stay until the first frame. ``sieve`` takes out of what comes what is not for the parser."""
    if sys.platform == "win32":
        return None
    from textual._time import get_time
    from textual._xterm_parser import XTermParser
    from textual.drivers.linux_driver import LinuxDriver

    class SievedParser(XTermParser):
        """What the sieve leaves is parsed; the end of it all is told by an empty piece, and only that is."""

        def feed(self, data: str) -> Iterable[Message]:
            left = sieve(data) if data else data
            return super().feed(left) if left or not data else ()

    class QuietDriver(LinuxDriver):
        """Buttons and wheel, in the form that can tell columns beyond 223; keys without looking for them."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._bell = self.exit_event = Bell()
            self._entered = entered
            self.silent = False

        def run_input_thread(self) -> None:
            read_keys(self.fileno, self._bell, SievedParser(self._debug), get_time, self.process_message)

        def write(self, data: str) -> None:
            if self.silent or (self._writer_thread is not None and not self._writer_thread.is_alive()):
                return  # another program has the terminal; what nobody takes would fill the queue, and the loop would wait for ever
            if self._entered and data == ENTER:
                # Entered once more it would be cleared.
                self._entered = False
                return
            super().write(data)

        def _get_terminal_size(self) -> tuple[int, int]:
            # COLUMNS and LINES are of when somebody exported them, as into a container: what was resized since knows better.
            with suppress(OSError):
                if all(size := os.get_terminal_size(self.fileno)):
                    return size.columns, size.lines
            return super()._get_terminal_size()

        def _enable_mouse_support(self) -> None:
            if self._mouse:
                self.write("\x1b[?1000h\x1b[?1006h")
                self.flush()

        def _sigtstp_application(self, *_: Any) -> None:
            in_turn(self, stop)

        def _sigcont_application(self, *_: Any) -> None:
            in_turn(self, go_on)

    return QuietDriver
