"""The door: what must be true of the process before anything heavy is imported, then the command line.

``python -m tui`` and ``rollwatch`` are the same. Nothing here may import more than the standard library.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterable, MutableMapping
from types import ModuleType
from typing import Any, Final

KEPT: Final = frozenset({"TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_DISABLE_KITTY_KEY", "TEXTUAL_SPEEDUPS", "TEXTUAL_ALLOW_SIGNALS"})
"""Settings of the screen library that a user may have a reason for. Its developer switches are not among them: they open a
connection that any local user may listen to, press keys or write pictures of the screen."""

LATER: Final = ("httpx", "httpcore")
"""Modules that are large and not used before something is asked of a platform."""


def prepare(environ: MutableMapping[str, str]) -> None:
    """Settings that are read once, when the screen library is imported, and so must stand before that."""
    for name in [name for name in environ if name.startswith("TEXTUAL") and name not in KEPT]:
        del environ[name]
    environ["TEXTUAL_ANIMATIONS"] = "none"
    environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    if "SSH_CONNECTION" in environ:
        # A slow link delivers an arrow key in pieces; waiting longer keeps it one key instead of an escape and letters.
        environ.setdefault("ESCDELAY", "500")
        environ.setdefault("TEXTUAL_FPS", "30")


class Later(ModuleType):
    """A module that is loaded when something of it is first asked for. (The standard library's loader of this kind already loads when
    the module is imported a second time.)

    ``held`` is one lock for all of them: a thread that asks while another loads waits for the whole of it, and two modules that need
    each other cannot wait for each other.
    """

    held: threading.RLock
    loading: bool

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if name.startswith("__") or spec is None or spec.loader is None:
            raise AttributeError(name)
        with self.held:
            if self.__class__ is Later:
                if self.loading:
                    raise AttributeError(name)  # its own code asks for what it has not come to yet
                self.loading = True
                try:
                    spec.loader.exec_module(self)
                finally:
                    self.loading = False
                self.__class__ = ModuleType  # type: ignore[assignment]
        return getattr(self, name)


def later(names: Iterable[str]) -> None:
    """Load these modules when they are first used: a third of a start would be the HTTP client, which nothing needs before the first
    paint."""
    held = threading.RLock()
    for name in names:
        spec = None if name in sys.modules else importlib.util.find_spec(name)
        if spec is not None:
            module = importlib.util.module_from_spec(spec)
            module.__dict__.update(held=held, loading=False)
            module.__class__ = Later
            sys.modules[name] = module


def open_streams() -> None:
    """Whoever started us may have closed a standard stream. The next file that is opened would get its number, and what is printed would
    be written into the journal; and nobody who asks whether a terminal is there expects that there is no stream to ask."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def harden() -> None:
    """A core dump would hold every token."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """The console script. Ends the process with the command's exit code."""
    open_streams()
    prepare(os.environ)
    harden()
    later(LATER)
    from tui.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
