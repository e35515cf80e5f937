"""Lines of a log as text to keep or to paste. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC

from tui.ui.widgets.log_buffer import Entry

NameOf = Callable[[Hashable], str]


def lines_of(entries: Iterable[Entry], name_of: NameOf, *, names: bool) -> Iterator[str]:
    """``2026-05-04T12:00:07.250Z web-api error upstream timed out``, without what is not known; notes of ours as they stand."""
    for entry in entries:
        line = entry.line
        if entry.note:
            yield str(line.text)
            continue
        at = line.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if line.at else ""
        cut = f" …+{line.cut} bytes cut" if line.cut else ""
        yield " ".join(part for part in (at, name_of(entry.source) if names else "", line.level, line.text) if part) + cut
