"""Where requests go: a connection's one address, and paths that ids cannot leave.

Pure text. Nothing here opens a connection or knows a platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from tui.addresses import Address
from tui.errors import ConfigError, NotFound
from tui.text import Secret, clean

MAX_ID: Final = 256
"""Characters of an id that may enter a path; no platform's ids are near it."""

_SLOT: Final = re.compile(r"\{([a-z_]+)\}")


def pinned(base_url: str, *, allow_insecure: bool = False) -> Address:
    """Where a connection's requests go. Raises ``ConfigError`` where that is no address."""
    try:
        return Address.parse(base_url, allow_insecure=allow_insecure)
    except ValueError as wrong:
        raise ConfigError(f"base_url {wrong}", hint="write https://HOST or https://HOST/PATH") from None


def seg(value: str) -> str:
    """One id as one path segment, percent-encoded. Raises ``NotFound``: an id that cannot be asked for is not there for us."""
    if not value or value in {".", ".."} or len(value) > MAX_ID:
        raise NotFound(f"the id {clean(value, 40)!r} cannot be used in a request", sent=False)
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise NotFound(f"the id {clean(value, 40)!r} cannot be used in a request", sent=False) from None


def fill(template: str, ids: Mapping[str, str]) -> str:
    """``/v1/services/{id}/stop`` with its ids filled in. The result has exactly the template's segments.

    Raises ``NotFound`` for an unusable id; ``ValueError`` where template and ids do not belong together (our own mistake).
    """
    wanted = set(_SLOT.findall(template))
    if wanted != set(ids) or not template.startswith("/") or "?" in template or "//" in template:
        raise ValueError(f"the template {template!r} does not fit the ids {sorted(ids)}")
    path = _SLOT.sub(lambda slot: seg(ids[slot[1]]), template)
    if path.count("/") != template.count("/"):
        raise NotFound("an id in this request would leave its place in the path", sent=False)
    return path


def query_text(query: Mapping[str, str | Secret]) -> str:
    """A query string, everything but unreserved characters percent-encoded; empty for an empty mapping."""
    return "&".join(f"{_encoded(key)}={_encoded(value.reveal() if isinstance(value, Secret) else value)}" for key, value in query.items())


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")
