"""The ten tables: which columns each kind has, in which order they leave a narrow screen, and how a list is sorted at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from tui.model import (
    Application,
    Deployment,
    Environment,
    Instance,
    Kind,
    Project,
    Rollout,
    Route,
    Service,
    Tone,
    Variable,
    Webhook,
)
from tui.tables.cells import (
    code,
    health,
    last_deploy,
    last_time,
    lasted,
    lasting,
    needs_approval,
    phase_cell,
    rollout_state,
    rollout_word,
    taken,
    target,
    took,
)
from tui.tables.columns import Column, Moment, R, Shown, Span, Table, versioned, when
from tui.tables.words import NOTHING, attention, load_tone, share, size


def _text(id_: str, title: str, get: Callable[[R], object], *, low: int, high: int, rank: int = 0, right: bool = False) -> Column[R]:
    def show(row: R, moment: Moment) -> Shown:
        value = get(row)
        return (Span(NOTHING, Tone.MUTED),) if value is None or value == "" else str(value)

    def order(row: R, moment: Moment) -> Any:
        value = get(row)
        return (value is None or value == "", value if isinstance(value, int | float) else str(value or "").casefold())

    return Column(id=id_, title=title, show=show, low=low, high=high, rank=rank, right=right, order=order)


def _word(value: bool | None, yes: str, no: str) -> str | None:
    return None if value is None else yes if value else no


def _other(id_: str, title: str, kind: Kind, get: Callable[[R], str], *, rank: int) -> Column[R]:
    """Another thing that the record names by id: its name is shown."""

    def show(row: R, moment: Moment) -> Shown:
        return moment.name_of(row.ref.connection, kind, get(row)) or (Span(NOTHING, Tone.MUTED),)

    return Column(id=id_, title=title, show=show, low=8, high=30, rank=rank, looks_up=True)


def _version(id_: str, title: str, get: Callable[[R], str], *, high: int, rank: int) -> Column[R]:
    made = _text(id_, title, get, low=len(title), high=high, rank=rank)
    return replace(made, order=lambda row, _: versioned(get(row)), counts="version")


def _share(id_: str, title: str, get: Callable[[R], float | None], *, rank: int) -> Column[R]:
    return Column(
        id=id_,
        title=title,
        show=lambda row, _: share(get(row)),
        tone=lambda row, moment: load_tone(get(row), moment.full),
        order=lambda row, _: -1.0 if get(row) is None else get(row),
        low=4,
        high=4,
        rank=rank,
        right=True,
        counts="share",
    )


def _bytes(id_: str, title: str, get: Callable[[R], int | None], *, rank: int) -> Column[R]:
    return Column(
        id=id_,
        title=title,
        show=lambda row, _: size(get(row)),
        tone=lambda row, _: Tone.MUTED if get(row) is None else None,
        order=lambda row, _: -1 if get(row) is None else get(row),
        low=4,
        high=5,
        rank=rank,
        right=True,
        counts="bytes",
    )


def _length(
    id_: str,
    title: str,
    show: Callable[[R, Moment], Shown],
    seconds: Callable[[R, Moment], float | None],
    *,
    low: int,
    high: int,
    rank: int,
) -> Column[R]:
    return Column(
        id=id_,
        title=title,
        show=show,
        order=lambda row, moment: seconds(row, moment) or 0.0,
        low=low,
        high=high,
        rank=rank,
        right=True,
        ages=True,
        counts="seconds",
    )


def _age(id_: str, title: str, get: Callable[[R], datetime | None], *, rank: int, low: int = 4) -> Column[R]:
    return Column(
        id=id_,
        title=title,
        show=lambda row, moment: moment.ago(get(row)),
        tone=lambda row, _: Tone.MUTED if get(row) is None else None,
        order=lambda row, _: -when(get(row)),
        low=low,
        high=max(4, len(title)),
        rank=rank,
        right=True,
        ages=True,
        counts="ago",
    )


def _name(title: str = "NAME", *, high: int = 40, low: int = 12) -> Column[Any]:
    return _text("name", title, lambda row: row.name or row.ref.id, low=low, high=high)


def _on(rank: int) -> Column[Any]:
    return _text("on", "ON", lambda row: row.ref.connection, low=5, high=14, rank=rank)


def _status(rank: int = 1, high: int = 16) -> Column[Any]:
    return _text("status", "STATUS", lambda row: row.status, low=10, high=high, rank=rank)


HEALTH: Final[Column[Any]] = Column(
    id="health", title="HEALTH", show=health, low=10, high=10, order=lambda row, _: (attention(row), str(row.health))
)

APPLICATIONS: Final[Table[Application]] = Table(
    kind=Kind.APPLICATION,
    title="Apps",
    columns=(
        _name(),
        _on(1),
        _text(
            "encrypted",
            "SERVER-SIDE",
            lambda row: _word(row.encrypted, "yes", "no, can only be listed"),
            low=4,
            high=22,
            rank=3,
        ),
        _age("age", "AGE", lambda row: row.created_at, rank=2),
        _text("description", "DESCRIPTION", lambda row: row.description, low=12, high=60, rank=4),
    ),
    order=lambda row, _: (row.name.casefold(), row.ref),
)
ENVIRONMENTS: Final[Table[Environment]] = Table(
    kind=Kind.ENVIRONMENT,
    title="Environments",
    columns=(
        _text("app", "APP", lambda row: row.app_name or row.app.id, low=10, high=30),
        _name(),
        _text("type", "TYPE", lambda row: row.type, low=7, high=12, rank=1),
        _on(2),
        _age("updated", "CHANGED", lambda row: row.updated_at, rank=3),
        _age("age", "AGE", lambda row: row.created_at, rank=4),
    ),
    order=lambda row, _: (row.app_name.casefold(), row.index, row.ref),
)
DEPLOYMENTS: Final[Table[Deployment]] = Table(
    kind=Kind.DEPLOYMENT,
    title="Deployments",
    columns=(
        _name(),
        HEALTH,
        _status(),
        _text("code", "CODE", code, low=10, high=30, rank=3),
        _version("runtime", "RUNTIME", lambda row: f"{row.runtime} {row.version}".strip(), high=16, rank=4),
        _length("took", "TOOK", took, taken, low=5, high=17, rank=5),
        _age("created", "STARTED", lambda row: row.created_at, rank=2),
        _on(6),
        _text("error", "ERROR", lambda row: row.error, low=14, high=60, rank=7),
    ),
    order=lambda row, _: (-when(row.created_at), row.ref),
)
SERVICES: Final[Table[Service]] = Table(
    kind=Kind.SERVICE,
    title="Services",
    columns=(
        _name(),
        HEALTH,
        _status(),
        _version("version", "VERSION", lambda row: row.version, high=12, rank=4),
        _share("cpu", "CPU", lambda row: row.cpu_share, rank=3),
        _bytes("memory", "MEM", lambda row: row.memory_bytes, rank=3),
        Column(
            id="deployed",
            title="LAST DEPLOY",
            show=last_deploy,
            order=lambda row, moment: -when(last_time(row, moment)[1]),
            low=11,
            high=13,
            rank=2,
            ages=True,
            counts="ago",
            looks_up=True,
        ),
        _age("age", "AGE", lambda row: row.created_at, rank=6),
        _text("restarts", "RESTARTS", lambda row: row.restarts, low=8, high=8, rank=8, right=True),
        _on(7),
        _other("instance", "INSTANCE", Kind.INSTANCE, lambda row: row.instance, rank=9),
        _text("message", "MESSAGE", lambda row: row.message, low=16, high=60, rank=10),
    ),
    order=lambda row, _: (attention(row), row.name.casefold(), row.ref),
)
INSTANCES: Final[Table[Instance]] = Table(
    kind=Kind.INSTANCE,
    title="Instances",
    columns=(
        _name(),
        HEALTH,
        _status(),
        _share("cpu", "CPU", lambda row: row.cpu_share, rank=2),
        _bytes("memory", "MEM", lambda row: row.memory_bytes, rank=2),
        _bytes("of", "OF", lambda row: row.memory_total_bytes, rank=5),
        _share("disk", "DISK", lambda row: row.disk_share, rank=3),
        _text("address", "ADDRESS", lambda row: row.address, low=9, high=39, rank=4),
        _text("region", "REGION", lambda row: row.region, low=7, high=14, rank=6),
        _age("age", "AGE", lambda row: row.created_at, rank=7),
        _on(8),
    ),
    order=lambda row, _: (attention(row), row.name.casefold(), row.ref),
)
ROUTES: Final[Table[Route]] = Table(
    kind=Kind.ROUTE,
    title="Routes",
    columns=(
        _text("name", "DOMAIN", lambda row: row.domain or row.name or row.ref.id, low=16, high=60),
        _other("service", "SERVICE", Kind.SERVICE, lambda row: row.service, rank=1),
        _text("port", "PORT", lambda row: row.port, low=5, high=5, rank=2, right=True),
        HEALTH,
        _status(rank=4),
        _age("age", "AGE", lambda row: row.created_at, rank=3),
        _on(5),
    ),
    order=lambda row, _: (row.domain.casefold(), row.ref),
)
PROJECTS: Final[Table[Project]] = Table(
    kind=Kind.PROJECT,
    title="Projects",
    columns=(
        _name(),
        _text("description", "DESCRIPTION", lambda row: row.description, low=12, high=80, rank=1),
        _age("age", "AGE", lambda row: row.created_at, rank=2),
        _on(3),
    ),
    order=lambda row, _: (row.name.casefold(), row.ref),
)
VARIABLES: Final[Table[Variable]] = Table(
    kind=Kind.VARIABLE,
    title="Variables",
    columns=(
        _name("KEY"),
        Column(
            id="value", title="VALUE", show=lambda row, _: "••••••••" if row.value else "empty", low=8, high=8, tone=lambda *_: Tone.MUTED
        ),
        _text("service", "SERVICE", lambda row: row.service.id, low=10, high=30, rank=1),
        _age("updated", "CHANGED", lambda row: row.updated_at, rank=2),
    ),
    order=lambda row, _: (row.service, row.name),
)
WEBHOOKS: Final[Table[Webhook]] = Table(
    kind=Kind.WEBHOOK,
    title="Webhooks",
    columns=(
        _text("name", "URL", lambda row: row.url or row.name or row.ref.id, low=20, high=70),
        _text("events", "EVENTS", lambda row: ", ".join(row.events), low=10, high=50, rank=1),
        _text("enabled", "ENABLED", lambda row: _word(row.enabled, "on", "off"), low=7, high=7, rank=2),
        _age("age", "AGE", lambda row: row.created_at, rank=3),
        _on(4),
    ),
    order=lambda row, _: (row.url, row.ref),
)
ROLLOUTS: Final[Table[Rollout]] = Table(
    kind=Kind.ROLLOUT,
    title="Live rollouts",
    columns=(
        _text("name", "WHERE", lambda row: "/".join(filter(None, (row.app, row.environment))) or row.name or row.ref.id, low=12, high=30),
        _text("target", "WHAT", target, low=9, high=24, rank=1),
        Column(id="state", title="STATE", show=rollout_state, order=lambda row, _: rollout_word(row), low=11, high=16, rank=4),
        Column(id="phases", title="PHASES", show=phase_cell, low=49, high=64, ages=True),
        _length("elapsed", "LASTED", lasting, lasted, low=7, high=64, rank=2),
        _age("queued", "STARTED", lambda row: row.queued_at or row.created_at, rank=5, low=7),
        _text("by", "BY", lambda row: row.by, low=6, high=20, rank=6),
        _on(7),
    ),
    order=lambda row, _: (not needs_approval(row), row.completed_at is not None, -when(row.queued_at or row.created_at), row.ref),
)

TABLES: Final[Mapping[Kind, Table[Any]]] = {
    each.kind: each
    for each in (APPLICATIONS, ENVIRONMENTS, DEPLOYMENTS, SERVICES, INSTANCES, ROUTES, PROJECTS, VARIABLES, WEBHOOKS, ROLLOUTS)
}
"""How each kind is listed."""
