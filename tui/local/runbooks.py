"""Who owns a service, where its runbook is and where it can be looked at: ``runbooks.toml`` in the configuration folder.

Written by the user alone. A table for each pattern of names; the first that fits and says something counts:

    ["web-*"]
    owner = "payments, #payments-oncall"
    runbook = "https://wiki.example.com/web"
    url = "https://shop.example.com"
    note = "restart the worker first"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from tui.errors import StorageError
from tui.local.files import read_written
from tui.local.problems import dotted, first_problem
from tui.text import clean

LIMIT: Final = 256 << 10


class Runbook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be known of what is called like this."""

    owner: Annotated[str, Meta(description="Who looks after it.")] = ""
    runbook: Annotated[str, Meta(description="The address of what to do when it fails.")] = ""
    url: Annotated[str, Meta(description="The address of the thing itself, or of its dashboard.")] = ""
    note: Annotated[str, Meta(description="One line to remember.")] = ""

    def told(self) -> tuple[tuple[str, str], ...]:
        """Label and text of what is said."""
        pairs = (("owner", self.owner), ("runbook", self.runbook), ("url", self.url), ("note", self.note))
        return tuple((label, str(clean(text, 300))) for label, text in pairs if text)


class Runbooks:
    """The file at ``path``, read again when it was changed. ``problem`` is empty or one line about why it cannot be used."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._known: Mapping[str, Runbook] = {}
        self.problem = ""

    def of(self, name: str) -> Runbook | None:
        """What is said of a thing of this name; of several patterns the first that fits says what it says, later ones the rest."""
        self._look()
        found = [each for pattern, each in self._known.items() if fnmatchcase(name, pattern)]
        if not found:
            return None
        fields = {field: next((text for each in found if (text := getattr(each, field))), "") for field in Runbook.__struct_fields__}
        return Runbook(**fields)

    def _look(self) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size)
        except OSError:
            self._known, self._seen, self.problem = {}, None, ""
            return
        if seen == self._seen:
            return
        self._seen, self._known, self.problem = seen, {}, ""
        try:
            data = read_written(self._path, LIMIT) or b""
            tables = tomllib.loads(data.decode("utf-8"))
        except StorageError as error:
            self.problem = str(error)
        except UnicodeDecodeError:
            self.problem = f"{self._path}: is no text in UTF-8"
        except tomllib.TOMLDecodeError as error:
            self.problem = f"{self._path}: {clean(str(error), 200)}"
        else:
            self._take(tables)

    def _take(self, tables: Mapping[str, object]) -> None:
        """Know what is right; of what is not the first is the problem."""
        known: dict[str, Runbook] = {}
        for pattern, table in tables.items():
            wrong = first_problem(table, Runbook)
            if wrong is None:
                known[pattern] = msgspec.convert(table, Runbook)
            elif not self.problem:
                where = " ".join((f'["{clean(pattern, 60)}"]', dotted(wrong.key)))
                self.problem = f"{self._path}: {where.strip()} {wrong.what}{f': {wrong.hint}' if wrong.hint else ''}"
        self._known = known
