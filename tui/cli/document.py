"""Records as JSON, in the stable shape that scripts rely on. Shapes only: nothing is fetched and nothing is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from tui.cli.remedy import line, of_list
from tui.clock import written
from tui.engine.feeds import ConnectionState
from tui.errors import PlatformError
from tui.model import Kind, RateLimit, Ref, Resource
from tui.text import Secret

VERSION: Final = 1
"""Of our own documents: within one, keys are added and none is renamed, removed or given another meaning."""

KINDS: Final = (
    Kind.APPLICATION,
    Kind.ENVIRONMENT,
    Kind.DEPLOYMENT,
    Kind.SERVICE,
    Kind.INSTANCE,
    Kind.ROUTE,
    Kind.PROJECT,
    Kind.WEBHOOK,
    Kind.ROLLOUT,
)
"""What ``status`` tells of. Variables are not among them: they belong to one service and are read only when asked for."""

_UNSAID: Final = frozenset({"raw"})


def text(made: Any) -> str:
    """JSON in one line, of characters that standard output can carry: in another encoding than UTF-8 they would be no JSON, or lost."""
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return json.dumps(made, ensure_ascii=encoding.lower().replace("-", "") != "utf8")


def time(at: datetime | None) -> str | None:
    """As ``clock.written`` has it; None where there is none."""
    return None if at is None else written(at)


def value(thing: Any) -> Any:
    """Anything a record holds, as JSON has it. A secret is None."""
    if isinstance(thing, Secret):
        return None
    if isinstance(thing, Ref):
        return str(thing)
    if isinstance(thing, datetime):
        return time(thing)
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, tuple):
        return [value(each) for each in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        return {each.name: value(getattr(thing, each.name)) for each in fields(thing) if each.name not in _UNSAID}
    return thing


def resource(row: Resource) -> dict[str, Any]:
    """One record: ``ref``, ``name``, ``health``, ``status`` and its kind's fields; times in ISO 8601, references as text."""
    shown: dict[str, Any] = value(row)
    return shown


def budget(rate: RateLimit | None) -> dict[str, Any] | None:
    """``{"limit", "remaining", "reset_at"}``, None where the server says nothing of a limit."""
    return None if rate is None else {"limit": rate.limit, "remaining": rate.remaining, "reset_at": time(rate.reset_at)}


def error(problem: PlatformError | None) -> dict[str, str] | None:
    """``{"type", "message"}``: what happened, to which connection and what to do next, as the text has it."""
    return None if problem is None else {"type": problem.type, "message": line(problem, of_list)}


def connection(state: ConnectionState) -> dict[str, Any]:
    """One connection as ``status --json`` has it."""
    return {
        "name": state.name,
        "platform": state.platform,
        "flavour": state.flavour,
        "state": state.state,
        "fresh_at": time(state.fetched_at),
        "budget": budget(state.rate),
        "error": error(state.error),
    }


def status(context: str, connections: Iterable[ConnectionState], rows: Mapping[Kind, Iterable[Resource]]) -> dict[str, Any]:
    """The whole of ``status --json``; every kind is there, empty or not."""
    return {
        "context": context,
        "connections": [connection(each) for each in connections],
        "resources": {kind.value: [resource(row) for row in rows.get(kind, ())] for kind in KINDS},
        "version": VERSION,
    }
