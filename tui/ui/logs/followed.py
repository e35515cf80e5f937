"""The logs that are followed together: which, under which names, how each stream is. Lines go to whoever was given; no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from tui.engine.resume import Entry
from tui.engine.session import Session
from tui.engine.stream import StreamState
from tui.engine.streams import LogFollow
from tui.model import Health, Kind, LogLine, Ref, Service
from tui.tables import Moment, age, attention
from tui.ui.notices import next_try
from tui.ui.widgets.log_fields import time_of

TAIL: Final = 200
"""Lines that a newly followed log begins with."""

AWAY: Final = frozenset({"reconnecting", "ended", "unsupported"})
"""Words of a stream that is not there; whoever asks for its log again wants it now."""
SILENT: Final = dict.fromkeys(("ok", "idle"), "No lines so far: what is written from now on appears here.") | {
    "busy": "Asking for its last lines…"
}
"""What stands in place of lines, by the tone of the streams; what is wrong with them is said there once more, in full."""
OLDER: Final = 20_000
"""Lines that are asked for at most when somebody looks further back."""


class Followed:
    """Some logs. ``heard`` gets each batch with its source; an empty one says that a stream's state is another."""

    def __init__(self, session: Session, heard: Callable[[Ref, Sequence[Entry]], object]) -> None:
        self._session = session
        self._heard = heard
        self._open: dict[Ref, LogFollow] = {}
        self._called: dict[Ref, str] = {}

    @property
    def refs(self) -> tuple[Ref, ...]:
        return tuple(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def follow(self, refs: Sequence[Ref]) -> None:
        """Follow these and no others. What is followed already goes on, or begins again now where it has ended or waits."""
        for gone in [ref for ref in self._open if ref not in refs]:
            self._open.pop(gone).close()
        for ref in refs:
            if ref in self._open:
                if self._open[ref].state.word in AWAY:
                    self._open[ref].retry()
            else:
                self._open[ref] = self._session.follow(ref, tail=TAIL)
                self._listen(ref, self._open[ref])

    def _listen(self, ref: Ref, following: LogFollow) -> None:
        def told(batch: Sequence[Entry]) -> None:
            if self._open.get(ref) is following:
                self._heard(ref, batch)

        following.listen(told)
        if len(following.lines):
            self._heard(ref, tuple(following.lines))

    def close(self) -> None:
        """Follow nothing any more."""
        self.follow(())

    def names(self) -> dict[Ref, str]:
        """A short name for each: its own, with its connection where two are called alike."""
        known = {ref: self._session.store.get(ref) for ref in self._open}
        # What is gone is called as it was.
        self._called = {ref: str(row.name or ref.id) if row is not None else self._called.get(ref, ref.id) for ref, row in known.items()}
        names = dict(self._called)
        names |= {ref: f"build of {name}" for ref, name in names.items() if ref.kind is Kind.DEPLOYMENT}
        alike = Counter(names.values())
        return {ref: name if alike[name] == 1 else f"{name}@{ref.connection}" for ref, name in names.items()}

    async def older(self, ref: Ref, since: datetime | None, before: datetime | None) -> list[LogLine]:
        """The lines of a log from ``since`` (None: as many as the server gives) that are older than ``before``, oldest first. Raises
        ``errors.RollwatchError``. A server that cannot begin at a time gives its last lines; the older ones among them are used."""
        found: list[tuple[datetime, int, LogLine]] = []
        async for batch in self._session.log(ref, tail=OLDER, since=since):
            for line in map(timed, batch):
                at = line.at
                if at is not None and (since is None or at >= since) and (before is None or at < before):
                    found.append((at, len(found), line))
        return [line for _, _, line in sorted(found)[-OLDER:]]

    # How they are ------------------------------------------------------------------------------------------------------------

    def state(self) -> tuple[str, str]:
        """How the streams are, in a few words with a tone: of several the one that is worst off is named."""
        boot = self._session.clock.boot()
        states = {ref: following.state for ref, following in self._open.items()}
        if not states:
            return "", "muted"
        worst = max(states, key=lambda ref: _WORSE.index(states[ref].word))
        if len(states) == 1:
            return _words(states[worst], boot)
        live = sum(state.word in {"live", "quiet"} for state in states.values())
        if live == len(states):
            quiet = all(state.word == "quiet" for state in states.values())
            return (f"○ {live} connected, all quiet", "idle") if quiet else (f"● {live} live", "ok")
        said, tone = _words(states[worst], boot)
        return f"● {live} of {len(states)} live · {self.names()[worst]}: {said}", tone


_WORSE: Final = ("quiet", "live", "connecting", "unsupported", "reconnecting", "ended")


def _words(state: StreamState, boot: float) -> tuple[str, str]:
    match state.word:
        case "live":
            return "● live", "ok"
        case "quiet":
            return f"○ connected, quiet for {age(boot - state.since)}", "idle"
        case "connecting":
            return "◐ connecting…", "busy"
        case "reconnecting":
            tries = next_try(state.next_try, boot)
            return " · ".join(piece for piece in ("▲ reconnecting", state.reason, tries) if piece), "warn"
        case "unsupported":
            return f"✗ no log here: {state.reason}", "muted"
    return f"✗ ended: {state.reason}", "bad"


def timed(line: LogLine) -> LogLine:
    """The line with the time that its own text tells, where the platform gave none."""
    if line.at is not None:
        return line
    at = time_of(line.text)
    return line if at is None else replace(line, at=at)


def deployed_at(ref: Ref, moment: Moment) -> datetime | None:
    """When the service was deployed last, as far as is known."""
    row = moment.store.get(ref)
    if not isinstance(row, Service):
        return None
    deployment = moment.deployment_of(row)
    return row.deployed_at or (deployment and (deployment.finished_at or deployment.updated_at or deployment.created_at)) or None


def worst(session: Session) -> Ref | None:
    """The service that is worst off of those that run."""
    services = [row for row in session.store.rows(Kind.SERVICE) if row.health is not Health.IDLE]
    return min(services, key=attention).ref if services else None
