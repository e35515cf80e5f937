"""What a column and a table are. No kind is named here but for the joins of a moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from tui.engine.recall.usual import Usual
from tui.model import Deployment, Health, Kind, Ref, Resource, Service, Tone
from tui.tables.words import FULL, NOTHING, age

R = TypeVar("R", bound=Resource)
_PIECES: Final = re.compile(r"\d{1,18}|[^\W\d_]+")


def when(at: datetime | None) -> float:
    """A time as a sort key; what has none is the oldest."""
    return at.timestamp() if at else 0.0


def versioned(text: str) -> tuple[tuple[int, int, str], ...]:
    """A version as a sort key: 3.9 is before 3.12, and 3.12-rc1 before 3.12."""
    pieces = _PIECES.findall(text.casefold().removeprefix("v"))
    return (*((1, int(each), "") if each.isdecimal() else (-1, 0, each) for each in pieces), (0, 0, ""))


class Lookup(Protocol):
    """What a column may ask for beside its own record; the Store is one."""

    def rows(self, kind: Kind) -> tuple[Resource, ...]: ...

    def get(self, ref: Ref) -> Resource | None: ...


@dataclass(slots=True, kw_only=True)
class Moment:
    """The moment a table is drawn at: the wall time (aware UTC), what else is known, and the reader's time zone; ``full`` are the
    shares of a load that are worth a warning and an alarm; ``usual`` says how long an (app, environment, phase) usually takes, None
    where nobody can say; ``read`` when a thing was last read, None where that is as good as now."""

    now: datetime
    store: Lookup
    zone: tzinfo | None = None
    full: tuple[float, float] = FULL
    usual: Callable[[tuple[str, str, str]], Usual | None] | None = None
    read: Callable[[Ref], datetime | None] | None = None
    _deployments: dict[tuple[str, str], Deployment] | None = field(default=None, repr=False)

    def known(self, row: Resource) -> datetime:
        """Until when anything is known of this row: what was going on then lasted that long, and may be over since."""
        return (self.read(row.ref) if self.read is not None else None) or self.now

    def old(self, row: Resource) -> bool:
        """Whether this row may be otherwise by now."""
        return self.known(row) < self.now

    def since(self, at: datetime | None) -> float | None:
        """Seconds from ``at`` to now, never negative; None if there is no ``at``."""
        return None if at is None else max(0.0, (self.now - at).total_seconds())

    def ago(self, at: datetime | None) -> str:
        seconds = self.since(at)
        return NOTHING if seconds is None else age(seconds)

    def local(self, at: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """A time as the reader's wall clock has it."""
        return at.astimezone(self.zone).strftime(form)

    def name_of(self, connection: str, kind: Kind, id_: str) -> str:
        """The name of a thing that a record only gives the id of; the id itself where nothing is known of it."""
        found = self.store.get(Ref(connection=connection, kind=kind, id=id_)) if id_ else None
        return str(found.name or id_) if found is not None else id_

    def deployment_of(self, service: Service) -> Deployment | None:
        """What is put out of a service: the deployment that it names, None if that is not listed; else the newest that names it."""
        if not service.deployment:
            return self._newest(service.ref, service.ref.id, service.name)
        named = self.store.get(Ref(connection=service.ref.connection, kind=Kind.DEPLOYMENT, id=service.deployment))
        return named if isinstance(named, Deployment) else self._newest(service.ref, service.deployment)

    def last_deployment(self, service: Service) -> Deployment | None:
        """The newest deployment of a service, whether it was put out, is going on or failed; None where the one that was put out is not
        listed, and nothing tells of another one since."""
        out, newest = self.deployment_of(service), self._newest(service.ref, service.ref.id, service.name)
        if out is None and newest is not None and newest.health not in {Health.BAD, Health.BUSY}:
            return None  # an older one went well: that says nothing of what was put out
        return max(filter(None, (out, newest)), key=lambda each: when(each.created_at), default=None)

    def _newest(self, of: Ref, *names: str) -> Deployment | None:
        """The newest of the first of these ids and names that there is one of. The index is built once a moment."""
        if self._deployments is None:
            newest: dict[tuple[str, str], Deployment] = {}
            for each in self.store.rows(Kind.DEPLOYMENT):
                if isinstance(each, Deployment):
                    key = (each.ref.connection, str(each.service or each.name))
                    before = newest.get(key)
                    if before is None or when(each.created_at) > when(before.created_at):
                        newest[key] = each
            self._deployments = newest
        return next(filter(None, (self._deployments.get((of.connection, str(each))) for each in names)), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a cell with one meaning; tone None is ordinary text."""

    text: str
    tone: Tone | None = None


Counts = Literal["", "ago", "seconds", "bytes", "share", "version"]
Cell = tuple[Span, ...]
Shown = str | Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """One column. ``low`` and ``high`` bound its width in cells; ``rank`` 0 always stays and the highest goes first when the
    screen is narrow; ``ages`` says that its text changes by the passing of time alone, ``looks_up`` that another record can change it;
    ``order`` is what it sorts by, and ``counts`` what that is a number of: seconds ago, seconds,
    bytes, a share of one; or that it is a version."""

    id: str
    title: str
    show: Callable[[R, Moment], Shown]
    low: int
    high: int
    rank: int = 0
    tone: Callable[[R, Moment], Tone | None] | None = None
    order: Callable[[R, Moment], Any] | None = None
    right: bool = False
    ages: bool = False
    counts: Counts = ""
    looks_up: bool = False

    def cell(self, row: R, moment: Moment) -> Cell:
        """The cell of a row as pieces."""
        shown = self.show(row, moment)
        if isinstance(shown, str):
            return (Span(shown, self.tone(row, moment) if self.tone else None),)
        return shown

    def key(self, row: R, moment: Moment) -> Any:
        """What a list is sorted by when this column was chosen: a value where there is one, else what is shown."""
        return self.order(row, moment) if self.order is not None else self.text(row, moment).casefold()

    def text(self, row: R, moment: Moment) -> str:
        """The cell of a row as plain text: for filters, for lists saved to a file."""
        return "".join(each.text for each in self.cell(row, moment))


@dataclass(frozen=True, slots=True)
class Sort:
    """A column's id, and whether its greatest comes first."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[R]):
    """How a kind is listed. ``order`` is the sort key a list has before anybody chose another."""

    kind: Kind
    title: str
    columns: tuple[Column[R], ...]
    order: Callable[[R, Moment], Any]

    def sorted(self, rows: Iterable[R], moment: Moment, by: Sort | None = None) -> list[R]:
        """The rows in order; ``by`` a column, those that are equal there as always, those that have nothing there last."""
        ordered = sorted(rows, key=lambda row: self.order(row, moment))
        column = next((each for each in self.columns if by is not None and each.id == by.column), None)
        if by is None or column is None:
            return ordered
        empty = [row for row in ordered if column.text(row, moment) == NOTHING]
        full = [row for row in ordered if column.text(row, moment) != NOTHING] if empty else ordered
        return sorted(full, key=lambda row: column.key(row, moment), reverse=by.descending) + empty


def fit(columns: Sequence[Column[Any]], width: int, content: Mapping[str, int], *, gap: int = 2) -> dict[str, int]:
    """Which columns are shown in ``width`` cells, and how wide: column id -> cells, in order; for lists printed without a screen.

    ``content`` is the widest text of each column; a column never gets more than that or its ``high``. Columns leave by rank,
    highest first; what is left over goes to the columns that could use it, in order of rank. Rank 0 columns stay, cut if need be.
    """
    shown = list(columns)

    def least() -> int:
        return sum(max(each.low, 1) for each in shown) + gap * max(0, len(shown) - 1)

    for each in sorted(columns, key=lambda column: -column.rank):
        if least() <= width or each.rank == 0:
            break
        shown.remove(each)
    result = {each.id: each.low for each in shown}
    spare = width - least()
    for each in sorted(shown, key=lambda column: column.rank):
        wish = max(each.low, len(each.title), min(each.high, content.get(each.id, each.low)))
        more = max(0, min(spare, wish - each.low))
        result[each.id] += more
        spare -= more
    return result
