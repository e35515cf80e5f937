"""Textual's terminal driver, asking for clicks and the wheel but not for every movement of the mouse.

A pointer that crosses the screen would otherwise send hundreds of reports over a slow link, each of them an event for nothing.
"""

from __future__ import annotations

import sys
from typing import Any

from textual.driver import Driver


def quiet_driver() -> type[Driver] | None:
    """The driver class to use; None leaves the choice to Textual (Windows)."""
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class QuietDriver(LinuxDriver):
        """Buttons and wheel, in the form that can tell columns beyond 223."""

        def _enable_mouse_support(self) -> None:
            if self._mouse:
                self.write("\x1b[?1000h\x1b[?1006h")
                self.flush()

        def _sigcont_application(self, *_: Any) -> None:
            """After SIGSTOP, which nobody is told of, everything is still on. Begun again on top of that, the keyboard protocol would
            be on twice, two threads would read the keys, and the raw settings would be taken for the terminal's own."""
            if self._writer_thread is None or not self._app.is_running:
                return
            if not self._must_signal_resume:
                self.suspend_application_mode()
                self._must_signal_resume = True
            super()._sigcont_application()

    return QuietDriver
