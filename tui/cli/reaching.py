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
from typing import Final
from urllib.parse import urlsplit

from tui.clock import Clock
from tui.text import clean

PATIENCE: Final = 10.0
"""Seconds for each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """``trip`` is the time of one round trip in seconds, ``skew`` by how many seconds our clock is ahead, None where nobody says."""

    trip: float
    tls: str = ""
    until: datetime | None = None
    skew: float | None = None


def reach(base_url: str, ca_file: str, clock: Clock) -> Reached:
    """Connect, encrypt, ask for the head of nothing in particular. Raises ``OSError``, of which a bad certificate is one. Blocks."""
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    begun = clock.boot()
    with socket.create_connection((host, port), PATIENCE) as plain:
        trip = clock.boot() - begun
        if parts.scheme != "https":
            return Reached(trip=trip, skew=_skew(plain, parts.netloc, parts.path, clock))
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
        with context.wrap_socket(plain, server_hostname=host) as secure:
            told = secure.getpeercert() or {}
            return Reached(
                trip=trip,
                tls=secure.version() or "",
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
