"""How loaded a thing was in the last minutes, as a line of bars under its figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui.engine.session import Session
from tui.model import Resource
from tui.tables import bars, share, size
from tui.ui.widgets.text_view import Field


def loads(row: Resource, session: Session) -> Mapping[str, Field]:
    """By the label of the figure the line that belongs under it; nothing where fewer than two minutes are known."""
    cpu, memory = session.loads.of(row.ref, session.clock.boot())
    lines = {"cpu": _line(cpu, share, 1.0), "memory": _line(memory, size)}
    return {label: line for label, line in lines.items() if line is not None}


def _line(values: Sequence[float | None], told: Callable[[float | None], str], full: float = 0.0) -> Field | None:
    known = [each for each in values if each is not None]
    if len(known) < 2:
        return None
    first = next(at for at, each in enumerate(values) if each is not None)
    shown = values[first:]
    low, high = told(min(known)), told(max(known))
    between = low if low == high else f"{low} to {high}"
    return Field("", f"{bars(shown, full)}  {between} in {len(shown)} min", "muted")
