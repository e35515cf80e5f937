"""What the console may ask of whoever owns its session: other contexts, and what is on this machine. Declarations only.

The command line implements it; a console without an owner (a demo, a test) has one context and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from tui.engine.session import Session
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


class Owner(Protocol):
    """Owns the sessions. Everything here may raise ``RollwatchError`` in one line."""

    def offers(self) -> Sequence[Offer]:
        """The contexts as the configuration has them now."""

    async def open(self, name: str) -> tuple[Session, Settings]:
        """A running session of another context, beside the present one, and how its console looks."""

    async def settle(self) -> None:
        """The newest session is on the screen: close those before it."""

    def platforms(self, name: str) -> AbstractAsyncContextManager[Sequence[Platform]]:
        """The platforms of a context, without a session: for a look at the fleet. They are closed with it."""
