"""What a verb sends: built once from the target and the form's values, shown to the user and sent exactly as shown.

Also how a form's values become the fields of a body. Nothing about one platform and no HTTP lives here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tui.errors import OutcomeUnknown, Refused
from tui.model import Ref
from tui.platforms.base import Accepted, Call, Request
from tui.platforms.records import masked
from tui.platforms.replies import Reply
from tui.platforms.seg import fill
from tui.redaction import STARS
from tui.text import Secret

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of a verb's form, and how it becomes a member of the body.

    ``kind``: text, int, flag, list (of texts), map (of texts, shown as stars) or secret. ``longest`` counts characters. ``pattern``
    must match the whole text, and ``says`` is what is told when it does not. ``blank`` sends an empty text instead of nothing.
    """

    name: str
    kind: str = "text"
    required: bool = False
    longest: int = 0
    pattern: str = ""
    says: str = ""
    blank: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request of a verb, before it is sent. ``body`` may hold ``Secret`` values."""

    method: str
    template: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def shown(self) -> Request:
        """The request as the user is shown it: literal, secrets as stars. Raises ``NotFound`` for an id that cannot be in a path."""
        return Request(
            method=self.method,
            path=fill(self.template, self.ids),
            query=dict(self.query),
            body=None if self.body is None else masked(_starred(self.body)),
        )


class Sender(Protocol):
    """The one method of ``http.Transport`` that a verb needs."""

    async def send(
        self,
        method: str,
        template: str,
        *,
        ids: Mapping[str, str] = ...,
        query: Mapping[str, str | Secret] = ...,
        body: Mapping[str, Any] | None = ...,
    ) -> Reply: ...


Build = Callable[[Ref, Mapping[str, Any]], Sending]
Accept = Callable[[Reply, Ref, Mapping[str, Any]], Accepted]


def names(fields: Sequence[Field] | None) -> frozenset[str] | None:
    """Which of a form's fields a body has room for."""
    return None if fields is None else frozenset(each.name for each in fields)


def call(sender: Sender, build: Build, accept: Accept, *, does: str, fields: Sequence[Field] | None = None) -> Call:
    """A verb of one request: ``build`` says what is sent, ``accept`` what the answer means."""

    async def run(ref: Ref, values: Mapping[str, Any]) -> Accepted:
        return accept(await send(sender, build(ref, values)), ref, values)

    return Call(run=run, plan=lambda ref, values: (build(ref, values).shown(),), does=does, takes=names(fields))


def send(sender: Sender, sending: Sending) -> Awaitable[Reply]:
    """Send what was shown."""
    return sender.send(sending.method, sending.template, ids=sending.ids, query=sending.query, body=sending.body)


def body(values: Mapping[str, Any], fields: Sequence[Field], *, connection: str, what: str, least: int = 0) -> dict[str, Any]:
    """The members of a body from a form's values, in the order of ``fields``; at least ``least`` of them.

    Raises ``Refused`` (never sent) that names every wrong field: unknown, missing, too long, of the wrong form.
    """
    known = {each.name: each for each in fields}
    wrong = {str(name): "is not a field of this" for name in values if name not in known}
    result: dict[str, Any] = {}
    for each in fields:
        value = values.get(each.name)
        if value is None or (_empty(value) and not each.blank):
            if each.required:
                wrong[each.name] = "is needed"
            continue
        try:
            result[each.name] = _CONVERT[each.kind](value, each)
        except ValueError as error:
            wrong[each.name] = str(error)
    if not wrong and len(result) < least:
        wrong = {each.name: "give at least one of these" for each in fields}
    if wrong:
        raise refused(wrong, connection=connection, what=what)
    return result


def refused(fields: Mapping[str, str], *, connection: str, what: str) -> Refused:
    """A verb that is not sent because of its values."""
    told = "; ".join(f"{name} {issue}" for name, issue in fields.items())
    return Refused(f"not sent, {what}: {told}", connection=connection, fields=fields, sent=False)


def unclear(reply: Reply, connection: str, why: str) -> OutcomeUnknown:
    """A success whose body proves nothing: it may come from something in between."""
    return OutcomeUnknown(
        f"{reply.method} {reply.path} was answered {reply.status}, but {why}",
        connection=connection,
        hint="read it again before repeating it",
        status=reply.status,
    )


def _empty(value: Any) -> bool:
    return value == "" or (isinstance(value, list | tuple | dict) and not value) or (isinstance(value, Secret) and not value)


def _text(value: Any, each: Field) -> str:
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str):
        raise ValueError("must be a text")
    if each.longest and len(text) > each.longest:
        raise ValueError(f"must not be longer than {each.longest} characters")
    if each.pattern and not re.fullmatch(each.pattern, text):
        raise ValueError(each.says or "has the wrong form")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds characters that cannot be sent") from None
    return text


def _integer(value: Any, each: Field) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(_text(value, each).strip())
    except ValueError:
        raise ValueError("must be a whole number") from None


def _flag(value: Any, each: Field) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value, each).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ValueError("must be true or false")
    return text in _TRUE


def _list(value: Any, each: Field) -> list[str]:
    parts = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("must be a list")
    return [_text(part, each) for part in parts if part != ""]


def _map(value: Any, each: Field) -> dict[str, Secret]:
    """``{"KEY": value}``, or lines (or comma-separated pairs) of ``KEY=VALUE``."""
    if isinstance(value, str | Secret):
        text = value.reveal() if isinstance(value, Secret) else value
        lines = text.splitlines() if "\n" in text else re.split(r",(?=\s*[A-Za-z_][A-Za-z0-9_]*=)", text)
        pairs = [line.partition("=") for line in lines if line.strip()]
        if any(not mark or not key.strip() for key, mark, _ in pairs):
            raise ValueError("must be KEY=VALUE pairs")
        return {key.strip(): Secret(part) for key, _, part in pairs}
    if not isinstance(value, Mapping):
        raise ValueError("must be KEY=VALUE pairs")
    return {_text(key, each): Secret(_text(part, each)) for key, part in value.items()}


def _secret(value: Any, each: Field) -> Secret:
    return Secret(_text(value, each))


_CONVERT: Final[Mapping[str, Callable[[Any, Field], Any]]] = {
    "text": _text,
    "int": _integer,
    "flag": _flag,
    "list": _list,
    "map": _map,
    "secret": _secret,
}


def _starred(value: Any) -> Any:
    if isinstance(value, Secret):
        return STARS
    if isinstance(value, Mapping):
        return {name: _starred(each) for name, each in value.items()}
    return [_starred(each) for each in value] if isinstance(value, list | tuple) else value
