"""What a secret looks like, in one place: by the name it stands under, by its own form, and in every spelling of one that is known.

The log, the crash report, the bundle and the journal write nothing that has not passed here; records, requests that are shown, columns
and filters ask here what must be hidden. It errs on the side of stars, but leaves an ordinary sentence alone. A passphrase of plain
words in the middle of a sentence has no form: only who knows it can take it out. No file, no widget and no platform is known here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus

from tui.text import Secret, clean

STARS: Final = "***"
SHORTEST: Final = 6
"""Characters of the shortest known secret that is looked for: shorter ones would blank out ordinary words."""

MOST: Final = 100
"""Secrets that are remembered; the oldest are forgotten, as tokens that were renewed are."""

# By name ---------------------------------------------------------------------------------------------------------------------------

_NAMES: Final = re.compile(
    r"secret|token|passw|passphrase|api_?key|private_?key|access_?key|credential|authorization|cookie|session|slack|discord|wrapped"
    r"|backup_?code",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)
def hides(name: str) -> bool:
    """Whether a field of that name, in snake or camel case, holds a secret."""
    return _NAMES.search(name) is not None


# By form ---------------------------------------------------------------------------------------------------------------------------

_NAME: Final = r"(?:token|secret|passw(?:or)?d|passphrase|(?:api|access|private)[_-]?key)(?:[_-]?key(?:[_-]?base)?)?"
_QUOTED: Final = r"""b?"(?:[^"\\]|\\.)*+(?:"|\Z)|b?'(?:[^'\\]|\\.)*+(?:'|\Z)|\\+"[^"]*+(?:"|\Z)"""
_SAYS: Final = (
    r"(?![ \t]+(?:"
    r"(?:[A-Za-z][a-z']{0,15}|[A-Z]{2,5}),?[ \t]+[a-z]{1,16}(?:[\s.,;!?)]|\Z)"  # "token: sign in again"
    r"|(?:empty|expired|invalid|missing|none|null|refused|rejected|required|revoked|unknown|wrong)\b))"
)
_WORD: Final = r"(?![A-Za-z][a-z-]{0,18}(?:[.,:;!?)]?(?:\s|\Z)))"


class Form(NamedTuple):
    """One form of secrets: ``hints``, one of which stands in small letters in every text that holds one, what is found, and what
    stands there instead."""

    hints: tuple[str, ...]
    found: re.Pattern[str]
    instead: str = STARS


FORMS: Final = (
    Form(("-----begin",), re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY.*?(?:-----END [A-Z ]{0,30}KEY[A-Z ]{0,10}-----|\Z)", re.S)),
    Form(  # a header, whatever its scheme: all up to the end of the line or of the quoted text
        ("authorization", "api-key", "cookie"),
        re.compile(r"""(?i)((?:proxy-)?authorization|x-api-key|(?:set-)?cookie)(["']?\s*[:=,]\s*(?:b?["'])?)[^"'\r\n]+"""),
        rf"\1\2{STARS}",
    ),
    Form(
        ("bearer", "basic"),
        re.compile(rf"(?i:\b(bearer|basic)(\s+)(?:(?:user|serviceaccount|service)\s+)?){_WORD}[A-Za-z0-9._~+/=:-]{{6,}}"),
        rf"\1\2{STARS}",
    ),
    Form(  # name=value, "name": "value", name: value; also inside a text that is quoted itself
        ("token", "secret", "passw", "passphrase", "key"),
        re.compile(rf"""(?i:({_NAME}(?:\\*["'])?[ \t]*(?:=>?|:(?-i:{_SAYS})))([ \t]*))(?:{_QUOTED}|[^\s&"',;)\]}}]+)"""),
        rf"\1\2{STARS}",
    ),
    Form(("sig",), re.compile(r"(?i)([?&](?:[a-z_-]{0,20})sig(?:nature)?=)[^&\s#\"']+"), rf"\1{STARS}"),
    Form(("://",), re.compile(r"(://)[^/\s@?#]+@"), rf"\1{STARS}@"),
    Form(  # tokens by their own look: JWT, Phase, dployr, and those of what the services of all three talk to
        ("eyj", "pss_", "dpat_", "gh", "github_pat_", "glpat-", "xox", "sk", "rk_", "whsec_", "akia", "asia", "aiza", "npm_"),
        re.compile(
            r"\beyJ[\w-]{5,}(?:\.[\w-]*)+|\beyJ[\w-]{16,}|\bpss_[a-z]+:[\w:+/=.-]+|\bdpat_\w+"
            r"|\bgh[pousr]_\w{6,}|\bgithub_pat_\w{6,}|\bglpat-[\w-]{6,}|\bxox[a-z]-[\w-]{6,}|\b[sr]k_(?:live|test)_\w{6,}|\bsk-[\w-]{20,}"
            r"|\bwhsec_\w{6,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bnpm_\w{20,}"
        ),
    ),
    Form(
        ("hooks.slack.com/", "discord.com/", "discordapp.com/"),
        re.compile(r"(?i)\b(hooks\.slack\.com/\w+/|discord(?:app)?\.com/api/webhooks/)[^\s\"']+"),
        rf"\1{STARS}",
    ),
)
"""Every form of secrets that is known, in the order in which they are taken out."""


_LEAST: Final = 7
"""Characters of the shortest text that can hold one of them: ``token=x``."""


def redacted(text: str) -> str:
    """The text with stars for everything in it that has the form of a secret; the very same text where there is none."""
    if len(text) < _LEAST:
        return text
    small = text.lower()
    for hints, found, instead in FORMS:
        for hint in hints:  # no any(): most texts have none, and a generator would be most of what this costs
            if hint in small:
                text = found.sub(instead, text)
                break
    return text


_TELLING: Final = re.compile(r"(?i)(?:pass|pwd|secret|token|credential|auth|cookie|key)\w*[\"']?\s*[=:]|\b(?:bearer|basic)\s+\S")
_LIKE_A_KEY: Final = re.compile(r"(?=[^\s/]*\d)(?=[^\s/]*[A-Za-z])[A-Za-z0-9+=_~.-]{20,}")


def may_hold(text: str) -> bool:
    """Whether a text that nobody needs tomorrow had better be forgotten: it holds a secret, tells of one or has a word as long as a
    key."""
    return redacted(text) != text or _TELLING.search(text) is not None or _LIKE_A_KEY.search(text) is not None


# By value --------------------------------------------------------------------------------------------------------------------------


class Redactor:
    """Knows the secrets of this run. Calling it gives the text without them, and without what has their form. It may be shared
    between threads. ``shortest`` counts characters of the shortest secret that is looked for."""

    def __init__(self, known: Iterable[Secret | None] = (), *, shortest: int = SHORTEST) -> None:
        self._spellings: dict[str, tuple[str, ...]] = {}
        self._shortest = shortest
        self._known: re.Pattern[str] | None = None
        self._fresh = True
        self.add(*known)

    def add(self, *secrets: Secret | None) -> None:
        """From now on these are starred out, also percent-encoded, in base64 or inside JSON."""
        for secret in secrets:
            value = secret.reveal() if secret else ""
            for each in {value, value.rpartition(" ")[2]}:  # "Bearer x" also stands for x
                if len(each) >= self._shortest:
                    self._spellings[each] = _spellings(each)
        while len(self._spellings) > MOST:
            del self._spellings[next(iter(self._spellings))]
        self._fresh = False

    def __call__(self, text: str) -> str:
        """The text with stars for secrets."""
        if not self._fresh:  # made on first use, because many secrets come one after the other
            self._fresh = True
            forms = {form for spelled in tuple(self._spellings.values()) for form in spelled if len(form) >= self._shortest}
            longest_first = sorted(forms, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        if self._known is not None:
            text = self._known.sub(STARS, text)
        return redacted(text)

    def __repr__(self) -> str:
        return f"Redactor({len(self._spellings)} secrets)"


def _spellings(value: str) -> tuple[str, ...]:
    raw = value.encode("utf-8", "replace")
    forms = {value, quote(value, safe="", errors="replace"), quote_plus(value, errors="replace"), json.dumps(value)[1:-1]}
    forms |= {json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], raw.hex(), str(clean(value, len(value)))}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # A secret in the middle of something encoded stands at one of three offsets; its inner characters are then always the same.
        for offset in range(3):
            encoded = encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
            start = (0, 2, 3)[offset]
            forms.add(encoded[start : len(encoded) - 1 if (offset + len(raw)) % 3 else len(encoded)])
    return tuple(forms)
