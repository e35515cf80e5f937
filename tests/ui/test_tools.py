"""The user's own tools: what placeholders stand for, what is refused, what is asked, how one is used, and short words in the palette."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC
from typing import Any

import pytest

from tests.test_tables import Shelf, ref
from tests.ui.desk import busy
from tests.ui.test_console import Seat, seat
from tui.errors import UsageError
from tui.local.settings import Input, Tool
from tui.model import Instance, Kind, Service
from tui.tables.placeholders import address, argv
from tui.text import Safe
from tui.ui import elsewhere
from tui.ui.screens.tool import ToolScreen
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


def test_what_was_asked_is_one_argument_each_and_what_was_left_empty_is_left_out() -> None:
    template = ("ops", "{id}", "--since={input.since}", "{input.dry}", "{input.what}")
    told = argv(template, WEB, Shelf(WEB, HOST), "prod", {"since": "1 h; rm -rf /", "dry": "--dry-run", "what": ""})
    assert told == ("ops", "svc-1", "--since=1 h; rm -rf /", "--dry-run")
    assert address("https://g.test/{input.since}", WEB, Shelf(WEB, HOST), "prod", {"since": "1/h"}) == "https://g.test/1%2Fh"
    with pytest.raises(UsageError, match="no input of it is known"):
        argv(("ops", "{input.since}"), WEB, Shelf(WEB, HOST), "prod")


TOOLS = {
    "greet": Tool(run=("echo", "{name}"), help="Say its name."),
    "graphs": Tool(open="https://g.test/{name}", kinds=(Kind.SERVICE,)),
    "kick": Tool(run=("kick", "{id}"), changes=True),
    "nodes": Tool(run=("nodes",), kinds=(Kind.INSTANCE,)),
    "neither": Tool(),
}


async def test_tools_stand_in_the_menu_with_a_digit_each_and_a_program_gets_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, asked = programs(monkeypatch)
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
        assert ran == [(("echo", "worker"), {})]
        assert asked == ["echo ended with 3: enter goes back to the console "]
        assert at.said == "echo ended with 3"
        await at.press("x", "3")
        assert at.said == "kick: it changes something, and everything is read-only"
        await at.press("colon", *"greet", "enter")
        await at.wait()
        await at.app.workers.wait_for_complete()
        assert ran == [(("echo", "worker"), {})] * 2
        monkeypatch.undo()


async def test_a_program_that_a_signal_ended_is_told_by_the_signal() -> None:
    assert await elsewhere._ran(("sh", "-c", "kill -INT $$"), {}) == (-2, "sh was ended by signal 2")
    assert await elsewhere._ran(("sh", "-c", "kill -35 $$"), {}) == (-35, "sh was ended by signal 35"), "one without a name of its own"
    assert await elsewhere._ran(("sh", "-c", "exit 3"), {}) == (3, "sh ended with 3")


def programs(monkeypatch: pytest.MonkeyPatch) -> tuple[list[tuple[tuple[str, ...], dict[str, str]]], list[str]]:
    """What would be started, with the variables that are set for it alone, and what is asked of who reads its output."""
    ran: list[tuple[tuple[str, ...], dict[str, str]]] = []
    asked: list[str] = []

    @contextmanager
    def lent(_program: object) -> Iterator[None]:
        yield

    async def run(argv: tuple[str, ...], variables: dict[str, str]) -> int:
        ran.append((argv, variables))
        return 3

    async def read(question: str) -> None:
        asked.append(question)

    for name, double in (("_lent", lent), ("_run", run), ("_read", read)):
        monkeypatch.setattr(elsewhere, name, double)
    return ran, asked


# What a tool asks for ---------------------------------------------------------------------------------------------------------

REPLAY = Tool(
    run=("ops", "{id}", "--since={input.since}", "{input.count}", "{input.dry}", "{input.why}"),
    help="Send it once more.",
    inputs=(
        Input(name="since", type="choice", choices=("15m", "1h"), default="1h", help="how far back"),
        Input(name="count", type="number"),
        Input(name="dry", type="bool", yes="--dry-run", no="", default="yes"),
        Input(name="why", required=True, variable="OPS_WHY"),
    ),
)


@asynccontextmanager
async def asking(tool: Tool, monkeypatch: pytest.MonkeyPatch, *, production: bool = False) -> AsyncIterator[tuple[Seat, Any]]:
    """The dialog of a tool on the first service, and what it started."""
    ran, _ = programs(monkeypatch)
    desk = busy()
    desk.production = production
    async with seat(desk, settings=Settings(zone=UTC, tools={"replay": tool})) as at:
        monkeypatch.setattr(type(at.app), "is_headless", property(lambda _: False))
        await at.press("x", "1")
        await at.wait()
        assert isinstance(at.app.screen, ToolScreen)
        await desk.pass_time(1.0)
        yield at, ran
        monkeypatch.undo()


async def fill(at: Seat, **texts: str) -> None:
    screen = at.app.screen
    assert isinstance(screen, ToolScreen)
    for name, text in texts.items():
        screen._entries[name].value = text
    await at.wait()


async def choose(at: Seat, *keys: str) -> None:
    """Go to the choice and press these."""
    screen = at.app.screen
    assert isinstance(screen, ToolScreen)
    screen._choice.focus()
    await at.wait()
    await at.desk.pass_time(1.0)
    await at.press(*keys)
    await at.wait()
    await at.app.workers.wait_for_complete()


async def test_what_a_tool_asks_for_is_checked_beside_its_field_shown_and_given_without_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    async with asking(REPLAY, monkeypatch) as (at, ran):
        assert at.sees("replay on worker")
        assert at.sees("Send it once more.")
        await fill(at, since="2h", count="many", why="-rf")
        await choose(at, "enter")
        assert ran == []
        assert at.sees("✗ one of 15m, 1h")
        assert at.sees("✗ write a whole number")
        assert at.sees("✗ the program would take this for an option")
        assert at.sees("nothing was started: see the marked fields")
        await fill(at, since="15m", count="", why="it's late; rm -rf $HOME")
        assert at.sees("ops svc-worker --since=15m --dry-run")
        assert not at.sees("see the marked fields"), "none is marked any more"
        await choose(at, "enter")
        why = "it's late; rm -rf $HOME"
        assert ran == [(("ops", "svc-worker", "--since=15m", "--dry-run", why), {"OPS_WHY": why})]
        assert not isinstance(at.app.screen, ToolScreen)
        await at.press("x", "1")
        await at.wait()
        screen = at.app.screen
        assert isinstance(screen, ToolScreen)
        assert screen._entries["why"].value == ""
        assert [option.text for option in screen._entries["why"].options] == [why], "nothing that was typed is lost"
        await at.press("escape")
        assert len(ran) == 1


async def test_what_a_tool_changes_in_production_wants_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = Tool(run=("kick", "{id}"), changes=True)
    async with asking(tool, monkeypatch, production=True) as (at, ran):
        assert at.sees("PRODUCTION")
        assert at.sees("type worker to confirm")
        await choose(at, "enter")
        assert not isinstance(at.app.screen, ToolScreen), "it begins at Cancel"
        assert ran == []
        await at.press("x", "1")
        await at.wait()
        await choose(at, "right", "enter")
        assert ran == []
        await fill(at, typed="worker")
        await choose(at, "right", "enter")
        assert ran == [(("kick", "svc-worker"), {})]


async def test_what_became_read_only_meanwhile_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = Tool(run=("kick", "{input.how}"), changes=True, inputs=(Input(name="how"),))
    async with asking(tool, monkeypatch) as (at, ran):
        await fill(at, how="gently")
        at.desk.read_only = True
        await choose(at, "right", "enter")
        assert ran == []
        assert at.sees("not now: it changes something, and everything is read-only")
        assert at.sees("gently")


async def test_a_variable_of_a_tool_is_in_the_environment_of_its_program_alone() -> None:
    code = "import os, sys; sys.exit(7 if os.environ.get('OPS_WHY') == 'a b' else 1)"
    assert await elsewhere._run((sys.executable, "-c", code), {"OPS_WHY": "a b"}) == 7
    assert "OPS_WHY" not in os.environ


async def test_a_short_word_in_the_palette_finds_what_it_stands_for_first() -> None:
    async with seat(settings=Settings(zone=UTC, aliases={"wo": "show deployments"})) as at:
        await at.press("colon", *"WO")
        found = [row.key for row in at.app.screen.query_one(ResourceTable).rows]
        assert found[0] == "tab deployment"
        assert any("worker" in str(key) for key in found[1:])
        assert found.count("tab deployment") == 1
