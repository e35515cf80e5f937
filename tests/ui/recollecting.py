"""What the screens of the past say, read off the screen and compared with the annals. No test stands here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.ui.annals import LANES, NEAR, SHIPPED, SILENT, WRONG, Asked, Happened, health_of
from tests.ui.detailing import GLYPHS, Problem, closed
from tui.clock import span
from tui.model import Kind
from tui.ui.screens.away import AwayScreen
from tui.ui.screens.handoff import HandoffScreen
from tui.ui.screens.timeline import TimelineScreen

UNTOLD: Final = "before we looked"
HOW: Final = {"done": "●", "confirmed": "●", "refused": "▲", "failed": "✗", "unknown": "?", "unconfirmed": "?"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline as it is to be."""

    at: datetime
    glyph: str
    name: str
    said: str
    where: str
    wrong: bool = False
    event: Happened | None = None


def line_of(event: Happened) -> Line:
    """How an event is told."""
    glyph, said, name = GLYPHS[health_of(event.after)], f"{event.before} → {event.after}", event.name
    where = f"{event.connection} {LANES.get(event.kind or Kind.PROJECT, 'other')}"
    lasted = f" in {span(event.took)}" if event.took is not None else ""
    of = f", {event.text}" if event.text else ""
    match event.what:
        case "edge":
            glyph, said, where = "✗" if event.wrong else "●", event.after + (f": {event.text}" if event.text else ""), f"{name} connection"
        case "phase":
            glyph = {"success": "●", "failure": "✗"}.get(event.after, "○")
            said = f"{event.text} {event.after}{lasted}"
        case "transition":
            said += lasted
        case "appeared":
            began = event.kind in SHIPPED and health_of(event.after) in {"busy", "idle", "unknown"}
            said = f"began{of}" if began else f"appeared, {event.after}{of}"
        case "gone":
            said = f"gone, was {event.before}"
        case "began":
            glyph, said = "◐", f"began{of}, {UNTOLD}"
        case "found":
            said = f"{event.after}{lasted}, {UNTOLD}"
    return Line(at=event.at, glyph=glyph, name=name, said=said, where=where, wrong=event.wrong, event=event)


def lines_of(asked: Asked) -> list[Line]:
    """The timeline, newest first."""
    lines = [line_of(each) for each in asked.events if not each.hidden]
    for deed in asked.deeds:
        outcome = f": {deed.outcome}" if deed.outcome else ", in flight"
        name = deed.name or str(deed.ref)
        where = f"{deed.ref.connection} verb"
        lines.append(Line(at=deed.at, glyph=HOW.get(deed.outcome, "◐"), name=name, said=f"{deed.who} {deed.verb}{outcome}", where=where))
    return sorted(lines, key=lambda each: each.at, reverse=True)


def plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def befores(line: Line, asked: Asked) -> tuple[set[str], bool]:
    """What may be said to have come shortly before something that went wrong, and whether anything has to be."""
    event = line.event
    assert event is not None
    found: list[tuple[datetime, bool, str]] = []
    for each in asked.events:
        if each.act and line.at - NEAR <= each.at < line.at and each.ref != event.ref:
            near = plain(each.name) == plain(event.name)
            if near or each.connection == event.connection:
                found.append((each.at, near, f"{LANES[each.kind] if each.kind else ''} {each.name}"))
    for deed in asked.deeds:
        if line.at - NEAR <= deed.at < line.at:
            near = str(deed.ref) == event.ref or plain(deed.name) == plain(event.name)
            if near or deed.ref.connection == event.connection:
                outcome = f": {deed.outcome}" if deed.outcome else ", in flight"
                found.append((deed.at, near, f"{deed.who} {deed.verb}{outcome} {deed.name or deed.ref}"))
    nearest = [each for each in found if each[1]] or found
    newest = max((each[0] for each in nearest), default=None)
    said = {f"{span((line.at - at).total_seconds())} after {what}" for at, _, what in nearest if at == newest}
    return said, bool(found)


def timeline(screen: Any, onlooker: Any, asked: Asked) -> Iterator[Problem]:
    """The list and its lanes."""
    if screen._over is None or screen.wanted:
        return
    title = onlooker.seen.of_widget(screen.title_line)[0]
    lines = lines_of(asked)
    if (found := re.search(r"(\d+) events", title)) and int(found[1]) != len(lines):
        yield "a wrong number of events in the timeline", f"{title.strip()!r}, not {len(lines)}"
    if (found := re.search(r"(\d+) went wrong", title)) and int(found[1]) != sum(each.wrong for each in lines):
        yield "a wrong number of what went wrong", f"{title.strip()!r}, not {sum(each.wrong for each in lines)}"
    table = screen.table
    region, slots = table.content_region, table.slots
    groups: dict[datetime, list[Line]] = defaultdict(list)
    for each in lines:
        groups[each.at].append(each)
    today = {f"{at:%Y%m%d}" for at in (onlooker.app.moment().now, asked.until)}
    for at, y in enumerate(range(region.y, region.bottom), start=table.top):
        cells = onlooker.seen.lines[y][region.x : region.right]
        if at >= len(lines):
            text = "".join(cells).strip(" ▐")
            if text and lines:
                yield "a line of the timeline that stands for nothing", f"{text!r} at {at} of {len(lines)}"
            continue
        drawn = {slot.id: "".join(cells[1 + slot.x : 1 + slot.x + slot.width]).strip() for slot in slots}
        widths = {slot.id: slot.width for slot in slots}
        group = groups[lines[at].at]
        if not any(_is(drawn, widths, each, asked, today, onlooker) for each in group):
            yield (
                "a line of the timeline that is not so",
                f"{drawn}, not {group[:3]} of {befores(group[0], asked) if group[0].wrong else ''}",
            )
            return
    for name, label in {**{f"{lane}s": lane for lane in ("rollout", "deployment", "service", "verb", "connection")}}.items():
        line = screen._lines[name]
        if not line.region.height or not screen.query_one("Lanes").display:
            continue
        text = onlooker.seen.of_widget(line)[0][14:].rstrip()
        since, until, _ = screen._over
        parts = [(each.at - since) / (until - since) for each in lines if each.where.endswith(f" {label}")]
        wanted = {min(len(text) - 1, int(each * len(text))) for each in parts}
        if text and {at for at, char in enumerate(text) if char != "·"} != wanted:
            yield "a lane that is not as the events are", f"{name}: {text!r}, not at {sorted(wanted)}"
    yield from _axis(screen, onlooker)


def _axis(screen: Any, onlooker: Any) -> Iterator[Problem]:
    """What is written below the lanes is when that was."""
    line = screen._lines["time"]
    if not line.region.height or not screen.query_one("Lanes").display:
        return
    since, until, _ = screen._over
    form = r"(?:\w{3} )?\d\d:\d\d" if until - since > timedelta(hours=25) else r"\d\d:\d\d"
    text = onlooker.seen.of_widget(line)[0].rstrip()
    for at in re.finditer(form, text):
        place = (at.start() - 14) / max(1, len(text) - 14 - len(at[0]))
        near = [since + (until - since) * part / 4 for part in range(5) if abs(part / 4 - place) < 0.1]
        if not any(at[0] == f"{each:%a %H:%M}" or at[0] == f"{each:%H:%M}" for each in near):
            yield "a time below the lanes that is not so", f"{text!r}: {at[0]} from {since} to {until}"


def _is(drawn: Mapping[str, str], widths: Mapping[str, int], line: Line, asked: Asked, today: set[str], onlooker: Any) -> bool:
    whens = {f"{line.at:%H:%M:%S}" if f"{line.at:%Y%m%d}" == day else f"{line.at:%a %H:%M:%S}" for day in today}
    said = [line.said]
    if line.wrong:
        may, must = befores(line, asked)
        said = [f"{line.said}  · {each}" for each in may] or ([line.said] if not must else [])
    wanted = {"name": [f"{line.glyph} {line.name}"], "when": whens, "what": said, "where": [line.where]}
    return all(any(drawn[id_] == onlooker.cut(each, widths[id_]).strip() for each in wanted[id_]) for id_ in drawn)


# While away ------------------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Tale:
    """What happened to one thing, or that nothing did and it is wrong."""

    ref: str
    name: str
    kind: Kind | None
    events: list[Happened]
    now: str = ""
    """How it is, of what is wrong at the end."""
    overtaken: datetime | None = None

    @property
    def unresolved(self) -> bool:
        return bool(self.now) or (self.events[-1].wrong and self.overtaken is None)

    @property
    def recovered(self) -> bool:
        """A rollout that was seen to wait and no longer does is not called recovered unless its waiting was seen to begin."""
        return not self.unresolved and (any(each.wrong for each in self.events) or self.earlier)

    @property
    def earlier(self) -> bool:
        """Whether it was wrong before the first of this."""
        if self.kind in SHIPPED or not self.events:
            return False
        first = self.events[0]
        return health_of(first.before) in WRONG or (first.what == "edge" and first.after == "back")

    def wrong_for(self, until: datetime) -> str:
        """How long it was wrong, or is this time; empty where that began before."""
        times: list[list[datetime]] = []
        for each in self.events:
            if each.wrong and (not times or len(times[-1]) == 2):
                times.append([each.at])
            elif not each.wrong and times and len(times[-1]) == 1:
                times[-1].append(each.at)
        if self.overtaken is not None:
            return span((self.overtaken - self.events[-1].at).total_seconds())
        if times and len(times[-1]) == 1:
            known = not self.earlier or times[-1][0] > self.events[0].at
            return span((until - times[-1][0]).total_seconds()) if known and until > times[-1][0] else ""
        total = sum(((end - begin) for begin, end in times), timedelta())
        return span(total.total_seconds()) if total and not self.earlier else ""

    @property
    def chain(self) -> str:
        said: list[str] = []
        for each in self.events:
            words = {"appeared": [each.after], "found": [each.after], "began": [], "gone": [each.before, "gone"]}
            for word in words.get(each.what, [each.before, each.after]):
                if word and said[-1:] != [word]:
                    said.append(word)
        if self.now and said[-1:] != [self.now]:
            said.append(self.now)
        if self.overtaken is not None:
            said.append("a later one ok")
        if self.kind in SHIPPED:
            ends = [each for each in said if health_of(each) != "busy"] or said[-1:]
            said = [each for at, each in enumerate(ends) if not at or ends[at - 1] != each]
        if len(said) > 4:
            said = [said[0], f"… {len(said) - 3} more …", *said[-2:]]
        return " → ".join(said)

    @property
    def where(self) -> str:
        return f"{self.ref.split('/', 1)[0]} {self.kind}" if self.kind else "connection"


def is_news(event: Happened) -> bool:
    if event.what == "phase" or (event.what == "began" and event.kind not in SHIPPED):
        return False
    if event.what == "found":
        return event.kind in SHIPPED or event.wrong
    return event.what not in {"appeared", "gone"} or event.kind not in SILENT


def tales_of(asked: Asked) -> list[Tale]:
    tales: dict[str, Tale] = {}
    for event in sorted(filter(is_news, asked.events), key=lambda each: each.at):
        tale = tales.setdefault(event.ref, Tale(ref=event.ref, name=event.name, kind=event.kind, events=[]))
        tale.events.append(event)
        tale.name = event.name
    good = [tale for tale in tales.values() if tale.kind in SHIPPED and health_of(tale.events[-1].after) == "ok"]
    for tale in tales.values():
        place = (tale.kind, tale.ref.split("/", 1)[0], tale.name)
        if tale.kind in SHIPPED and tale.events[-1].wrong:
            later = [each.events[-1].at for each in good if (each.kind, each.ref.split("/", 1)[0], each.name) == place]
            tale.overtaken = min((at for at in later if at > tale.events[-1].at), default=None)
    for ref, name, word in asked.wrong:
        kind = Kind(ref.split("/")[1]) if "/" in ref else None
        tale = tales.setdefault(ref, Tale(ref=ref, name=name, kind=kind, events=[]))
        tale.now = word
    return list(tales.values())


def away(screen: Any, onlooker: Any, asked: Asked) -> Iterator[Problem]:
    """The counts, and every line that is drawn."""
    if screen._digest is None or screen.wanted:
        return
    tales = tales_of(asked)
    parts = {
        "unresolved": [each for each in tales if each.unresolved],
        "recovered": [each for each in tales if each.recovered],
        "changed": [each for each in tales if not each.unresolved and not each.recovered],
    }
    title = onlooker.seen.of_widget(screen.title_line)[0]
    counts = {word: len(each) for word, each in parts.items()} | {"action": len(asked.deeds)}
    for word, count in counts.items():
        found = re.search(rf"(\d+) {word}s?\b", title)
        if (found or ("transitions" in title and count)) and (int(found[1]) if found else 0) != count:
            yield f"a wrong number in the digest: {word}", f"{title.strip()!r}, not {counts}: {[each.ref for each in parts.get(word, ())]}"
            return
    if "…" not in title and "In " in title and (lost := [word for word, count in counts.items() if count and word not in title]):
        yield "a digest that leaves out a number", f"{title.strip()!r}: {lost}"
    wanted: list[tuple[str, list[Tale]]] = []
    for word, found_ in parts.items():
        places = list({_place(each): each for each in found_}.values()) if word == "changed" else found_
        if found_:
            wanted.append((f"head {word.capitalize()} {len(found_)}", []))
            wanted += [(word, found_)] * len(places)
    yield from _rows(screen.table, onlooker, asked, wanted)


def _place(tale: Tale) -> object:
    return (tale.ref.split("/", 1)[0], tale.kind, tale.name) if tale.kind in SHIPPED else tale.ref


def _rows(table: Any, onlooker: Any, asked: Asked, wanted: list[tuple[str, list[Tale]]]) -> Iterator[Problem]:
    region, widths = table.content_region, {slot.id: slot.width for slot in table.slots}
    for at, y in enumerate(range(region.y, region.bottom), start=table.top):
        cells = onlooker.seen.lines[y][region.x : region.right]
        drawn = {slot.id: "".join(cells[1 + slot.x : 1 + slot.x + slot.width]).strip() for slot in table.slots}
        if at >= len(wanted):
            if at > len(wanted) and len(asked.deeds) == 0 and "".join(cells).strip(" ▐") and wanted:
                yield "a line of the digest that stands for nothing", drawn
            if (
                at == len(wanted) + 1
                and asked.deeds
                and not drawn.get("what", f"{asked.deeds[0].who}: ").startswith(f"{asked.deeds[0].who}: ")
            ):
                yield "a deed that the digest does not tell", drawn
            continue
        word, tales = wanted[at]
        if word.startswith("head "):
            if f"{drawn.get('when')} {drawn.get('name')}".split(" in ")[0] != word.removeprefix("head "):
                yield "a heading of the digest that is not so", f"{drawn}, not {word}"
                return
            continue
        many = Counter(map(_place, tales))
        if not any(_told(drawn, widths, each, asked, onlooker, alone=word != "changed" or many[_place(each)] == 1) for each in tales):
            called = [each for each in tales if drawn["name"].endswith(each.name)] or tales
            said = [(each.name, each.wrong_for(asked.until), each.chain) for each in called[:3]]
            yield f"a line of the digest that is not so: {word}", f"{drawn}, not {said}"
            return


def _told(drawn: Mapping[str, str], widths: Mapping[str, int], tale: Tale, asked: Asked, onlooker: Any, *, alone: bool) -> bool:
    def fits(id_: str, text: str) -> bool:
        return id_ not in drawn or drawn[id_] == onlooker.cut(text, widths[id_]).strip()

    if not (any(fits("name", f"{glyph} {tale.name}") for glyph in {*GLYPHS.values()}) and fits("where", tale.where)):
        return False
    if not alone:
        return True
    lasted = tale.wrong_for(asked.until) if tale.events else None
    how = ""
    if lasted and (tale.unresolved or tale.recovered):
        how = f"{lasted} so far: " if tale.unresolved else f"for {lasted}: "
    last = tale.events[-1] if tale.events else None
    if last is None or (tale.now and not last.wrong):
        return tale.chain in drawn.get("what", "…") or "…" in drawn.get("what", "…")  # since when it is wrong is known from before
    if not any(fits("when", each) for each in _whens(tale, (onlooker.app.moment().now, asked.until))):
        return False
    unseen = f", {UNTOLD}" if last.what in {"began", "found"} else ""
    whose = next((each.text for each in tale.events if each.what in {"appeared", "began", "found"}), "")
    return fits("what", how + tale.chain + unseen + (f", {whose}" if whose else ""))


def _whens(tale: Tale, nows: tuple[datetime, ...]) -> Iterator[str]:
    """From when to when, as it is told on the day of one of these moments."""
    first, last = tale.events[0].at, tale.events[-1].at
    for now in nows:
        if last.date() != now.date():
            yield f"{last:%a %H:%M}" if (now - last).days < 6 else f"{last:%d %b %H:%M}"
        elif f"{first:%H:%M}" == f"{last:%H:%M}" or first.date() != now.date():
            yield f"{last:%H:%M}"
        else:
            yield f"{first:%H:%M}–{last:%H:%M}"


# The handoff -----------------------------------------------------------------------------------------------------------------


def handoff(screen: Any, onlooker: Any, asked: Asked) -> Iterator[Problem]:
    """What is drawn is a part of the whole, and the whole is what happened."""
    text: str = screen._text
    if not text or screen.wanted:
        return
    drawn = closed("".join(line.rstrip(" ▐") for line in onlooker.seen.of_widget(screen._view)))
    if drawn not in closed(text.replace("`", "")):
        yield "a handoff that is drawn otherwise than it is written", f"{drawn!r} of {text!r}"
    if "Nobody has looked since" in text:
        yield "a handoff that says that nobody looks while somebody does", text.split("\n")[4]
    tales = tales_of(asked)
    wrong, well = [each for each in tales if each.unresolved], [each for each in tales if each.recovered and each.kind not in SHIPPED]
    going = {kind: [each for each in tales if each.kind is kind] for kind in (Kind.ROLLOUT, Kind.DEPLOYMENT)}
    unknown = [each for each in asked.deeds if each.outcome in {"", "unknown"}]
    counts = {
        "still wrong": len(wrong),
        "outcomes? unknown": len(unknown),
        "recovered": len(well),
        "rollouts?": len(going[Kind.ROLLOUT]),
        "deployments?": len(going[Kind.DEPLOYMENT]),
        "actions?": len(asked.deeds),
    }
    said = text.split("\n")[2]
    for word, count in counts.items():
        found = re.search(rf"(\d+) {word}\b", said)
        if (int(found[1]) if found else 0) != count:
            yield "a wrong number in the handoff", f"{said!r}, not {count} {word}"
    sections = {part.split("\n")[0]: part.strip().split("\n")[1:] for part in text.split("## ")[1:]}
    for title, told in (("Still wrong or unknown", wrong), ("Recovered", well)):
        lines = [each for each in sections.get(title, []) if re.search(r"` \(", each)]
        named = Counter(found[1] for each in lines if (found := re.search(r"(`[^`]+` \([^)]*\))", each)))
        wanted = Counter(f"`{each.name}` ({each.where})" for each in told)
        if named != wanted:
            yield f"a handoff that leaves out or makes up: {title}", f"{named - wanted} not {wanted - named}"
        for each in told:
            lasted = each.wrong_for(asked.until)
            if each.events and (each.events[-1].wrong or each.recovered) and each.overtaken is None and lasted:
                how = f"({lasted})" if each.unresolved else f"wrong for {lasted}"
                if not any(f"`{each.name}` ({each.where})" in line and how in line for line in lines):
                    yield "a length of time in the handoff", f"{each.name}: {how} is not in {lines}"
    for title, kind in (("Rollouts", Kind.ROLLOUT), ("Deployments", Kind.DEPLOYMENT)):
        places = Counter((each.name, each.ref.split("/", 1)[0]) for each in going[kind])
        listed = {found.groups() for each in sections.get(title, []) if (found := re.match(r"- `([^`]+)` \(([^)]+)\)", each))}
        if listed != set(places):
            yield f"places of the handoff: {title}", f"{listed}, not {set(places)}"
        for line in sections.get(title, []):
            if found := re.match(r"- `([^`]+)` \(([^)]+)\): ((?:\d+ [^,;]+, )*\d+ [^,;]+?)(?:;| at )", line):
                number = sum(int(each.split()[0]) for each in found[3].split(", "))
                if number != places.get((found[1], found[2])):
                    yield "a wrong number of attempts in the handoff", f"{line!r}, not {places.get((found[1], found[2]))}"
    if len(sections.get("Done by hand", [])) != len(asked.deeds):
        yield "a deed that the handoff does not tell", f"{sections.get('Done by hand')}, not {len(asked.deeds)}"
    if made := [str(each.ref) for each in asked.deeds if f", made `{each.ref}`" in text]:
        yield "a deed that is said to have made what it was done to", made
    if len(sections.get("Notes", [])) != len(asked.notes) or any(each not in text for each in asked.notes):
        yield "a note that the handoff does not have", f"{sections.get('Notes')}, not {asked.notes}"


def asked_by(screen: Any, every: Sequence[Asked]) -> Asked | None:
    """What this screen asked for: something else may have asked since."""
    if isinstance(screen, HandoffScreen):
        return next((each for each in reversed(every) if f": {each.since:%Y-%m-%d %H:%M} to " in screen._text[:80]), None)
    since = screen._digest and screen._digest.since if isinstance(screen, AwayScreen) else screen._over and screen._over[0]
    return next((each for each in reversed(every) if each.since == since), None)


def spanned(title: str, asked: Asked) -> Iterator[Problem]:
    """A screen tells of as long as it says."""
    if found := re.search(r"[Tt]he last (\d+) ([hd])\b", title):
        wanted = timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))
        if abs(asked.wall - asked.since - wanted) > timedelta(seconds=1):
            yield "a screen of the past that tells of another time", f"{title.strip()!r}, since {asked.since}"


LOOKS: Final = {TimelineScreen: timeline, AwayScreen: away, HandoffScreen: handoff}
"""How each screen of the past is looked at."""
