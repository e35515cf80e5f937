"""What is live where: apps by environments, which version, how old, by which rollout, and who is behind.

Made from the tree of apps. An environment is behind when another environment of the same app runs something newer than it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tui.engine.joins import AppNode, EnvNode, stage
from tui.model import EMPTY, Health, Ref, Rollout
from tui.text import Safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What one environment of one app runs. ``version`` is a commit, branch or version word; ``by`` the rollout or service that says so;
    ``at`` since when, None where nobody says."""

    environment: Safe
    version: Safe = EMPTY
    at: datetime | None = None
    by: Ref | None = None
    health: Health = Health.UNKNOWN
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One app: its cells in the order of the matrix's columns, None where it has no such environment."""

    app: Safe
    cells: tuple[Live | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Columns are the environments that any app has, in the order in which they are first seen."""

    environments: tuple[Safe, ...]
    lines: tuple[Line, ...]


def matrix(apps: Iterable[AppNode]) -> Matrix:
    """Lay out what is live where."""
    apps = [app for app in apps if app.environments]
    columns: dict[str, Safe] = {}
    for app in apps:
        for environment in app.environments:
            columns.setdefault(stage(environment.name), environment.name)
    return Matrix(environments=tuple(columns.values()), lines=tuple(Line(app=app.name, cells=_cells(app, tuple(columns))) for app in apps))


def _cells(app: AppNode, columns: Sequence[str]) -> tuple[Live | None, ...]:
    cells = {stage(each.name): _live(each) for each in app.environments}
    known = {key: cell for key, cell in cells.items() if cell.version and cell.at is not None}
    newest = max((cell.at for cell in known.values() if cell.at is not None), default=None)
    latest = {cell.version for cell in known.values() if cell.at == newest}
    marked = {key: replace(cell, behind=key in known and cell.version not in latest) for key, cell in cells.items()}
    return tuple(marked.get(key) for key in columns)


def _live(environment: EnvNode) -> Live:
    """The newest rollout that succeeded, else the newest service, else nothing is known."""
    succeeded = [each for each in environment.rollouts if each.conclusion == "success"]
    if succeeded:
        newest = max(succeeded, key=_when)
        return Live(environment=environment.name, version=newest.target, at=_moment(newest), by=newest.ref, health=environment.health)
    deployed = [each for each in environment.services if each.version]
    if deployed:
        service = max(deployed, key=lambda each: str(each.deployed_at or each.updated_at or ""))
        return Live(
            environment=environment.name,
            version=service.version,
            at=service.deployed_at or service.updated_at,
            by=service.ref,
            health=environment.health,
        )
    return Live(environment=environment.name, health=environment.health)


def _moment(rollout: Rollout) -> datetime | None:
    return rollout.completed_at or rollout.started_at or rollout.queued_at


def _when(rollout: Rollout) -> str:
    return str(_moment(rollout) or "")
