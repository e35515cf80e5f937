"""One tree over all platforms: apps with what carries the same name elsewhere. Pure; nothing is guessed beyond a name.

Names are the same if they are after folding case and dropping everything but letters and digits; an environment's name also if it is
another word for the same stage. A service belongs to an app of its name, of its project's name, or to ``app-environment``.
Where names differ the user's links say what belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

from tui.model import EMPTY, Application, Environment, Health, Kind, Ref, Resource, Rollout, Service
from tui.text import Safe

Links = Mapping[str, Sequence[Ref]]
"""By the name to show: what belongs together."""

NO_LINKS: Final[Links] = {}

STAGES: Final[Mapping[str, str]] = {
    "prod": "production",
    "prd": "production",
    "live": "production",
    "dev": "development",
    "devel": "development",
    "stage": "staging",
    "stg": "staging",
    "testing": "test",
    "qa": "qa",
}

_SLUG: Final = re.compile(r"(.+)-(?=[a-z]*[0-9])[a-z0-9]{4}")
"""An app's slug: its name and four letters or digits, at least one of them a digit."""

_WORST: Final[Mapping[Health, int]] = {
    health: rank for rank, health in enumerate((Health.BAD, Health.WARN, Health.BUSY, Health.UNKNOWN, Health.IDLE, Health.OK))
}


class Rowed(Protocol):
    """What the tree is made from: the store, or a past moment of it."""

    def rows(self, kind: Kind) -> tuple[Resource, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvNode:
    """One stage of an app: its environment on each platform that has it, the services and rollouts that name it."""

    name: Safe
    environments: tuple[Environment, ...] = ()
    services: tuple[Service, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    health: Health = Health.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class AppNode:
    """One app across platforms. ``services`` and ``rollouts`` hold those that no environment of it claims."""

    name: Safe
    applications: tuple[Application, ...] = ()
    environments: tuple[EnvNode, ...] = ()
    services: tuple[Service, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    health: Health = Health.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What belongs to a thing by the join of all platforms, itself left out, and the worst of all of it."""

    health: Health
    rows: tuple[Resource, ...] = ()


def together(row: Resource, apps: Iterable[AppNode]) -> Together | None:
    """What is joined with an app, an environment, a service or a rollout; None for what stands alone."""
    for app in apps:
        for node in app.environments:
            if any(row.ref == each.ref for each in (*node.environments, *node.services, *node.rollouts)):
                health = worst([*_told([*node.services, *app.services]), *([] if node.health is Health.UNKNOWN else [node.health])])
                return _together(row, health, app.applications, node.environments, node.services, app.services, node.rollouts)
        if any(row.ref == each.ref for each in (*app.applications, *app.services, *app.rollouts)):
            below = [each for node in app.environments for each in (*node.environments, *node.services, *node.rollouts)]
            return _together(row, app.health, app.applications, below, app.services, app.rollouts)
    return None


def _together(row: Resource, health: Health, *groups: Iterable[Resource]) -> Together:
    found = {each.ref: each for group in groups for each in group if each.ref != row.ref}
    return Together(health=health, rows=tuple(found.values()))


@lru_cache(maxsize=16_384)
def plain(name: str) -> str:
    """A name for comparing: case folded, letters and digits only; unchanged if that leaves nothing."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def stage(name: str) -> str:
    """An environment's name for comparing: ``prod`` is ``production``."""
    short = plain(name)
    return STAGES.get(short, short)


def worst(healths: Iterable[Health]) -> Health:
    """The one to worry about; unknown if there is none."""
    return min(healths, key=_WORST.__getitem__, default=Health.UNKNOWN)


@dataclass(slots=True)
class _App:
    name: Safe
    applications: list[Application] = field(default_factory=list)
    environments: dict[str, list[Environment]] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    services_of: dict[str, list[Service]] = field(default_factory=dict)
    rollouts_of: dict[str, list[Rollout]] = field(default_factory=dict)


def tree(store: Rowed, links: Links = NO_LINKS) -> tuple[AppNode, ...]:
    """The tree of apps, in the order in which connections and platforms list them. Linked groups carry the link's name."""
    apps: dict[str, _App] = {}
    linked = {ref: f"\0{name}" for name, refs in links.items() for ref in refs}
    titles = {f"\0{name}": Safe(name) for name in links}
    by_name = {plain(name): f"\0{name}" for name in links}

    whole: dict[str, Safe] = {}
    for row in store.rows(Kind.APPLICATION):
        whole.setdefault(plain(row.name), row.name)

    def group(ref: Ref, name: Safe) -> _App:
        key = linked.get(ref) or by_name.get(plain(name)) or plain(name)
        short = _SLUG.fullmatch(name)
        if short is not None and key == plain(name):
            # Encore adds four letters to an app's name; where an app is called like the rest, that is the same app.
            shorter = plain(short.group(1))
            key = by_name.get(shorter) or (shorter if shorter in whole else key)
        return apps.setdefault(key, _App(name=titles.get(key) or whole.get(key, name)))

    home: dict[Ref, _App] = {}
    for app in store.rows(Kind.APPLICATION):
        if isinstance(app, Application):
            home[app.ref] = group(app.ref, app.name)
            home[app.ref].applications.append(app)
    for each in store.rows(Kind.ENVIRONMENT):
        if isinstance(each, Environment):
            owner = home.get(each.app) or group(each.app, each.app_name or Safe(each.app.id))
            owner.environments.setdefault(stage(each.name), []).append(each)
    for rollout in store.rows(Kind.ROLLOUT):
        if isinstance(rollout, Rollout) and rollout.app:
            by_id = home.get(Ref(connection=rollout.ref.connection, kind=Kind.APPLICATION, id=rollout.app))
            _claim(by_id or group(rollout.ref, rollout.app), rollout)
    whose = _owners(apps)
    for service in store.rows(Kind.SERVICE):
        if isinstance(service, Service):
            _place(service, apps, linked, by_name, whose)
    return tuple(_node(app) for app in apps.values())


def _claim(app: _App, rollout: Rollout) -> None:
    key = stage(rollout.environment)
    if rollout.environment and key in app.environments:
        app.rollouts_of.setdefault(key, []).append(rollout)
    else:
        app.rollouts.append(rollout)


def _owners(apps: Mapping[str, _App]) -> dict[str, tuple[_App, str]]:
    """What a service must be called to belong to an app (``""``) or to one of its environments. Where no app is called so itself the
    name before the four letters of Encore's will do, if it can only mean one app."""
    found: dict[str, tuple[_App, str]] = {}
    short: dict[str, list[_App]] = {}
    for app in apps.values():
        for name in {plain(app.name), *(plain(each.name) for each in app.applications)}:
            _own(found, app, name)
        if slug := _SLUG.fullmatch(app.name):
            short.setdefault(plain(slug.group(1)), []).append(app)
    for name, owners in short.items():
        if len(owners) == 1 and name not in found:
            _own(found, owners[0], name)
    return found


def _own(found: dict[str, tuple[_App, str]], app: _App, name: str) -> None:
    found.setdefault(name, (app, ""))
    for key, environments in app.environments.items():
        for word in {key, *(plain(each.name) for each in environments), *(short for short, long in STAGES.items() if long == key)}:
            found.setdefault(name + word, (app, key))
            found.setdefault(word + name, (app, key))


def _place(
    service: Service, apps: dict[str, _App], linked: Mapping[Ref, str], by_name: Mapping[str, str], whose: Mapping[str, tuple[_App, str]]
) -> None:
    key = linked.get(service.ref) or by_name.get(plain(service.name))
    if key is not None:
        apps.setdefault(key, _App(name=Safe(key[1:]))).services.append(service)
        return
    owner = whose.get(plain(service.name)) or (whose.get(plain(service.project)) if service.project else None)
    if owner is None:
        return
    app, environment = owner
    (app.services_of.setdefault(environment, []) if environment else app.services).append(service)


def _node(app: _App) -> AppNode:
    environments = tuple(
        _environment(each, app.services_of.get(key, ()), app.rollouts_of.get(key, ()))
        for key, each in sorted(app.environments.items(), key=lambda item: (item[1][0].index, item[1][0].name))
    )
    told = [each.health for each in environments if each.services or each.rollouts or each.health is not Health.UNKNOWN]
    said = [*told, *_told(app.applications), *(each.health for each in app.services), *_open(app.rollouts)]
    return AppNode(
        name=app.name,
        applications=tuple(app.applications),
        environments=environments,
        services=tuple(app.services),
        rollouts=tuple(app.rollouts),
        health=worst(said),
    )


def _environment(environments: Sequence[Environment], services: Sequence[Service], rollouts: Sequence[Rollout]) -> EnvNode:
    name = next((each.name for each in environments), EMPTY)
    said = [*_told(environments), *(each.health for each in services), *_open(rollouts)]
    return EnvNode(
        name=name,
        environments=tuple(environments),
        services=tuple(services),
        rollouts=tuple(rollouts),
        health=worst(said),
    )


def _told(rows: Sequence[Resource]) -> list[Health]:
    """Apps and environments mostly have no health of their own; where they say nothing they hide nothing either."""
    return [row.health for row in rows if row.health is not Health.UNKNOWN]


def newest(rollouts: Sequence[Rollout]) -> Rollout | None:
    """The newest rollout says how an environment is; older ones are history."""
    return max(rollouts, key=lambda each: str(each.queued_at or each.created_at or ""), default=None)


def _open(rollouts: Sequence[Rollout]) -> list[Health]:
    return [row.health for row in filter(None, (newest(rollouts),))]
