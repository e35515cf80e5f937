"""A rollout as other texts of Encore spell it: the webhook's words and nulls, and words that nobody has seen yet. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def bent(body: dict[str, Any], quirks: Collection[str]) -> dict[str, Any]:
    """The documented rollout with the quirks' changes."""
    out = dict(body)
    if "encore-webhook-words" in quirks:
        out = _webhook(out)
    if "encore-new-words" in quirks:
        out["status"] = {"running": "rolling_forward"}.get(out["status"], out["status"])
        out["conclusion"] = {"failure": "rolled_back"}.get(out["conclusion"], out["conclusion"])
        out["weather"] = {"mood": "sunny"}
    return out


def _webhook(out: dict[str, Any]) -> dict[str, Any]:
    infra, deploy = out.pop("infra"), out.pop("deploy")
    for phase in (out["build"], infra, deploy):
        phase["conclusion"] = "" if phase["conclusion"] == "unknown" else phase["conclusion"]
    out["conclusion"] = "" if out["conclusion"] == "pending" else out["conclusion"]
    out["build"]["commit_hash"] = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
    if infra["status"] == "proposed":
        infra["status"] = "awaiting_approval"
    out["infra_provision"] = None if out["build"]["status"] != "completed" else infra
    begun = deploy["queued_at"] is not None
    out["deploy"] = deploy if begun else None if infra["status"] != "completed" else deploy | {"status": "pending"}
    return out
