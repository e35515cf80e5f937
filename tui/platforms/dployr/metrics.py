"""Numbers of a machine or a service, wherever a dployr reply puts them.

The documents give no shape for metrics, so the places are a table: the spellings of the daemon, of the control plane and the usual ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tui.platforms.records import decimal, snake

CPU: Final = (
    "cpu_share",
    "cpu_percent",
    "cpu_usage_percent",
    "cpu_usage",
    "cpu.usage_percent",
    "cpu.used_percent",
    "cpu.percent",
    "cpu.usage",
    "cpu.share",
    "cpu",
)
MEMORY: Final = (
    "memory_bytes",
    "memory_used_bytes",
    "memory_usage_bytes",
    "memory.used_bytes",
    "memory.usage_bytes",
    "memory.used",
    "mem_used_bytes",
    "memory_used",
    "memory_usage",
)
MEMORY_MEGABYTES: Final = ("memory_mb", "memory_used_mb", "memory.used_mb", "memory_usage_mb")
MEMORY_TOTAL: Final = (
    "memory_total_bytes",
    "memory_limit_bytes",
    "memory.total_bytes",
    "memory.limit_bytes",
    "memory.total",
    "memory.limit",
    "memory_total",
    "memory_limit",
)
MEMORY_TOTAL_MEGABYTES: Final = ("memory_total_mb", "memory.total_mb", "memory_limit_mb")
DISK: Final = (
    "disk_share",
    "disk_percent",
    "disk_usage_percent",
    "disk.used_percent",
    "disk.usage_percent",
    "disk.percent",
    "disk_usage",
    "disk.usage",
    "disk",
)
DISK_USED: Final = ("disk_used_bytes", "disk.used_bytes", "disk.used", "disk_used")
DISK_TOTAL: Final = ("disk_total_bytes", "disk.total_bytes", "disk.total", "disk_total")
_SMALLEST: Final = 65_536
"""A smaller number without a unit in its name is a percentage or megabytes, not bytes."""
INSIDE: Final = ("metrics", "resources", "usage", "stats", "data")


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Shares are 0..1 of one whole (a CPU share above 1 is more than one core), None where the reply does not say."""

    cpu_share: float | None = None
    memory_bytes: int | None = None
    memory_total_bytes: int | None = None
    disk_share: float | None = None

    def __bool__(self) -> bool:
        return any(each is not None for each in (self.cpu_share, self.memory_bytes, self.memory_total_bytes, self.disk_share))


_NONE: Final = Numbers()
_BUSY: Final = ("cpu.user_percent", "cpu.system_percent")
_PLACES: Final = frozenset(
    (*CPU, *_BUSY, *MEMORY, *MEMORY_MEGABYTES, *MEMORY_TOTAL, *MEMORY_TOTAL_MEGABYTES, *DISK, *DISK_USED, *DISK_TOTAL)
)


def numbers(record: Any) -> Numbers:
    """All numbers that a record holds at one of the known places."""
    if not isinstance(record, dict):
        return _NONE
    flat = {place: value for place, value in _flat(record).items() if place in _PLACES}
    if not flat:
        return _NONE
    total = _bytes(flat, MEMORY_TOTAL, MEMORY_TOTAL_MEGABYTES)
    return Numbers(
        cpu_share=_share(flat, CPU) if (busy := _busy(flat)) is None else busy,
        memory_bytes=_bytes(flat, MEMORY, MEMORY_MEGABYTES),
        memory_total_bytes=total,
        disk_share=_share(flat, DISK) if (full := _ratio(flat, DISK_USED, DISK_TOTAL)) is None else full,
    )


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by dotted path, two levels deep, those inside a wrapper without its name."""
    flat: dict[str, Any] = {}
    inner = [record[name] for name in record if snake(name) in INSIDE and isinstance(record[name], dict)]
    for level in (record, *inner):
        for name, value in level.items():
            key = snake(name)
            if key == "disks" and isinstance(value, list) and value and isinstance(value[0], dict):
                key, value = "disk", value[0]  # the first is the root file system
            if isinstance(value, dict):
                flat.update({f"{key}.{snake(part)}": each for part, each in value.items()})
            else:
                flat.setdefault(key, value)
    return flat


def _first(flat: Mapping[str, Any], places: Sequence[str]) -> tuple[str, float] | None:
    for place in places:
        if place not in flat:
            continue
        value = decimal(flat[place])
        if value is not None and value >= 0:
            return place, value
    return None


def _share(flat: Mapping[str, Any], places: Sequence[str]) -> float | None:
    found = _first(flat, places)
    if found is None:
        return None
    place, value = found
    percent = place.endswith("percent") or (value > 1 and not place.endswith("share"))
    share = value / 100 if percent else value
    return share if share <= 1024 else None


def _busy(flat: Mapping[str, Any]) -> float | None:
    """The daemon counts a CPU by kinds of time."""
    user, system = (decimal(flat.get(place)) for place in _BUSY)
    return None if user is None or system is None or user < 0 or system < 0 else (user + system) / 100


def _bytes(flat: Mapping[str, Any], places: Sequence[str], megabytes: Sequence[str]) -> int | None:
    found = _first(flat, places)
    if found is not None and (found[0].endswith("bytes") or found[1] >= _SMALLEST):
        return int(found[1])
    found = _first(flat, megabytes)
    return None if found is None else int(found[1] * 1024 * 1024)


def _ratio(flat: Mapping[str, Any], used: Sequence[str], total: Sequence[str]) -> float | None:
    part, whole = _first(flat, used), _first(flat, total)
    return part[1] / whole[1] if part and whole and whole[1] > 0 else None
