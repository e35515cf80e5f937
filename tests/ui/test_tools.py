"""The user's own tools: what placeholders stand for, what is refused, how one is used, and short words in the palette."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import pytest

from tests.test_tables import Shelf, ref
from tests.ui.desk import busy
from tests.ui.test_console import seat
from tui.errors import UsageError
from tui.local.settings import Tool
from tui.model import Instance, Kind, Service
from tui.tables.placeholders import address, argv
from tui.text import Safe
from tui.ui import elsewhere
from tui.ui.settings import Settings
from tui.ui.widgets.resource_table import ResourceTable

WEB = Service(ref=ref(Kind.SERVICE, "svc-1"), name=Safe("web & co"), instance=Safe("i-1"), port=80, message=Safe("token=hush"))
HOST = Instance(ref=ref(Kind.INSTANCE, "i-1"), name=Safe("edge"), address=Safe("10.0.0.1"), tag=Safe("-oProxyCommand=evil"))


def test_placeholders_are_fields_of_the_thing_and_of_what_it_names() -> None:
    store = Shelf(WEB, HOST)
    told = argv(("ssh", "{instance.address}", "-p{port}", "{name}", "{ref}", "{context}"), WEB, store, "prod")
    assert told == ("ssh", "10.0.0.1", "-p80", "web & co", str(WEB.ref), "prod"), "one argument each, whatever is in it"
    assert address("https://g.test/?s={name}", WEB, store, "prod") == "https://g.test/?s=web%20%26%20co"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("{adress}", "{adress} is nothing that a service has"),
        ("{message}", "{message} is nothing that a service has"),
        ("{raw}", "{raw} is nothing that a service has"),
        ("{image}", "its image is not known"),
        ("{project.name}", "no project of it is known"),
        ("{instance.tag}", "could be taken for an option"),
    ],
)
def test_what_is_not_known_may_be_secret_or_an_option_is_given_to_no_program(word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("{", r"\{")):
        argv(("ssh", word), WEB, Shelf(WEB, HOST), "prod")
    assert argv(("ssh", "x{instance.tag}"), WEB, Shelf(WEB, HOST), "prod") == ("ssh", "x-oProxyCommand=evil")


TOOLS = {
    "greet": Tool(run=("echo", "{name}"), help="Say its name."),
    "graphs": Tool(open="https://g.test/{name}", kinds=(Kind.SERVICE,)),
    "kick": Tool(run=("kick", "{id}"), changes=True),
    "nodes": Tool(run=("nodes",), kinds=(Kind.INSTANCE,)),
    "neither": Tool(),
}


async def test_tools_stand_in_the_menu_with_a_digit_each_and_a_program_gets_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    asked: list[str] = []

    @contextmanager
    def lent(_program: object) -> Iterator[None]:
        yield

    async def run(argv: tuple[str, ...]) -> int:
        ran.append(argv)
        return 3

    async def read(question: str) -> None:
        asked.append(question)

    for name, double in (("_lent", lent), ("_run", run), ("_read", read)):
        monkeypatch.setattr(elsewhere, name, double)
    desk = busy()
    desk.read_only = True
    async with seat(desk, settings=Settings(zone=UTC, tools=TOOLS)) as at:
        monkeypatch.setattr(type(at.app), "is_headless", property(lambda _: False))
        await at.press("x")
        lines = [row.key for row in at.app.screen.query_one(ResourceTable).rows]
        assert lines[-4:] == ["tool greet", "tool graphs", "tool kick", "tool neither"]
        assert "everything is read-only" in at.row("tool kick")
        assert "either run or open" in at.row("tool neither")
        await at.press("1")
        await at.app.workers.wait_for_complete()
        assert ran == [("echo", "worker")]
        assert asked == ["echo ended with 3: enter goes back to the console "]
        assert at.said == "echo ended with 3"
        await at.press("x", "3")
        assert at.said == "kick: it changes something, and everything is read-only"
        await at.press("colon", *"greet", "enter")
        await at.wait()
        await at.app.workers.wait_for_complete()
        assert ran == [("echo", "worker")] * 2
        monkeypatch.undo()


async def test_a_short_word_in_the_palette_finds_what_it_stands_for_first() -> None:
    async with seat(settings=Settings(zone=UTC, aliases={"wo": "show deployments"})) as at:
        await at.press("colon", *"WO")
        found = [row.key for row in at.app.screen.query_one(ResourceTable).rows]
        assert found[0] == "tab deployment"
        assert any("worker" in str(key) for key in found[1:])
        assert found.count("tab deployment") == 1
