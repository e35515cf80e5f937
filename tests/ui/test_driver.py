"""The terminal driver: it sleeps until there is a key, an escape is told from the beginning of a sequence, and it ends at once."""

from __future__ import annotations

import inspect
import os
import pty
import selectors
import termios
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

import pytest
from textual import events
from textual._parser import Parser
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.ui import driver as driver_module
from tui.ui.driver import Bell, quiet_driver, read_keys
from tui.ui.link import TEXTUAL

SOON = 10.0
"""Seconds after which a test gives up; nothing waits that long."""


class Typing:
    """A thread that reads keys from a pipe, and every wait of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[str] = []
        self.waits: list[float | None] = []
        waits = self.waits

        class Watched(selectors.SelectSelector):
            def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
                waits.append(timeout)
                return super().select(timeout)

        monkeypatch.setattr(driver_module.selectors, "SelectSelector", Watched)
        self.reading, self.writing = os.pipe()
        self.bell = Bell()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        read_keys(self.reading, self.bell, XTermParser(), get_time, self._heard)

    def _heard(self, message: object) -> None:
        self.keys.append(message.key if isinstance(message, events.Key) else type(message).__name__)

    def type(self, data: bytes) -> None:
        os.write(self.writing, data)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SOON
        while not holds():
            assert time.monotonic() < end, (self.keys, self.waits)
            time.sleep(0.002)

    def end(self) -> None:
        self.bell.set()
        self.thread.join(SOON)
        assert not self.thread.is_alive()


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typing]:
    typing = Typing(monkeypatch)
    yield typing
    typing.end()
    os.close(typing.reading)
    if typing.writing >= 0:
        os.close(typing.writing)


def test_it_sleeps_until_a_key_comes_and_ends_when_told(typing: Typing) -> None:
    for count, key in enumerate("abc", 1):
        typing.type(key.encode())
        typing.until(lambda count=count: len(typing.keys) == count)  # type: ignore[misc]
    typing.until(lambda: len(typing.waits) == 4)
    assert typing.waits == [None] * 4
    typing.end()
    assert typing.keys == ["a", "b", "c"]


def test_a_lone_escape_is_a_key_after_its_time_and_then_it_sleeps(typing: Typing) -> None:
    typing.type(b"\x1b")
    typing.until(lambda: typing.keys == ["escape"])
    typing.until(lambda: typing.waits[-1] is None)
    limited = [wait for wait in typing.waits if wait is not None]
    assert limited
    assert all(0 < wait <= 0.6 for wait in limited)


def test_an_arrow_in_pieces_is_one_key(typing: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.ESCAPE_DELAY", SOON)
    typing.type(b"\x1b")
    typing.until(lambda: bool(typing.waits) and typing.waits[-1] is not None)
    typing.type(b"[A")
    typing.until(lambda: bool(typing.keys))
    assert typing.keys == ["up"]


def test_bytes_that_are_no_text_end_nothing(typing: Typing) -> None:
    typing.type(b"\xff\xfea")
    typing.until(lambda: typing.keys[-1:] == ["a"])


def test_a_character_in_pieces_is_one_key(typing: Typing) -> None:
    typing.type("é".encode()[:1])
    typing.until(lambda: len(typing.waits) == 2)
    typing.type("é".encode()[1:])
    typing.until(lambda: bool(typing.keys))
    assert len(typing.keys) == 1


def test_a_terminal_that_is_gone_is_not_looked_at_again(typing: Typing) -> None:
    os.close(typing.writing)
    typing.writing = -1
    typing.until(lambda: len(typing.waits) == 2)
    assert typing.thread.is_alive()
    typing.end()
    assert len(typing.waits) == 2


def test_a_bell_that_rang_before_anybody_listened_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell()
    bell.set()
    reading, writing = os.pipe()
    try:
        read_keys(reading, bell, XTermParser(), get_time, lambda _: None)
        bell.clear()
        assert not bell.is_set()
        bell.set()
    finally:
        os.close(reading)
        os.close(writing)


def test_the_terminal_knows_its_size_better_than_what_was_once_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "50")
    kind = quiet_driver()
    assert kind is not None
    made = object.__new__(kind)
    ours, theirs = pty.openpty()
    made.fileno = theirs  # type: ignore[attr-defined]
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "rb"):
        assert made._get_terminal_size() == (200, 50), "nobody has sized it yet"  # type: ignore[attr-defined]
        termios.tcsetwinsize(theirs, (24, 80))
        assert made._get_terminal_size() == (80, 24)  # type: ignore[attr-defined]


def test_textual_is_the_one_this_driver_was_read_against() -> None:
    """A new Textual: read ``LinuxDriver.run_input_thread``, ``disable_input`` and ``Parser`` again, then move the range in ``link``."""
    low, high = ([int(part) for part in text.split(".")] for text in TEXTUAL)
    assert low <= [int(part) for part in version("textual").split(".")[:3]] < high
    kind = quiet_driver()
    assert kind is not None
    assert issubclass(kind, LinuxDriver)
    theirs = inspect.getsource(LinuxDriver.run_input_thread)
    for name in ("self.exit_event.is_set()", "selector.select(0.1)", "XTermParser(self._debug)", "self.process_message(event)", "tick()"):
        assert name in theirs, f"LinuxDriver.run_input_thread does without {name} now"
    assert "self.run_input_thread()" in inspect.getsource(LinuxDriver._run_input_thread)
    assert "self.exit_event.set()" in inspect.getsource(LinuxDriver.disable_input)
    for name in ("self._must_signal_resume = True", "if self._auto_restart", "os.kill(os.getpid(), signal.SIGSTOP)"):
        assert name in inspect.getsource(LinuxDriver._sigtstp_application), name
    assert "self.resume_application_mode()" in inspect.getsource(LinuxDriver._sigcont_application)
    assert "self._writer_thread = WriterThread(" in inspect.getsource(LinuxDriver.start_application_mode)
    assert "self._timeout_time = get_time() + self._awaiting.timeout" in inspect.getsource(Parser.feed)
    assert "self._timeout_time = None" in inspect.getsource(Parser.tick)
    for name in ("_enable_mouse_support", "_get_terminal_size", "_sigcont_application"):
        assert name in vars(LinuxDriver), f"LinuxDriver.{name} is gone"
