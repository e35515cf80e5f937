"""The configuration that tests of whole programs use: one context with a connection to each platform."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

APPS: Final[Mapping[str, Sequence[str]]] = {"checkout-3p2i": ("prod",)}


def three(*, encore: str, dployr: str, phase: str, apps: Mapping[str, Sequence[str]] = APPS, own: str = "") -> str:
    """``shop`` on Encore, ``fleet`` on dployr and, last, ``vault`` on Phase, each at this address. ``own`` are settings of the context."""
    listed = ", ".join(f"{{ id = {json.dumps(id_)}, environments = {json.dumps(list(of))} }}" for id_, of in apps.items())
    return f"""
[contexts.prod]
{own}
[contexts.prod.connections.shop]
platform = "encore"
base_url = "{encore}"
apps = [{listed}]
[contexts.prod.connections.fleet]
platform = "dployr"
base_url = "{dployr}"
[contexts.prod.connections.vault]
platform = "phase"
base_url = "{phase}"
"""
