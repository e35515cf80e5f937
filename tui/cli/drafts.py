"""What somebody typed into a form, tried with a harmless read and remembered, so that exactly that is kept.

The common half of ``onboarding`` and ``signing``; what is written and where is theirs. Nothing is asked and nothing is drawn.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from tui.cli.trying import Answers, Tried, by_code, try_out
from tui.clock import Clock
from tui.errors import ConfigError, StorageError, UsageError
from tui.local.paths import Paths
from tui.platforms.base import ConnectionSpec
from tui.platforms.registry import BASE_URLS
from tui.redaction import Redactor
from tui.text import Secret
from tui.ui.owner import Asking, Draft


async def nobody(question: str) -> str:
    """Who answers where there is nobody. Raises ``UsageError``."""
    raise UsageError(f"nobody can be asked for the {question} here")


class Drafts:
    """One per console and kind of form."""

    def __init__(self, args: Namespace, paths: Paths, clock: Clock, redactor: Redactor) -> None:
        self._args = args
        self._paths = paths
        self._clock = clock
        self._redactor = redactor
        self._tried: tuple[Draft, Tried] | None = None

    def platforms(self) -> Mapping[str, str]:
        """The platforms there are, with the address of each."""
        return BASE_URLS

    async def _try(self, draft: Draft, spec: ConnectionSpec, ask: Asking) -> str:
        """Sign in and read one harmless thing; what it opens, in a few words. Raises ``PlatformError``; nothing is kept. ``ask`` is asked
        for a code where an e-mail address is all there is."""
        secrets = (draft.token, draft.client_secret, draft.password)
        self._redactor.add(*(Secret(text) for text in secrets if text))
        answers = Answers(
            token=draft.token, client_id=draft.client_id, client_secret=draft.client_secret, email=draft.email, password=draft.password
        )
        if draft.by_code:
            answers = await by_code(spec, draft.email, self._clock, ask)
            self._redactor.add(Secret(answers.token))
        tried = await try_out(spec, answers, self._clock)
        self._tried = (draft, tried)
        return tried.seen

    def _what_worked(self, draft: Draft) -> Tried:
        """What came of trying this very draft. Raises ``ConfigError`` where another one was tried, or none."""
        if self._tried is None or self._tried[0] != draft:
            raise ConfigError("it was changed after it was tried", hint="try it once more")
        return self._tried[1]

    def _ready(self) -> Paths:
        """The places to keep things in, made. Raises ``StorageError`` where there are none."""
        paths = self._paths.prepare(self._clock.wall())
        if paths.reason:
            raise StorageError(f"nothing can be kept: {paths.reason}")
        return paths
