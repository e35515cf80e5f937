"""Inconvenient truths that one server has and another has not: words that switch each on, at the start or while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

QUIRKS: Final[Mapping[str, str]] = {
    "encore-wrapped": 'successes are {"ok":true,"data":…}',
    "encore-token-query": "the token endpoint takes the query only",
    "encore-token-form": "the token endpoint takes a form body only",
    "encore-token-basic": "the token endpoint takes HTTP Basic only",
    "encore-read-below-env": "a rollout is read below its environment; the official path is 404",
    "encore-no-read": "a rollout cannot be read at all: 405",
    "encore-webhook-words": "infra_provision, awaiting_approval, deploy pending and phases that are null until they start",
    "encore-unhealthy": "the health page of an environment is 500 and unhealthy",
    "encore-new-words": "status and conclusion words that no document names",
    "dployr-no-logs": "the server has no central logs: 501",
    "dployr-logs-broken": "the log store is down: 500 text, and a follow ends without a word",
    "dployr-node-offline": "no node is connected: 503 for verbs, although instances look healthy",
    "dployr-stored-503": "PATCH answers 503 although the change is stored",
    "dployr-stuck-stop": "a stop is accepted and never happens",
    "dployr-no-start": "a start is answered with 503, a stop is not",
    "dployr-totp": "the account signs in with an authenticator",
    "phase-stored-500": "creating an app, creating and renaming an environment answer 500 although they are stored",
    "phase-prerelease": "bare arrays, 403 for bad credentials, a redirect for a missing slash",
    "phase-login-page": "only below /service/public; elsewhere a login page with status 200",
    "phase-no-retry-after": "a 429 without Retry-After",
}
"""Every quirk and what it does."""


def checked(words: frozenset[str]) -> set[str]:
    """The words as a set. Raises ``ValueError`` for one that does not exist."""
    if unknown := words - QUIRKS.keys():
        raise ValueError(f"{sorted(unknown)[0]!r} is not a quirk: one of {', '.join(QUIRKS)}")
    return set(words)
