"""Encore's rollout as its replies (and its webhooks) write it. Only ``id`` is required; every phase may be null.

What the fields mean to us is said in ``translate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from tui.platforms.records import Scalar, Wire

PREFIX: Final = "roll_"
"""Begins the id of every rollout, in the API; the command line and addresses of pages leave it out."""


class Phase(Wire):
    """Build, infra or deploy of a rollout."""

    id: Scalar = None
    status: Scalar = None
    conclusion: Scalar = None
    queued_at: Scalar = None
    started_at: Scalar = None
    completed_at: Scalar = None


class Rollout(Wire):
    """A rollout. The phases are read one by one, so that a bad one costs no more than itself."""

    id: str
    status: Scalar = None
    conclusion: Scalar = None
    queued_at: Scalar = None
    started_at: Scalar = None
    completed_at: Scalar = None
    build: Any = None
    infra: Any = None
    deploy: Any = None
    env_name: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"infra_provision": "infra", "rollout_id": "id"}


class Vitals(Wire):
    """What an environment's health page says."""

    code: Scalar = None
    message: Scalar = None
    app_revision: Scalar = None
    deploy_id: Scalar = None
    checks: Any = None

    lift: ClassVar[tuple[str, ...]] = ("details",)
