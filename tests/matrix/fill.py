"""One text in every text field of every model, by the models' own declarations: a field that is added is filled as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tests.ui.desk import ago
from tui.model import KINDS, Health, Kind, LogLine, Phase, Ref, Resource
from tui.text import Safe, Secret, clean

Gate = Callable[[str], Safe]
HEALTHS = tuple(Health)


def raw(text: str) -> Safe:
    """No gate at all: what would happen if one place forgot to clean."""
    return Safe(text)


def filled(kind: Kind, text: str, number: int, *, connection: str = "fleet", gate: Gate = clean) -> Resource:
    """A record of ``kind`` whose every text is ``text``; ``number`` tells it from others."""
    made = _record(KINDS[kind], text, number, gate, connection)
    assert isinstance(made, Resource)
    return made


def line(text: str, *, gate: Gate = clean) -> LogLine:
    """A line of a log whose every text is ``text``."""
    made = _record(LogLine, text, 0, gate, "fleet")
    assert isinstance(made, LogLine)
    return made


def text_fields(model: type[Any]) -> Iterator[str]:
    """Names of the fields that hold text from outside."""
    hints = get_type_hints(model)
    for each in fields(model):
        if Safe in (hints[each.name], *get_args(hints[each.name])):
            yield each.name


@cache
def _hints(model: type[Any]) -> dict[str, Any]:
    return get_type_hints(model)


def _record(model: type[Any], text: str, number: int, gate: Gate, connection: str) -> Any:
    hints = _hints(model)
    kind = next((kind for kind, made in KINDS.items() if made is model), Kind.SERVICE)
    values: dict[str, Any] = {}
    for each in fields(model):
        hint = hints[each.name]
        if each.name == "ref":
            values["ref"] = Ref(connection=connection, kind=kind, id=f"{gate(text)}{number}")
        elif model is Phase and each.name == "name":
            values["name"] = ("build", "infra", "deploy")[number % 3]
        else:
            values[each.name] = _value(hint, text, number, gate, connection)
    return model(**values)


def _value(hint: Any, text: str, number: int, gate: Gate, connection: str) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if hint is Safe:
        return gate(text)
    if get_origin(hint) is tuple:
        (inner, *_) = get_args(hint)
        return tuple(_value(inner, text, index, gate, connection) for index in range(3))
    simple: dict[Any, Callable[[], Any]] = {
        str: lambda: gate(text),
        int: lambda: number,
        float: lambda: 0.5,
        bool: lambda: bool(number % 2),
        datetime: lambda: ago(minutes=number),
        Health: lambda: HEALTHS[number % len(HEALTHS)],
        Secret: lambda: Secret(text),
        Ref: lambda: Ref(connection=connection, kind=Kind.SERVICE, id=f"{gate(text)}{number}"),
        Phase: lambda: _record(Phase, text, number, gate, connection),
    }
    return simple[hint]()
