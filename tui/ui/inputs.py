"""What a tool of the user's asks for, as a form: which fields, what may stand in each, and what the program is given for it. No widget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from tui.forms import Check, Field, Form, Shape
from tui.local.settings import Input, Tool
from tui.model import Kind
from tui.tables.placeholders import begins_with

SHAPES: Final[Mapping[str, Shape]] = {"string": Shape.TEXT, "number": Shape.NUMBER, "bool": Shape.SWITCH, "choice": Shape.TEXT}
LONGEST: Final = 1_000
"""Characters of what is typed into one field."""


def form_of(name: str, tool: Tool, kind: Kind) -> Form:
    """The form of a tool for a thing of this kind."""
    return Form(title=name, target=kind, fields=tuple(_field(each, tool) for each in tool.inputs))


def given(tool: Tool, form: Form, texts: Mapping[str, str]) -> dict[str, str]:
    """What each input stands for, empty for one that was left empty. Call it only when the form found nothing wrong."""
    values = form.values(texts)
    return {each.name: _told(each, values.get(each.name)) for each in tool.inputs}


def variables(tool: Tool, typed: Mapping[str, str]) -> dict[str, str]:
    """The variables that are set for the program; one that was left empty is not."""
    return {each.variable: typed[each.name] for each in tool.inputs if each.variable and typed[each.name]}


def _told(each: Input, value: object) -> str:
    if each.type == "bool":
        return each.yes if value is True else each.no
    return "" if value is None else str(value)


def _field(each: Input, tool: Tool) -> Field:
    first = any(begins_with(argument, each.name) for argument in tool.run)
    checks = {"string": _no_option if first else _short, "choice": _one_of(each.choices)}
    return Field(
        name=each.name,
        title=each.name.replace("_", " ").capitalize(),
        help=each.help,
        shape=SHAPES[each.type],
        required=each.required,
        check=checks.get(each.type),
        suggest=("no", "yes") if each.type == "bool" else each.choices,
    )


def _short(text: str) -> str:
    return f"at most {LONGEST} characters, this has {len(text)}" if len(text) > LONGEST else ""


def _no_option(text: str) -> str:
    return "the program would take this for an option" if text.startswith("-") else _short(text)


def _one_of(choices: Collection[str]) -> Check:
    return lambda text: "" if text in choices else f"one of {', '.join(choices)}"
