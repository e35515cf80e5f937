"""What the screen of one thing says of its fields, read off the screen and compared with the record. No test stands here.

    for kind, what in told(screen, seen, row, moments): ...      # what is drawn that is not so

What is to stand there is made of the record itself, by rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from tui.clock import span
from tui.model import Deployment, Environment, Kind, Phase, Ref, Resource, Rollout, Service
from tui.tables import Moment, age, size

GLYPHS: Final = {"ok": "●", "busy": "◐", "degraded": "▲", "failed": "✗", "idle": "○", "unknown": "?"}
NAMED: Final = {
    (Kind.SERVICE, "instance"): Kind.INSTANCE,
    (Kind.SERVICE, "project"): Kind.PROJECT,
    (Kind.SERVICE, "deployment"): Kind.DEPLOYMENT,
    (Kind.DEPLOYMENT, "service"): Kind.SERVICE,
    (Kind.ROUTE, "service"): Kind.SERVICE,
    (Kind.ENVIRONMENT, "app"): Kind.APPLICATION,
}
"""Fields that give another thing's id or name."""
LINE: Final = re.compile(r"(\S+(?: \S+)*) {2,}(\S.*)$")
BELOW: Final = re.compile(r"([●◐▲✗○?]\w+withallthatbelongstoit|[▁▂▃▄▅▆▇█·]{2,}\S+in\d+min)$")
"""What may stand under a value, closed up: the health of all that belongs to it, how loaded it was."""
TITLES: Final = {
    Kind.APPLICATION: "Apps",
    Kind.ENVIRONMENT: "Environments",
    Kind.DEPLOYMENT: "Deployments",
    Kind.SERVICE: "Services",
    Kind.INSTANCE: "Instances",
    Kind.ROUTE: "Routes",
    Kind.ROLLOUT: "Live rollouts",
}
NOTHING: Final = (None, "", ())

Problem = tuple[str, object]


def closed(text: str) -> str:
    """Without its spaces: where a line is broken nobody knows whether one stood there."""
    return re.sub(r"\s", "", text)


def drawn(lines: Sequence[str]) -> tuple[list[tuple[str, str]], list[str], bool]:
    """Labels with their values, the lines behind the fields, and whether the last field ends on the screen."""
    found: list[tuple[str, str]] = []
    for at, line in enumerate(lines):
        body = line[1:].rstrip(" ▐")
        if not body.strip():
            return found, list(lines[at + 1 :]), True
        if body[0] != " " and (match := LINE.match(body)):
            found.append((match[1], match[2]))
        elif body[0] == " " and found:
            found[-1] = (found[-1][0], found[-1][1] + body.strip())
        elif body[0] != " ":
            return found, list(lines[at:]), True
    return found, [], False


def label_of(name: str) -> str:
    return re.sub(r"_(at|share|bytes)$", "", name).replace("_", " ")


def told_of(row: Resource) -> str:
    """How a thing is, as glyph and word."""
    if not isinstance(row, Rollout):
        return f"{GLYPHS[str(row.health)]} {row.health}"
    if any(each.needs_approval for each in row.phases):
        return "◆ NEEDS APPROVAL"
    ended = str(row.conclusion)
    word = (ended if ended not in {"", "pending", "unknown"} else str(row.status)) or str(row.health)
    return f"{GLYPHS[str(row.health)]} {'failed' if word == 'failure' else word}"


def time_of(at: datetime, moment: Moment) -> str:
    ahead = (at - moment.now).total_seconds()
    return f"{at:%Y-%m-%d %H:%M:%S} · " + (f"in {age(ahead)}" if ahead > 1 else f"{age(max(0.0, -ahead))} ago")


def phase_of(phase: Phase, known: datetime) -> str:
    how = "◆ NEEDS APPROVAL" if phase.needs_approval else f"{GLYPHS[str(phase.health)]} {phase.health}"
    ended = phase.conclusion if phase.completed_at or str(phase.conclusion) not in {"", "pending", "unknown"} else ""
    lasted = span(((phase.completed_at or known) - phase.started_at).total_seconds()) if phase.started_at else ""
    return " · ".join(each for each in (how, str(phase.status), str(ended), lasted) if each)


def values(name: str, value: Any, moment: Moment) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return time_of(value, moment)
        case tuple():
            return ", ".join(map(str, value))
    if name in {"cpu_share", "disk_share"}:
        return f"{value * 100:.0f}%"
    return size(value) if name in {"memory_bytes", "memory_total_bytes"} else str(value)


def naming(row: Resource, name: str, value: Any, moment: Moment) -> str:
    """What the thing is called that a field gives the id of, before the id; empty where that says no more."""
    kind = NAMED.get((row.ref.kind, name))
    for each in moment.store.rows(kind) if kind is not None else ():
        meant = each.ref == value if isinstance(value, Ref) else str(value) in {each.ref.id, str(each.name)}
        if meant and each.ref.connection == row.ref.connection:
            named = f"{each.branch}@{each.commit[:7]}" if isinstance(each, Deployment) else str(each.name)
            return "" if named == str(value) else f"{named} · "
    return ""


def expected(row: Resource, moment: Moment, known: datetime | None = None) -> tuple[dict[str, str], set[str]]:
    """Each field with what is to stand there, in order, and those of which the platform said nothing; ``known`` is until when anything
    is known of a thing that is out of date."""
    said = {"name": str(row.name or row.ref.id), "id": row.ref.id, "ref": str(row.ref), "health": told_of(row)}
    said["status"] = str(row.status) or "the platform gave no word"
    unsaid: set[str] = set()
    for each in fields(row):
        value = getattr(row, each.name)
        if each.name in {"ref", "raw", "name", "health", "status"}:
            continue
        if value in NOTHING and value is not False and value != 0:
            unsaid.add(label_of(each.name))
        elif each.name == "phases":
            said |= {phase.name: phase_of(phase, known or moment.now) for phase in value}
        else:
            said[label_of(each.name)] = naming(row, each.name, value, moment) + values(each.name, value, moment)
    return said, unsaid


def told(
    lines: Sequence[str], row: Resource, moments: Sequence[Moment], until: Sequence[datetime | None], *, top: bool
) -> Iterator[Problem]:
    """What these lines say that is not so. ``top`` says that the first of them is on the screen; ``until`` are the times until which
    anything may be known of it, None for now."""
    found, behind, ends = drawn(lines)
    now, (said, unsaid) = moments[0], expected(row, moments[0])
    labels = [label for label, _ in found if label in said]
    order = list(said)
    if labels and labels != order[order.index(labels[0]) : order.index(labels[0]) + len(labels)]:
        yield "fields of a thing that are missing or in another order", f"{row.ref}: {labels}, not {order}"
    if top and labels[:1] != order[:1] and lines:
        yield "details that do not begin with the name", f"{row.ref}: {labels}"
    if ends and labels and labels[-1] != order[-1]:
        yield "details that leave out fields", f"{row.ref}: they end with {labels[-1]}, not {order[-1]}"
    for at, (label, text) in enumerate(found):
        whole = ends or at < len(found) - 1
        if label == "why":
            yield from why(row, text, whole)
        elif label == "not said":
            if whole and {closed(each) for each in text.split(",")} != {closed(each) for each in unsaid}:
                yield "fields that are called unsaid", f"{row.ref}: {text!r}, not {sorted(unsaid)}"
        elif label.startswith("usual"):
            continue
        elif label not in said:
            yield "a field that the thing does not have", f"{row.ref}: {label} {text!r}"
        else:
            shown = BELOW.sub("", closed(text))
            wanted = (closed(expected(row, each, known)[0].get(label, "")) for known in until for each in moments)
            if not any(each == shown or (not whole and (each.startswith(shown) or shown.startswith(each))) for each in wanted):
                yield f"a field that is not so: {row.ref.kind} {label}", f"{row.ref}: {text!r}, not {said[label]!r}"
    if top and str(row.health) in {"degraded", "failed"} and found and found[0][0] != "why":
        yield "details of what is not well that do not say why", f"{row.ref}: {found[0]}"
    yield from related(behind, row, now)


def why(row: Resource, text: str, whole: bool) -> Iterator[Problem]:
    if str(row.health) not in {"degraded", "failed"}:
        yield "a reason why a thing is not well that is well", f"{row.ref}: {text!r}"
    if isinstance(row, Service) and whole:
        for each in (str(row.message), f"{row.restarts} restart" if row.restarts else ""):
            if closed(each) not in closed(text):
                yield "a reason that is left out", f"{row.ref}: {each!r} is not in {text!r}"


def related(behind: Sequence[str], row: Resource, now: Moment) -> Iterator[Problem]:
    """The things that belong to it: how many, and each as it is."""
    kind: Kind | None = None
    bodies: list[str] = []
    for line in behind:
        body = line[1:].rstrip(" ▐")
        if body.startswith("    ") and bodies and bodies[-1].startswith("  "):
            bodies[-1] += f" {body.strip()}"  # what a narrow line goes on with
        else:
            bodies.append(body)
    for body in bodies:
        if head := re.fullmatch(r"(\S[\w &]*) (\d+)", body):
            kind = next((each for each in Kind if TITLES.get(each) == head[1]), None)
            if kind is None:
                yield "a heading among the details that stands for nothing", body
                continue
            wanted = belonging(row, kind, now)
            if wanted is not None and len(wanted) != int(head[2]):
                yield "a wrong number of what belongs to a thing", f"{row.ref}: {body!r}, not {[str(each.ref) for each in wanted]}"
        elif body and not body.startswith(" "):
            kind = None  # why a kind could not be read, maybe on several lines
        elif kind is not None and body.startswith("  ") and not body.startswith("  and "):
            rows = [each for each in now.store.rows(kind) if body[2:].startswith(calls(each))]
            if kind in {Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE} and rows and not any(told_of(each) in body for each in rows):
                yield f"what belongs to a thing is called otherwise: {kind}", f"{row.ref}: {body!r}, not {[told_of(each) for each in rows]}"
            elif not rows and body[2] != " ":
                yield "what belongs to a thing and is not there", f"{row.ref}: {body!r}"


def calls(row: Resource) -> str:
    if isinstance(row, Deployment):
        return f"{row.branch}@{row.commit[:7]}"
    if isinstance(row, Rollout):
        return f"{row.app}/{row.environment}"
    if isinstance(row, Environment):
        return str(row.app_name)
    return str(row.name)[:20]


def belonging(row: Resource, kind: Kind, now: Moment) -> list[Resource] | None:
    """The rows of a kind that name this one or that it names; None where all platforms are joined by name."""
    pairs = {
        (Kind.INSTANCE, Kind.SERVICE): ("", "instance"),
        (Kind.DEPLOYMENT, Kind.SERVICE): ("service", "deployment"),
        (Kind.SERVICE, Kind.DEPLOYMENT): ("deployment", "service"),
        (Kind.SERVICE, Kind.INSTANCE): ("instance", ""),
        (Kind.SERVICE, Kind.ROUTE): ("", "service"),
        (Kind.ROUTE, Kind.SERVICE): ("service", ""),
    }
    if (row.ref.kind, kind) not in pairs:
        return None
    up, down = pairs[row.ref.kind, kind]

    def names(of: Resource, field: str, other: Resource) -> bool:
        value = str(getattr(of, field)) if field else ""
        return bool(value) and value in {other.ref.id, str(other.name)}

    rows = [each for each in now.store.rows(kind) if each.ref.connection == row.ref.connection]
    return [each for each in rows if names(row, up, each) or names(each, down, row)]
