"""What a tool of the configuration asks for: whether that makes sense as a whole, which no type can tell. Pure.

How it is asked and what may be typed is the console's matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tui.local.problems import Problem
from tui.local.spelling import meant
from tui.local.tomltext import KeyPath

_PLACE: Final = re.compile(r"\{input\.([^{}]*)\}")


def wrong_inputs(key: KeyPath, tool: Mapping[str, Any]) -> Problem | None:
    """The first thing that is wrong with what the tool at ``key`` asks for; None if nothing is."""
    return next(_problems(key, tool), None)


def _problems(key: KeyPath, tool: Mapping[str, Any]) -> Iterator[Problem]:
    inputs: Sequence[Mapping[str, Any]] = tool.get("inputs", ())
    names = [each["name"] for each in inputs]
    wanted: set[str] = set()
    for place, text in _templates(tool):
        for name in _PLACE.findall(text):
            wanted.add(name)
            if name not in names:
                hint = meant(name, names) or f'add [[{".".join(map(str, key))}.inputs]] with name = "{name}"'
                yield Problem(key=(*key, *place), what=f"names {{input.{name}}}, which is not asked for", hint=hint)
            elif place == ("run", 0):
                yield Problem(key=(*key, *place), what="is asked for", hint="the program itself must stand in the file")
    for number, each in enumerate(inputs):
        here = (*key, "inputs", number)
        if each["name"] in names[:number]:
            yield Problem(key=(*here, "name"), what=f"is {each['name']!r} a second time", hint="call it otherwise")
        yield from _of_one(here, each, used=each["name"] in wanted)


def _templates(tool: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("run", number), text) for number, text in enumerate(tool.get("run", ())))
    yield ("open",), tool.get("open", "")


def _of_one(key: KeyPath, each: Mapping[str, Any], *, used: bool) -> Iterator[Problem]:
    choices = each.get("choices", ())
    if (each.get("type") == "choice") is not bool(choices):
        hint = 'choices = ["a", "b"]' if not choices else 'type = "choice"'
        yield Problem(key=key, what="needs both type choice and choices, or neither", hint=f"add {hint}")
    if choices and each.get("default", "") not in {"", *choices}:
        yield Problem(key=(*key, "default"), what=f"is {each['default']!r}, which cannot be picked", hint=meant(each["default"], choices))
    if not used and not each.get("variable"):
        yield Problem(key=key, what=f"is given to nobody: write {{input.{each['name']}}} into run or open, or add variable = …")
