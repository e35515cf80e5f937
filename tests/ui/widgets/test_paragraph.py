"""Text to read: where there is no room for all of it that is said."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tui.ui.widgets.paragraph import Paragraph


class Told(App[None]):
    CSS = "Paragraph { height: 2; }"

    def compose(self) -> ComposeResult:
        yield Paragraph()


async def test_where_its_place_is_too_low_its_last_line_says_that_there_is_more() -> None:
    app = Told()
    async with app.run_test(size=(20, 5)) as pilot:
        paragraph = app.query_one(Paragraph)
        for words, more in (("one two three four five", False), ("one two three four five six seven eight nine ten", True)):
            paragraph.say(words)
            await pilot.pause()
            shown = paragraph.render_line(1).text.rstrip()
            assert (shown[-1] == "…") is more, shown
