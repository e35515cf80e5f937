"""What a case hands back: our figure beside its anchors, measured in the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``ours`` and the ``anchors`` are in ``unit``; less is better unless the unit is a rate of work (``lines/s``)."""

    case: str
    what: str
    unit: str
    ours: float | None
    anchors: Mapping[str, float | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def table(figures: Sequence[Figure]) -> str:
    """Figures as text, one a line."""
    lines = []
    for figure in figures:
        anchors = "   ".join(f"{name} {number(value)}" for name, value in figure.anchors.items())
        lines.append(f"{figure.case:<8} {figure.what:<46} {number(figure.ours):>12} {figure.unit:<8} {anchors}".rstrip())
    return "\n".join(lines)


def number(value: float | None) -> str:
    if value is None:
        return "never"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
