"""The connections as they are: flavour, budget, errors and next read of each, and of what they bring."""

from __future__ import annotations

from tests.ui.desk import busy, refused, signed_out
from tests.ui.test_console import seat
from tui.model import Kind


async def test_it_tells_of_each_connection_what_it_is_and_what_is_wrong() -> None:
    desk = busy()
    desk.platforms[0].flavour = "unknown"
    async with seat(desk) as at:
        desk.fail("fleet", [Kind.ROUTE], refused("fleet"))
        await at.press("I")
        assert at.row("flavour").split(None, 1)[1] == "not known yet: nothing that was asked could tell"
        assert "https://api.example.test" in at.row("address")
        assert "812 of 1000 requests left" in at.row("budget")
        assert "no answer, the connection was refused" in at.row("  routes")
        assert "no answer" not in at.row("  services")
        desk.fail("vault", [Kind.APPLICATION], signed_out("vault"))
        await at.tick(1.0)
        assert at.sees("rollwatch login vault")
        await at.press("escape")
        assert not at.sees("Connections of")


async def test_what_the_program_wrote_is_searched_and_left_one_step_at_a_time() -> None:
    async with seat() as at:
        await at.press("f12")
        assert at.sees("The program's own log")
        await at.press("/", *"worth", "enter")
        assert at.sees("The program's own log")
        await at.press("escape")
        assert at.sees("The program's own log")
        await at.press("escape")
        assert not at.sees("The program's own log")
