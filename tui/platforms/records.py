"""From the bytes of a reply to plain records, tolerantly: lists in any envelope, names in either case, times in any unit,
secrets masked, one bad record costing one row.

All adapters share it; nothing about one platform, about a kind of the model or about a request lives here.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from tui.model import EMPTY, Resource
from tui.platforms.base import Rows
from tui.redaction import STARS, hides, redacted
from tui.text import Safe, clean

Scalar = str | int | float | bool | None
"""A field that documents call a string and servers may write as something else."""

MAX_ID: Final = 256
MAX_RAW: Final = 16_384
"""Characters of a reply's JSON text that a record keeps for its detail screen."""

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
_MILLISECONDS: Final = 1e11
"""A larger number is milliseconds: as seconds it would be after the year 5000."""

_WRAPPING: Final = frozenset({"success", "ok", "data", "message", "error", "timestamp"})
_CAMEL: Final = re.compile(r"[a-z]+[0-9]*(?:[A-Z]+[a-z0-9]*)+\Z")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_MAP: Final = re.compile(r"(?:env(?:ironment)?(?:_?vars?|_?variables)?|envs|variables|secrets)\Z", re.IGNORECASE)


class Unreadable(Exception):
    """A reply or a record that is not what it should be; the text says in what way and holds nothing of its content."""


REFUSALS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Unreadable)
"""All that reading hostile bytes may raise."""


class Wire(msgspec.Struct, kw_only=True):
    """What a platform's record says, under one spelling of each name.

    ``aliases`` maps other spellings (in snake case) to ours, ``lift`` names inner objects whose fields count as the record's own,
    ``spread`` names fields that may be an object and where its parts go.
    """

    aliases: ClassVar[Mapping[str, str]] = {}
    lift: ClassVar[tuple[str, ...]] = ()
    spread: ClassVar[Mapping[str, Mapping[str, str]]] = {}


W = TypeVar("W", bound=Wire)


@lru_cache(maxsize=2048)
def snake(name: str) -> str:
    """``createdAt`` as ``created_at``; a name that is no camel case stays as it is."""
    return _HUMP.sub("_", name).lower() if _CAMEL.match(name) else name


def parse(content: bytes) -> Any:
    """The JSON value of a reply. Raises ``Unreadable``."""
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise Unreadable("JSON nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}") from None


def _members(content: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except RecursionError:
        raise Unreadable("JSON nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}") from None


def _opens(content: bytes | msgspec.Raw) -> bytes:
    return bytes(memoryview(content)[:64]).lstrip()[:1]


def items(content: bytes | msgspec.Raw, names: Sequence[str], depth: int = 3) -> list[msgspec.Raw]:
    """The records of a list reply: a bare array, or the array under one of ``names``, ``items``, ``data`` or ``results``; null is none.

    Raises ``Unreadable`` when there is no list.
    """
    match _opens(content):
        case b"[":
            try:
                return msgspec.json.decode(content, type=list[msgspec.Raw])
            except RecursionError:
                raise Unreadable("JSON nested too deeply") from None
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise Unreadable(f"not JSON: {error}") from None
        case b"n":
            parse(bytes(content))
            return []
        case b"{" if depth:
            members = _members(content)
            for name in (*names, "items", "data", "results"):
                if name in members:
                    return items(members[name], names, depth - 1)
            raise Unreadable(f"an object without a list of {names[0] if names else 'records'}")
        case _:
            parse(bytes(content))
            raise Unreadable(f"not a list of {names[0] if names else 'records'}")


def single(content: bytes, names: Sequence[str]) -> bytes:
    """The JSON of the one record of a reply, taken out of ``data`` and of an object named like its kind. Raises ``Unreadable``."""
    for _ in range(3):
        if _opens(content) != b"{":
            break
        members = _members(content)
        inner = [name for name in names if name in members and len(members) <= 2 and _opens(members[name]) == b"{"]
        if inner:
            content = bytes(members[inner[0]])
        elif "data" in members and members.keys() <= _WRAPPING:
            content = bytes(members["data"])
        else:
            break
    return content


class _Pagination(msgspec.Struct, rename="camel"):
    has_next_page: bool = False


class _Paged(msgspec.Struct):
    pagination: _Pagination | None = None


class _Enveloped(msgspec.Struct):
    data: _Paged | None = None


def more_follow(content: bytes) -> bool:
    """Whether a list reply says that another page follows."""
    try:
        reply = msgspec.json.decode(content, type=_Enveloped)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return reply.data is not None and reply.data.pagination is not None and reply.data.pagination.has_next_page


def fields(value: Any, shape: type[Wire]) -> dict[str, Any]:
    """A record's fields under the names of ``shape``. Raises ``Unreadable`` if it is no object."""
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    flat = {snake(name): each for name, each in value.items()}
    for name in shape.lift:
        inner = flat.get(name)
        if isinstance(inner, dict):
            for key, each in inner.items():
                if flat.get(snake(key)) is None:
                    flat[snake(key)] = each
    for name, parts in shape.spread.items():
        inner = flat.get(name)
        if isinstance(inner, dict):
            flat[name] = None
            for key, target in parts.items():
                part = inner.get(key, {snake(k): v for k, v in inner.items()}.get(key))
                if part is not None and flat.get(target) is None:
                    flat[target] = part
    for alias, name in shape.aliases.items():
        if flat.get(name) is None and flat.get(alias) is not None:
            flat[name] = flat[alias]
    return flat


def read(data: bytes, shape: type[W]) -> tuple[W, dict[str, Any]]:
    """One record as ``shape`` and as it came. Raises what ``REFUSALS`` lists."""
    value = parse(data)
    return msgspec.convert(fields(value, shape), shape), value


def identity(value: str | int) -> str:
    """A record's id, exactly as it must be sent back. Raises ``Unreadable`` for one that cannot be shown and sent alike."""
    text = str(value)
    if not text or len(text) > MAX_ID or clean(text, MAX_ID) != text:
        raise Unreadable("its id is empty, too long or holds characters that cannot be shown")
    return text


def word(value: Any, limit: int = 200) -> Safe:
    """A scalar as cleaned text, without what has the form of a secret; nothing for null and for what is no scalar."""
    if value is None:
        return EMPTY
    if isinstance(value, str):
        return clean(redacted(value), limit)
    if isinstance(value, bool):
        return Safe("true" if value else "false")
    if isinstance(value, int | float):
        return clean(f"{value:g}" if isinstance(value, float) else str(value), limit)
    return EMPTY


def number(value: Any) -> int | None:
    """A whole number, also from its text; None for anything else and for what no counter of ours can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = int(value)
    except (ValueError, OverflowError):
        return None
    return result if abs(result) < 2**63 else None


def decimal(value: Any) -> float | None:
    """A number, also from its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if -1e18 < result < 1e18 else None


def flag(value: Any) -> bool | None:
    """A truth value, or None where there is none."""
    return value if isinstance(value, bool) else None


def when(value: Any, now: datetime) -> datetime | None:
    """A time as aware UTC: epoch seconds or milliseconds (also as text) or RFC 3339 with any fraction.

    None for anything else and for a time before 2000 or more than a day ahead of ``now``: nobody could reckon with it.
    """
    if value is None or isinstance(value, bool):
        return None
    iso = isinstance(value, str) and "-" in value[1:]
    seconds = None if iso else decimal(value)
    try:
        if seconds is not None:
            result = datetime.fromtimestamp(seconds / 1000 if abs(seconds) > _MILLISECONDS else seconds, UTC)
        elif isinstance(value, str) and len(value) <= 64:
            result = datetime.fromisoformat(value)
            result = result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return result if _FIRST <= result <= now + _AHEAD else None


def masked(value: Any, depth: int = 24) -> Any:
    """A JSON value with every secret in it replaced by stars: by the name of its field, by its form, and all values of variables."""
    if isinstance(value, str):
        return redacted(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        pair = "key" in value
        return {str(name): _masked_member(str(name), each, depth - 1, pair=pair) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, depth - 1) for each in value]
    return STARS


def _masked_member(name: str, value: Any, depth: int, *, pair: bool) -> Any:
    if value is None or value == "" or isinstance(value, bool):
        return value
    of_variables, secret = _SECRET_MAP.match(name) is not None, hides(name)
    if of_variables and isinstance(value, dict):
        return {str(key): STARS for key in value}
    secret = secret and not of_variables
    if (pair and name == "value") or (secret and not isinstance(value, list | dict)):
        return STARS
    if secret and isinstance(value, list):
        return [masked(each, depth) if isinstance(each, list | dict) else STARS for each in value]
    return masked(value, depth)


def text_of(value: Any) -> Safe:
    """A record's JSON for reading: indented, secrets masked, cleaned."""
    try:
        text = msgspec.json.format(msgspec.json.encode(masked(value)), indent=2).decode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return EMPTY
    if text.isascii() and len(text) <= MAX_RAW and text.replace("\n", "").isprintable():
        return Safe(text)  # what clean would say, at a tenth of its cost for the usual case
    return clean(text, MAX_RAW, lines=True)


class Listing:
    """The replies of one list, turned into rows.

    Remembers the last reply: the same bytes give the very same ``Rows``, and a record whose bytes did not change gives the very
    same ``Resource``, so that ten thousand rows of which few changed cost little. Gives way to others every few records. ``build``
    may answer None for a record that does not belong here.
    """

    def __init__(self, names: Sequence[str], build: Callable[[bytes], Resource | None]) -> None:
        self._names = names
        self._build = build
        self._key: Hashable = None
        self._rows = Rows()
        self._known: dict[bytes, Resource] = {}

    async def rows(self, *contents: bytes) -> Rows:
        """The rows of a reply, or of all pages of one. Raises ``Unreadable`` when it holds no list."""
        key = tuple(hashlib.blake2b(content, digest_size=16).digest() for content in contents)
        if key == self._key:
            return self._rows
        raws = [raw for content in contents for raw in items(content, self._names)]
        known: dict[bytes, Resource] = {}
        kept: dict[str, Resource] = {}
        unreadable, reason = 0, EMPTY
        for index, raw in enumerate(raws):
            if index % 200 == 199:
                await asyncio.sleep(0)
            data = bytes(raw)
            if data in known:
                continue
            try:
                resource = self._known.get(data) or self._build(data)
                if resource is None:
                    continue
                if resource.ref.id in kept:
                    raise Unreadable("its id is that of another record")
            except REFUSALS as error:
                unreadable += 1
                reason = reason or clean(f"record {index + 1}: {error}", 200)
                continue
            known[data] = kept[resource.ref.id] = resource
        self._known, self._key = known, key
        self._rows = Rows(items=tuple(kept.values()), unreadable=unreadable, reason=reason)
        return self._rows
