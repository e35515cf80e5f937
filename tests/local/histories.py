"""Events and clocks for tests of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.local.journal import Entry
from tui.model import Kind, Ref

START = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)
WEB = Ref(connection="fleet", kind=Kind.SERVICE, id="svc/1")


class Wall:
    """A wall clock that is set by hand."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def event(number: int = 0, **fields: Any) -> Entry:
    """A transition of ``WEB``, ``number`` seconds after the start."""
    given: dict[str, Any] = {
        "what": "transition",
        "ref": str(WEB),
        "at": START + timedelta(seconds=number),
        "name": "web-api",
        "before": "ok (running)",
        "after": f"failed ({number})",
    }
    return Entry(**(given | fields))


def afters(entries: Sequence[Entry]) -> list[str]:
    return [each.after for each in entries]
