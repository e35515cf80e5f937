"""How the console's process is run around its app: what is collected when."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace
from typing import Any

from tests import vloop
from tests.engine.fakes import clock
from tui.cli import console


class Ring:
    """Two of these hold each other."""

    other: Ring | None = None


def ring() -> weakref.ref[Ring]:
    one, two = Ring(), Ring()
    one.other, two.other = two, one
    return weakref.ref(one)


def test_what_is_over_is_collected_once_in_a_while_and_not_while_somebody_types() -> None:
    async def story() -> None:
        app: Any = SimpleNamespace(untouched=0.0)
        gc.disable()
        sweeping = asyncio.create_task(console._sweep(app, clock()))
        try:
            first = ring()
            await asyncio.sleep(console.SWEEP + 60.0)
            assert first() is not None, "a key was just pressed"
            app.untouched = 60.0
            await asyncio.sleep(console.QUIET + 1.0)
            assert first() is None
            second = ring()
            await asyncio.sleep(console.SWEEP / 2)
            assert second() is not None
            await asyncio.sleep(console.SWEEP / 2 + 1.0)
            assert second() is None
        finally:
            sweeping.cancel()
            gc.enable()

    vloop.run(story())
