"""A deployment's state on the control plane flaps: its node's last report writes ``pending`` over ``success`` for a moment.

Here it is decided which reading is believed. Pure; deployments are told apart by name, because a row may come back under another id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tui.model import Deployment, Health

NEEDED: Final = 2
"""Equal readings after which a state is believed that would be news."""

_OPEN: Final = Health.BUSY


@dataclass(slots=True)
class _Seen:
    shown: Deployment
    news: str = ""
    readings: int = 0


class Settling:
    """What was last believed of each deployment, by name."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def believe(self, row: Deployment) -> Deployment:
        """The row as it came, or the one before it while the news could be a flap.

        An end that goes back to its beginning is believed at the second equal reading; an end that is reached, at once if the
        record's time moved with it, else at the second reading. Everything else is believed at once.
        """
        seen = self._seen.get(row.name)
        if seen is None or row.status == seen.shown.status or not self._could_flap(seen.shown, row):
            self._seen[row.name] = _Seen(row)
            return row
        seen.readings = seen.readings + 1 if seen.news == row.status else 1
        seen.news = row.status
        if seen.readings >= NEEDED:
            self._seen[row.name] = _Seen(row)
            return row
        return seen.shown

    def forget(self, name: str) -> None:
        """We changed it ourselves: the next reading is believed."""
        self._seen.pop(name, None)

    def keep(self, names: set[str]) -> None:
        """Forget those that are no more."""
        for gone in self._seen.keys() - names:
            del self._seen[gone]

    @staticmethod
    def _could_flap(before: Deployment, now: Deployment) -> bool:
        if before.health is not _OPEN:
            return now.health is _OPEN or now.health is not before.health
        moved = now.updated_at is not None and before.updated_at is not None and now.updated_at > before.updated_at
        return now.health is not _OPEN and not moved
