"""From records that only the control plane has to ours, and how a service is put together from what several of them say. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from tui import model
from tui.model import EMPTY, Health, Kind
from tui.platforms.base import Happening
from tui.platforms.dployr import translate, wire
from tui.platforms.dployr.translate import Place
from tui.platforms.dployr.watch import Workload
from tui.platforms.records import Unreadable, fields, flag, identity, number, parse, read, text_of, when, word
from tui.text import Safe, clean

UNVERIFIED: Final = Safe("unverified")
"""The state of an address that the server derives and that may lead nowhere."""
WEBHOOK: Final = "custom"
"""The id of the only webhook that a cluster can have."""


def with_deployment(listed: model.Service, deployment: model.Deployment | None) -> model.Service:
    """A service with what the deployment of its name says of it.

    While that is being built the service is busy; a build that failed is told, and says nothing of what may still run.
    """
    if deployment is None:
        return listed
    words: dict[str, Any] = {}
    if listed.status == EMPTY and deployment.health is Health.BUSY:
        words = {"status": Safe("deploying"), "health": Health.BUSY}
    elif listed.message == EMPTY and deployment.health is Health.BAD:
        words = {"message": clean(f"its last deployment is {deployment.status}", 200)}
    return replace(
        listed,
        type=listed.type or deployment.type,
        runtime=listed.runtime or deployment.runtime,
        version=listed.version or deployment.version,
        image=listed.image or deployment.image,
        port=deployment.port if listed.port is None else listed.port,
        deployment=deployment.name,
        deployed_at=deployment.finished_at,
        **words,
    )


MASKED: Final = Safe("its machine calls everything running while another service sleeps: it may be stopped")


def with_workload(listed: model.Service, seen: Workload | None) -> model.Service:
    """A service with what its machine says of it, which is the only word on whether it runs. A build under way stays in sight."""
    if seen is None or not seen.status:
        return listed
    building = listed.health is Health.BUSY
    words: dict[str, Any] = {} if building else {"status": seen.status, "health": translate.service_health(seen.status, seen.health)}
    if seen.masked and not building:
        words |= {"health": Health.UNKNOWN, "message": listed.message or MASKED}
    return replace(listed, instance=listed.instance or seen.tag, **words)


def with_traffic(listed: model.Service, value: dict[str, Any]) -> model.Service:
    """A service with the sums of its last day as its message, unless it has one of more weight."""
    totals = value.get("totals")
    if not isinstance(totals, dict) or listed.message:
        return listed
    requests, came, went = (number(totals.get(name)) for name in ("requests", "bytesIn", "bytesOut"))
    if requests is None:
        return listed
    return replace(listed, message=Safe(f"{requests:,} requests in 24 h, {(came or 0):,} bytes in, {(went or 0):,} bytes out"))


def domain(data: bytes, at: Place) -> model.Route:
    """A domain: its name is its id, because that is what a request names it by."""
    record, value = read(data, wire.Domain)
    name, stated = identity(record.domain), word(record.status, 80)
    return model.Route(
        ref=at.ref(Kind.ROUTE, name),
        name=word(name, 256),
        health=translate.health(translate.ROUTE, stated),
        status=stated,
        domain=word(name, 256),
        service=word(record.service),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )


def address(data: bytes, at: Place) -> model.Route:
    """An address that the server derives for a service. Nobody has checked that it leads there."""
    record, value = read(data, wire.Address)
    name = identity(record.url.partition("://")[2].partition("/")[0] or record.url)
    return model.Route(
        ref=at.ref(Kind.ROUTE, name),
        name=word(name, 256),
        status=UNVERIFIED,
        domain=word(name, 256),
        service=word(record.service),
        raw=text_of(value),
    )


def integration(data: bytes, at: Place) -> model.Webhook | None:
    """The webhook among a cluster's integrations, None where none is set. Raises ``Unreadable``."""
    value = parse(data)
    if not isinstance(value, dict) or (value and not any(each is None or isinstance(each, dict) for each in value.values())):
        raise Unreadable("no object of integrations")  # one of words and numbers is what something else says in the server's place
    notification = value.get("notification")
    hook = notification.get("customWebhook") if isinstance(notification, dict) else None
    if not isinstance(hook, dict):
        return None
    record = fields(hook, wire.Webhook)
    url, enabled, events = word(record.get("url"), 400), flag(record.get("enabled")), record.get("events")
    if not url:
        return None
    return model.Webhook(
        ref=at.ref(Kind.WEBHOOK, WEBHOOK),
        name=url,
        health={True: Health.OK, False: Health.IDLE, None: Health.UNKNOWN}[enabled],
        url=url,
        events=tuple(word(each, 80) for each in events if isinstance(each, str)) if isinstance(events, list) else (),
        enabled=enabled,
        raw=text_of(hook),
    )


def event(data: bytes, now: datetime) -> Happening:
    """An entry of the history. The actor is an id or a word; targets are names. Raises what ``records.REFUSALS`` lists."""
    record, _ = read(data, wire.Event)
    actor = record.actor if isinstance(record.actor, dict) else {"type": record.actor}
    targets = record.targets if isinstance(record.targets, list) else []
    named = [each.get("name") or each.get("id") if isinstance(each, dict) else each for each in targets]
    return Happening(
        id=identity(record.id),
        at=when(record.timestamp, now),
        what=word(record.type, 80),
        by=word(actor.get("type"), 80),
        targets=tuple(text for each in named if (text := word(each, 120))),
    )
