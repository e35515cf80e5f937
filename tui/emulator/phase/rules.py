"""What the real Phase (v2.73) makes of a body: cleaning, checks, and every complaint word for word. Pure; no state."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request

from tui.emulator.web import Refusal

STAGE_NAME: Final = re.compile(r"^[a-zA-Z0-9\-_]{1,64}$")
"""Matched, not fully matched: the ``$`` lets one trailing newline pass, as on the server."""
BAD_STAGE: Final = "Environment name is invalid. Only letters, numbers, hyphens and underscores are allowed (max 64 characters)."
NO_CUSTOM: Final = "Custom environments are not available on the Free plan."
NO_ENVIRONMENTS_LEFT: Final = "Environment quota exceeded for this app's plan."
NO_APPS_LEFT: Final = "App quota exceeded for this organisation's plan."
MISSING_NAME: Final = "Missing required field: name"
INTERNAL: Final = "Internal server error."
QUOTA: Final = {"free": 3, "pro": 10}
TAGS: Final = re.compile(r"</?[a-zA-Z!][^>]*>")
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def refuse(status: int, text: str, *, stored: bool = False) -> Refusal:
    return Refusal(status, {"error": text}, stored=stored)


def cleaned(text: str) -> str:
    """Tags and control characters removed, trimmed."""
    return CONTROLS.sub("", TAGS.sub("", text)).strip()


async def body(request: Request) -> Any:
    """The parsed body, JSON or form. Raises a refusal: 415, or 400 with the parser's own words."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    raw = await request.body()
    if kind == "application/x-www-form-urlencoded":
        return {key: values[-1] for key, values in parse_qs(raw.decode("utf-8", "replace")).items()}
    if kind != "application/json":
        raise refuse(415, f'Unsupported media type "{kind}" in request.')
    if not raw:
        return {}
    try:
        return json.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise refuse(400, f"JSON parse error - {error}") from None


def app_name(value: Any) -> str:
    """A cleaned app name, or a refusal."""
    if value is None or value == "":
        raise refuse(400, MISSING_NAME)
    if not isinstance(value, str):
        raise refuse(400, "'name' must be a string.")
    name = _storable(cleaned(value))
    if not name:
        raise refuse(400, MISSING_NAME)
    if len(name) > 64:
        raise refuse(400, "'name' cannot exceed 64 characters.")
    return name


def description(value: Any) -> str | None:
    """A cleaned description, None for an empty one, or a refusal."""
    if not isinstance(value, str):
        raise refuse(400, "'description' must be a string.")
    text = _storable(cleaned(value))
    if len(text) > 10000:
        raise refuse(400, "'description' cannot exceed 10000 characters.")
    return text or None


def stage_names(value: Any) -> list[str] | None:
    """The custom environments of a new app, None for the default ones, or a refusal."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise refuse(400, "'environments' must be a list of environment names.")
    if not value:
        raise refuse(400, "'environments' must not be empty.")
    names: list[str] = []
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise refuse(400, "Each environment name must be a non-empty string.")
        name = item.strip()
        if name.lower() in (known.lower() for known in names):
            raise refuse(400, f"Duplicate environment name: '{name}'.")
        names.append(name)
    for name in names:
        if not STAGE_NAME.match(name):
            raise refuse(400, BAD_STAGE)
    return names


def given_stage_name(content: Any) -> str:
    """The ``name`` of an environment's body before its pattern is checked. Not an object, not a string: 500, as on the server."""
    if not isinstance(content, dict):
        raise refuse(500, INTERNAL)
    name = content.get("name")
    if name is None or name == "":
        raise refuse(400, MISSING_NAME)
    if not isinstance(name, str):
        raise refuse(500, INTERNAL)
    return name


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise refuse(400, str(error)) from None
    return text
