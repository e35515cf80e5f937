"""Addresses of servers: which ones we talk to, and the origin that a credential belongs to. No request is made here."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z")
_PORTS: Final = {"https": 443, "http": 80}


def base_url(text: str, *, allow_insecure: bool = False) -> str:
    """An API's address as it is used: lower-case scheme and host, no slash at the end, a path part kept.

    https, or http for a loopback address or with ``allow_insecure``. Raises ``ValueError`` with what is wrong; the text itself is
    not repeated, because it might hold a password.
    """
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("holds characters that an address cannot have")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("has a host or port that is none") from None
    if parts.scheme not in _PORTS:
        raise ValueError("must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password, which belong in the credentials")
    if "?" in text or "#" in text:
        raise ValueError("must end before any ? or #")
    if not _is_host(parts.hostname or ""):
        raise ValueError("has no valid host name")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("has a port that is none")
    if {".", ".."} & set(parts.path.split("/")):
        raise ValueError("has a path with . or .. in it")
    if parts.scheme == "http" and not (allow_insecure or is_loopback(parts.hostname or "")):
        raise ValueError(
            "must begin with https:// (plain http sends the credentials readable; allow_insecure = true in the file permits it)"
        )
    return _origin(parts) + parts.path.rstrip("/")


def origin(url: str) -> str:
    """``scheme://host[:port]`` of an address that ``base_url`` accepted: what a credential is bound to."""
    return _origin(urlsplit(url))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return "%" not in host
    return bool(_HOST.match(host)) and ".." not in host and len(host) <= 253
