"""The handoff at the end of a shift: what broke, what was rolled out, what was done, what is still open. Markdown and JSON.

Everything in it has passed ``clean``; names are written as code so that a chat does not read them as markup. It holds no secret
because nothing it is made from does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tui.engine.recall.digest import OVERTAKEN, Digest, Story
from tui.engine.recall.records import Deed, Note, connection_of, kind_of, span
from tui.model import Kind


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
        """The same as plain objects; times in RFC 3339."""

        def plain(value: Any) -> Any:
            if isinstance(value, datetime):
                return value.isoformat()
            if isinstance(value, dict):
                return {key: plain(each) for key, each in value.items()}
            return [plain(each) for each in value] if isinstance(value, list | tuple) else value

        whole: dict[str, Any] = plain(asdict(self))
        return whole


def handoff(told: Digest, notes: Sequence[Note] = (), *, context: str, looked: datetime | None = None) -> Handoff:
    """Make the handoff of a stretch of time; ``looked`` is when somebody looked last."""
    since, until = told.since, told.until
    every = (*told.unresolved, *told.recovered, *told.changed)
    shipped = {Kind.ROLLOUT, Kind.DEPLOYMENT}
    return Handoff(
        context=context,
        since=since,
        until=until,
        wrong=told.unresolved,
        recovered=tuple(each for each in told.recovered if kind_of(each.ref) not in shipped),
        rollouts=tuple(each for each in every if kind_of(each.ref) is Kind.ROLLOUT),
        deployments=tuple(each for each in every if kind_of(each.ref) is Kind.DEPLOYMENT),
        deeds=told.deeds,
        open=tuple(each for each in told.deeds if each.outcome in {"", "unknown"}),
        notes=tuple(each for each in notes if since <= each.at <= until),
        looked=looked,
    )


def markdown(shift: Handoff) -> str:
    """The handoff as it is pasted into a chat."""
    head = f"# Handoff {shift.context}: {_moment(shift.since)} to {_moment(shift.until)} UTC"
    length = span((shift.until - shift.since).total_seconds())
    summary = (
        f"{length}: {len(shift.wrong)} still wrong, {len(shift.recovered)} recovered, {len(shift.rollouts)} rollouts, "
        f"{len(shift.deployments)} deployments, {len(shift.deeds)} actions."
    )
    parts = [head, "", summary]
    parts += _section("Still wrong or unknown", [_line(each) for each in shift.wrong] + [_deed(each) for each in shift.open], always=True)
    parts += _section("Recovered", [_line(each) for each in shift.recovered])
    parts += _section("Rollouts", list(_places(shift.rollouts)))
    parts += _section("Deployments", list(_places(shift.deployments)))
    parts += _section("Done by hand", [_deed(each) for each in shift.deeds])
    parts += _section("Notes", [f"- {_clock(each.at)} {each.who}: {_code(each.text)}" for each in shift.notes])
    return "\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str], *, always: bool = False) -> list[str]:
    if not lines and not always:
        return []
    return ["", f"## {title}", *(lines or ["- nothing"])]


def _places(stories: Sequence[Story]) -> Iterator[str]:
    """One line for each place that something went to: how often, how that ended, the newest; what failed stands below on its own."""
    places: dict[tuple[str, str], list[Story]] = {}
    for story in sorted(stories, key=lambda each: each.last, reverse=True):
        places.setdefault((connection_of(story.ref), story.name), []).append(story)
    for (connection, name), found in sorted(places.items()):
        ends = Counter(_ended(each) for each in found)
        counts = ", ".join(f"{count} {word}" for word, count in ends.most_common())
        newest = found[0]
        whose = f", {_code(newest.whose)}" if newest.whose else ""
        yield f"- {_code(name)} ({connection}) {len(found)}: {counts}; the last {_clock(newest.first)}–{_clock(newest.last)}{whose}"
        yield from (f"  {_line(each)}" + (f", {_code(each.whose)}" if each.whose else "") for each in found if each.wrong_for is not None)


def _ended(story: Story) -> str:
    """The last state of a rollout, in the platform's word where it has one: ``success`` of ``ok (success)``."""
    last = next((each for each in reversed(story.states) if each != OVERTAKEN), "")
    health, _, theirs = last.partition(" (")
    return theirs.removesuffix(")") or health


def _line(story: Story) -> str:
    first, last = _clock(story.first), _clock(story.last)
    times = first if first == last else f"{first}–{last}"
    told = story.text.removeprefix(story.name).strip()
    return f"- {times} {_code(story.name)} ({story.ref.split('/', 1)[0]}) {told}"


def _deed(deed: Deed) -> str:
    reason = f", because {_code(deed.reason)}" if deed.reason else ""
    caused = f", made {_code(deed.caused)}" if deed.caused else ""
    return (
        f"- {_clock(deed.at)} {_code(deed.who)} {deed.verb} {_code(deed.name or deed.ref)}: {deed.outcome or 'in flight'}{reason}{caused}"
    )


def _code(text: str) -> str:
    """Text from outside, so that no chat reads it as markup."""
    return "`" + text.replace("`", "'").replace("\n", " ") + "`"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")
