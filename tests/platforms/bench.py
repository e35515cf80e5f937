"""An adapter of each platform on a loopback server, ready to be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.platforms.loopback import Answer, Loopback, Seen
from tui.clock import ManualClock
from tui.model import Kind, KnownRollout, Ref
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "t0k3n-of-the-bench"  # no real one


@dataclass
class Memory:
    """A journal's rollouts, in a dict."""

    kept: dict[str, KnownRollout] = field(default_factory=dict)

    def known(self) -> Sequence[KnownRollout]:
        return sorted(self.kept.values(), key=lambda each: each.at, reverse=True)

    def remember(self, rollout: KnownRollout, snapshot: str) -> None:
        old = self.kept.get(rollout.id)
        self.kept[rollout.id] = KnownRollout(
            id=rollout.id,
            app=rollout.app,
            environment=rollout.environment,
            target=rollout.target,
            by=rollout.by,
            at=old.at if old else rollout.at,
            snapshot_json=snapshot,
        )


@dataclass
class Bench:
    """An adapter, the server it talks to, the clock and the memory it has."""

    platform: Any
    server: Loopback
    clock: ManualClock
    memory: Memory

    @property
    def last(self) -> Seen:
        return self.server.seen[-1]

    def sent(self) -> list[tuple[str, str]]:
        return [(each.method, each.target) for each in self.server.seen]

    def ref(self, kind: Kind, id_: str) -> Ref:
        return Ref(connection=self.platform.name, kind=kind, id=id_)

    async def fetch(self, kind: Kind, scope: str = "") -> Any:
        return await self.platform.reads[kind].fetch(scope)


SIGN_INS = {
    "encore": SignIn(client_id="o2c_bench", client_secret=Secret("s3cret of the bench")),
    "dployr": SignIn(token=Secret(TOKEN)),
    "phase": SignIn(token=Secret(TOKEN)),
}
APPS = (AppSpec(id="shop-3p2i", environments=("staging", "prod")),)


def spec(platform: str, url: str, **changes: Any) -> ConnectionSpec:
    wanted = ConnectionSpec(
        name=f"the-{platform}",
        platform=platform,
        base_url=url,
        flavour="documented",
        apps=APPS if platform == "encore" else (),
        operator="ann",
    )
    return replace(wanted, **changes)


@asynccontextmanager
async def bench(
    platform: str, answer: Callable[[Seen], Answer], *, sign_in: SignIn | None = None, memory: Memory | None = None, **changes: Any
) -> AsyncIterator[Bench]:
    memory = memory or Memory()
    clock = ManualClock(NOW)
    async with Loopback(answer) as server:
        path, server.talk = changes.pop("path", ""), changes.pop("talk", None)
        adapter: Platform = open_platform(
            spec(platform, server.url + path, **changes), credentials=sign_in or SIGN_INS[platform], clock=clock, journal_rollouts=memory
        )
        try:
            yield Bench(adapter, server, clock, memory)
        finally:
            await adapter.aclose()
