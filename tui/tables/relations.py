"""What belongs to a thing: its environments, deployments, routes, variables. Found by what records say of each other, never by guessing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tui.model import Environment, Kind, Ref, Resource
from tui.tables.columns import Lookup

_NAMES: Final[Mapping[Kind, tuple[tuple[Kind, str], ...]]] = {
    Kind.APPLICATION: ((Kind.ENVIRONMENT, "app"), (Kind.ROLLOUT, "app")),
    Kind.ENVIRONMENT: ((Kind.ROLLOUT, "environment"),),
    Kind.SERVICE: ((Kind.DEPLOYMENT, "service"), (Kind.ROUTE, "service"), (Kind.VARIABLE, "service")),
    Kind.INSTANCE: ((Kind.SERVICE, "instance"),),
    Kind.PROJECT: ((Kind.SERVICE, "project"),),
    Kind.DEPLOYMENT: ((Kind.SERVICE, "deployment"),),
    Kind.ROUTE: (),
}
"""Which field of which kind names a thing of the first kind, by ref, id or name."""

_UP: Final[Mapping[Kind, tuple[tuple[Kind, str], ...]]] = {
    Kind.SERVICE: ((Kind.INSTANCE, "instance"), (Kind.PROJECT, "project"), (Kind.DEPLOYMENT, "deployment")),
    Kind.DEPLOYMENT: ((Kind.SERVICE, "service"),),
    Kind.ROUTE: ((Kind.SERVICE, "service"),),
    Kind.ENVIRONMENT: ((Kind.APPLICATION, "app"),),
    Kind.VARIABLE: ((Kind.SERVICE, "service"),),
}
"""Which field of the first kind names a thing of another."""


def _names(value: Any, row: Resource) -> bool:
    """Whether a field's value names this thing."""
    if isinstance(value, Ref):
        return value == row.ref
    return bool(value) and str(value) in {row.ref.id, str(row.name)}


def _of_its_app(each: Resource, row: Resource) -> bool:
    """Whether what names an environment means that of this app: every app has a ``prod``."""
    return not isinstance(row, Environment) or str(getattr(each, "app", "")) in {row.app.id, str(row.app_name)}


def related(row: Resource, store: Lookup) -> dict[Kind, list[Resource]]:
    """Things of the same connection that name this one, and those it names, by kind."""
    found: dict[Kind, list[Resource]] = {}

    def gather(kind: Kind, fits: Callable[[Resource], bool]) -> None:
        have = found.get(kind, [])
        new = [each for each in store.rows(kind) if each.ref.connection == row.ref.connection and each not in have and fits(each)]
        if new:
            found[kind] = [*have, *new]

    for kind, field in _UP.get(row.ref.kind, ()):
        value = getattr(row, field, None)
        gather(kind, lambda each, value=value: _names(value, each))  # type: ignore[misc]
    for kind, field in _NAMES.get(row.ref.kind, ()):
        gather(kind, lambda each, field=field: _names(getattr(each, field, None), row) and _of_its_app(each, row))  # type: ignore[misc]
    return found


def named(row: Resource, store: Lookup) -> dict[str, Resource]:
    """The things that fields of this one name, by field: the instance of a service; without those that are not known."""
    found = {field: above(row, kind, store) for kind, field in _UP.get(row.ref.kind, ())}
    return {field: each for field, each in found.items() if each is not None}


def above(row: Resource, kind: str, store: Lookup) -> Resource | None:
    """The one thing of that kind that a field of this one names: the instance of a service; None where none is known."""
    for each, field in _UP.get(row.ref.kind, ()):
        if each == kind:
            value = getattr(row, field, None)
            found = (one for one in store.rows(each) if one.ref.connection == row.ref.connection and _names(value, one))
            return next(found, None)
    return None
