"""What the console may ask of whoever owns its session: other contexts, and what is on this machine. Declarations only.

The command line implements it; a console without an owner (a demo, a test) has one context and says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from tui.engine.session import Session
from tui.local.finds import Find
from tui.platforms.base import Platform
from tui.ui.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One connection of a context, as the configuration has it."""

    name: str
    platform: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One context that can be opened."""

    name: str
    production: bool = False
    read_only: bool = False
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connection that somebody is typing in. Its secrets are in no ``repr``."""

    platform: str = ""
    name: str = ""
    base_url: str = ""
    context: str = ""
    production: bool = False
    apps: str = ""
    cluster: str = ""
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    email: str = ""
    password: str = field(default="", repr=False)

    @property
    def by_code(self) -> bool:
        """Whether it is signed in to with a code that is asked for."""
        return self.platform == "dployr" and bool(self.email) and not self.token and not self.password


Asking = Callable[[str], Awaitable[str]]
"""Asks whoever is there for something that nobody keeps: a code."""


class Onboarding(Protocol):
    """Makes a connection out of a draft."""

    def platforms(self) -> Mapping[str, str]:
        """The platforms there are, with the address of each."""

    def finds(self) -> Sequence[Find]:
        """What is on this machine already and can be taken over."""

    def wrong(self, draft: Draft) -> Mapping[str, str]:
        """What is wrong, by field; nothing is sent."""

    async def test(self, draft: Draft, ask: Asking) -> str:
        """Sign in and read one harmless thing; what it opens, in a few words. Nothing is kept."""

    async def keep(self, draft: Draft) -> str:
        """Write the connection that was tried; the context that it is in."""


class Signing(Onboarding, Protocol):
    """The same for a connection that the configuration has already: only its credentials are new."""

    def earlier(self, context: str, name: str) -> str:
        """What goes before credentials that are kept: a variable or a program; empty for nothing."""

    async def forget(self, context: str, name: str) -> bool:
        """Forget what is kept; whether there was anything. Raises ``RollwatchError``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The configuration is another one by now: how the console looks from here on, or what is wrong with it (then nothing changes).
    ``anew`` names what is not so before the context is opened anew, ``later`` what is not before a restart; ``tighten``: this context has
    become read-only."""

    settings: Settings | None = None
    problem: str = ""
    anew: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    tighten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One setting that can be changed in the console: its value, where that came from, what it may be; ``over`` is what goes before the
    file and decides it, a variable or an option, empty if nothing does."""

    key: tuple[str, ...]
    value: str | bool | float
    source: str
    options: tuple[str | bool | float, ...]
    help: str = ""
    over: str = ""


class Preferences(Protocol):
    """The configuration while the console runs."""

    def news(self) -> News | None:
        """What is different since the last time; None for nothing. Cheap: asked every second."""

    def listed(self, themes: Sequence[str]) -> Sequence[Preference]:
        """The settings that the console offers to change. Raises ``RollwatchError``."""

    def change(self, key: tuple[str, ...], value: str | bool | float) -> None:
        """Write one of them into the user's file, and touch nothing else in it. Raises ``RollwatchError``."""


class Owner(Protocol):
    """Owns the sessions. Everything here may raise ``RollwatchError`` in one line."""

    @property
    def onboarding(self) -> Onboarding:
        """How another platform is connected."""

    @property
    def signing(self) -> Signing:
        """How one signs in to a connection and out of it."""

    @property
    def preferences(self) -> Preferences:
        """The configuration while the console runs."""

    def offers(self) -> Sequence[Offer]:
        """The contexts as the configuration has them now."""

    async def open(self, name: str) -> tuple[Session, Settings]:
        """A running session of another context, beside the present one, and how its console looks."""

    async def settle(self) -> None:
        """The newest session is on the screen: close those before it."""

    def platforms(self, name: str) -> AbstractAsyncContextManager[Sequence[Platform]]:
        """The platforms of a context, without a session: for a look at the fleet. They are closed with it."""
