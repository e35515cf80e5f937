"""Signing in to a connection that the configuration has already, and out of it: tried with a harmless read before anything is kept.

The console's form asks; here nothing is asked and nothing is drawn.
"""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence

from tui.addresses import origin
from tui.cli import compose
from tui.cli.configured import configured
from tui.cli.drafts import Drafts, nobody
from tui.cli.onboarding import missing
from tui.cli.trying import forget, keep
from tui.errors import ConfigError
from tui.local.config import Chosen, Loaded
from tui.local.credentials import Credentials
from tui.local.finds import Find
from tui.ui.owner import Asking, Draft


class Signing(Drafts):
    """Credentials of a connection that the configuration has."""

    def finds(self) -> Sequence[Find]:
        """Nothing is taken over here."""
        return ()

    def wrong(self, draft: Draft) -> Mapping[str, str]:
        """What is missing, by field; nothing is sent."""
        return missing(draft, apps=False)

    def earlier(self, context: str, name: str) -> str:
        """What goes before credentials that are kept: a variable or a program; empty for nothing."""
        try:
            connection = self._chosen(context).context.connections[name]
        except (ConfigError, KeyError):
            return ""
        # The program itself is not run: that may take seconds.
        found = Credentials(self._paths.credentials_file, os.environ).find(name, origin(connection.base_url))
        kept = found.source in {"", str(self._paths.credentials_file)}
        return found.source if not kept else "token_command" if connection.token_command else ""

    async def test(self, draft: Draft, ask: Asking = nobody) -> str:
        """Sign in and read one harmless thing; what it opens, in a few words. Raises ``RollwatchError``; nothing is kept."""
        chosen = self._chosen(draft.context)
        if draft.name not in chosen.context.connections:
            raise ConfigError(f"{draft.context} has no connection {draft.name} any more")
        found = await asyncio.to_thread(compose.sign_ins, self._paths, chosen)
        spec = compose.spec_of(chosen, draft.name, found)
        return await self._try(draft, spec, ask)

    async def keep(self, draft: Draft) -> str:
        """Keep what was tried, privately; the context that it is in. Raises ``RollwatchError``."""
        tried = self._what_worked(draft)
        address = self._chosen(draft.context).context.connections[draft.name].base_url
        await asyncio.to_thread(keep, self._ready(), draft.name, address, tried, self._clock)
        self._tried = None
        return draft.context

    async def forget(self, context: str, name: str) -> bool:
        """Forget what is kept; whether there was anything. Raises ``RollwatchError``."""
        loaded = self._loaded(context)
        chosen = loaded.choose()
        known = name in chosen.context.connections
        return known and await asyncio.to_thread(forget, self._ready(), loaded.config, chosen, name, self._clock)

    def _chosen(self, context: str) -> Chosen:
        return self._loaded(context).choose()

    def _loaded(self, context: str) -> Loaded:
        _, loaded = configured(Namespace(**{**vars(self._args), "context": context}))
        return loaded
