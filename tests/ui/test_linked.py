"""A poor link is told in the header, in steps, and logs are painted less often on it; a good one is not mentioned."""

from __future__ import annotations

import pytest

from tests.bench.recorder import recorded
from tests.ui.desk import NOW, busy
from tui.ui.app import Console
from tui.ui.link import Link, PacedApp
from tui.ui.link_pace import LinkState, Mode
from tui.ui.linked import SELDOM, badge, period
from tui.ui.settings import Settings
from tui.ui.widgets.log_canvas import PERIOD
from tui.ui.widgets.status_line import StatusLine


def state(rate: float | None = None, rtt: float | None = None) -> LinkState:
    return LinkState(mode=Mode.PACED, rtt=rtt, rate=rate)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (state(), ""),
        (state(rate=50_000, rtt=0.15), ""),
        (state(rate=9_999), "slow link 8 KB/s"),
        (state(rate=7_000, rtt=0.174), "slow link 5 KB/s 150 ms"),
        (state(rtt=0.42), "slow link 400 ms"),
        (state(rate=12, rtt=90.0), "slow link 1 KB/s 5000 ms"),
    ],
)
def test_a_poor_link_is_told_in_steps(known: LinkState, told: str) -> None:
    assert "".join(piece.text for part in badge(known) for piece in part.pieces) == told
    assert period(known) == (SELDOM if told else PERIOD)


async def test_the_header_says_it_and_the_log_moves_less_often_until_the_link_is_good_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Console(busy(), settings=Settings(zone=NOW.tzinfo))  # type: ignore[arg-type]
    async with recorded(app, (160, 40)) as recording:
        assert app.link is not None
        now = [state(rate=6_000.0, rtt=0.16)]
        monkeypatch.setattr(Link, "state", property(lambda _: now[0]))
        line, log = app.console_screen.query_one("#header", StatusLine), app.console_screen.logs.log_view
        for known, words, seconds in ((now[0], True, SELDOM), (state(rate=90_000.0), False, PERIOD)):
            now[0] = known
            app._tick()
            await recording.settle()
            assert ("slow link 5 KB/s 150 ms" in line.text) is words
            assert log.period == seconds
            await recording.press("2", "r")
            assert (app.screen.styles.background.a == 0) is words, "what is behind a dialog is dimmed where that costs little"
            await recording.press("escape")


@pytest.mark.parametrize("where", ["__init__", "flush", "_difference", "answered", "_try_again", "forget", "_write"])
async def test_a_surprise_anywhere_in_the_layer_never_ends_the_console(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Link, where, fails)
    app = Console(busy(), settings=Settings(zone=NOW.tzinfo))  # type: ignore[arg-type]
    async with recorded(app) as recording:
        assert isinstance(app, PacedApp)
        if app.link is not None and where == "answered":
            from textual.events import CursorPosition

            app.post_message(CursorPosition(0, 0))
        if app.link is not None and where == "_try_again":
            app.link._wake_in(0.0)
        if app.link is not None and where == "forget":
            app.app_resume_signal.publish(app)
        await recording.press("j")
        assert app.is_running
        assert any("web-api" in text for text in recording.lines())
        app.console_screen.refresh()
        assert await recording.cost() > 0 or app.link is not None
