"""The handoff at the end of a shift: what broke, what was rolled out, what was done, what is still open. Markdown and JSON.

Everything in it has passed ``clean``; names are written as code so that a chat does not read them as markup. It holds no secret
because nothing it is made from does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tui.engine.ports import Event
from tui.engine.recall.digest import Digest, Story, digest
from tui.engine.recall.records import Deed, Note, kind_of, span
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


def handoff(
    events: Iterable[Event], deeds: Sequence[Deed], notes: Sequence[Note] = (), *, context: str, since: datetime, until: datetime
) -> Handoff:
    """Make the handoff of a stretch of time."""
    told: Digest = digest(events, deeds, since=since, until=until)
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
    parts += _section("Rollouts", [_line(each) for each in shift.rollouts])
    parts += _section("Deployments", [_line(each) for each in shift.deployments])
    parts += _section("Done by hand", [_deed(each) for each in shift.deeds])
    parts += _section("Notes", [f"- {_clock(each.at)} {each.who}: {_code(each.text)}" for each in shift.notes])
    return "\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str], *, always: bool = False) -> list[str]:
    if not lines and not always:
        return []
    return ["", f"## {title}", *(lines or ["- nothing"])]


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
