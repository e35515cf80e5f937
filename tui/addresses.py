"""Addresses of servers: which ones we talk to, and the origin that a credential belongs to. Pure text; no request is made here."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/*")
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A checked base URL. ``origin`` is ``scheme://host[:port]`` in lower case without a default port; ``host`` has the port, too;
    ``path`` starts with a slash or is empty and never ends with one."""

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
        """Check an API's address: https, or http for a loopback address or with ``allow_insecure``.

        Raises ``ValueError`` with what is wrong; the text itself is not repeated, because it might hold a password.
        """
        parts = _split(text)
        _check_ends(text, parts)
        host = (parts.hostname or "").lower()
        if not _is_host(host):
            raise ValueError("has no valid host name")
        if {".", ".."} & set(parts.path.split("/")):
            raise ValueError("has a path with . or .. in it")
        if not _PATH.fullmatch(parts.path):
            raise ValueError("has a path that no request could keep: write a plain one, or none")
        loopback = _is_loopback(host)
        if parts.scheme == "http" and not (allow_insecure or loopback):
            raise ValueError(
                "must begin with https:// (plain http sends the credentials readable; allow_insecure = true in the file permits it)"
            )
        port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
        name = (f"[{host}]" if ":" in host else host) + port
        return cls(origin=f"{parts.scheme}://{name}", host=name, path=parts.path.rstrip("/"), loopback=loopback)


def base_url(text: str, *, allow_insecure: bool = False) -> str:
    """An API's address as it is used: lower-case scheme and host, no slash at the end, a path part kept. Raises as ``Address.parse``."""
    address = Address.parse(text, allow_insecure=allow_insecure)
    return address.origin + address.path


def origin(url: str) -> str:
    """``scheme://host[:port]`` of an address that ``base_url`` accepted: what a credential is bound to."""
    return Address.parse(url, allow_insecure=True).origin


def _split(text: str) -> SplitResult:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("holds characters that an address cannot have")
    try:
        parts = urlsplit(text)
        found = parts.port
    except ValueError:
        raise ValueError("has a host or port that is none") from None
    if found == 0 or parts.netloc.endswith(":"):
        raise ValueError("has a port that is none")
    return parts


def _check_ends(text: str, parts: SplitResult) -> None:
    """What may stand before and behind the host."""
    if parts.scheme not in _PORTS:
        raise ValueError("must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password, which belong in the credentials")
    if "?" in text or "#" in text:
        raise ValueError("must end before any ? or #")


def _is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return "%" not in host
    return bool(_HOST.match(host)) and ".." not in host and len(host) <= 253
