"""What is live where: apps by environments, which version, how old, by which rollout, and who is behind.

Made from the tree of apps and from what the journal remembers: the last rollout of a place that went well may be long out of the
platform's sight. What runs without a stage, a platform's services, has a column of its own. An environment is behind when another of
the same app runs something newer than it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tui.engine.joins import AppNode, EnvNode, Rowed, stage
from tui.engine.recall.usual import GOOD
from tui.engine.words import short
from tui.model import EMPTY, Deployment, Environment, Health, Kind, Ref, Rollout, Service
from tui.text import Safe

Place = tuple[str, str]
"""An app's id and an environment's name, as rollouts name them."""

NOTHING: Final[Mapping[Place, Rollout]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What one environment of one app runs, or one service. ``name`` is its own; ``version`` a commit, branch or version word; ``by``
    the rollout, deployment or service that says so, ``who`` made it; ``at`` since when, None where nobody says."""

    name: Safe
    version: Safe = EMPTY
    at: datetime | None = None
    by: Ref | None = None
    who: Safe = EMPTY
    health: Health = Health.UNKNOWN
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One app: its cells in the order of the matrix's columns, None where it has no such environment; ``service`` what it runs
    without a stage. A line without ``app`` is a further service of the line above it."""

    app: Safe
    cells: tuple[Live | None, ...]
    service: Live | None = None

    @property
    def told(self) -> tuple[Live, ...]:
        """Everything that it says, from left to right."""
        return tuple(each for each in (*self.cells, self.service) if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Columns are the environments that any app has, in the order in which they are first seen."""

    environments: tuple[Safe, ...]
    lines: tuple[Line, ...]


def places(apps: Iterable[AppNode]) -> frozenset[Place]:
    """Where something may have been rolled out to: what to ask the journal for."""
    return frozenset((each.app.id, str(each.name)) for app in apps for node in app.environments for each in node.environments)


def matrix(apps: Iterable[AppNode], rows: Rowed, remembered: Mapping[Place, Rollout] = NOTHING) -> Matrix:
    """Lay out what is live where. ``rows`` has the services and deployments, ``remembered`` is the journal's last good rollout of a
    place."""
    apps = [app for app in apps if app.environments or app.services]
    columns: dict[str, Safe] = {}
    for app in apps:
        for environment in app.environments:
            columns.setdefault(stage(environment.name), environment.name)
    deployed = _Deployed(rows)
    lines = [line for app in apps for line in _lines(app, tuple(columns), deployed, remembered)]
    placed = {each.ref for app in apps for each in (*app.services, *(one for node in app.environments for one in node.services))}
    loose = sorted(
        (each for each in rows.rows(Kind.SERVICE) if isinstance(each, Service) and each.ref not in placed), key=lambda each: str(each.name)
    )
    lines += [Line(app=each.name, cells=(None,) * len(columns), service=deployed.live(each)) for each in loose]
    return Matrix(environments=tuple(columns.values()), lines=tuple(lines))


def _lines(app: AppNode, columns: Sequence[str], deployed: _Deployed, remembered: Mapping[Place, Rollout]) -> list[Line]:
    services = [deployed.live(each) for each in app.services]
    first = Line(app=app.name, cells=_cells(app, columns, deployed, remembered), service=services[0] if services else None)
    return [first, *(Line(app=EMPTY, cells=(None,) * len(columns), service=each) for each in services[1:])]


def _cells(app: AppNode, columns: Sequence[str], deployed: _Deployed, remembered: Mapping[Place, Rollout]) -> tuple[Live | None, ...]:
    cells = {stage(each.name): _live(each, deployed, remembered) for each in app.environments}
    known = {key: cell for key, cell in cells.items() if cell.version and cell.at is not None}
    newest = max((cell.at for cell in known.values() if cell.at is not None), default=None)
    latest = {cell.version for cell in known.values() if cell.at == newest}
    marked = {key: replace(cell, behind=key in known and cell.version not in latest) for key, cell in cells.items()}
    return tuple(marked.get(key) for key in columns)


def _live(node: EnvNode, deployed: _Deployed, remembered: Mapping[Place, Rollout]) -> Live:
    """What its own health page says runs there, else the newest rollout that went well, of those that are listed and those that are
    remembered, else the newest service, else nothing is known."""
    recalled = [remembered.get((each.app.id, str(each.name))) for each in node.environments]
    succeeded = [each for each in (*node.rollouts, *recalled) if each is not None and each.conclusion in GOOD]
    said = next((each for each in node.environments if each.commit), None)
    if said is not None:
        return _said(node, said, succeeded)
    if succeeded:
        newest = max(succeeded, key=_when)
        return Live(name=node.name, version=newest.target, at=_moment(newest), by=newest.ref, who=newest.by, health=node.health)
    if node.services:
        found = [deployed.live(each) for each in node.services]
        return replace(max(found, key=lambda each: str(each.at or "")), name=node.name, health=node.health)
    return Live(name=node.name, health=node.health)


def _said(node: EnvNode, environment: Environment, succeeded: Sequence[Rollout]) -> Live:
    by = next((each for each in succeeded if each.ref.id == environment.rollout), None)
    by = by or next((each for each in sorted(succeeded, key=_when, reverse=True) if _same(each.target, environment.commit)), None)
    return Live(
        name=node.name,
        version=environment.commit,
        at=_moment(by) if by is not None else None,
        by=by.ref if by is not None else environment.ref,
        who=by.by if by is not None else EMPTY,
        health=node.health,
    )


def _same(target: Safe, commit: Safe) -> bool:
    return len(target) > 6 and (commit.startswith(target) or target.startswith(commit))


class _Deployed:
    """The deployments by what they put out: of a service the one that it names, else the newest of its name that went well."""

    def __init__(self, rows: Rowed) -> None:
        self._by_id: dict[Ref, Deployment] = {}
        self._newest: dict[tuple[str, str], Deployment] = {}
        for each in rows.rows(Kind.DEPLOYMENT):
            if isinstance(each, Deployment):
                self._by_id[each.ref] = each
                key = (each.ref.connection, str(each.service or each.name))
                if each.health is Health.OK and str(_put_out(each)) >= str(_put_out(self._newest.get(key)) or ""):
                    self._newest[key] = each

    def live(self, service: Service) -> Live:
        """What a service runs."""
        own = self._by_id.get(Ref(connection=service.ref.connection, kind=Kind.DEPLOYMENT, id=service.deployment))
        by = own or self._newest.get((service.ref.connection, str(service.deployment or service.name)))
        source = Safe(short(str(by.commit))) or by.branch or by.image if by is not None else EMPTY
        runtime = Safe(f"{service.runtime} {service.version}".strip())
        return Live(
            name=service.name,
            version=source or service.image or runtime,
            at=service.deployed_at or _put_out(by),
            by=by.ref if by is not None else service.ref,
            health=service.health,
        )


def _put_out(deployment: Deployment | None) -> datetime | None:
    return None if deployment is None else deployment.finished_at or deployment.updated_at or deployment.created_at


def _moment(rollout: Rollout) -> datetime | None:
    return rollout.completed_at or rollout.started_at or rollout.queued_at


def _when(rollout: Rollout) -> str:
    return str(_moment(rollout) or "")
