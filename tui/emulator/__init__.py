"""Encore, dployr and Phase on loopback: stateful, with scenarios and faults, written from the platforms' documents alone.

It imports nothing of the console, so that it can prove the console wrong; and starlette and uvicorn only when it is started.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tui.emulator.options import FLAVOURS, PLATFORMS, Options, read_flavours, read_now, scenarios

if TYPE_CHECKING:
    from tui.emulator.server import Emulator

__all__ = ["FLAVOURS", "PLATFORMS", "Options", "read_flavours", "read_now", "run", "scenarios", "serve", "start_in_thread"]


TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
"""Why nothing can be served at a port; other errors are of what is printed."""


async def serve(options: Options, announce: Callable[[dict[str, Any]], None]) -> None:
    """Serve until stopped; see ``server.serve``. Raises ``OSError`` where a port is taken."""
    from tui.emulator.server import serve as serve_now

    await serve_now(options, announce)


def start_in_thread(options: Options | None = None) -> Emulator:
    """Serve from a thread of this process on real sockets, for tests. Raises ``OSError`` where a port is taken."""
    from tui.emulator.server import Emulator

    return Emulator(options or Options())


def announce_json(info: dict[str, Any]) -> None:
    """Print the announcement as one line."""
    print(json.dumps(info, separators=(",", ":")), flush=True)


def run(options: Options, announce: Callable[[dict[str, Any]], None] = announce_json) -> int:
    """Serve in the foreground until SIGTERM, SIGINT or, if asked for, the end of standard input; the exit code."""
    try:
        asyncio.run(serve(options, announce))
    except OSError as error:
        if error.errno not in TAKEN:
            raise
        ports = f"ports {options.port_base} to {options.port_base + 2}"
        print(f"emulate: {ports}: {error.strerror}: choose another --port-base, or leave it out", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0
