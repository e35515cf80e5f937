"""The first run: a platform is connected, tried, written; what is wrong stands next to its field, and no secret is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from textual import events

from tests.ui.desk import Desk, signed_out
from tests.ui.test_console import Seat
from tests.ui.test_contexts import Owned, owned
from tui.errors import NotFound, Refused, Unauthorized
from tui.local.finds import Find
from tui.text import Secret
from tui.ui.app import Console
from tui.ui.owner import Asking, Draft

SECRET = "hunter2"


class Asked:
    """What the screen asked of whoever tries and keeps."""

    def __init__(self, *found: Find) -> None:
        self.found = found
        self.refuse = False
        self.error: Exception | None = None
        self.tried: list[Draft] = []
        self.kept: list[Draft] = []
        self.codes: list[str] = []

    def platforms(self) -> Mapping[str, str]:
        return {"encore": "https://api.encore.dev", "dployr": "https://base.dployr.io", "phase": "https://api.phase.dev"}

    def finds(self) -> Sequence[Find]:
        return self.found

    def wrong(self, draft: Draft) -> Mapping[str, str]:
        return {} if draft.token or draft.client_secret or draft.email else {"token": "is needed"}

    async def test(self, draft: Draft, ask: Asking) -> str:
        self.tried.append(draft)
        if draft.by_code:
            self.codes.append(await ask("code from the e-mail"))
        if self.error is not None:
            raise self.error
        if self.refuse:
            raise Unauthorized("the token is not known", connection=draft.name)
        return f"{draft.platform}, current, 3 projects"

    async def keep(self, draft: Draft) -> str:
        self.kept.append(draft)
        return "staging"


def newcomer(*found: Find) -> tuple[Owned, Asked]:
    owner = Owned()
    owner.desks["prod"] = Desk(context="", nobody=True)
    owner.onboarding = Asked(*found)
    return owner, owner.onboarding


async def test_what_comes_in_one_piece_goes_into_the_fields_it_would_one_by_one() -> None:
    """A slow line delivers many keys at once; a token must not end up in a field that is shown and kept."""
    owner, _ = newcomer()
    async with owned(owner) as at:
        await at.wait()
        keys = [*"phase", "enter", *"vault", "enter", "enter", *SECRET, "enter", "enter", *"yes"]
        for key in keys:
            at.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await at.wait()
        await at.wait()
        texts = at.app.screen.texts  # type: ignore[attr-defined]
        wanted = {"platform": "phase", "name": "vault", "base_url": "https://api.phase.dev", "token": SECRET, "production": "yes"}
        assert {name: texts[name] for name in wanted} == wanted
        assert texts["context"] == "main"


async def to(at: Seat, name: str) -> None:
    at.app.screen._entries[name].focus()  # type: ignore[attr-defined]
    await at.wait()


async def with_secret(at: Seat, name: str = "token") -> None:
    await to(at, name)
    await at.press(*SECRET)


async def go(at: Seat) -> None:
    """Choose what the form is for."""
    at.app.screen._choice.focus()  # type: ignore[attr-defined]
    await at.press("enter")
    await at.wait()


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.soak)])
async def test_somebody_without_a_configuration_is_asked_and_lands_in_the_console(size: tuple[int, int]) -> None:
    owner, asked = newcomer()
    async with owned(owner, size) as at:
        assert "Welcome" in at.screen()[0]
        await at.press("down", "enter")
        assert "https://base.dployr.io" in at.row("Address")
        assert not at.sees("Client id"), "only what this platform asks for"
        assert at.sees("or e-mail")
        await with_secret(at)
        assert "•••" in at.row("Token")
        assert not at.sees("or e-mail"), "whoever has a token is not asked for more"
        await go(at)
        assert [(each.platform, each.name, each.token, each.context) for each in asked.tried] == [("dployr", "dployr", SECRET, "main")]
        assert "it works: dployr, current, 3 projects" in at.row("it works")
        assert asked.kept == [], "nothing is written before it was asked for"
        assert at.sees("Save and open")
        await at.press("enter")
        await at.wait()
        assert asked.kept == asked.tried
        assert at.app.session.context == "staging"
        assert at.sees("dployr is connected · f4 connects another platform · ? explains the keys")
        assert not at.sees("hunter2")


async def test_a_refusal_stands_at_its_field_and_loses_nothing() -> None:
    owner, asked = newcomer()
    asked.refuse = True
    async with owned(owner, (80, 24)) as at:
        await at.press("down")
        await with_secret(at)
        await go(at)
        rows = at.screen()
        under = rows[next(number for number, row in enumerate(rows) if "Token" in row) + 1]
        assert "✗ the token is not known" in under
        assert at.app.screen.draft.token == SECRET  # type: ignore[attr-defined]
        assert asked.kept == []
        assert at.sees("[ Try it ]")


async def test_what_somebody_typed_is_gone_on_with_after_a_mistake() -> None:
    owner, asked = newcomer()
    asked.error = NotFound("shop-typo: no such app")
    async with owned(owner, (80, 24)) as at:
        await with_secret(at, "client_secret")
        await to(at, "apps")
        await at.press(*"shop-typo:prod")
        await go(at)
        assert at.sees("✗ no such app")
        await at.press("backspace")
        assert "shop-typo:pro" in at.row("Apps"), "only what was proposed is replaced by typing"


async def test_the_clusters_that_there_are_can_be_picked_at_their_field() -> None:
    owner, asked = newcomer()
    asked.error = Refused("this account has 2 clusters: oncall, lab")
    async with owned(owner, (80, 24)) as at:
        await at.press("down")
        await with_secret(at)
        await go(at)
        assert at.sees("✗ ↓ goes through them: oncall, lab")
        await at.press("down")
        assert at.row("Cluster").split() == ["Cluster", "oncall"]


async def test_half_an_address_is_no_wrong_one_until_its_field_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, asked = newcomer()
    monkeypatch.setattr(asked, "wrong", lambda draft: {} if draft.base_url.endswith(".dev") else {"base_url": "no valid host name"})
    async with owned(owner) as at:
        await to(at, "base_url")
        await at.press(*"https://api")
        assert not at.sees("✗ no valid host name")
        await at.press("tab")
        assert at.sees("✗ no valid host name")
        await at.press("shift+tab", "end", *".de")
        assert at.sees("✗ no valid host name"), "who mends it sees when it is right"
        await at.press("v")
        assert not at.sees("✗ no valid host name")


async def test_what_is_missing_is_marked_and_nothing_is_sent() -> None:
    owner, asked = newcomer()
    async with owned(owner) as at:
        await at.press("down")
        await go(at)
        assert asked.tried == []
        assert at.sees("✗ is needed")
        assert at.sees("nothing was tried: see the marked fields")


async def test_what_is_picked_can_be_typed_instead_and_is_never_half_understood() -> None:
    owner, asked = newcomer()
    async with owned(owner, (80, 24)) as at:
        await at.press(*"phase")
        assert at.row("Platform").split() == ["Platform", "phase"], "what stands there is replaced by what is typed"
        await with_secret(at)
        await to(at, "production")
        await at.press(*"yess")
        await at.press("enter", "enter")
        assert asked.tried == []
        assert at.sees("✗ yes or no")
        await at.press("home", *(["delete"] * 4), *"Yes")
        await at.press("enter", "enter")
        assert [each.production for each in asked.tried] == [True]


async def test_what_is_on_this_machine_is_offered_and_not_shown() -> None:
    owner, _ = newcomer(
        Find(title="PHASE_SERVICE_TOKEN", platform="phase", base_url="https://vault.acme.test/service/public", token=Secret(SECRET)),
        Find(title="encore.app in shop", platform="encore", app="shop-3p2i"),
    )
    async with owned(owner) as at:
        assert "PHASE_SERVICE_TOKEN" in at.row("Take over")
        assert "https://vault.acme.test/service/public" in at.row("Address")
        assert not at.sees("hunter2")
        await at.press("down")
        assert "shop-3p2i:staging,prod" in at.row("Apps")
        assert at.app.screen.draft.token == ""  # type: ignore[attr-defined]
        await at.press("down")
        assert "nothing, type it in" in at.row("Take over")


async def test_what_is_taken_over_whole_is_tried_and_kept_with_three_keys() -> None:
    owner, asked = newcomer(Find(title="PHASE_SERVICE_TOKEN", platform="phase", token=Secret(SECRET)))
    async with owned(owner, (80, 24)) as at:
        await at.press("enter", "enter")
        assert [(each.platform, each.token) for each in asked.tried] == [("phase", SECRET)]
        await at.press("enter")
        assert asked.kept == asked.tried


async def test_what_was_found_and_makes_no_sense_is_told_and_not_offered() -> None:
    owner, _ = newcomer(Find(title="encore.app in shop", platform="encore", problem="encore.app in shop is no JSON"))
    async with owned(owner) as at:
        await at.wait()
        assert at.sees("not taken over: encore.app in shop is no JSON")
        assert not at.sees("Take over ")


async def test_esc_leaves_a_first_run_without_a_trace() -> None:
    owner, asked = newcomer()
    async with owned(owner) as at:
        await at.press("escape")
        await at.wait()
        assert at.app.return_value == 0
        assert (asked.tried, asked.kept) == ([], [])


async def test_another_platform_is_connected_with_f4_and_esc_goes_back() -> None:
    owner = Owned()
    owner.onboarding = Asked()
    async with owned(owner) as at:
        await at.press("f4")
        assert "Connect another platform" in at.screen()[0]
        assert "prod" in at.row("Context")
        await at.press("escape")
        assert at.app.screen is at.app.console_screen


def test_the_first_screen_looks_as_it_did(snap_compare: Callable[..., bool]) -> None:
    owner, _ = newcomer(Find(title="PHASE_SERVICE_TOKEN", platform="phase", token=Secret(SECRET)))
    app = Console(owner.desks["prod"], settings=owner.settings["prod"], owner=owner)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=(80, 24))


class Keeper(Asked):
    """Who keeps credentials, as the form asks."""

    def __init__(self) -> None:
        super().__init__()
        self.before = ""
        self.forgotten: list[tuple[str, str]] = []

    def earlier(self, context: str, name: str) -> str:
        return self.before

    async def keep(self, draft: Draft) -> str:
        await super().keep(draft)
        return draft.context

    async def forget(self, context: str, name: str) -> bool:
        self.forgotten.append((context, name))
        return True


def signed_out_of_vault() -> tuple[Owned, Keeper]:
    owner = Owned()
    owner.signing = Keeper()
    owner.desks["prod"].signed_in = lambda name: None  # type: ignore[attr-defined]
    owner.desks["prod"].store.hold("vault", "signed-out", signed_out("vault"))
    return owner, owner.signing


async def test_signing_in_asks_at_who_is_signed_out_hides_the_secret_and_opens_the_context_anew() -> None:
    owner, keeper = signed_out_of_vault()
    async with owned(owner, (80, 24)) as at:
        await at.press("f2")
        assert at.row("Connection").split() == ["Connection", "vault"]
        assert not at.sees("e-mail"), "only what its platform takes"
        await at.press(*SECRET, "enter")
        assert "•••" in at.row("Token")
        assert not at.sees(SECRET)
        keeper.refuse = True
        await at.press("enter")
        assert at.sees("✗ the token is not known")
        assert keeper.kept == []
        keeper.refuse = False
        await at.press("enter", "enter")
        assert [(each.name, each.platform, each.token, each.context) for each in keeper.kept] == [("vault", "phase", SECRET, "prod")]
        assert owner.opened == ["prod"], "whose credentials are new is opened anew"
        assert at.app.screen is at.app.console_screen
        await at.press("f2")
        assert "•" not in at.row("Token"), "no secret is left in a field"


async def test_signing_out_begins_at_what_is_selected_asks_and_says_what_signs_in_all_the_same() -> None:
    owner, keeper = signed_out_of_vault()
    keeper.before = "environment ROLLWATCH_FLEET_TOKEN"
    async with owned(owner) as at:
        await at.press("2", "f3")
        assert at.row("Connection").split() == ["Connection", "fleet"]
        assert at.sees("environment ROLLWATCH_FLEET_TOKEN stays")
        await at.press("enter", "enter")
        assert keeper.forgotten == [], "it begins at Cancel"
        await at.press("f3", "enter", "right", "enter")
        assert keeper.forgotten == [("prod", "fleet")]
        assert owner.opened == ["prod"]


def signed_out_of_fleet() -> tuple[Owned, Keeper]:
    owner = Owned()
    owner.signing = Keeper()
    owner.desks["prod"].signed_in = lambda name: None  # type: ignore[attr-defined]
    owner.desks["prod"].store.hold("fleet", "signed-out", signed_out("fleet"))
    return owner, owner.signing


async def test_a_code_is_asked_for_in_the_form_once_somebody_agreed_to_have_it_sent() -> None:
    owner, keeper = signed_out_of_fleet()
    async with owned(owner, (80, 24)) as at:
        await at.press("f2")
        assert at.row("Connection").split() == ["Connection", "fleet"]
        await to(at, "email")
        await at.press(*"me@acme.test", "enter", "enter")
        assert not at.sees("and code"), "nothing was asked for yet"
        await at.press("enter")
        assert at.sees("▲ a new address may get an account there: once more mails the code")
        assert keeper.tried == []
        await at.press("enter")
        assert at.sees("the code from the e-mail; it is sent on and not kept")
        assert at.app.focused is at.app.screen._entries["code"]  # type: ignore[attr-defined]
        await at.press(*"abc123")
        assert not at.sees("abc123")
        assert keeper.codes == []
        await at.press("enter")
        assert keeper.codes == ["abc123"]
        assert [each.email for each in keeper.kept] == ["me@acme.test"]
        assert at.app.screen is at.app.console_screen, "back where one was"


async def test_who_leaves_while_a_code_is_waited_for_has_signed_in_to_nothing() -> None:
    owner, keeper = signed_out_of_fleet()
    async with owned(owner, (80, 24)) as at:
        await at.press("f2")
        assert at.row("Connection").split() == ["Connection", "fleet"]
        await to(at, "email")
        await at.press(*"me@acme.test", "enter", "enter", "enter", "enter")
        assert at.sees("waiting for the code from the e-mail")
        await at.press("escape")
        assert (keeper.codes, keeper.kept) == ([], [])
        await at.press("f2")
        assert not at.sees("and code")
