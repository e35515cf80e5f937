"""The handoff at the end of a shift: what broke, what was rolled out, what was done, what is still open. Markdown and JSON.

Everything in it has passed ``clean``; names are written as code so that a chat does not read them as markup. It holds no secret
because nothing it is made from does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tui.clock import span, written
from tui.engine.recall.digest import OVERTAKEN, Digest, Story
from tui.engine.recall.records import BEFORE, Deed, Note, connection_of, kind_of
from tui.engine.words import ASKED
from tui.model import SHIPPED, Kind

LOOKED: Final = timedelta(minutes=5)
"""How long ago the last look may be without a word about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A shift in seven lists. ``open`` are verbs whose outcome nobody knows."""

    context: str
    since: datetime
    until: datetime
    wrong: tuple[Story, ...] = ()
    recovered: tuple[Story, ...] = ()
    rollouts: tuple[Story, ...] = ()
    deployments: tuple[Story, ...] = ()
    deeds: tuple[Deed, ...] = ()
    open: tuple[Deed, ...] = ()
    notes: tuple[Note, ...] = ()
    looked: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain objects; times in RFC 3339, in UTC with a Z."""

        def plain(value: Any) -> Any:
            if isinstance(value, datetime):
                return written(value)
            if isinstance(value, dict):
                return {key: plain(each) for key, each in value.items()}
            return [plain(each) for each in value] if isinstance(value, list | tuple) else value

        whole: dict[str, Any] = plain(asdict(self))
        return whole


def handoff(told: Digest, notes: Sequence[Note] = (), *, context: str, looked: datetime | None = None) -> Handoff:
    """Make the handoff of a stretch of time; ``looked`` is when somebody looked last."""
    since, until = told.since, told.until
    every = (*told.unresolved, *told.recovered, *told.changed)
    return Handoff(
        context=context,
        since=since,
        until=until,
        wrong=told.unresolved,
        recovered=tuple(each for each in told.recovered if kind_of(each.ref) not in SHIPPED),
        rollouts=tuple(each for each in every if kind_of(each.ref) is Kind.ROLLOUT),
        deployments=tuple(each for each in every if kind_of(each.ref) is Kind.DEPLOYMENT),
        deeds=told.deeds,
        open=tuple(each for each in told.deeds if each.outcome in {"", "unknown"}),
        notes=tuple(each for each in notes if since <= each.at <= until),
        looked=looked,
    )


def markdown(shift: Handoff) -> str:
    """The handoff as it is pasted into a chat."""
    length = span((shift.until - shift.since).total_seconds())
    head = f"# Handoff {shift.context}: {_moment(shift.since)} to {_moment(shift.until)} UTC ({length})"
    counts = (
        (len(shift.wrong), "still wrong", "still wrong"),
        (len(shift.open), "outcome unknown", "outcomes unknown"),
        (len(shift.recovered), "recovered", "recovered"),
        (len(shift.rollouts), "rollout", "rollouts"),
        (len(shift.deployments), "deployment", "deployments"),
        (len(shift.deeds), "action", "actions"),
    )
    known = shift.looked is not None or bool(shift.wrong)
    told = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count or (known and one == "still wrong"))
    parts = [head, *(["", f"{told}."] if told else [])]
    if shift.looked is not None and shift.looked < shift.until - LOOKED:
        parts += ["", f"Nobody has looked since {_moment(shift.looked)}: what is said of now is from then."]
    if not known:
        parts += ["", "Nobody has looked yet: how things are is not known. A console or rollwatch plain looks."]
    wrong = [_wrong(each, shift) for each in shift.wrong] + [_deed(each) for each in shift.open]
    parts += _section("Still wrong or unknown", wrong if known else [*wrong, "- how everything is now"], always=True)
    parts += _section("Recovered", [_recovered(each, shift) for each in sorted(shift.recovered, key=lambda each: each.first)])
    parts += _section("Rollouts", list(_places(shift.rollouts, shift)))
    parts += _section("Deployments", list(_places(shift.deployments, shift)))
    parts += _section("Done by hand", [_deed(each) for each in shift.deeds])
    parts += _section("Notes", [_note(each) for each in shift.notes])
    return "\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str], *, always: bool = False) -> list[str]:
    if not lines and not always:
        return []
    return ["", f"## {title}", *(lines or ["- nothing"])]


def _places(stories: Sequence[Story], shift: Handoff) -> Iterator[str]:
    """One line for each place that something went to: how often, how that ended, the newest; what failed stands below on its own."""
    places: dict[tuple[str, str], list[Story]] = {}
    for story in sorted(stories, key=lambda each: each.last, reverse=True):
        places.setdefault((connection_of(story.ref), story.name), []).append(story)
    for (connection, name), found in sorted(places.items()):
        ends = Counter(_ended(each) for each in found)
        counts = ", ".join(f"{count} {word}" for word, count in ends.most_common())
        newest = found[0]
        last = f"; last {_at(newest.last, shift)} {_ended(newest)}" if len(found) > 1 else f" at {_at(newest.last, shift)}"
        yield f"- {_code(name)} ({connection}): {counts}{last}{_whose(newest)}"
        yield from (f"  - {_at(each.last, shift)} {_failed(each)}{_whose(each)}" for each in found if each.wrong_for is not None)


def _failed(story: Story) -> str:
    if story.unresolved:
        return f"{_ended(story)}, nothing newer went well"
    if story.states[-1:] == (OVERTAKEN,):
        return f"{_ended(story)}, a later one went well after {span(story.wrong_for or 0.0)}"
    asked = any(f"({ASKED})" in each for each in story.states)
    return f"{_ended(story)}, {'waited for an approval for' if asked else 'was not well for'} {span(story.wrong_for or 0.0)}"


def _whose(story: Story) -> str:
    target, by, who = story.whose.rpartition(" by ")
    return (f", {_code(target)} by {_code(who)}" if by else f", {_code(who)}") if story.whose else ""


def _ended(story: Story) -> str:
    """The last state of a rollout, in the platform's word where it has one: ``success`` of ``ok (success)``."""
    last = next((each for each in reversed(story.states) if each != OVERTAKEN), "")
    health, _, theirs = last.partition(" (")
    return theirs.removesuffix(")") or health


def _name(story: Story) -> str:
    kind = kind_of(story.ref)
    return f"{_code(story.name)} ({f'{connection_of(story.ref)} {kind}' if kind else 'connection'})"


def _wrong(story: Story, shift: Handoff) -> str:
    """What is wrong, since when and for how long, and how it came to that if there is more to say."""
    since = "since nobody knows when" if story.standing else f"since before {_at(story.first, shift)}" if story.earlier else ""
    if story.wrong_for:
        since = f"since {_at(shift.until - timedelta(seconds=story.wrong_for), shift)} ({span(story.wrong_for)})"
    now = story.states[-1] if story.states else "not well"
    how = f", {BEFORE}" if story.unseen else ""
    before = f"; before that {story.chain.rpartition(' → ')[0]}" if story.count > 1 and "→" in story.chain else ""
    return f"- {_name(story)}: {' '.join(part for part in (now, since) if part)}{how}{before}{_whose(story)}"


def _recovered(story: Story, shift: Handoff) -> str:
    """When, what, how it went, for how long, and what was done about it meanwhile."""
    lasted = f", wrong for {span(story.wrong_for)}" if story.wrong_for else ", wrong since before that" if story.earlier else ""
    done = [each for each in shift.deeds if each.ref == story.ref and story.first <= each.at <= story.last]
    acts = "".join(f"; {_clock(each.at)} {each.verb} by {_code(each.who)}" for each in done)
    how = "did not answer" if kind_of(story.ref) is None and set(story.states) <= {"down", "back"} else story.chain
    return f"- {_at(story.first, shift)}–{_at(story.last, shift)} {_name(story)}: {how}{lasted}{acts}"


def _note(note: Note) -> str:
    about = f" about {_code(note.ref)}" if note.ref else ""
    return f"- {_clock(note.at)} {_code(note.who)}{about}: {_code(note.text)}"


def _deed(deed: Deed) -> str:
    reason = f", because {_code(deed.reason)}" if deed.reason else ""
    caused = f", made {_code(deed.caused)}" if deed.caused else ""
    outcome = {"": "in flight", "unknown": "outcome unknown, look before doing it again"}.get(deed.outcome, deed.outcome)
    return f"- {_clock(deed.at)} {_code(deed.who)} {deed.verb} {_code(deed.name or deed.ref)}: {outcome}{reason}{caused}"


def _code(text: str) -> str:
    """Text from outside, so that no chat reads it as markup."""
    return "`" + text.replace("`", "'").replace("\n", " ") + "`"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")


def _at(at: datetime, shift: Handoff) -> str:
    """The time of day, with the day where the shift does not tell it."""
    return _clock(at) if at >= shift.since else _moment(at)
