"""Takes secrets out of text that is about to be written down: those that are known, in all their spellings, and what looks like one.

Used by the program's log and by the journal. It errs on the side of stars.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus

from tui.text import Secret

STARS: Final = "***"
SHORTEST: Final = 6
"""Characters of the shortest known secret that is looked for: shorter ones would blank out ordinary words."""

MOST: Final = 100
"""Secrets that are remembered; the oldest are forgotten, as tokens that were renewed are."""

_NAMES: Final = r"(?:access_|refresh_|id_|api_|auth_|session_|client_)?(?:token|secret|password|passwd|apikey|api_key)"
_PATTERNS: Final = (
    # A header, whatever its scheme: everything up to the end of the line or of the quoted string.
    (re.compile(r"""(?i)((?:proxy-)?authorization|x-api-key|(?:set-)?cookie)(["']?\s*[:=,]\s*(?:b?["'])?)[^"'\r\n]+"""), rf"\1\2{STARS}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)(?:(?:user|serviceaccount|service)\s+)?[A-Za-z0-9._~+/=:-]{6,}"), rf"\1\2{STARS}"),
    # name=value, "name": "value", name: value
    (re.compile(rf"""(?i)(\b{_NAMES}["']?\s*[=:]\s*)(?:b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\.)*'|[^\s&"',;)\]}}]+)"""), rf"\1{STARS}"),
    # A user and password in an address.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s@]+@"), rf"\1{STARS}@"),
    # Tokens by their own look: JWT, Phase, dployr.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,2}|\bpss_[a-z]+:v[0-9]+:[A-Za-z0-9:+/=_-]+|\bdpat_[A-Za-z0-9]+"), STARS),
)


class Redactor:
    """Knows the secrets of this run. Calling it gives the text without them. It may be shared between threads."""

    def __init__(self) -> None:
        self._spellings: dict[str, tuple[str, ...]] = {}
        self._known: re.Pattern[str] | None = None
        self._fresh = True

    def add(self, *secrets: Secret | None) -> None:
        """From now on these are starred out, also percent-encoded, in base64 or inside JSON."""
        for secret in secrets:
            value = secret.reveal() if secret else ""
            for each in {value, value.rpartition(" ")[2]}:  # "Bearer x" also stands for x
                if len(each) >= SHORTEST:
                    self._spellings[each] = _spellings(each)
        while len(self._spellings) > MOST:
            del self._spellings[next(iter(self._spellings))]
        self._fresh = False

    def __call__(self, text: str) -> str:
        """The text with stars for secrets."""
        if not self._fresh:  # made on first use, because many secrets come one after the other
            self._fresh = True
            forms = {form for spelled in tuple(self._spellings.values()) for form in spelled if len(form) >= SHORTEST}
            longest_first = sorted(forms, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        if self._known is not None:
            text = self._known.sub(STARS, text)
        for pattern, stars in _PATTERNS:
            text = pattern.sub(stars, text)
        return text

    def __repr__(self) -> str:
        return f"Redactor({len(self._spellings)} secrets)"


def _spellings(value: str) -> tuple[str, ...]:
    raw = value.encode("utf-8", "replace")
    forms = {value, quote(value, safe="", errors="replace"), quote_plus(value, errors="replace"), json.dumps(value)[1:-1]}
    forms |= {json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], raw.hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # A secret in the middle of something encoded stands at one of three offsets; its inner characters are then always the same.
        for offset in range(3):
            encoded = encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
            start = (0, 2, 3)[offset]
            forms.add(encoded[start : len(encoded) - 1 if (offset + len(raw)) % 3 else len(encoded)])
    return tuple(forms)
