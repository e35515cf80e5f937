"""What a connection signs in with: from the environment, else from its ``token_command``, else from ``credentials.toml``.

A stored credential belongs to one origin and is not given to another. Logins that renew themselves are kept by ``logins``;
no password is ever stored. Everything here may block.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import tomli_w
from msgspec import Meta, Struct

from tui.errors import ConfigError, StorageError
from tui.local.children import run
from tui.local.files import read_private, set_aside, write_private
from tui.local.locks import locked
from tui.local.problems import dotted, first_problem
from tui.local.tomltext import LIMIT, Document, parse
from tui.local.variables import variable_prefix
from tui.text import Secret, clean

_HEAD: Final = b"# Written by rollwatch login. Each credential belongs to one connection and one origin.\n"
_Filled = Annotated[str, Meta(min_length=1)]


class Credential(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of ``credentials.toml``. ``app`` is an Encore application's id where it has a client of its own."""

    connection: _Filled
    origin: _Filled
    app: str = ""
    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.connection!r}, {self.origin!r})"


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    credentials: tuple[Credential, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a connection can sign in with. ``source`` says where it came from, empty for nowhere; ``problem`` is one line about what
    was there but cannot be used."""

    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    email: str = ""
    password: Secret | None = field(default=None, repr=False)
    source: str = ""
    problem: str = ""


class Credentials:
    """The credentials of one user."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ

    def find(self, connection: str, origin: str, *, command: Sequence[str] = (), app: str = "", client_id: str = "") -> Found:
        """What ``connection`` signs in with at ``origin``. ``client_id`` is the configuration's, where only the secret is secret;
        with ``app`` what that Encore application has of its own. Never raises; takes up to ten seconds if there is a command."""
        found = self._by_environment(f"{connection}-{app}" if app else connection, client_id)
        if found.source or found.problem:
            return found
        if command:
            by_command = self._by_command(command, client_id)
            if by_command.source or by_command.problem:
                return by_command
        return self._by_file(connection, origin, app, found.email)

    def save(
        self,
        connection: str,
        origin: str,
        now: datetime,
        *,
        app: str = "",
        token: Secret | None = None,
        client_id: str = "",
        client_secret: Secret | None = None,
        email: str = "",
    ) -> None:
        """Store a credential in place of the one for the same connection, origin and app. Other entries stay; a file that cannot be
        understood is set aside first. Raises ``StorageError``, then nothing was changed."""
        entry = Credential(
            connection=connection,
            origin=origin,
            app=app,
            token=token.reveal() if token else "",
            client_id=client_id,
            client_secret=client_secret.reveal() if client_secret else "",
            email=email,
        )
        with self._changing(now) as entries:
            entries[:] = [each for each in entries if not _same(each, connection, origin, app)]
            entries.append(entry)

    def forget(self, connection: str, spared: Collection[str], now: datetime) -> frozenset[str]:
        """Remove what is stored for a connection at any origin but the ``spared``, its apps' included. The origins that there was something
        for: if none, nothing is written.
        Raises ``StorageError``, and ``ConfigError`` for a file that is not understood: nobody knows what is in it."""

        def theirs(each: Credential) -> bool:
            return each.connection == connection and each.origin not in spared

        gone = frozenset(each.origin for each in self._read() if theirs(each))
        if gone:
            with self._changing(now) as entries:
                entries[:] = [each for each in entries if not theirs(each)]
        return gone

    def _by_environment(self, name: str, client_id: str) -> Found:
        prefix = variable_prefix(name)
        given = {ending: self._environ.get(prefix + ending, "").strip() for ending in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET", "EMAIL")}
        password = self._environ.get(f"{prefix}PASSWORD", "")
        client_id = given["CLIENT_ID"] or client_id
        if given["TOKEN"]:
            return Found(token=Secret(given["TOKEN"]), email=given["EMAIL"], source=f"environment {prefix}TOKEN")
        if given["CLIENT_SECRET"] and client_id:
            secret = Secret(given["CLIENT_SECRET"])
            return Found(client_id=client_id, client_secret=secret, source=f"environment {prefix}CLIENT_SECRET")
        if given["EMAIL"] and password:
            return Found(email=given["EMAIL"], password=Secret(password), source=f"environment {prefix}EMAIL")
        for one, other in (("CLIENT_SECRET", "CLIENT_ID"), ("PASSWORD", "EMAIL")):
            if (one == "PASSWORD" and password) or given.get(one):
                return Found(problem=f"{prefix}{one} is set, {prefix}{other} is not")
        return Found(email=given["EMAIL"])

    def _by_command(self, command: Sequence[str], client_id: str) -> Found:
        ran = run(command, environ=self._environ, folder=self._file.parent)
        if ran.problem:
            return Found(problem=f"token_command: {ran.problem}")
        text = ran.output.strip()
        if not text:
            return Found(problem="token_command: it printed nothing")
        source = f"token_command {clean(Path(command[0]).name, 60)}"
        if text.startswith("{"):
            return _from_json(text, source)
        if "\n" in text:
            return Found(problem="token_command: it printed more than one line")
        if client_id:
            return Found(client_id=client_id, client_secret=Secret(text), source=source)
        return Found(token=Secret(text), source=source)

    def _by_file(self, connection: str, origin: str, app: str, email: str) -> Found:
        try:
            entries = self._read()
        except (StorageError, ConfigError) as error:
            return Found(email=email, problem=str(error))
        mine = [each for each in entries if each.connection == connection and each.app == app]
        for each in mine:
            if each.origin == origin:
                secret = Secret(each.client_secret) if each.client_secret else None
                token = Secret(each.token) if each.token else None
                source = str(self._file) if token or secret else ""
                return Found(token=token, client_id=each.client_id, client_secret=secret, email=email or each.email, source=source)
        if mine and not app:
            others = ", ".join(sorted({each.origin for each in mine}))
            return Found(email=email, problem=f"{self._file} has credentials of {connection} for {others}, not for {origin}")
        return Found(email=email)

    def _read(self) -> tuple[Credential, ...]:
        """All entries. Raises ``StorageError`` for a file that must not be used, ``ConfigError`` for one that is not understood."""
        data = read_private(self._file, LIMIT)
        return () if data is None else _entries(parse(self._file, data))

    @contextmanager
    def _changing(self, now: datetime) -> Iterator[list[Credential]]:
        try:
            with locked(self._file.with_name(f"{self._file.name}.lock")):
                try:
                    entries = list(self._read())
                except ConfigError:
                    set_aside(self._file, now)
                    entries = []
                yield entries
                tables = [msgspec.to_builtins(each) for each in entries]
                text = tomli_w.dumps({"version": 1, "credentials": tables})
                write_private(self._file, _HEAD + text.encode("utf-8", "replace"))
        except TimeoutError:
            raise StorageError(f"{self._file} is being changed by another rollwatch", hint="try again") from None


def _entries(document: Document) -> tuple[Credential, ...]:
    version = document.data.get("version", 1)
    if isinstance(version, int) and version > 1:
        raise StorageError(f"{document.place(('version',))}: version is {version}, this rollwatch reads 1", hint="upgrade rollwatch")
    try:
        return msgspec.convert(document.data, _File, strict=True).credentials
    except msgspec.ValidationError:
        problem = first_problem(document.data, _File)
        key = problem.key if problem else ()
        # Only the key: the value may be a secret in the wrong place.
        hint = "a password is never stored" if key and key[-1] == "password" else "see the README, or rollwatch login writes it"
        raise ConfigError(f"{document.place(key)}: {dotted(key) or 'the file'} is not as it must be", hint=hint) from None


def _from_json(text: str, source: str) -> Found:
    try:
        given: Any = json.loads(text)
    except (ValueError, RecursionError):
        return Found(problem="token_command: what it printed begins like JSON and is none")
    known = {"token", "client_id", "client_secret"}
    if not (set(given) <= known and all(isinstance(value, str) and value for value in given.values())):
        return Found(problem="token_command: expected a JSON object with token, or client_id and client_secret")
    if "token" in given:
        return Found(token=Secret(given["token"]), source=source)
    if "client_id" in given and "client_secret" in given:
        return Found(client_id=given["client_id"], client_secret=Secret(given["client_secret"]), source=source)
    return Found(problem="token_command: expected a JSON object with token, or client_id and client_secret")


def _same(each: Credential, connection: str, origin: str, app: str) -> bool:
    return (each.connection, each.origin, each.app) == (connection, origin, app)
