"""Phase's records as its replies write them. Only ``id`` is required; what the fields mean to us is said in ``translate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tui.platforms.records import Scalar, Wire


class App(Wire):
    """An app. The current server adds its new environments to the reply of a create; they are read from their own list."""

    id: str | int
    name: Scalar = None
    description: Scalar = None
    sse_enabled: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None


class Environment(Wire):
    """An environment. The reply does not say of which app."""

    id: str | int
    name: Scalar = None
    env_type: Scalar = None
    index: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"type": "env_type"}
