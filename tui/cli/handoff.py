"""``rollwatch handoff``: the shift in Markdown or JSON, from this machine's journal alone; and a note for the next one."""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import closing
from datetime import timedelta

from tui.cli import document, say
from tui.cli.configured import NothingConnected, configured
from tui.cli.exits import Exit
from tui.clock import Clock, SystemClock, length
from tui.engine.recall.handoff import markdown
from tui.engine.recall.past import AHEAD, AT_MOST, read
from tui.errors import StorageError, UsageError
from tui.local.files import is_missing
from tui.local.identity import whoami
from tui.local.journal import Journal
from tui.local.logfile import open_log
from tui.local.paths import Paths
from tui.redaction import Redactor


def handoff(args: Namespace) -> int:
    """Exit 0, 1 when the journal cannot be read or written, 2 when nothing is configured or there is no journal."""
    try:
        back = length(args.since)
    except ValueError:
        raise UsageError(f"--since {args.since!r} is no age", hint="write 30m, 8h or 2d") from None
    if args.note is not None and not args.note.strip():
        raise UsageError("--note holds no word", hint="write --note 'what the next shift must know'")
    paths, loaded = configured(args)
    if loaded.empty:
        raise NothingConnected
    name = loaded.choose().name
    clock = SystemClock()
    if not args.note and is_missing(paths.journal_file):
        raise UsageError(f"there is no journal yet at {paths.journal_file}", hint="it begins with the first rollwatch")
    paths = paths.prepare(clock.wall())
    # Without it what the journal logs would be printed beside what is said.
    with open_log(paths) as log, closing(_journal(paths, name, clock, log.redactor)) as journal:
        if args.note:
            journal.note(args.note)
        if (args.note and not journal.flush()) or journal.badge:
            # What cannot be read would be told as a shift in which nothing happened.
            raise StorageError(journal.badge or "the journal does not answer")
        if args.note:
            say("noted")
            return Exit.OK
        until = clock.wall()
        told = read(journal, until - back, until + timedelta(seconds=1), ahead=AHEAD)
    if told.cut:
        say(f"more than {AT_MOST:,} events: only the newest are told")
    shift = told.handoff(name)
    made = document.text({"version": document.VERSION, **shift.as_json()}) if args.json else markdown(shift).rstrip("\n")
    print(made)
    return Exit.OK


def _journal(paths: Paths, context: str, clock: Clock, scrub: Redactor) -> Journal:
    return Journal.open(paths.journal_file, context=context, who=whoami(os.environ), now=clock.wall, scrub=scrub)
