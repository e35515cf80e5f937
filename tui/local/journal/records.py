"""What the journal hands out and what it is given, and how both look as rows. No SQL and no files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from tui.model import Kind, Ref, Verb
from tui.text import clean

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Seen(Protocol):
    """Something that was seen to happen, as it is given to the journal. ``ref`` is ``connection/kind/id``, or a connection's name."""

    @property
    def what(self) -> str: ...
    @property
    def ref(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def name(self) -> str: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def platform_at(self) -> datetime | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was seen to happen, as the journal has it. ``what`` is the word it was recorded with, or ``note``; ``at`` is
    when it was seen, ``platform_at`` when the platform says it was; ``seconds`` is a phase's duration."""

    id: int = 0
    what: str
    ref: str
    at: datetime
    name: str = ""
    before: str = ""
    after: str = ""
    platform_at: datetime | None = None
    seconds: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A verb that was about to be sent, and what became of it.

    ``kind`` is what it changes (a variable, while ``ref`` is its service); ``outcome`` is empty while no answer came, ``alive``
    then tells whether the console that sent it still runs and may yet hear. ``open`` means that the same verb is not to be sent again
    without an override. ``caused`` is the ref of what it made, if that is known.
    """

    id: int
    ref: Ref
    kind: Kind
    verb: Verb
    at: datetime
    name: str = ""
    request: str = ""
    who: str = ""
    reason: str = ""
    open: bool = False
    outcome: str = ""
    text: str = ""
    caused: str = ""
    alive: bool = False


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970. A naive time is refused with ``ValueError``: it would be off by hours."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be kept")
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """Aware UTC; what no calendar has becomes 1970."""
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return _EPOCH


def kept(text: str, limit: int = 2000) -> str:
    """Text as it may enter the journal: short, cleaned, encodable."""
    return str(clean(text, limit, lines=True))


def split_ref(ref: str) -> tuple[str, str, str]:
    """(connection, kind, id); what is no reference counts as a connection's name."""
    parts = ref.split("/", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (ref, "", "")


def event_row(event: Seen, context: str, scrub: Callable[[str], str]) -> tuple[Any, ...]:
    """The values of ``INSERT_EVENT``; ``scrub`` takes known secrets out of free text."""
    connection, kind, thing = split_ref(event.ref)
    platform_at = None if event.platform_at is None else to_ms(event.platform_at)
    words = (event.name, event.before, event.after)
    return (
        context,
        to_ms(event.at),
        platform_at,
        kept(event.what, 40),
        *(kept(each, 512) for each in (connection, kind, thing, *words)),
        event.seconds,
        kept(scrub(event.text)),
    )


EVENT_COLUMNS: Final = "context, seen, platform_at, what, connection, kind, thing, name, before, after, seconds, text"
INSERT_EVENT: Final = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 - our own column names

_UNLESS: Final = f"""
    INSERT INTO events ({EVENT_COLUMNS}) SELECT {", ".join(f"?{number}" for number in range(1, 13))} WHERE NOT EXISTS
    (SELECT 1 FROM events WHERE context = ?1 AND connection = ?5 AND kind = ?6 AND thing = ?7 AND
"""  # noqa: S608 - our own column names
INSERT_UNLESS_SEEN: Final = (
    f"{_UNLESS} what = ?4 AND name = ?8 AND before = ?9 AND after = ?10 AND seen BETWEEN ?2 - 300000 AND ?2 + 300000)"
)
"""Unless another console has written the same at about the same time."""
_ONCE: Final[Mapping[str, str]] = {
    "phase": f"{_UNLESS} what = 'phase' AND name = ?8 AND seconds IS ?11)",
    "said": f"{_UNLESS} what = 'said' AND before = ?9)",
    "found": f"{_UNLESS} after = ?10 AND seen >= ?3 AND what IN ('found', 'transition', 'appeared'))",
}
"""What a platform tells anew at every first look: a phase ends once, and a state that was seen since needs no telling."""


def insert(event: Seen, *, twice: bool) -> str:
    """How an event is written; ``twice`` says that another console may have written it."""
    return _ONCE.get(event.what) or (INSERT_UNLESS_SEEN if twice else INSERT_EVENT)


def entry(row: Sequence[Any]) -> Entry:
    """An entry of ``id`` and ``EVENT_COLUMNS``."""
    number, _, seen, platform_at, what, connection, kind, thing, name, before, after, seconds, text = row
    return Entry(
        id=number,
        what=what,
        ref=f"{connection}/{kind}/{thing}" if kind else connection,
        at=from_ms(seen),
        name=name,
        before=before,
        after=after,
        platform_at=None if platform_at is None else from_ms(platform_at),
        seconds=seconds,
        text=text,
    )


INTENT_COLUMNS: Final = "id, connection, kind, thing, changes, verb, at, name, request, who, reason, open, outcome, text, caused, owner"


def intent(row: Sequence[Any], *, alive: bool) -> Intent:
    """An intent of ``INTENT_COLUMNS``."""
    number, connection, kind, thing, changes, verb, at, name, request, who, reason, is_open, outcome, text, caused, _ = row
    return Intent(
        id=number,
        ref=Ref(connection=connection, kind=Kind(kind), id=thing),
        kind=Kind(changes),
        verb=Verb(verb),
        at=from_ms(at),
        name=name,
        request=request,
        who=who,
        reason=reason,
        open=bool(is_open),
        outcome=outcome,
        text=text,
        caused=caused,
        alive=alive,
    )
