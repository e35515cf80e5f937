"""Three loopback ports, one server: sockets, start, stop, and the two ways to run it (this process, or a thread of a test)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tui.emulator import websocket
from tui.emulator.control import Control
from tui.emulator.faults import Fault, Faults, Lines, faulty
from tui.emulator.options import PLATFORMS, Options
from tui.emulator.platforms import Platforms
from tui.emulator.surface import PREFIX, Surface
from tui.emulator.world import World

T = TypeVar("T")
HOST = "127.0.0.1"


class Site:
    """Everything that one emulator serves, as one ASGI application that tells the platforms apart by the port."""

    def __init__(self, options: Options) -> None:
        self.world = World(options)
        self.platforms = Platforms(self.world)
        self.lines = Lines()
        faults = Faults()
        for spec in self.world.scenario.faults:
            rule = {name: getattr(spec, name) for name in ("kind", "platform", "path", "method", "status", "seconds", "count")}
            faults.add(Fault(**rule))
        self.control = Control(self.world, self.platforms, faults, self.lines)
        self._control_app = Surface(self.control).app()
        self._apps = {name: faulty(app, name, faults, self.lines) for name, app in self.platforms.apps().items()}
        self._ports: dict[int, str] = {}
        self.world.tick()

    def bound(self, ports: dict[str, int]) -> dict[str, Any]:
        """Tell which platform has which port; the announcement."""
        self._ports = {port: name for name, port in ports.items()}
        return self.platforms.info({name: f"http://{HOST}:{port}" for name, port in ports.items()})

    def platform(self, name: str) -> ASGIApp:
        """One platform's application without sockets, with time and control but without ports."""

        async def alone(scope: Scope, receive: Receive, send: Send) -> None:
            await self._serve(name, scope, receive, send)

        return alone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(self._ports[scope["server"][1]], scope, receive, send)

    async def _serve(self, platform: str, scope: Scope, receive: Receive, send: Send) -> None:
        self.world.tick()
        if scope["type"] == "websocket":
            await self.platforms.socket(platform)(scope, receive, send)
            return
        date = formatdate(self.world.now(), usegmt=True).encode()

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        app = self._control_app if scope["path"].startswith(PREFIX + "/") else self._apps[platform]
        await app(scope, receive, dated)


def _protocol(lines: Lines) -> type[H11Protocol]:
    """uvicorn's protocol, with its connections written down."""

    class Line(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
            super().connection_made(transport)
            lines.opened(self.client, transport)

        def connection_lost(self, exc: Exception | None) -> None:
            lines.closed(self.client)
            super().connection_lost(exc)

    return Line


def _sockets(port_base: int) -> list[socket.socket]:
    """Three bound sockets. Raises ``OSError`` where a port is taken."""
    made: list[socket.socket] = []
    try:
        for offset in range(len(PLATFORMS)):
            # Named as TCP, or asyncio leaves Nagle's algorithm on and every reply on a kept connection takes 40 ms.
            one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            made.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((HOST, port_base + offset if port_base else 0))
    except OSError:
        for one in made:
            one.close()
        raise
    return made


@asynccontextmanager
async def serving(options: Options) -> AsyncIterator[tuple[Site, dict[str, Any]]]:
    """Serve inside this event loop: the site and the announcement. Leaving resets what is still open."""
    site = Site(options)
    sockets = _sockets(options.port_base)
    info = site.bound({name: one.getsockname()[1] for name, one in zip(PLATFORMS, sockets, strict=True)})
    config = uvicorn.Config(
        site,
        http=_protocol(site.lines),
        ws=websocket.protocol(site.lines.opened, site.lines.closed),
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=512,
        timeout_keep_alive=75,  # as the proxies before real platforms have it
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets)
    try:
        yield site, info
    finally:
        for listener in server.servers:
            listener.close()
        site.lines.reset_all()
        tasks = tuple(server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def serve(options: Options, announce: Callable[[dict[str, Any]], None]) -> None:
    """Serve until SIGTERM, SIGINT or, with ``until_eof``, the end of standard input. ``announce`` is called once all ports listen."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    async with serving(options) as (_, info):
        if options.until_eof:
            threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
        announce(info)
        await stop.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


class Emulator:
    """A running emulator in a thread of this process. ``info`` is the announcement; ``do`` reaches everything else."""

    def __init__(self, options: Options) -> None:
        self.info: dict[str, Any] = {}
        self._options = options
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._control: Control | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._main())
        except BaseException as failure:  # noqa: BLE001  # handed to whoever started the thread
            self._failure = failure
        finally:
            self._loop.close()
            self._ready.set()

    async def _main(self) -> None:
        async with serving(self._options) as (site, self.info):
            self._control = site.control
            self._ready.set()
            await self._stop.wait()

    def do(self, act: Callable[[Control], T]) -> T:
        """Call ``act`` with the control, in the server's thread: ``emulator.do(lambda c: c.advance(30))``."""
        control = self._control
        assert control is not None  # noqa: S101  # set before the constructor returns

        async def acted() -> T:
            control.world.tick()
            return act(control)

        return asyncio.run_coroutine_threadsafe(acted(), self._loop).result(timeout=30)

    def stop(self) -> None:
        """End it and wait for its end; a second call does nothing."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=10)

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
