"""Where requests go: base URLs that were checked once, and paths that ids cannot leave.

Pure text. Nothing here opens a connection or knows a platform.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tui.errors import ConfigError, NotFound
from tui.text import Secret, clean

MAX_ID: Final = 256
"""Characters of an id that may enter a path; no platform's ids are near it."""

_SHAPE: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)?"
)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A checked base URL. ``origin`` is ``scheme://host[:port]`` in lower case without a default port; ``path`` starts with a
    slash or is empty and never ends with one."""

    origin: str
    host: str
    path: str
    loopback: bool

    @property
    def secure(self) -> bool:
        """Whether what is sent is encrypted."""
        return self.origin.startswith("https:")

    @classmethod
    def parse(cls, text: str, *, allow_insecure: bool = False) -> Address:
        """Check a base URL from the configuration. Raises ``ConfigError`` that says what is wrong and what to write."""
        shape = _SHAPE.fullmatch(text.strip())
        if shape is None:
            raise ConfigError(f"base_url {_shown(text)!r} is not an address", hint=_advice(text))
        scheme, host = shape["scheme"].lower(), shape["host"].lower()
        port = int(shape["port"]) if shape["port"] else _PORTS.get(scheme, 0)
        path = (shape["path"] or "").rstrip("/")
        if scheme not in _PORTS:
            raise ConfigError(f"base_url {_shown(text)!r} begins with {scheme}://", hint="write https://HOST")
        if not 0 < port < 65536:
            raise ConfigError(f"base_url {_shown(text)!r} has no valid port", hint="a port is 1 to 65535")
        if not _PATH.fullmatch(path) or any(part in {".", ".."} for part in path.split("/")):
            raise ConfigError(f"base_url {_shown(text)!r} has a path that cannot be used", hint=_advice(text))
        loopback = _is_loopback(host)
        if scheme == "http" and not (loopback or allow_insecure):
            raise ConfigError(
                f"base_url {_shown(text)!r} would send the token unencrypted",
                hint="write https://, or allow_insecure = true for this connection",
            )
        suffix = "" if port == _PORTS[scheme] else f":{port}"
        return cls(origin=f"{scheme}://{host}{suffix}", host=f"{host}{suffix}", path=path, loopback=loopback)


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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _shown(text: str) -> str:
    """The URL as it may be shown: whatever stands before an ``@`` or after ``?`` or ``#`` can be a secret."""
    scheme, mark, rest = text.strip().rpartition("://")
    return str(clean(re.split(r"[?#]", f"{scheme}{mark}{rest.rpartition('@')[2]}")[0], 120))


_ADVICE: Final[tuple[tuple[str, str], ...]] = (
    (r"^(?![A-Za-z][A-Za-z0-9+.-]*://)", "write https://HOST"),
    (r"@", "leave out user name and password: rollwatch login stores them"),
    (r"[?#]", "leave out everything from ? or #"),
    (r"[^\x00-\x7f]", "write the host in its xn-- form"),
    (r"%|//.*//|\\", "write a plain path, or none"),
)


def _advice(text: str) -> str:
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, text.strip())), "write https://HOST or https://HOST/PATH")
