"""Several logs in one list, read off the screen and compared with what each stream told. No test stands here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from tests.ui.detailing import Problem
from tui.model import LogLine, Ref

LINE: Final = re.compile(r"(?:(\d\d:\d\d:\d\d)|\S+ ago|) +(\S+|\S.*?…?) {2,}.*?(line \d+)$")
NAME: Final = 16
"""Cells of the longest name of a source."""


def merged(lines: Sequence[str], follows: Mapping[Ref, Any], names: Mapping[Ref, str], *, following: bool, aged: bool) -> Iterator[Problem]:
    """What of these lines is not so: whose each is, its time, their order, and that none is lost or stands twice."""
    told = {ref: [each for each in follow.lines if isinstance(each, LogLine)] for ref, follow in follows.items()}
    places = {(ref, str(line.text)): at for ref, every in told.items() for at, line in enumerate(every)}
    seen: list[tuple[Ref, int]] = []
    for line in lines:
        if re.search(r"── gap|··· \S+ later ···", line) or not line.strip():
            continue
        found = LINE.match(line.strip(" ▐›*"))
        if found is None:
            yield "a line of several logs that nobody said", line
            return
        stamp, name, text = found.groups()
        owners = [ref for ref in told if (ref, text) in places and _called(name, names[ref])]
        if not owners:
            said = [names[ref] for ref in told if (ref, text) in places]
            yield "a line of a log under the name of another", f"{line!r}, not of {said}"
            return
        new = [ref for ref in owners if (ref, places[ref, text]) not in seen]
        if not new:
            yield "a line of a log that stands twice", line
            return
        seen.append((new[0], places[new[0], text]))
        at = told[new[0]][places[new[0], text]].at
        if stamp and at is not None and stamp != f"{at:%H:%M:%S}":
            yield "a line of a log with another time", f"{line!r}, not {at}"
    yield from _order(seen, told, following=following)


def _called(drawn: str, name: str) -> bool:
    return drawn == name or (drawn.endswith("…") and name.startswith(drawn[:-1]))


def _order(seen: Sequence[tuple[Ref, int]], told: Mapping[Ref, list[LogLine]], *, following: bool) -> Iterator[Problem]:
    times = [told[ref][at].at for ref, at in seen]
    if any(one is not None and two is not None and one > two for one, two in pairwise(times)):
        yield "several logs that are not in the order of time", [f"{told[ref][at].text} {told[ref][at].at}" for ref, at in seen]
    known = [each for each in times if each is not None]
    for ref, every in told.items():
        its = [at for each, at in seen if each == ref]
        if its != list(range(its[0], its[0] + len(its))) if its else False:
            yield "a line of a log that is lost among others", f"{ref}: {its} of {len(every)}"
        if following and its and its[-1] != len(every) - 1:
            yield "a log among others that does not end as it was told", f"{ref}: {its[-1]} of {len(every)}"
        if not known:
            continue
        first, last = min(known), datetime.max.replace(tzinfo=known[0].tzinfo) if following else max(known)
        lost = [line for at, line in enumerate(every) if at not in its and line.at is not None and first < line.at < last]
        if lost:
            yield "lines of a log that are left out between those of others", f"{ref}: {[str(each.text) for each in lost[:5]]}"
