"""What dployr's documented flavour accepts in a body, and the error that names the field otherwise. Pure; no state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tui.emulator.web import Refusal

RUNTIMES: Final[Mapping[str, re.Pattern[str]]] = {
    "nodejs": re.compile(r"(16|18|20|22|24)(\.\d+){0,2}"),
    "python": re.compile(r"3(\.(8|9|1[0-4])(\.\d+)?)?"),
    "golang": re.compile(r"1\.(2[0-5])(\.\d+)?"),
    "java": re.compile(r"(8|11|17|21|25)(\.\d+){0,2}"),
    "php": re.compile(r"8(\.[0-4](\.\d+)?)?"),
    "ruby": re.compile(r"3(\.[0-4](\.\d+)?)?"),
    "dotnet": re.compile(r"[6-9](\.\d+){0,2}"),
}
SOURCES: Final = ("remote", "image")
TYPES: Final = ("static", "web", "worker", "job")
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)
KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
EVENTS: Final = (
    "deployment.created",
    "deployment.started",
    "deployment.completed",
    "deployment.failed",
    "deployment.deleted",
    "service.started",
    "service.stopped",
    "service.restarted",
    "service.crashed",
)


def refuse(status: int, code: str, message: str, field: str = "", issue: str = "") -> Refusal:
    """The documented error object; ``details`` only where a field is to blame."""
    details = {"details": {"field": field, "issue": issue}} if field else {}
    return Refusal(status, {"error": {"code": code, "message": message, **details}})


class Form:
    """Reads fields of one body; ``message`` is the sentence of every complaint about it."""

    def __init__(self, body: Mapping[str, Any], message: str) -> None:
        self._body = body
        self._message = message

    def blame(self, field: str, issue: str) -> Refusal:
        return refuse(400, "invalid_request", self._message, field, issue)

    def has(self, field: str) -> bool:
        return self._body.get(field) is not None

    def text(self, field: str, *, required: bool = False, most: int = 4096) -> str:
        """A string; empty if absent. Raises a refusal if it is of another type, too long, or required and blank."""
        value = self._body.get(field)
        if value is None and not required:
            return ""
        if value is None:
            raise self.blame(field, "Required")
        if not isinstance(value, str):
            raise self.blame(field, "Must be a string")
        if required and not value.strip():
            raise self.blame(field, "Must not be empty")
        if len(value) > most:
            raise self.blame(field, f"Must not exceed {most} characters")
        return value

    def match(self, field: str, pattern: re.Pattern[str], issue: str) -> str:
        value = self.text(field, required=True)
        if not pattern.fullmatch(value):
            raise self.blame(field, issue)
        return value

    def choice(self, field: str, choices: tuple[str, ...], *, required: bool = False) -> str:
        value = self.text(field, required=required)
        if value and value not in choices:
            raise self.blame(field, f"Must be one of {', '.join(choices)}")
        return value

    def url(self, field: str) -> str:
        value = self.text(field, required=True)
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or any(char.isspace() for char in value):
            raise self.blame(field, "Must be an http or https URL")
        return value

    def port(self, field: str, *, required: bool = False) -> int | None:
        value = self._body.get(field)
        if value is None and not required:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
            raise self.blame(field, "Must be a number from 1 to 65535")
        return value

    def map(self, field: str) -> dict[str, str]:
        value = self._body.get(field)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(item, str) and KEY.fullmatch(key) for key, item in value.items()):
            raise self.blame(field, "Must map names to strings")
        return dict(value)

    def words(self, field: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        value = self._body.get(field)
        if not isinstance(value, list) or not value:
            raise self.blame(field, "Must be a list with at least one event")
        for item in value:
            if item not in choices:
                raise self.blame(field, f"Unknown event: {item}")
        return tuple(dict.fromkeys(value))

    def runtime(self, runtime: str, version: str) -> None:
        """Check a runtime and its version against what is supported."""
        if runtime and runtime not in RUNTIMES:
            raise self.blame("runtime", "Unsupported runtime")
        if version and runtime and not RUNTIMES[runtime].fullmatch(version):
            raise self.blame("runtime", "Unsupported runtime version")
