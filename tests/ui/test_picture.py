"""The first frame holds what is known, and the last one is kept as words, without a line of a log."""

from __future__ import annotations

from tests.bench.recorder import recorded
from tests.ui.desk import NOW, busy, line, ref
from tests.ui.throttled import let_through
from tui.model import Application, Kind, Webhook
from tui.text import Safe
from tui.ui.app import Console
from tui.ui.settings import Settings


def console() -> Console:
    return Console(busy(), settings=Settings(zone=NOW.tzinfo))  # type: ignore[arg-type]


async def test_what_is_known_is_in_the_first_frame_and_then_it_is_told() -> None:
    app = console()
    frames: list[list[str]] = []
    app.painted = lambda: frames.append(app.link.lines() if app.link is not None else [])
    async with recorded(app):
        pass
    assert len(frames) == 1
    text = "\n".join(frames[0])
    for words in ("web-api", "checkout", "rollwatch", "Services"):
        assert words in text


async def test_at_the_end_the_lists_are_kept_and_no_log() -> None:
    app = console()
    async with recorded(app) as recording:
        service = next(row for row in app.session.store.rows(Kind.SERVICE) if row.name == "web-api")
        app.console_screen.follow_log(service.ref)
        app.session.follows[-1].write(line("password of the day"))  # type: ignore[attr-defined]
        await recording.settle()
        assert app.link is not None
        if not any("password of the day" in text for text in app.link.lines()):
            let_through(app.console_screen.logs.body._gate)  # type: ignore[attr-defined]
            await recording.settle()
        assert any("password of the day" in text for text in app.link.lines())
    text = "\n".join(app.picture)
    assert "web-api" in text
    assert "Log of web-api" in text
    assert "password of the day" not in text
    assert len(app.picture) == 40


async def test_nothing_that_is_not_written_down_is_kept_in_the_picture() -> None:
    """The addresses of webhooks, which may be secrets, stood in it; so did a key that somebody had looked for, and what was copied."""
    secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
    app = console()
    hook = Webhook(ref=ref(Kind.WEBHOOK, "w-1"), name=Safe("hook"), url=Safe(f"https://hooks.example.com/{secret}"))
    app.session.put("fleet", Kind.WEBHOOK, [hook])  # type: ignore[attr-defined]
    app.session.put("vault", Kind.APPLICATION, [Application(ref=ref(Kind.APPLICATION, "a", "vault"), name=Safe("\u5e97\u8217"))])  # type: ignore[attr-defined]
    async with recorded(app) as recording:
        app.open_list(Kind.WEBHOOK)
        app.console_screen.rollouts.set_filter(secret)
        await recording.settle()
        app.copy(secret)
        await recording.settle()
        assert app.link is not None
        assert sum(secret[:9] in text for text in app.link.lines()) == 3
    text = "\n".join(app.picture)
    assert "\u5e97\u8217" in text
    assert "Webhooks" in text
    assert secret[:9] not in text
    assert "hooks.example.com" not in text


async def test_what_covers_the_console_is_not_kept() -> None:
    app = console()
    async with recorded(app) as recording:
        await recording.press("question_mark")
        assert app.screen is not app.console_screen
    assert app.picture == ()


async def test_a_field_that_is_made_before_its_screen_stands_ends_nothing() -> None:
    """Python 3.12 and later begin a task at once, and so make the first screen's fields before there is a screen."""
    app = console()
    app.clear_selection()
    async with recorded(app):
        assert app.screen is app.console_screen
