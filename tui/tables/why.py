"""Why a thing is not well, as far as what is known says so: facts in one line, and the things that each was read off.

It states evidence and never a cause; where nothing tells, it says so. Pure functions of a record and a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui.clock import span
from tui.model import Deployment, Health, Instance, Kind, Ref, Resource, Rollout, Service
from tui.tables.cells import code, ended, last_time, lasting_until, rollout_word
from tui.tables.columns import Moment
from tui.tables.words import age, share

WRONG: Final = frozenset({Health.BAD, Health.WARN})
LATELY: Final = 3600.0
"""Seconds for which a deployment is worth naming beside a service that fails."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact, and the thing it was read off where that is another one."""

    text: str
    ref: Ref | None = None


def why(row: Resource, moment: Moment, *, errors: int = 0, last_error: str = "") -> tuple[Evidence, ...]:
    """What is known against a thing, the most telling first; empty for one that is well. ``errors`` were counted in its log, where that
    is followed, and ``last_error`` is the newest of them."""
    if row.health not in WRONG:
        return ()
    find = _FINDERS.get(row.ref.kind)
    found = list(find(row, moment)) if find is not None else []
    if errors:
        found.append(
            Evidence(f"{errors:,} {'error' if errors == 1 else 'errors'} in its log" + (f", the last: {last_error}" if last_error else ""))
        )
    return tuple(found) or (Evidence("nothing that was told says why"),)


def _service(row: Service, moment: Moment) -> Iterator[Evidence]:
    if row.message:
        yield Evidence(str(row.message))
    if row.restarts:
        yield Evidence(f"{row.restarts} {'restart' if row.restarts == 1 else 'restarts'}")
    (last, _), out = last_time(row, moment), moment.deployment_of(row)
    if last is not None and last.health is Health.BAD:
        at, reason = ended(last), f": {last.error}" if last.error else ""
        yield Evidence(f"its last deployment failed{f' {moment.ago(at)} ago' if at else ''}{reason}", last.ref)
    if out is not None and out.health is not Health.BAD and (since := moment.since(ended(out))) is not None and since < LATELY:
        yield Evidence(f"deployed {age(since)} ago ({code(out)})", out.ref)
    if row.cpu_share is not None and row.cpu_share >= moment.full[0]:
        yield Evidence(f"cpu at {share(row.cpu_share)}")
    for host in moment.store.rows(Kind.INSTANCE):
        if isinstance(host, Instance) and host.ref.connection == row.ref.connection and str(row.instance) in {host.ref.id, str(host.name)}:
            yield from (Evidence(f"{host.name}: {each.text}", host.ref) for each in _instance(host, moment))


def _instance(row: Instance, moment: Moment) -> Iterator[Evidence]:
    if row.health in WRONG and row.status:
        yield Evidence(str(row.status))
    memory = row.memory_bytes / row.memory_total_bytes if row.memory_bytes is not None and row.memory_total_bytes else None
    for what, part in (("disk", row.disk_share), ("memory", memory), ("cpu", row.cpu_share)):
        if part is not None and part >= moment.full[0]:
            yield Evidence(f"{what} at {share(part)}")


def _deployment(row: Deployment, moment: Moment) -> Iterator[Evidence]:
    if row.error:
        yield Evidence(str(row.error))
    elif row.status:
        yield Evidence(str(row.status))


def _rollout(row: Rollout, moment: Moment) -> Iterator[Evidence]:
    for phase in row.phases:
        if phase.needs_approval:
            since = _between(phase.queued_at, moment.known(row))
            yield Evidence(f"{phase.name} waits for somebody's approval" + (f" for {span(since)}" if since is not None else ""))
        elif phase.health in WRONG:
            took = _between(phase.started_at, phase.completed_at or lasting_until(row, moment))
            yield Evidence(f"{phase.name}: {phase.conclusion or phase.status}" + (f" after {span(took)}" if took is not None else ""))
    if not any(phase.needs_approval or phase.health in WRONG for phase in row.phases):
        yield Evidence(rollout_word(row))


def _between(begin: Any, end: Any) -> float | None:
    return None if begin is None or end is None else max(0.0, (end - begin).total_seconds())


_FINDERS: Final[Mapping[Kind, Callable[[Any, Moment], Iterator[Evidence]]]] = {
    Kind.SERVICE: _service,
    Kind.INSTANCE: _instance,
    Kind.DEPLOYMENT: _deployment,
    Kind.ROLLOUT: _rollout,
}
