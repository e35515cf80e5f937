"""How the real Phase writes moments. Pure; no state."""

from __future__ import annotations

from tui.emulator.timing import rfc3339

STAMP = 0.000011
"""On creation ``updatedAt`` is some microseconds later than ``createdAt``."""


def moment(at: float) -> str:
    """Microseconds, which vanish when they are zero."""
    return str(rfc3339(at, 0 if at == int(at) else 6))


def times(created: float, updated: float) -> dict[str, object]:
    return {"createdAt": moment(created), "updatedAt": moment(updated if updated > created else created + STAMP)}
