"""What ``{name}`` and its like stand for in a tool of the user's: fields of what is selected, and of what it names; ``{input.since}``
for what a person was asked. Pure.

Values come from a server. One that could be taken for an option, or is not known, is refused: an argument list holds what was meant or
nothing is started. What was typed is checked where it is typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final
from urllib.parse import quote

from tui.errors import UsageError
from tui.model import Ref, Resource
from tui.tables.columns import Lookup
from tui.tables.relations import above
from tui.text import a_or_an, clean

_INPUT: Final = "input."
_PLACE: Final = re.compile(r"\{(input\.[a-z][a-z0-9_]*|[a-z_]+(?:\.[a-z_]+)?)\}")
_APART: Final = frozenset({"raw", "run_cmd", "build_cmd", "remote", "url", "message", "error", "value"})
"""Fields that may hold a secret: the arguments of a program can be read by everybody on this machine."""


NOTHING_ASKED: Final[Mapping[str, str]] = {}


def argv(template: Sequence[str], row: Resource, store: Lookup, context: str, typed: Mapping[str, str] = NOTHING_ASKED) -> tuple[str, ...]:
    """A program and its arguments with every placeholder filled in; ``typed`` is what was asked for, by its name. An argument in which
    something stands that was left empty is left out. Raises ``UsageError`` that says which cannot be filled in."""
    there = [each for each in template if all(typed.get(name, "-") for name in inputs_of(each))]
    return tuple(_filled(each, row, store, context, typed, _argument) for each in there)


def address(template: str, row: Resource, store: Lookup, context: str, typed: Mapping[str, str] = NOTHING_ASKED) -> str:
    """An address with every placeholder filled in, as text that stands for itself there. Raises ``UsageError``."""
    return _filled(template, row, store, context, typed, lambda text, _word, _first: quote(text, safe=""))


def inputs_of(template: str) -> tuple[str, ...]:
    """The names of what a template wants to be asked for."""
    return tuple(word.removeprefix(_INPUT) for word in _PLACE.findall(template) if word.startswith(_INPUT))


def begins_with(template: str, name: str) -> bool:
    """Whether what is typed for this name stands at the beginning of an argument."""
    return template.startswith(f"{{{_INPUT}{name}}}")


def _filled(
    template: str, row: Resource, store: Lookup, context: str, typed: Mapping[str, str], put: Callable[[str, str, bool], str]
) -> str:
    def value(word: str) -> str:
        name = word.removeprefix(_INPUT)
        return typed[name] if name != word and name in typed else _value(word, row, store, context)

    return _PLACE.sub(lambda found: put(value(found[1]), found[1], found.start() == 0), template)


def _argument(text: str, word: str, first: bool) -> str:
    if first and text.startswith("-") and not word.startswith(_INPUT):
        raise UsageError(f"{clean(text, 40)!r} could be taken for an option: it is not given to a program")
    return text


def _value(word: str, row: Resource, store: Lookup, context: str) -> str:
    kind, dot, field = word.rpartition(".")
    if dot:
        found = above(row, kind, store)
        if found is None:
            raise UsageError(f"no {kind} of it is known")
        return _value(field, found, store, context)
    own = {"ref": str(row.ref), "id": row.ref.id, "connection": row.ref.connection, "kind": str(row.ref.kind), "context": context}
    if word in own:
        return own[word]
    known = {each.name for each in fields(row) if each.name not in _APART}
    text = _text(getattr(row, word)) if word in known else None
    if text is None:
        raise UsageError(f"{{{word}}} is nothing that {a_or_an(row.ref.kind)} has")
    if not text:
        raise UsageError(f"its {word.replace('_', ' ')} is not known")
    return text


def _text(value: Any) -> str | None:
    """A field as one argument; empty where it is not known, None where it is nothing that could be one."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Ref):
        return value.id
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
