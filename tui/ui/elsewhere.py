"""Shows things in other programs: a text in the pager or editor on this terminal, an address on the desktop, or only in the clipboard.

While another program has the terminal nothing of ours is drawn; everything else goes on, reads and logs included.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual.app import SuspendNotSupported

from tui.errors import StorageError
from tui.local.children import child_environment, run
from tui.local.opening import browser, editor, is_address, pager, temporary
from tui.text import clean
from tui.ui.clipboard import TooMuch, osc52
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

NOT_LENT: Final = "this terminal cannot be given to another program"
HELD: Final = (signal.SIGINT, signal.SIGQUIT)
"""Signals of the keyboard that are meant for the program that has the terminal."""


def _write_somewhere(write: Callable[[Path, Sequence[str]], Path], path: Path, lines: Sequence[str]) -> Path:
    """Nobody can name another folder here, so a current one that cannot be written does not end it. Raises ``StorageError``."""
    with suppress(StorageError):
        return write(path, lines)
    return write("~" / path, lines)


class Elsewhere:
    """What the keys to open something do."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self._open = False

    def page(self, name: str, lines: Iterable[str]) -> None:
        """Show a text in the user's pager."""
        self._show(pager(os.environ), "no pager was found: set PAGER", name, lines)

    def edit(self, name: str, lines: Iterable[str]) -> None:
        """Show a text in the user's editor. What is changed there goes nowhere."""
        named = clean(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "", 60)
        none = f"{named} cannot be found" if named else "no editor is named"
        self._show(editor(os.environ), f"{none}: set VISUAL or EDITOR", name, lines)

    def _show(self, argv: Sequence[str], none: str, name: str, lines: Iterable[str]) -> None:
        if not argv or self._program.is_headless:
            self._program.say(none if not argv else "there is no terminal to give away", "warn")
        elif not self._open:
            self._open = True
            start(self._program, self._lend, argv, name, list(lines), group="elsewhere")

    def run(self, argv: Sequence[str], variables: Mapping[str, str]) -> None:
        """Give the terminal to a program until it ends and somebody has read what it wrote. ``variables`` are set for it alone."""
        if self._program.is_headless:
            self._program.say("there is no terminal to give away", "warn")
        elif not self._open:
            self._open = True
            start(self._program, self._lend_whole, argv, variables, group="elsewhere")

    async def _lend_whole(self, argv: Sequence[str], variables: Mapping[str, str]) -> None:
        try:
            with _lent(self._program):
                code, said = await _ran(argv, variables)
                if code is not None:
                    await _read(f"{said}: enter goes back to the console ")
            self._program.say(said, "accent" if code == 0 else "warn")
        except SuspendNotSupported:
            self._program.say(NOT_LENT, "warn")
        finally:
            self._open = False

    async def _lend(self, argv: Sequence[str], name: str, lines: Sequence[str]) -> None:
        try:
            with temporary(lines, name) as path, _lent(self._program):
                code, said = await _ran((*argv, str(path)), {})
            if code != 0:
                self._program.say(said, "warn")
        except SuspendNotSupported:
            self._program.say(NOT_LENT, "warn")
        except StorageError as error:
            self._program.say(str(error), "warn")
        finally:
            self._open = False

    def copy(self, text: str, what: str = "") -> None:
        """Give a text to the terminal's clipboard."""
        program = self._program
        if not text:
            program.say("there is nothing to copy", "warn")
            return
        try:
            sequence = osc52(text, os.environ)
        except TooMuch as error:
            program.say(str(error), "warn")
            return
        driver = program._driver  # noqa: SLF001
        if driver is not None and not program.is_headless:
            driver.write(sequence)
        program.say(f"copied {what or clean(text, 60)}, if this terminal allows it")

    def save(self, title: str, ending: str, lines: Iterable[str], what: str) -> None:
        """Write a text to a new file, named after what it is and the time, in the current folder or, where that takes none, at home;
        ``what`` it is says the answer."""
        program, write = self._program, self._program.settings.save
        if write is None:
            program.say("this console cannot write files", "warn")
            return
        moment = program.moment()
        path = Path(f"{title.replace(' ', '-').replace('/', '-')}-{moment.now.astimezone(moment.zone):%Y%m%d-%H%M%S}.{ending}")
        start(program, self._write, write, path, list(lines), what, group="save")

    async def _write(self, write: Callable[[Path, Sequence[str]], Path], path: Path, lines: Sequence[str], what: str) -> None:
        try:
            written = await asyncio.to_thread(_write_somewhere, write, path, lines)
        except StorageError as error:
            self._program.say(str(error), "warn")
        else:
            self._program.say(f"{what} are in {written}")

    def link(self, address: str, what: str = "") -> None:
        """Open an address on the desktop; where there is none, over SSH for one, show and copy it."""
        program, argv = self._program, browser(os.environ)
        if not is_address(address):
            program.say(f"no address of {what or 'it'} is known" if not address else "this is no address of the web", "warn")
        elif not argv or program.is_headless:
            program.copy(address, address)
        else:
            program.say(f"opening {address}")
            start(program, self._browse, argv, address, group="browse")

    async def _browse(self, argv: Sequence[str], address: str) -> None:
        ran = await asyncio.to_thread(run, (*argv, address), environ=os.environ, folder=Path.home())
        if ran.problem:
            self._program.say(f"{ran.problem}; {address}", "warn")


async def _ran(argv: Sequence[str], variables: Mapping[str, str]) -> tuple[int | None, str]:
    """What a program ended with, None where it could not be started, and that in words."""
    name = clean(Path(argv[0]).name, 60)
    try:
        code = await _run(argv, variables)
    except OSError as error:
        return None, f"{name} cannot be started: {error.strerror or error}"
    return code, f"{name} ended with {code}" if code >= 0 else f"{name} was ended by signal {-code}"


async def _run(argv: Sequence[str], variables: Mapping[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(*argv, env={**child_environment(os.environ), **variables})
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()


async def _read(question: str) -> None:
    """Wait until enter was pressed, without a thread that would hold up leaving."""
    loop, pressed, keyboard = asyncio.get_running_loop(), asyncio.Event(), sys.__stdin__
    if keyboard is None:
        return
    print(f"\n{question}", end="", file=sys.__stdout__, flush=True)
    loop.add_reader(keyboard.fileno(), pressed.set)
    try:
        await pressed.wait()
        os.read(keyboard.fileno(), 1024)
    finally:
        loop.remove_reader(keyboard.fileno())


@contextmanager
def _lent(program: Console) -> Iterator[None]:
    """The terminal belongs to somebody else inside: nothing is written to it, and the keyboard's signals are not ours."""
    driver: Any = program._driver  # noqa: SLF001
    old = {number: signal.signal(number, lambda *_: None) for number in HELD}
    wrong: Exception | None = None
    try:
        with program.suspend():
            driver.silent = True
            try:
                yield
            except Exception as error:  # noqa: BLE001 - Textual takes the terminal back only where nothing is raised
                wrong = error
            finally:
                driver.silent = False
        if wrong is not None:
            raise wrong
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
