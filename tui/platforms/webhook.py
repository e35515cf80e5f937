"""Tells another server of an alert: one POST with JSON over the same guarded transport as everything else, never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tui.clock import Clock
from tui.errors import ConfigError, RollwatchError
from tui.platforms.http import Transport
from tui.text import Secret

NAME: Final = "webhook"


UNUSABLE: Final = "webhook: its address cannot be used: https is needed, or http on this machine, and a plain path"


async def post(address: Secret, body: Mapping[str, Any], clock: Clock) -> str:
    """Send it; empty, or one line about why it did not arrive. The address may itself be the secret and is never part of the line."""
    try:
        parts = urlsplit(address.reveal())
        origin = f"{parts.scheme}://{parts.netloc}"
        transport = Transport(connection=NAME, base_url=origin, credentials=None, clock=clock, verb_deadline=10.0)
    except (ConfigError, ValueError):
        return UNUSABLE
    path, query = parts.path.replace("{", "%7B").replace("}", "%7D") or "/", dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        await transport.send("POST", path, query=query, body=body)
    except ValueError:  # nothing of ours has such a path, and so it cannot be sent
        return UNUSABLE
    except RollwatchError as error:
        status = getattr(error, "status", None)
        if status is not None and 200 <= status < 300:
            return ""  # whatever it says in whichever form, it has taken it
        return f"webhook: answered {status}" if status else f"webhook: {type(error).__name__}"
    finally:
        await transport.aclose()
    return ""
