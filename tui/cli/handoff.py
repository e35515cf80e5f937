"""``rollwatch handoff``: the shift in Markdown or JSON, from this machine's journal alone."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace
from datetime import timedelta
from typing import Final

from tui.cli import compose
from tui.cli.exits import Exit
from tui.clock import SystemClock
from tui.engine.ports import Event
from tui.engine.recall.handoff import handoff as make
from tui.engine.recall.handoff import markdown
from tui.engine.recall.records import Deed, Note
from tui.errors import UsageError
from tui.local.identity import whoami
from tui.local.journal import Entry, Intent, Journal

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOST: Final = 20_000
"""Events of one shift that are looked at."""


def handoff(args: Namespace) -> int:
    """Exit 0, 2 when nothing is configured."""
    length = _length(args.since)
    paths, loaded = compose.configured(args)
    if loaded.empty:
        raise compose.NothingConnected
    name = loaded.choose().name
    clock = SystemClock()
    until = clock.wall()
    since = until - length
    if not paths.journal_file.exists():
        raise UsageError(f"there is no journal yet at {paths.journal_file}", hint="it begins with the first rollwatch")
    journal = Journal.open(paths.journal_file, context=name, who=whoami(os.environ), now=clock.wall)
    try:
        entries = journal.events(since=since, limit=MOST)
        told = make(
            [_event(each) for each in reversed(entries) if each.what != "note"],
            [_deed(each) for each in reversed(journal.intents(since=since, limit=MOST))],
            [Note(at=each.at, who=each.name, text=each.text, ref=each.ref) for each in reversed(entries) if each.what == "note"],
            context=name,
            since=since,
            until=until,
        )
    finally:
        journal.close()
    print(json.dumps(told.as_json(), ensure_ascii=False) if args.json else markdown(told), end="\n" if args.json else "")
    return Exit.OK


def _length(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,4})([mhdw])", text)
    if match is None:
        raise UsageError(f"--since {text!r} is no age", hint="write 30m, 8h or 2d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _event(entry: Entry) -> Event:
    return Event(
        what=entry.what,
        ref=entry.ref,
        at=entry.at,
        name=entry.name,
        before=entry.before,
        after=entry.after,
        platform_at=entry.platform_at,
        seconds=entry.seconds,
        text=entry.text,
    )


def _deed(intent: Intent) -> Deed:
    return Deed(
        at=intent.at,
        who=intent.who,
        verb=str(intent.verb),
        ref=str(intent.ref),
        name=intent.name,
        request=intent.request,
        reason=intent.reason,
        outcome=intent.outcome,
        text=intent.text,
        caused=intent.caused,
    )
