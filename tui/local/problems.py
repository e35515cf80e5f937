"""Which setting is wrong and how: names the key, what was found and what belongs there, for a value that a struct refused.

Runs only once something is known to be wrong. Which settings exist is told by ``settings``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import inspect

from tui.local.spelling import meant, near
from tui.local.tomltext import KeyPath
from tui.text import clean

_NAMES: Final = "a name of letters, digits, - and _, at most 40"
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a table"),
)
_EXPECTED: Final[dict[type, str]] = {
    inspect.BoolType: "true or false",
    inspect.StrType: "text in quotes",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.VarTupleType: "a list in [ ]",
    inspect.DictType: "a table",
    inspect.StructType: "a table",
}
_PLAIN: Final[dict[type, type]] = {
    inspect.BoolType: bool,
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.VarTupleType: list,
}
_LIMITS: Final = ("ge", "le", "min_length", "max_length", "pattern")
_SECRETS: Final = frozenset({"token", "access_token", "password", "secret", "client_secret", "api_key", "api_token", "refresh_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """``key`` is where, ``what`` goes behind the key's name, ``hint`` says what to do."""

    key: KeyPath
    what: str
    hint: str = ""


def dotted(key: KeyPath) -> str:
    """``contexts.prod.connections.shop.apps[0].id``"""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return str(clean(text, 200))


def first_problem(value: object, expected: type) -> Problem | None:
    """The first thing in ``value`` (as TOML gave it) that keeps it from being an ``expected``; None if nothing is found."""
    return next(_problems(value, inspect.type_info(expected), ()), None)


def found(value: object) -> str:
    """How a wrong value is shown: short, cleaned, with its type."""
    kind = next((name for type_, name in _KINDS if isinstance(value, type_)), type(value).__name__)
    shown = "" if isinstance(value, list | dict) else f"{value!r} " if isinstance(value, str) else f"{str(value).lower()} "
    return str(clean(f"{shown}({kind})" if shown else kind, 80))


def _problems(value: Any, expected: Any, key: KeyPath) -> Iterator[Problem]:
    inner = expected.type if isinstance(expected, inspect.Metadata) else expected
    if isinstance(inner, inspect.StructType):
        yield from _in_struct(value, inner, key)
    elif isinstance(inner, inspect.DictType) and isinstance(value, dict):
        for name, each in value.items():
            if not _fits(name, inner.key_type):
                yield Problem(key=(*key, name), what="is not a name that can be used", hint=f"expected {_NAMES}")
            yield from _problems(each, inner.value_type, (*key, name))
    elif isinstance(inner, inspect.VarTupleType) and isinstance(value, list):
        for position, each in enumerate(value):
            yield from _problems(each, inner.item_type, (*key, position))
        if inner.min_length and len(value) < inner.min_length:
            yield Problem(key=key, what="is empty", hint="expected at least one entry")
    elif not _fits(value, inner):
        hint = near(value, _options(inner)) if isinstance(value, str) else ""
        yield Problem(key=key, what=f"is {found(value)}, expected {_wanted(inner)}", hint=hint)


def _in_struct(value: Any, expected: inspect.StructType, key: KeyPath) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(key=key, what=f"is {found(value)}, expected a table")
        return
    fields = {field.encode_name: field for field in expected.fields}
    for name, each in value.items():
        if name in fields:
            yield from _problems(each, fields[name].type, (*key, name))
        elif name.lower() in _SECRETS:
            hint = "credentials do not belong here: use rollwatch login, or see ROLLWATCH_NAME_TOKEN in the README"
            yield Problem(key=(*key, name), what="is not a setting", hint=hint)
        else:
            yield Problem(key=(*key, name), what="is not a setting", hint=meant(name, fields))
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem(key=key, what=f"has no {name}", hint=f"add {name} = …")


def _options(expected: Any) -> list[str]:
    """The words that may stand there; empty where it is no choice."""
    if isinstance(expected, inspect.EnumType):
        return [str(each.value) for each in expected.cls]
    return [str(each) for each in expected.values] if isinstance(expected, inspect.LiteralType) else []


def _fits(value: object, expected: Any) -> bool:
    try:
        msgspec.convert(value, _plain(expected), strict=True)
    except msgspec.ValidationError:
        return False
    return True


def _plain(expected: Any) -> Any:
    """The Python type that a leaf's description stands for."""
    if options := _options(expected):
        return Literal[tuple(options)]
    plain = _PLAIN.get(type(expected), dict)
    given = {name: limit for name in _LIMITS if (limit := getattr(expected, name, None)) is not None}
    return Annotated[plain, msgspec.Meta(**given)] if given else plain


def _wanted(expected: Any) -> str:
    if options := _options(expected):
        return f"one of {', '.join(options)}"
    wanted = _EXPECTED.get(type(expected), "something else")
    low, high = getattr(expected, "ge", None), getattr(expected, "le", None)
    if low is not None:
        wanted += f" from {low} to {high}" if high is not None else f" from {low}"
    if pattern := getattr(expected, "pattern", None):
        wanted += " that begins with /" if pattern == "^/" else f" like {pattern}"
    return wanted + (", not empty" if getattr(expected, "min_length", None) else "")
