"""Takes known secrets out of text that is about to be shown: a server may echo what it was sent.

Knows only the secrets of one request; what a whole log must not hold is the log's business.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from tui.errors import PlatformError
from tui.text import Secret, clean

STARS: Final = "***"
SHORTEST: Final = 4
"""Characters of the shortest secret that is looked for; shorter ones would blank out ordinary words."""


def secrets_in(*values: Mapping[str, Any] | None) -> tuple[Secret, ...]:
    """Every ``Secret`` in these mappings, nested ones included."""
    found: list[Secret] = []
    waiting: list[Any] = list(values)
    while waiting:
        each = waiting.pop()
        if isinstance(each, Secret):
            found.append(each)
        elif isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return tuple(found)


def spellings(secret: Secret) -> tuple[str, ...]:
    """The forms in which a secret may come back: as it is, percent-encoded, base64, inside JSON; the longest first.

    ``Bearer x`` also stands for ``x``.
    """
    value = secret.reveal()
    forms: set[str] = set()
    for plain in {value, value.rpartition(" ")[2]}:
        raw = plain.encode("utf-8", "replace")
        encoded = base64.b64encode(raw).decode("ascii")
        forms |= {plain, quote(plain, safe="", errors="replace"), quote_plus(plain, errors="replace"), json.dumps(plain)[1:-1]}
        forms |= {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(raw).decode("ascii").rstrip("="), str(clean(plain, len(plain)))}
    return tuple(sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True))


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """The text with every spelling of every secret replaced by stars."""
    for secret in secrets:
        for form in spellings(secret):
            text = text.replace(form, STARS)
    return text


def scrubbed(error: PlatformError, secrets: Iterable[Secret]) -> PlatformError:
    """The same error with the secrets out of all its texts."""
    secrets = tuple(secrets)
    error.message = clean(scrub(error.message, secrets), 400)
    error.hint = clean(scrub(error.hint, secrets), 200)
    error.code = clean(scrub(error.code, secrets), 80)
    error.fields = {clean(scrub(key, secrets), 80): clean(scrub(value, secrets), 200) for key, value in error.fields.items()}
    error.args = (error.message,)
    return error
