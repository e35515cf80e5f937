"""Sign in to a connection that is configured already, and out of it. Made once each.

Which credentials a platform takes and whether they work is the owner's ``signing``; nothing is kept before it was seen to work, and
what is secret is never drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.widgets import Input

from tui.errors import RollwatchError
from tui.ui.answers import Entry
from tui.ui.owner import Draft, Member, Signing
from tui.ui.questions import Option
from tui.ui.screens.setup import CODE, LINES, Line, SetupScreen
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.status_line import Part
from tui.ui.workers import start

NAME = Line(name="name", title="Connection", help="↓ goes through them")
CREDENTIALS = frozenset({"client_id", "client_secret", "token", "email", "password", CODE})


class SignInScreen(SetupScreen):
    """Asks for what the chosen connection's platform takes."""

    lines: ClassVar[tuple[Line, ...]] = (NAME, *(each for each in LINES if each.name in CREDENTIALS))
    acts: ClassVar[tuple[str, str]] = ("Sign in", "Sign in")
    keys: ClassVar[tuple[str, str]] = ("↵ goes on, at the end it is tried and kept",) * 2
    heading: ClassVar[str] = "Sign in"
    about: ClassVar[str] = "nothing is kept before it was seen to work"

    def __init__(self, signing: Signing, landed: Callable[[str, str], object], left: Callable[[], object]) -> None:
        super().__init__(signing, landed, left)
        self._signing = signing
        self._members: dict[str, Member] = {}
        self._where = ""

    def offer(self, context: str, members: Sequence[Member], name: str) -> None:
        """Begin anew, at the connection ``name``."""
        self._members = {each.name: each for each in members}
        self._where = context
        self._touched.clear()
        self._answered, self._works, self._busy = {}, "", False
        for entry in self._entries.values():
            entry.value = ""
        self._entries["name"].options = tuple(Option(each, each) for each in self._members)
        self._entries["name"].value = name
        self._title.set_parts(
            (Part(pieces=(Piece(f"{self.heading}: {context}", "title"),)),), (Part(pieces=(Piece(self.about, "muted"),), rank=1),)
        )
        self._tell()

    @property
    def first(self) -> Entry:
        asked = (line for line in self.lines[1:] if self.platform in line.only.split())
        return self._entries[next(asked, NAME).name]

    @property
    def platform(self) -> str:
        member = self._members.get(self._value("name"))
        return member.platform if member is not None else ""

    @property
    def draft(self) -> Draft:
        member = self._members.get(self._value("name"))
        known = {"platform": member.platform, "base_url": member.where} if member is not None else {}
        return Draft(**{**self.texts, **known, "context": self._where})  # type: ignore[arg-type]

    def _draw(self) -> None:
        if self.platform:
            super()._draw()
        elif self.is_mounted:
            self._hints["name"].set_text(f"✗ one of {', '.join(self._members)}", "bad")

    def _tell(self) -> None:
        """What would go before what is kept here."""
        earlier = self._signing.earlier(self._where, self._value("name"))
        self._say(f"▲ {earlier} goes before what is kept here" if earlier else "", "warn")

    @on(Input.Submitted)
    def _whole(self, event: Input.Submitted) -> None:
        """Enter where nothing is missing any more goes on to the end; where a password may follow, to that."""
        draft = self.draft
        if self.platform and event.input is not self._entries.get(CODE) and not draft.by_code and not self._signing.wrong(draft):
            self._choice.focus()

    def _go(self) -> None:
        if self.platform:
            super()._go()
        else:
            self._say("there is no such connection: see the marked field", "warn")
            self._entries["name"].focus()

    async def _test(self, draft: Draft) -> None:
        """Try it and keep it: there is nothing to look at in between."""
        seen = await self._safely(self._signing.test(draft, self._ask), draft)
        if seen is not None and draft == self.draft:
            self._busy = True
            self._say(f"● it works: {seen or draft.platform}", "ok")
            await self._keep(draft)


class SignOutScreen(SignInScreen):
    """Forgets what is kept for the chosen connection."""

    lines: ClassVar[tuple[Line, ...]] = (NAME,)
    acts: ClassVar[tuple[str, str]] = ("Sign out", "Sign out")
    keys: ClassVar[tuple[str, str]] = ("↵ goes on, at the end what is kept is forgotten",) * 2
    heading: ClassVar[str] = "Sign out"
    about: ClassVar[str] = "forgets what is kept on this machine; a token stays valid until its platform revokes it"

    def _draw(self) -> None:
        super()._draw()
        self._choice.offer(self.acts[0], "warn")

    @on(Input.Submitted)
    def _whole(self, event: Input.Submitted) -> None:
        event.stop()

    def _tell(self) -> None:
        earlier = self._signing.earlier(self._where, self._value("name"))
        self._say(f"▲ {earlier} stays: it is not kept here, and signs in again" if earlier else "", "warn")

    def _go(self) -> None:
        if self.platform:
            self._busy = True
            start(self, self._forget, self._value("name"), group="setup")

    async def _forget(self, name: str) -> None:
        try:
            had = await self._signing.forget(self._where, name)
        except RollwatchError as error:
            self._say(f"✗ {error}", "bad")
            return
        finally:
            self._busy = False
        if had:
            self._landed(self._where, name)
        else:
            self._say(f"nothing is kept for {name}", "warn")
