"""What the tests of the transport and the sign-ins share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tui.clock import ManualClock
from tui.platforms.http import Transport

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

Make = Callable[..., Transport]


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}:
            monkeypatch.delenv(name)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def make(clock: ManualClock) -> AsyncIterator[Make]:
    """Makes transports of a connection named ``fleet`` and closes them at the end."""
    made: list[Transport] = []

    def transport(base_url: str, credentials: Any = None, **options: Any) -> Transport:
        one = Transport(connection="fleet", base_url=base_url, credentials=credentials, clock=options.pop("clock", clock), **options)
        made.append(one)
        return one

    yield transport
    for one in made:
        await one.aclose()
