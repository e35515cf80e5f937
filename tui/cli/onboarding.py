"""A new connection from what somebody typed: checked, tried with a harmless read, then written to the configuration and kept.

The first run and ``connect`` in the console ask; here nothing is asked and nothing is drawn.
"""

from __future__ import annotations

import asyncio
import os
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tui.addresses import base_url
from tui.cli.configured import configured
from tui.cli.drafts import Drafts, nobody
from tui.cli.trying import Tried, keep
from tui.errors import ConfigError
from tui.local.config import load
from tui.local.files import read_written, rewrite
from tui.local.finds import Find, finds
from tui.local.identity import whoami
from tui.local.spelling import meant
from tui.local.tomledit import HEAD, with_table, with_value
from tui.local.tomltext import LIMIT
from tui.local.variables import apps_of
from tui.platforms.base import AppSpec, ConnectionSpec
from tui.platforms.registry import BASE_URLS
from tui.ui.owner import Asking, Draft

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {"encore": ("client_id", "client_secret", "apps"), "dployr": (), "phase": ("token",)}


def missing(draft: Draft, *, apps: bool = True) -> dict[str, str]:
    """What a platform needs to be signed in to and a draft has not, by field."""
    wrong = {field: "is needed" for field in NEEDED[draft.platform] if not getattr(draft, field) and (apps or field != "apps")}
    if draft.platform == "dployr" and not draft.token and not draft.email:
        wrong["token"] = "a token, or an e-mail address below"  # noqa: S105 - a sentence
    return wrong


class Onboarding(Drafts):
    """A connection that the configuration does not have yet."""

    def finds(self) -> Sequence[Find]:
        """What is on this machine already."""
        try:
            here = Path.cwd()
        except OSError:  # it is gone
            here = Path("/")
        return finds(os.environ, here)

    def wrong(self, draft: Draft) -> Mapping[str, str]:
        """What is wrong, by field; nothing is sent."""
        wrong: dict[str, str] = {}
        if draft.platform not in BASE_URLS:
            wrong["platform"] = meant(draft.platform, BASE_URLS)
            return wrong
        for field, text in (("name", draft.name), ("context", draft.context)):
            if not _NAME.fullmatch(text):
                wrong[field] = "letters, digits, - and _, at most 40"
        if draft.name in self._names(draft.context):
            wrong["name"] = f"{draft.context} has a connection {draft.name} already"
        try:
            base_url(draft.base_url)
        except ValueError as error:
            wrong["base_url"] = str(error)
        wrong |= missing(draft)
        try:
            apps_of(draft.apps)
        except ConfigError:
            wrong["apps"] = "write APP:ENVIRONMENT,ENVIRONMENT, several apart"
        return wrong

    def _names(self, context: str) -> Sequence[str]:
        try:
            _, loaded = configured(Namespace(**{**vars(self._args), "context": None}))
        except ConfigError:
            return ()
        found = loaded.config.contexts.get(context)
        return tuple(found.connections) if found is not None else ()

    async def test(self, draft: Draft, ask: Asking = nobody) -> str:
        """Sign in and read one harmless thing; what it opens, in a few words. Raises ``RollwatchError``; nothing is kept."""
        spec = ConnectionSpec(
            name=draft.name,
            platform=draft.platform,
            base_url=base_url(draft.base_url),
            apps=tuple(AppSpec(id=each["id"], environments=tuple(each["environments"])) for each in apps_of(draft.apps)),
            cluster=draft.cluster,
            operator=whoami(os.environ),
        )
        return await self._try(draft, spec, ask)

    async def keep(self, draft: Draft) -> str:
        """Write what was tried; the context that it is in. Raises ``RollwatchError``."""
        await asyncio.to_thread(self._keep, draft, self._what_worked(draft))
        return draft.context

    def _keep(self, draft: Draft, tried: Tried) -> None:
        paths = self._ready()
        before = read_written(paths.config_file, LIMIT)
        text = (before or HEAD.encode()).decode()
        made = self._written(paths.config_file, text, draft, new=before is None)
        keep(paths, draft.name, base_url(draft.base_url), tried, self._clock)
        rewrite(paths.config_file, before, made.encode())
        load(paths.config_file, environ=os.environ, platforms=BASE_URLS)

    def _written(self, path: Path, text: str, draft: Draft, *, new: bool) -> str:
        context = ("contexts", draft.context)
        if new:
            text = with_value(path, text, ("default_context",), draft.context)
        if draft.production:
            text = with_value(path, text, (*context, "production"), value=True)
        values: dict[str, Any] = {"platform": draft.platform, "base_url": base_url(draft.base_url)}
        if draft.platform == "encore":
            values["apps"] = apps_of(draft.apps)
        if draft.cluster:
            values["cluster"] = draft.cluster
        return with_table(path, text, (*context, "connections", draft.name), values)
