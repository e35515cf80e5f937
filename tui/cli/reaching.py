"""Whether an address can be reached at all: the connection, its encryption, and what time it is there. No credential is sent.

For ``doctor`` alone; what a platform says to our credentials is asked elsewhere.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tui.addresses import Address
from tui.clock import Clock
from tui.platforms.reach import proxy_for, proxy_shown, trust
from tui.text import clean

PATIENCE: Final = 10.0
"""Seconds for each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """``trip`` is the time of one round trip in seconds, ``skew`` by how many seconds our clock is ahead, None where nobody says.
    ``line`` says how it is encrypted. ``proxy`` is the host and port of the one that stands between: the trip is the one to it."""

    trip: float
    proxy: str = ""
    line: str = ""
    until: datetime | None = None
    skew: float | None = None


def between(base_url: str) -> str:
    """Host and port of the proxy on the way there, empty for none."""
    return proxy_shown(proxy_for(Address.parse(base_url, allow_insecure=True)))


def reach(base_url: str, ca_file: str, clock: Clock) -> Reached:
    """Connect, encrypt, ask for the head of nothing in particular, trusting whom the connection trusts. Raises ``OSError``, of which a bad
    certificate is one, and ``Trouble`` where the way cannot even be tried. Blocks."""
    address = Address.parse(base_url, allow_insecure=True)
    parts, proxy = urlsplit(base_url), between(base_url)
    context = trust(address, Path(ca_file) if ca_file else None)
    first = urlsplit(f"//{proxy}") if proxy else parts
    begun = clock.boot()
    with socket.create_connection((first.hostname or "", first.port or (443 if address.secure and not proxy else 80)), PATIENCE) as plain:
        trip = clock.boot() - begun
        if proxy:
            return Reached(trip=trip, proxy=proxy)
        if not address.secure:
            where = "this machine" if address.loopback else "readable on the way"
            return Reached(trip=trip, line=f"not encrypted, {where}", skew=_skew(plain, parts.netloc, parts.path, clock))
        with context.wrap_socket(plain, server_hostname=parts.hostname) as secure:
            told = secure.getpeercert() or {}
            return Reached(
                trip=trip,
                line=secure.version() or "",
                until=_until(str(told.get("notAfter", ""))),
                skew=_skew(secure, parts.netloc, parts.path, clock),
            )


def _until(text: str) -> datetime | None:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if text else None


def _skew(connection: socket.socket, host: str, path: str, clock: Clock) -> float | None:
    """By how much our clock is ahead, from the date of any answer; that has whole seconds."""
    request = f"HEAD {path or '/'} HTTP/1.1\r\nHost: {clean(host, 300)}\r\nConnection: close\r\nUser-Agent: rollwatch\r\n\r\n"
    try:
        connection.sendall(request.encode("ascii"))
        reply = http.client.HTTPResponse(connection, method="HEAD")
        with closing(reply):
            reply.begin()
            then = parsedate_to_datetime(reply.headers["Date"])
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None
    return (clock.wall() - then).total_seconds()
