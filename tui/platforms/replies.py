"""One answer of a server, and what it means when it is not a success.

The shapes of error bodies that the three platforms and the proxies before them use are read here; what a status means for one
platform in particular is that adapter's business. No request is made here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from tui.errors import (
    BadReply,
    Forbidden,
    NoEndpoint,
    NotFound,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unreachable,
    WrongBaseUrl,
)
from tui.text import Safe, clean

SNIPPET: Final = 200
"""Characters of a body that is not what was asked for, shown in its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One complete answer. Header names are lower-case; ``content`` is decoded and capped; ``path`` is what was asked for, without
    its query; ``host`` is for messages."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    content_type: str = ""
    date: datetime | None = None
    path: str = ""
    host: str = ""
    method: str = "GET"

    @property
    def is_json(self) -> bool:
        """Whether the body may be parsed as JSON: it says so, or says nothing and looks like it."""
        if self.content_type == "application/json" or self.content_type.endswith("+json"):
            return True
        return self.content_type in {"", "text/plain", "application/octet-stream"} and self.content.lstrip()[:1] in {b"{", b"["}

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, whatever its header says."""
        return self.content_type in {"text/html", "application/xhtml+xml"} or bool(_PAGE.match(self.content[:512]))

    def snippet(self) -> Safe:
        """The first words of the body, for an error; a web page without its tags."""
        text = self.content[:8192].decode("utf-8", "replace")
        if self.is_html:
            text = _TWICE.sub(r"\1", " ".join(_TAGS.sub(" ", _INVISIBLE.sub(" ", text)).split()))
        return clean(" ".join(text.split()), SNIPPET)


class Said(NamedTuple):
    """What an error body said, in the platform's words; empty where it said nothing."""

    message: str = ""
    code: str = ""
    fields: Mapping[str, str] = {}


_CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)+")
_TWICE: Final = re.compile(r"^(.{3,80}?) \1(?= |$)")
"""A page whose heading repeats its title, as the error pages of proxies do."""
_PAGE: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_INVISIBLE: Final = re.compile(r"<(script|style)\b.*?(?:</\1>|$)", re.IGNORECASE | re.DOTALL)
_TAGS: Final = re.compile(r"<[^<>]{0,2000}>|<[^<>]*$")

_BY_STATUS: Final[Mapping[int, type[PlatformError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: NoEndpoint,
    407: Unreachable,
    408: Unavailable,
    410: NotFound,
    425: Unavailable,
    429: RateLimited,
    501: NoEndpoint,
}
GATES: Final = frozenset({401, 403})
"""Statuses of a page that asks for a sign-in, or refuses one: it stands before a platform, whose address may be right."""
GATE: Final = "a web page is no API: check base_url, and whether this network wants a sign-in"
_HINTS: Final[Mapping[int, str]] = {
    407: "the proxy wants credentials: put them into HTTPS_PROXY, or add the host to NO_PROXY",
    413: "the request was too large",
}


def said(reply: Reply) -> Said:
    """Read an error body in any of the known shapes.

    ``{"error":{"code","message"|"detail","details"}}``, the same inside ``success:false`` or ``ok:false``, ``{"error":"text","code"}``,
    OAuth's ``{"error","error_description"}``, ``{"message","code"}``, ``{"detail"}``, plain text.
    """
    if not reply.is_json:
        return Said() if reply.is_html else Said(message=reply.snippet())
    try:
        body = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Said(message=reply.snippet())
    return _from_mapping(body) if isinstance(body, dict) else Said()


def _from_mapping(body: Mapping[str, Any]) -> Said:
    error = body.get("error")
    if isinstance(error, dict):
        details = error.get("details", error.get("detail"))
        message = _text(error.get("message")) or (_text(details) if isinstance(details, str) else "")
        code = _text(error.get("code"))
        return Said(message=message or code, code=code, fields=_fields(details))
    code = _text(body.get("code"))
    if isinstance(error, str):
        # OAuth writes its code where the others write a sentence.
        code = code or (error if _CODE.fullmatch(error) else "")
        return Said(message=_text(body.get("error_description")) or error, code=code, fields=_fields(body.get("details")))
    message = _text(body.get("message")) or _text(body.get("detail"))
    return Said(message=message, code=code, fields=_fields(body.get("details", body.get("detail"))))


def _fields(details: object) -> Mapping[str, str]:
    """Which field is wrong and how: one ``{"field","issue"}``, a list of them, or a mapping of field to text."""
    if isinstance(details, list):
        found: dict[str, str] = {}
        for each in details[:50]:
            found.update(_fields(each))
        return found
    if not isinstance(details, dict):
        return {}
    named = _text(details.get("field"))
    if named:
        issue = next((text for key in ("issue", "message", "type", "reason") if (text := _text(details.get(key)))), "is wrong")
        return {named: issue}
    return {str(key): text for key, value in list(details.items())[:50] if (text := _text(value))}


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def kind_of_failure(reply: Reply) -> type[PlatformError]:
    """Which error a status means, before a platform has its say.

    A 404 that is not JSON means that the path does not exist at all; a web page where the API should be means a wrong address, also one
    that asks for a sign-in: no platform says so with a page, and what stands before them does for a while.
    """
    status = reply.status
    if status == 404 and not reply.is_json:
        return WrongBaseUrl if reply.is_html else NoEndpoint
    if status in GATES and reply.is_html:
        return WrongBaseUrl
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Unavailable
    if status < 400:
        return BadReply
    return WrongBaseUrl if reply.is_html else Refused


def failure(reply: Reply, connection: str, words: Said | None = None, kind: type[PlatformError] | None = None) -> PlatformError:
    """The typed error for a reply that is no success. An adapter gives its own words or kind where its platform means something else."""
    words = said(reply) if words is None else words
    kind = kind_of_failure(reply) if kind is None else kind
    message = words.message
    if 300 <= reply.status < 400:
        return redirected(reply, connection)
    if reply.is_html or not message:
        seen = reply.snippet() if reply.content else ""
        message = f"{reply.host} answered {reply.method} {reply.path} with {reply.status}" + (
            f" and a page: {seen}" if seen and reply.is_html else ""
        )
    hint = _HINTS.get(reply.status, "")
    if kind is Unauthorized:
        hint = f"sign in: rollwatch login {connection}"
    elif kind is WrongBaseUrl:
        hint = GATE if reply.status in GATES else "check base_url: this is not the API's address"
    return kind(message, connection=connection, hint=hint, status=reply.status, code=words.code, fields=words.fields)


def redirected(reply: Reply, connection: str) -> PlatformError:
    """A redirect is never followed; the error names where it points, without what might be secret in it."""
    target = re.split(r"[?#]", reply.headers.get("location", ""))[0]
    shown = clean(re.sub(r"//[^/]*@", "//", target), 160) or "nowhere"
    return BadReply(
        f"{reply.host} answered {reply.method} {reply.path} with {reply.status}, pointing to {shown}",
        connection=connection,
        hint="redirects are not followed: check base_url",
        status=reply.status,
    )


def not_json(reply: Reply, connection: str) -> PlatformError | None:
    """What is wrong with a success that should carry JSON; None if nothing is."""
    if not reply.content or reply.is_json:
        return None
    kind = reply.content_type or "no content type"
    shown = f"{reply.host} answered {reply.method} {reply.path} with {reply.status} and {kind}: {reply.snippet()}"
    if reply.is_html:
        return WrongBaseUrl(
            shown,
            connection=connection,
            hint=GATE,
            status=reply.status,
        )
    return BadReply(shown, connection=connection, status=reply.status)


def default_error(reply: Reply, connection: str) -> PlatformError:
    """What ``Transport`` raises for a reply that is no success, unless the adapter gave a reading of its own."""
    return failure(reply, connection)
