"""The configuration as it holds now: command line over environment over ``config.toml`` over default, each value with its source.

What may be set is told by ``settings``, by which variables by ``variables``; credentials are elsewhere (``credentials``). Nothing
here writes a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from tui.addresses import base_url
from tui.errors import ConfigError, StorageError
from tui.local.files import read_written
from tui.local.inputs import wrong_inputs
from tui.local.problems import Problem, dotted, first_problem, found
from tui.local.settings import VERSION, Config, Context
from tui.local.spelling import meant
from tui.local.tomltext import LIMIT, Document, KeyPath, parse
from tui.local.variables import FIELDS, GENERAL, READ_ONLY, declared, read_only_by, strays, variable_prefix
from tui.model import Ref
from tui.text import clean

ENVIRONMENT: Final = "environment"
"""The context of connections that only environment variables define."""

_PER_CONTEXT: Final = frozenset({"theme"})
"""General settings that a context can have its own of; who overrules the one overrules the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One context, ready to be opened."""

    name: str
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The configuration that holds. ``exists`` tells whether there is a file; ``sources`` maps the dotted key of each value that is
    not a default to where it came from; ``warnings`` are lines about variables that have no effect."""

    path: Path
    exists: bool
    config: Config
    sources: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is connected: neither the file nor the environment names a connection."""
        return not any(context.connections for context in self.config.contexts.values())

    def choose(self) -> Chosen:
        """The context to open. Raises ``ConfigError`` if none is selected among several, or the selected one does not exist."""
        contexts, name = self.config.contexts, self.config.default_context
        if not contexts:
            raise ConfigError(f"nothing is connected: {self.path} names no connection", hint="rollwatch demo needs none")
        if not name and len(contexts) == 1:
            name = next(iter(contexts))
        if not name:
            raise ConfigError(f"{self.path}: default_context is missing", hint=f"choose with --context: {', '.join(contexts)}")
        if name not in contexts:
            source = self.sources.get("default_context", str(self.path))
            raise ConfigError(f"{source}: there is no context {name}", hint=meant(name, contexts))
        return Chosen(name=name, context=contexts[name])

    def values(self) -> Iterator[tuple[str, Any, str]]:
        """Every value as (dotted key, value, source), the source being ``default`` where nobody said anything."""
        for key, value in _leaves(msgspec.to_builtins(self.config), ()):
            name = dotted(key)
            yield name, value, self.sources.get(name) or self._around(key) or "default"

    def _around(self, key: KeyPath) -> str:
        # A list or inline table has one source for all that is in it.
        inside = next((length for length, part in enumerate(key) if isinstance(part, int)), 0)
        return self.sources.get(dotted(key[:inside]), "")


def load(
    path: Path,
    *,
    environ: Mapping[str, str],
    platforms: Mapping[str, str],
    context: str = "",
    read_only: bool = False,
    theme: str = "",
) -> Loaded:
    """Read the configuration. ``platforms`` maps the known platforms to their default base URL; ``context``, ``read_only`` and
    ``theme`` are what the command line said. Raises ``ConfigError``."""
    document = _document(path)
    layers = _Layers(document)
    layers.refuse_newer()
    layers.check()
    layers.environment(environ)
    layers.command_line(context=context, theme=theme, read_only=read_only)
    layers.connections(environ)
    layers.check()
    layers.complete(platforms)
    config = msgspec.convert(layers.data, Config, strict=True)
    apps = {name: [app.id for app in each.apps] for context_ in config.contexts.values() for name, each in context_.connections.items()}
    warnings = tuple(strays(environ, apps))
    return Loaded(path=path, exists=document is not None, config=config, sources=layers.sources(), warnings=warnings)


def _document(path: Path) -> Document | None:
    try:
        data = read_written(path, LIMIT)
    except StorageError as error:
        raise ConfigError(error.message, hint=error.hint) from None
    return None if data is None else parse(path, data)


class _Layers:
    """The values from all sources, laid over each other, while they are still plain tables."""

    def __init__(self, document: Document | None) -> None:
        self._document = document
        self.data: dict[str, Any] = document.data if document else {}
        self._said: dict[KeyPath, str] = {}
        """Where values came from that are not the file's."""

    def refuse_newer(self) -> None:
        version = self.data.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            self.fail(Problem(key=("version",), what=f"is {version}, this rollwatch reads {VERSION}", hint="upgrade rollwatch"))

    def check(self) -> None:
        """Whether every value is of its type."""
        for key, value in _leaves(self.data, ()):
            if isinstance(value, float) and not math.isfinite(value):
                self.fail(Problem(key=key, what=f"is {value}, expected a number"))
            for text in (*key, value):
                if isinstance(text, str) and clean(text, 4096) != text:
                    self.fail(Problem(key=key, what="holds a character that cannot be shown, or is too long"))
        try:
            msgspec.convert(self.data, Config, strict=True)
        except msgspec.ValidationError as error:
            self.fail(first_problem(self.data, Config) or Problem(key=(), what=str(error)))

    def environment(self, environ: Mapping[str, str]) -> None:
        """Lay the environment's general values over the file's."""
        for variable, (field, read) in GENERAL.items():
            if text := environ.get(variable, ""):
                self._say((field,), read(variable, text), f"environment {variable}")
                if field in _PER_CONTEXT:
                    self._everywhere(field, text, f"environment {variable}")
        if read_only_by(environ):
            self._everywhere("read_only", True, f"environment {READ_ONLY}")

    def command_line(self, *, context: str, theme: str, read_only: bool) -> None:
        """Lay what the command line said over that."""
        if context:
            self._say(("default_context",), context, "flag --context")
        if theme:
            self._say(("theme",), theme, "flag --theme")
            self._everywhere("theme", theme, "flag --theme")
        if read_only:
            self._everywhere("read_only", True, "flag --read-only")

    def connections(self, environ: Mapping[str, str]) -> None:
        """Lay the environment's values over the connections', and add the connections that only it knows."""
        known = {variable_prefix(name) for _, name, _ in self._connections()}
        selected = self._selected()
        for variable, name in declared(environ):
            if variable_prefix(name) not in known:
                self._say(("contexts", selected, "connections", name), {}, f"environment {variable}")
                if not self.data.get("default_context"):
                    self._say(("default_context",), selected, f"environment {variable}")
        for key, name, _ in list(self._connections()):
            for ending, (field, read) in FIELDS.items():
                variable = variable_prefix(name) + ending
                if text := environ.get(variable, ""):
                    self._say((*key, field), read(variable, text), f"environment {variable}")

    def complete(self, platforms: Mapping[str, str]) -> None:
        """Check what types cannot tell, and fill in what a platform itself knows."""
        prefixes: dict[str, str] = {}
        for key, name, connection in self._connections():
            if prefixes.setdefault(variable_prefix(name), name) != name:
                other = prefixes[variable_prefix(name)]
                self.fail(Problem(key=key, what=f"and {other} would share the variables {variable_prefix(name)}…", hint="rename one"))
            platform = connection["platform"]
            if platform not in platforms:
                hint = meant(platform, platforms)
                self.fail(Problem(key=(*key, "platform"), what=f"is {found(platform)}, which is no platform", hint=hint))
            given = connection.get("base_url") or platforms[platform]
            try:
                connection["base_url"] = base_url(given, allow_insecure=connection.get("allow_insecure", False))
            except ValueError as error:
                self.fail(Problem(key=(*key, "base_url"), what=str(error)))
            if file := connection.get("ca_file"):
                folder = Path() if self._document is None or (*key, "ca_file") in self._said else self._document.path.parent
                try:
                    connection["ca_file"] = str((folder / Path(file).expanduser()).absolute())
                except (RuntimeError, OSError):  # a home of nobody, a current folder that is gone
                    self.fail(Problem(key=(*key, "ca_file"), what="leads nowhere from here", hint="write the whole path"))
        for name, context in self.data.get("contexts", {}).items():
            self._check_links(name, context)
            self._check_tools(("contexts", name, "tools"), context)
        self._check_tools(("tools",), self.data)

    def sources(self) -> dict[str, str]:
        """Where each value or table that somebody set came from, by dotted key."""
        told: dict[str, str] = {}
        if self._document:
            path = self._document.path
            told.update((dotted(key), f"{path} line {line}") for key, line in self._document.lines.items())
        told.update((dotted(key), source) for key, source in self._said.items())
        return told

    def fail(self, problem: Problem) -> NoReturn:
        """Raise the problem as the one line that the user sees."""
        key = problem.key
        source = next((self._said[key[:length]] for length in range(len(key), 0, -1) if key[:length] in self._said), "")
        place = source or (self._document.place(key) if self._document else "the configuration")
        raise ConfigError(f"{place}: {dotted(key)} {problem.what}", hint=problem.hint)

    def _check_links(self, name: str, context: dict[str, Any]) -> None:
        connections = context.get("connections", {})
        for position, link in enumerate(context.get("links", ())):
            for place, member in enumerate(link["members"]):
                key = ("contexts", name, "links", position, "members", place)
                try:
                    ref = Ref.parse(member)
                except ValueError as error:
                    self.fail(Problem(key=key, what=f"is wrong: {error}"))
                if ref.connection not in connections:
                    hint = meant(ref.connection, connections)
                    self.fail(Problem(key=key, what=f"names {ref.connection!r}, which is no connection of this context", hint=hint))

    def _check_tools(self, key: KeyPath, table: dict[str, Any]) -> None:
        for name, tool in table.get("tools", {}).items():
            if problem := wrong_inputs((*key, name), tool):
                self.fail(problem)

    def _connections(self) -> Iterator[tuple[tuple[str, ...], str, dict[str, Any]]]:
        for context, table in self.data.get("contexts", {}).items():
            for name, connection in table.get("connections", {}).items():
                yield ("contexts", context, "connections", name), name, connection

    def _selected(self) -> str:
        contexts = self.data.get("contexts", {})
        name = str(self.data.get("default_context") or "")
        if name in contexts:
            return name
        return next(iter(contexts)) if len(contexts) == 1 else ENVIRONMENT

    def _everywhere(self, field: str, value: Any, source: str) -> None:
        for name in self.data.get("contexts", {}):
            self._say(("contexts", name, field), value, source)

    def _say(self, key: tuple[str, ...], value: Any, source: str) -> None:
        table = self.data
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value
        self._said[key] = source


def _leaves(value: Any, key: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Every value that is no table and no list, with its place; an empty one of those is a leaf as well."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, (*key, name))
    elif isinstance(value, list | tuple) and value:
        for position, each in enumerate(value):
            yield from _leaves(each, (*key, position))
    else:
        yield key, value
