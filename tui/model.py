"""The nouns: what the platforms have, as frozen records, and what one sees of it.

Times are aware UTC ``datetime``; every text field has passed ``text.clean``. Nothing here knows a platform's wire format,
a colour or a widget; a new noun needs a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from tui.text import Safe, Secret

EMPTY: Final = Safe("")


class Kind(StrEnum):
    """What a thing is; the value is the word used in refs, on the command line and in JSON."""

    APPLICATION = "application"
    ENVIRONMENT = "environment"
    DEPLOYMENT = "deployment"
    SERVICE = "service"
    INSTANCE = "instance"
    ROUTE = "route"
    PROJECT = "project"
    VARIABLE = "variable"
    WEBHOOK = "webhook"
    ROLLOUT = "rollout"


PRIVATE: Final = frozenset({Kind.VARIABLE, Kind.WEBHOOK})
"""Kinds of which nothing is written down or given to a program: a variable's very name may be telling, a webhook's is an address that may
be a secret."""


class Verb(StrEnum):
    """What can be done to a thing; the value is the word of ``rollwatch do``."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SET = "set"
    TRIGGER = "trigger"
    ADOPT = "adopt"


class Health(StrEnum):
    """How a thing is, in our words. ``UNKNOWN`` is what we say whenever the platform did not say something we understand."""

    OK = "ok"
    BUSY = "busy"
    WARN = "degraded"
    BAD = "failed"
    IDLE = "idle"
    UNKNOWN = "unknown"


class Tone(StrEnum):
    """The meaning of a colour. A theme gives each a colour; ``tables`` gives each a glyph."""

    OK = "ok"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    IDLE = "idle"
    UNKNOWN = "unknown"
    MUTED = "muted"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ref:
    """The identity of anything: which connection knows it, what it is, and the platform's own id. Written ``connection/kind/id``."""

    connection: str
    kind: Kind
    id: str

    def __hash__(self) -> int:
        # Of the id alone, whose text keeps its own: thousands are looked up for each reply, and few ids stand for two things.
        return hash(self.id)

    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read ``connection/kind/id``; the id may hold slashes. Raises ``ValueError`` with one line that says what is wrong."""
        parts = text.split("/", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is not a reference: write CONNECTION/KIND/ID, for example fleet/service/svc-1")
        try:
            kind = Kind(parts[1])
        except ValueError:
            raise ValueError(f"{parts[1]!r} is not a kind: one of {', '.join(Kind)}") from None
        return cls(connection=parts[0], kind=kind, id=parts[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What every kind has. ``status`` is the platform's own word, empty where it has none; ``raw`` is the reply's JSON text,
    cleaned, with secrets masked, for the detail screen."""

    ref: Ref
    name: Safe
    health: Health = Health.UNKNOWN
    status: Safe = EMPTY
    created_at: datetime | None = None
    updated_at: datetime | None = None
    raw: Safe = field(default=EMPTY, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Resource):
    """An app of Encore (from configuration) or Phase. ``encrypted`` is Phase's ``sseEnabled``: False means that it can only be listed."""

    description: Safe = EMPTY
    encrypted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment(Resource):
    """A stage of an app. ``app`` is the ref of its application; ``type`` the platform's word (dev, staging, prod, custom).

    ``commit`` and ``rollout`` are what is really live there, where its health page tells; ``checks`` are those that fail.
    """

    app: Ref
    app_name: Safe = EMPTY
    type: Safe = EMPTY
    index: int = 0
    commit: Safe = EMPTY
    rollout: Safe = EMPTY
    checks: tuple[Safe, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Resource):
    """One dployr deployment. ``variables`` holds names only, never values."""

    description: Safe = EMPTY
    source: Safe = EMPTY
    type: Safe = EMPTY
    runtime: Safe = EMPTY
    version: Safe = EMPTY
    remote: Safe = EMPTY
    branch: Safe = EMPTY
    commit: Safe = EMPTY
    image: Safe = EMPTY
    build_cmd: Safe = EMPTY
    run_cmd: Safe = EMPTY
    port: int | None = None
    domain: Safe = EMPTY
    service: Safe = EMPTY
    variables: tuple[Safe, ...] = ()
    error: Safe = EMPTY
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Resource):
    """One running (or not) program. Shares are 0..1 of a core set or of the memory limit, None where the platform does not say."""

    type: Safe = EMPTY
    runtime: Safe = EMPTY
    version: Safe = EMPTY
    port: int | None = None
    image: Safe = EMPTY
    project: Safe = EMPTY
    instance: Safe = EMPTY
    deployment: Safe = EMPTY
    deployed_at: datetime | None = None
    cpu_share: float | None = None
    memory_bytes: int | None = None
    restarts: int | None = None
    message: Safe = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Resource):
    """One machine. Shares are 0..1."""

    tag: Safe = EMPTY
    address: Safe = EMPTY
    region: Safe = EMPTY
    role: Safe = EMPTY
    cpu_share: float | None = None
    memory_bytes: int | None = None
    memory_total_bytes: int | None = None
    disk_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Resource):
    """A domain that leads to a port of a service. The name is the domain."""

    domain: Safe = EMPTY
    service: Safe = EMPTY
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Resource):
    """A dployr project."""

    description: Safe = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Resource):
    """An environment variable of a service. The name is its key; the value shows only when a user asks for it."""

    service: Ref
    value: Secret = field(default=Secret(""), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Resource):
    """An outgoing webhook. The name is its URL; its secret is never kept."""

    url: Safe = EMPTY
    events: tuple[Safe, ...] = ()
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One of the three phases of a rollout: ``name`` is build, infra or deploy, the words are the platform's own."""

    name: str
    id: Safe = EMPTY
    status: Safe = EMPTY
    conclusion: Safe = EMPTY
    health: Health = Health.UNKNOWN
    needs_approval: bool = False
    queued_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout(Resource):
    """One Encore rollout. App, environment, ref and author come from our own journal: the platform's reply does not name them.

    ``snapshot`` is set where the server cannot be asked again: the record is what the POST answered and only grows older.
    """

    app: Safe = EMPTY
    environment: Safe = EMPTY
    target: Safe = EMPTY
    by: Safe = EMPTY
    conclusion: Safe = EMPTY
    phases: tuple[Phase, ...] = ()
    queued_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    dashboard: Safe = EMPTY
    snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a log. ``at`` is the platform's time, None where it gave none; ``level`` its word, empty where it gave none;
    ``text`` is cleaned; ``cut`` counts the bytes that the line had beyond what was kept. ``escaped`` is the line as it came, in
    ``text.escape``'s spelling, where cleaning changed it: what was there can be looked at, and colours be read, but not obeyed."""

    at: datetime | None = None
    level: Safe = EMPTY
    source: Safe = EMPTY
    text: Safe = EMPTY
    cut: int = 0
    escaped: Safe = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What the last reply said of the rate budget. ``reset_at`` is aware UTC on our own clock, corrected by the reply's Date."""

    limit: int
    remaining: int
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRollout:
    """A rollout that was triggered or adopted here: what the platform's reply does not say of it. ``snapshot_json`` is the JSON text
    of its last reply, None before the first."""

    id: str
    app: str
    environment: str
    target: str
    by: str
    at: datetime
    snapshot_json: str | None = None


UNDECIDED: Final = frozenset({"", "pending", "unknown"})
"""Conclusions of a rollout or of a phase that say nothing yet."""

TONES: Final[Mapping[Health, Tone]] = {
    Health.OK: Tone.OK,
    Health.BUSY: Tone.BUSY,
    Health.WARN: Tone.WARN,
    Health.BAD: Tone.BAD,
    Health.IDLE: Tone.IDLE,
    Health.UNKNOWN: Tone.UNKNOWN,
}
"""In which tone a state is told."""

SHIPPED: Final = frozenset({Kind.ROLLOUT, Kind.DEPLOYMENT})
"""Kinds of which each is a new attempt at the same place."""

KINDS: Final[Mapping[Kind, type[Resource]]] = {
    Kind.APPLICATION: Application,
    Kind.ENVIRONMENT: Environment,
    Kind.DEPLOYMENT: Deployment,
    Kind.SERVICE: Service,
    Kind.INSTANCE: Instance,
    Kind.ROUTE: Route,
    Kind.PROJECT: Project,
    Kind.VARIABLE: Variable,
    Kind.WEBHOOK: Webhook,
    Kind.ROLLOUT: Rollout,
}
"""Which record describes which kind."""
