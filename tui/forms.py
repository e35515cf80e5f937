"""The fields of every verb, named as the APIs document them, and what may stand in each. For the dialogs and for ``rollwatch do``.

Pure declarations and checks: nothing is drawn or sent here. A check returns one line that says what is wrong, or an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from tui.model import Kind, Verb
from tui.text import Secret

Check = Callable[[str], str]


class Shape(StrEnum):
    """What a field's text becomes in ``values``: text, an int, a bool, a list of texts, a dict of texts, or a ``Secret``."""

    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    LIST = "list"
    PAIRS = "pairs"
    SECRET = "secret"  # noqa: S105 - the name of a shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``name`` is the API's; ``suggest`` are words often wanted, never a wall; ``choose`` names the kind whose things
    on screen can be picked (their id is the value); ``example`` stands greyed in an empty field, ``unset`` what the server takes where it
    is left so; ``instead`` is the field that this one is given instead of."""

    name: str
    title: str
    help: str = ""
    shape: Shape = Shape.TEXT
    required: bool = False
    check: Check | None = None
    suggest: tuple[str, ...] = ()
    choose: Kind | None = None
    example: str = ""
    unset: str = ""
    instead: str = ""

    @property
    def hidden(self) -> bool:
        """Whether a value must stand where nobody else can read it: variables hold secrets."""
        return self.shape in {Shape.SECRET, Shape.PAIRS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """All fields of one verb on one kind. ``whole`` checks what no single field can tell and names the field to show it under;
    ``target`` is the kind of thing that the verb is aimed at."""

    title: str
    target: Kind
    fields: tuple[Field, ...] = ()
    whole: Callable[[Mapping[str, str]], tuple[str, str] | None] | None = None

    def only(self, names: Collection[str] | None) -> Form:
        """The form with these fields, for a server that takes no others; None is all of them."""
        return self if names is None else replace(self, fields=tuple(each for each in self.fields if each.name in names))

    def check(self, texts: Mapping[str, str]) -> dict[str, str]:
        """What is wrong, by field name; empty if everything may be sent. Unknown names are wrong too."""
        known = {each.name for each in self.fields}
        wrong = {name: "this verb has no such field" for name in texts if name not in known}
        for each in self.fields:
            text = texts.get(each.name, "").strip()
            problem = _problem(each, text)
            if problem:
                wrong[each.name] = problem
        if not wrong and self.whole is not None:
            found = self.whole({name: text.strip() for name, text in texts.items()})
            if found is not None:
                wrong[found[0]] = found[1]
        return wrong

    def values(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """What a platform's verb is given. Fields left empty are left out. Call it only when ``check`` found nothing."""
        made = {}
        for each in self.fields:
            text = texts.get(each.name, "").strip()
            if text:
                made[each.name] = _MAKE[each.shape](text)
        return made


def _problem(each: Field, text: str) -> str:
    if not text:
        return "this is needed" if each.required else ""
    unfit = _SHAPE[each.shape](text)
    return unfit or (each.check(text) if each.check else "")


# Shapes -----------------------------------------------------------------------------------------------------------------------

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})


def _number(text: str) -> str:
    return "" if re.fullmatch(r"[0-9]{1,9}", text) else "write a whole number"


def _switch(text: str) -> str:
    return "" if text.lower() in _YES | _NO else "write yes or no"


def _pairs(text: str) -> str:
    """Which one is wrong is told by its number: what stands behind a comma may be the rest of a value."""
    for number, piece in enumerate(_pieces(text), 1):
        key, sign, _ = piece.partition("=")
        if not sign:
            return f"number {number} has no value: write KEY=value, KEY=value"
        if variable_key(key.strip()):
            return f"number {number} is no variable name: letters, digits and _"
    return ""


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in re.split(r"[,\n]", text) if piece.strip()]


_SHAPE: Final[Mapping[Shape, Check]] = {
    Shape.TEXT: lambda _: "",
    Shape.NUMBER: _number,
    Shape.SWITCH: _switch,
    Shape.LIST: lambda text: "" if _pieces(text) else "write at least one, separated by commas",
    Shape.PAIRS: _pairs,
    Shape.SECRET: lambda _: "",
}
_MAKE: Final[Mapping[Shape, Callable[[str], Any]]] = {
    Shape.TEXT: str,
    Shape.NUMBER: int,
    Shape.SWITCH: lambda text: text.lower() in _YES,
    Shape.LIST: _pieces,
    Shape.PAIRS: lambda text: {key.strip(): value.strip() for key, _, value in (piece.partition("=") for piece in _pieces(text))},
    Shape.SECRET: Secret,
}


# Checks -----------------------------------------------------------------------------------------------------------------------


def at_most(count: int) -> Check:
    """No longer than so many characters."""
    return lambda text: f"at most {count} characters, this has {len(text)}" if len(text) > count else ""


def environment_name(text: str) -> str:
    """Phase's rule for environments: ``[a-zA-Z0-9\\-_]{1,64}``."""
    if re.fullmatch(r"[a-zA-Z0-9\-_]{1,64}", text):
        return ""
    return at_most(64)(text) or "only letters, digits, - and _"


def environment_names(text: str) -> str:
    """Several of them, none twice in whatever case."""
    seen: set[str] = set()
    for name in _pieces(text):
        problem = environment_name(name)
        if problem:
            return f"{name[:20]}: {problem}"
        if name.lower() in seen:
            return f"{name} stands there twice"
        seen.add(name.lower())
    return ""


def is_commit(text: str) -> bool:
    """Whether this is a whole commit: 40 hexadecimal digits."""
    return re.fullmatch(r"[0-9a-fA-F]{40}", text) is not None


def commit(text: str) -> str:
    """A whole commit."""
    return "" if is_commit(text) else f"a full commit has 40 hexadecimal digits, this has {len(text)} characters"


def branch(text: str) -> str:
    """What git accepts as the name of a branch, and nobody meant as a commit."""
    if is_commit(text):
        return "this is a commit: it belongs into the field for one"
    if len(text) > 250 or not text.isprintable() or re.search(r"[\s~^:?*\[\\]|\.\.|@\{|//", text):
        return "git does not accept this as the name of a branch"
    if text.startswith(("-", "/", ".")) or text.endswith(("/", ".", ".lock")):
        return "git does not accept this as the name of a branch"
    return ""


def port(text: str) -> str:
    """A TCP port."""
    return "" if text.isdigit() and 1 <= int(text) <= 65_535 else "a port is a number from 1 to 65535"


def url(text: str) -> str:
    """An http or https address with a host and without a password in it."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "this is not an address"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "write a whole address: https://host/path"
    if parts.username or parts.password:
        return "leave the user name and password out of the address"
    return "" if text.isprintable() and " " not in text else "an address has no spaces"


def repository(text: str) -> str:
    """Where code lives: an address, or ``git@host:path``."""
    return "" if re.fullmatch(r"git@[\w.-]+:[\w./~-]+", text) else url(text)


def image(text: str) -> str:
    """The name of a container image: ``registry/name:tag`` or ``name@digest``."""
    fits = re.fullmatch(r"[\w.-]+(:[0-9]+)?(/[\w.-]+)*(:[\w.-]+)?(@[a-z0-9]+:[0-9a-fA-F]+)?", text, re.ASCII)
    return "" if fits else "an image is written like registry.example.com/name:tag"


def domain(text: str) -> str:
    """A host name; a leading ``*.`` is allowed."""
    label = r"[a-zA-Z0-9_]([a-zA-Z0-9\-_]{0,61}[a-zA-Z0-9])?"
    fits = len(text) <= 253 and re.fullmatch(rf"(\*\.)?({label}\.)*{label}", text)
    return "" if fits else "a domain is written like app.example.com"


def variable_key(text: str) -> str:
    """The name of an environment variable."""
    return "" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,254}", text) else f"{text[:20]!r} is no variable name: letters, digits and _"


def _one_of_both(texts: Mapping[str, str]) -> tuple[str, str] | None:
    given = [name for name in ("branch", "sha") if texts.get(name)]
    if not given:
        return "branch", "give a branch or a commit"
    return ("sha", "give a branch or a commit, not both") if len(given) == 2 else None


def _where_from(texts: Mapping[str, str]) -> tuple[str, str] | None:
    """A deployment of a kind of source that we know needs what that kind is made from."""
    needed = {"remote": ("remote", "runtime"), "image": ("image",)}.get(texts.get("source", ""), ())
    return next(((name, f"the source {texts['source']} needs this") for name in needed if not texts.get(name)), None)


def _something(texts: Mapping[str, str]) -> tuple[str, str] | None:
    return None if any(texts.values()) else (next(iter(texts), "name"), "change at least one field")


# The forms --------------------------------------------------------------------------------------------------------------------

_EITHER: Final = ("no", "yes")
TYPES: Final = ("web", "worker", "static", "job")
RUNTIMES: Final = ("nodejs", "python", "golang", "php", "ruby", "java", "dotnet", "docker", "static")
EVENTS: Final = ("deployment.created", "deployment.failed")
_DESCRIPTION: Final = Field(name="description", title="Description", check=at_most(10_000))
_APP_NAME: Final = Field(name="name", title="Name", required=True, check=at_most(64), example="checkout")
_PORT: Final = Field(name="port", title="Port", shape=Shape.NUMBER, check=port, example="3000")
_VERSION: Final = Field(name="version", title="Version of the runtime", check=at_most(64), example="20")


def _flag(name: str, title: str, help_: str) -> Field:
    """Something that the server does only where it is told to."""
    return Field(name=name, title=title, shape=Shape.SWITCH, suggest=_EITHER, unset="no", help=help_)


MAKING: Final = frozenset({Verb.CREATE, Verb.ADOPT})
"""Verbs that bring something new into a list; where nothing is above it they are aimed at a connection."""

FORMS: Final[Mapping[tuple[Kind, Verb], Form]] = {
    (Kind.ROLLOUT, Verb.TRIGGER): Form(
        title="Trigger a rollout",
        target=Kind.ENVIRONMENT,
        fields=(
            Field(name="branch", title="Branch", help="its newest pushed commit is rolled out", check=branch, example="main"),
            Field(name="sha", title="or commit", help="all 40 digits, already pushed", check=commit, instead="branch"),
            _flag("skip_tests", "Skip the tests", "roll out what was not tested"),
            _flag("force_rebuild", "Build again", "even if it was built before"),
        ),
        whole=_one_of_both,
    ),
    (Kind.ROLLOUT, Verb.ADOPT): Form(
        title="Adopt a rollout that was begun elsewhere",
        target=Kind.ROLLOUT,
        fields=(
            Field(name="rollout", title="Rollout", required=True, help="its id, or the address of its page", check=at_most(1_000)),
            Field(name="app", title="App", choose=Kind.APPLICATION, help="where the address does not name it", check=at_most(256)),
            Field(name="environment", title="Environment", help="if you know it", check=at_most(256)),
        ),
    ),
    (Kind.DEPLOYMENT, Verb.CREATE): Form(
        title="Create a deployment",
        target=Kind.DEPLOYMENT,
        fields=(
            Field(name="name", title="Name", required=True, check=at_most(64), example="my-app"),
            Field(name="type", title="Type", suggest=TYPES, check=at_most(64), help="left empty: web with a port, worker without"),
            Field(name="source", title="Source", required=True, suggest=("remote", "image"), check=at_most(64), example="remote"),
            Field(name="runtime", title="Runtime", suggest=RUNTIMES, check=at_most(64), example="nodejs"),
            _VERSION,
            Field(name="remote", title="Repository", check=repository, example="https://github.com/user/repo"),
            Field(name="branch", title="Branch", check=branch, example="main"),
            Field(name="image", title="Image", check=image, example="registry.example.com/my-app:1"),
            Field(name="build_cmd", title="Build command", check=at_most(2_000), example="npm install"),
            Field(name="run_cmd", title="Run command", check=at_most(2_000), example="npm start"),
            _PORT,
        ),
        whole=_where_from,
    ),
    (Kind.DEPLOYMENT, Verb.UPDATE): Form(
        title="Change a deployment",
        target=Kind.DEPLOYMENT,
        fields=(
            _VERSION,
            Field(name="env", title="Variables", shape=Shape.PAIRS, help="KEY=value, KEY=value; not shown", example="NODE_ENV=production"),
        ),
        whole=_something,
    ),
    (Kind.DEPLOYMENT, Verb.DELETE): Form(title="Delete a deployment", target=Kind.DEPLOYMENT),
    (Kind.SERVICE, Verb.START): Form(title="Start a service", target=Kind.SERVICE),
    (Kind.SERVICE, Verb.STOP): Form(title="Stop a service", target=Kind.SERVICE),
    (Kind.SERVICE, Verb.RESTART): Form(title="Restart a service", target=Kind.SERVICE),
    (Kind.VARIABLE, Verb.SET): Form(
        title="Set a variable",
        target=Kind.SERVICE,
        fields=(
            Field(name="key", title="Name", required=True, check=variable_key, example="NODE_ENV"),
            Field(name="value", title="Value", required=True, shape=Shape.SECRET, check=at_most(32_000)),
        ),
    ),
    (Kind.VARIABLE, Verb.DELETE): Form(title="Delete a variable", target=Kind.VARIABLE),
    (Kind.ROUTE, Verb.CREATE): Form(
        title="Create a route",
        target=Kind.ROUTE,
        fields=(
            Field(name="domain", title="Domain", required=True, check=domain, example="example.com"),
            Field(name="service_id", title="Service", required=True, choose=Kind.SERVICE, check=at_most(256)),
            Field(name="port", title="Port", required=True, shape=Shape.NUMBER, check=port, example="3000"),
        ),
    ),
    (Kind.ROUTE, Verb.DELETE): Form(title="Delete a route", target=Kind.ROUTE),
    (Kind.PROJECT, Verb.CREATE): Form(
        title="Create a project",
        target=Kind.PROJECT,
        fields=(Field(name="name", title="Name", required=True, check=at_most(64), example="my-project"), _DESCRIPTION),
    ),
    (Kind.PROJECT, Verb.DELETE): Form(title="Delete a project", target=Kind.PROJECT),
    (Kind.WEBHOOK, Verb.CREATE): Form(
        title="Create a webhook",
        target=Kind.WEBHOOK,
        fields=(
            Field(name="url", title="Address", required=True, check=url, example="https://example.com/webhook"),
            Field(name="events", title="Events", required=True, shape=Shape.LIST, suggest=EVENTS, help="separated by commas"),
            Field(name="secret", title="Secret", shape=Shape.SECRET, check=at_most(1_000)),
        ),
    ),
    (Kind.APPLICATION, Verb.CREATE): Form(
        title="Create an app",
        target=Kind.APPLICATION,
        fields=(
            _APP_NAME,
            _DESCRIPTION,
            Field(
                name="environments",
                title="Environments",
                shape=Shape.LIST,
                help="instead of Development, Staging and Production; needs a paid plan",
                check=environment_names,
            ),
        ),
    ),
    (Kind.APPLICATION, Verb.UPDATE): Form(
        title="Change an app",
        target=Kind.APPLICATION,
        fields=(Field(name="name", title="Name", check=at_most(64)), _DESCRIPTION),
        whole=_something,
    ),
    (Kind.APPLICATION, Verb.DELETE): Form(title="Delete an app and all its environments", target=Kind.APPLICATION),
    (Kind.ENVIRONMENT, Verb.CREATE): Form(
        title="Create an environment",
        target=Kind.APPLICATION,
        fields=(Field(name="name", title="Name", required=True, check=environment_name, example="staging-2"),),
    ),
    (Kind.ENVIRONMENT, Verb.UPDATE): Form(
        title="Rename an environment",
        target=Kind.ENVIRONMENT,
        fields=(Field(name="name", title="Name", required=True, check=environment_name),),
    ),
    (Kind.ENVIRONMENT, Verb.DELETE): Form(title="Delete an environment", target=Kind.ENVIRONMENT),
}
"""The fields of every verb that any platform has."""
