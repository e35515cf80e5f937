"""From the name of a tone to the style a terminal gets: one table of looks for all widgets of ours.

A theme colours a tone once and every table, log, bar and detail follows. Names: the values of ``model.Tone`` and
``ROLES``; states (``STATES``) add the cursor's background and the like. No widget of ours names a colour anywhere else.
Component classes of Textual would do the same at twenty-five nodes of style sheet a widget, most of which are never drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.widgets.cells import Spanned

SOURCES: Final = 6
"""How many ``source-N`` roles there are; a seventh source shares the first one's colour and still has its own name."""

ROLES: Final = ("accent", "strong", "title", "key", "match", "changed", "selected", *(f"source-{number}" for number in range(SOURCES)))
"""Names beside the tones: emphasis, headings, keys, found text, cells that are new,
the active tab, and what tells log sources apart."""

STATES: Final = ("cursor", "cursor-idle", "header", "bar", "found")


@dataclass(frozen=True, slots=True)
class Look:
    """How a tone or a state is drawn. ``color`` and ``background`` name variables of the theme, the first that it has counts, or a
    colour; ``style`` names a variable that holds the words of a text style, or is those words."""

    color: str = ""
    background: str = ""
    style: str = ""


LOOKS: Final[Mapping[str, Look]] = {
    "ok": Look("tone-ok success", style="tone-ok-style"),
    "busy": Look("tone-busy accent", style="tone-busy-style"),
    "warn": Look("tone-warn warning", style="tone-warn-style"),
    "bad": Look("tone-bad error", style="tone-bad-style"),
    "idle": Look("tone-idle foreground-muted", style="tone-idle-style"),
    "unknown": Look("tone-unknown foreground-muted", style="tone-unknown-style"),
    "muted": Look("tone-muted foreground-muted", style="tone-muted-style"),
    "accent": Look("accent"),
    "strong": Look(style="bold"),
    "title": Look("foreground", style="bold"),
    "key": Look("accent", style="bold"),
    "match": Look("background", background="warning"),
    "changed": Look(style="underline"),
    "selected": Look(style="bold underline"),
    "source-0": Look("primary"),
    "source-1": Look("success"),
    "source-2": Look("warning"),
    "source-3": Look("accent"),
    "source-4": Look("secondary"),
    "source-5": Look("error"),
    "line-cursor": Look(background="primary-muted", style="bold"),
    "line-cursor-idle": Look(background="boost"),
    "line-header": Look("tone-muted foreground-muted"),
    "line-bar": Look("tone-muted foreground-muted"),
    "line-found": Look(background="boost"),
}

BARS: Final = frozenset("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉▕▐")
"""What bars are drawn with."""

ANSI: Final[Mapping[str, Look]] = {
    **LOOKS,
    "match": Look("ansi_default", background="ansi_default", style="reverse"),
    "line-cursor": Look(background="ansi_default", style="bold reverse"),
    "line-cursor-idle": Look(background="ansi_default", style="underline"),
    "line-found": Look(background="ansi_default", style="underline"),
}
"""A terminal's own colours cannot be mixed, and nobody knows which of them can be read on which: reversed always can."""


class Toned(Widget):
    """A widget that draws pieces in tones."""

    ALLOW_SELECT = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.auto_links = False
        self._styles_made: dict[tuple[str | None, str | None], Style] = {}
        self._styles_of = ""
        self._shown = False

    # Being seen ----------------------------------------------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        """Whether anybody can see this widget now. If not, ask for nothing: what it drew is forgotten and all of it is drawn
        when it is seen again. (Textual would repaint the whole of a screen that covers it.)"""
        if not self._shown or not self.is_attached:
            return False
        for screen in reversed(self.app.screen_stack):
            if screen is self.screen:
                return True
            if screen.styles.background.a == 1:
                break
        self._set_dirty()
        return False

    def on_show(self, event: events.Show) -> None:
        self._now_shown()

    def on_resize(self, event: events.Resize) -> None:
        # Textual tells no widget that it is shown whose place was asked for before it was laid out, as it is of what gets the keys.
        if event.size:
            self._now_shown()

    def _now_shown(self) -> None:
        if not self._shown:
            self._shown = True
            self.refresh()

    def on_hide(self, event: events.Hide) -> None:
        self._shown = False
        self._set_dirty()

    # Styles --------------------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """A theme or a class changed: every style is made anew when next needed."""
        self._styles_made.clear()
        super().notify_style_update()
        if self._styles_of and self._styles_of != self.app.theme:
            self._styles_of = self.app.theme
            self.refresh()

    def tone_style(self, tone: str | None = None, state: str | None = None) -> Style:
        """The style of ``tone`` on a line in ``state``; an unknown tone is ordinary text,
        ``a+b`` is b over a."""
        made = self._styles_made.get((tone, state))
        if made is None:
            self._styles_of = self.app.theme
            made = self.rich_style
            if state is not None:
                made += self._look(f"line-{state}")
            line = made
            for name in tone.split("+") if tone else ():
                made += self._look(name)
            if made.reverse and not line.reverse and state is not None:
                # What stands reversed is written in the ground, and that of a chosen line is too bright to be read on it.
                made += Style(bgcolor=self.rich_style.bgcolor)
            self._styles_made[(tone, state)] = made
        return made

    def _look(self, name: str) -> Style:
        """What the name sets itself, with see-through colours already mixed with what is under them."""
        look = (ANSI if self.app.native_ansi_color else LOOKS).get(name)
        if look is None:
            return Style()
        under = self.background_colors[1]
        background, color = self._colour(look.background), self._colour(look.color)
        if background is not None:
            under += background
        return Style(
            color=(under + color).rich_color if color is not None else None,
            bgcolor=under.rich_color if background is not None else None,
        ) + Style.parse(self.app.theme_variables.get(look.style, "" if look.style.startswith("tone-") else look.style))

    def _colour(self, names: str) -> Color | None:
        variables = self.app.theme_variables
        found = next((variables[name] for name in names.split() if name in variables), names)
        return Color.parse(found) if found else None

    def strip_of(self, pieces: Sequence[Spanned], width: int, state: str | None = None) -> Strip:
        """A strip of ``width`` cells from pieces that should take just as many; neighbours of one style become one segment."""
        segments: list[Segment] = []
        text = ""
        style: Style | None = None
        plain = self.tone_style(None, state)
        for piece in pieces:
            this = self.tone_style(piece.tone, state)
            for part, look in _blank_apart(piece.text, this, plain) if this.reverse and not plain.reverse else ((piece.text, this),):
                if look is style:
                    text += part
                    continue
                if text:
                    segments.append(Segment(text, style))
                text, style = part, look
        if text:
            segments.append(Segment(text, style))
        # Measured, not believed: a line that is too long would be drawn over the widget beside it.
        return Strip(segments).adjust_cell_length(width, self.tone_style())


def _blank_apart(text: str, look: Style, plain: Style) -> tuple[tuple[str, Style], ...]:
    """A reversed text without the blanks around it, which only keep it apart from its neighbours; one with bars, whose height tells
    something, is not reversed at all."""
    word = text.strip(" ")
    if not BARS.isdisjoint(word):
        return ((text, look + Style(reverse=False)),)
    if len(word) == len(text):
        return ((text, look),)
    before, _, after = text.partition(word) if word else (text, "", "")
    return tuple((part, style) for part, style in ((before, plain), (word, look), (after, plain)) if part)
