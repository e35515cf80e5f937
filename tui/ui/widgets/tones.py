"""From the name of a tone to the style a terminal gets: one set of component classes for all widgets of ours.

A theme colours ``.tone--bad`` once and every table, log, bar and detail follows. Names: the values of ``model.Tone`` and
``ROLES``; states (``STATES``) add the cursor's background and the like. No widget of ours names a colour anywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.widgets.cells import Spanned

SOURCES: Final = 6
"""How many ``source-N`` roles there are; a seventh source shares the first one's colour and still has its own name."""

ROLES: Final = ("accent", "strong", "title", "key", "match", "changed", "selected", *(f"source-{number}" for number in range(SOURCES)))
"""Names beside the tones: emphasis, headings, keys, found text, cells that are new,
the active tab, and what tells log sources apart."""

STATES: Final = ("cursor", "cursor-idle", "header", "bar", "found")


class Toned(Widget):
    """A widget that draws pieces in tones. Component classes: ``tone--NAME`` and ``line--STATE``."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"tone--{name}" for name in ("ok", "busy", "warn", "bad", "idle", "unknown", "muted", *ROLES)),
        *(f"line--{name}" for name in STATES),
    }
    DEFAULT_CSS = """
    Toned > .tone--ok { color: $success; }
    Toned > .tone--busy { color: $accent; }
    Toned > .tone--warn { color: $warning; }
    Toned > .tone--bad { color: $error; text-style: bold; }
    Toned > .tone--idle { color: $foreground-muted; }
    Toned > .tone--unknown { color: $foreground-muted; text-style: italic; }
    Toned > .tone--muted { color: $foreground-muted; }
    Toned > .tone--accent { color: $accent; }
    Toned > .tone--strong { text-style: bold; }
    Toned > .tone--title { color: $foreground; text-style: bold; }
    Toned > .tone--key { color: $accent; text-style: bold; }
    Toned > .tone--match { background: $warning; color: $background; }
    Toned > .tone--selected { text-style: bold underline; }
    Toned > .tone--source-0 { color: $primary; }
    Toned > .tone--source-1 { color: $success; }
    Toned > .tone--source-2 { color: $warning; }
    Toned > .tone--source-3 { color: $accent; }
    Toned > .tone--source-4 { color: $secondary; }
    Toned > .tone--source-5 { color: $error; }
    Toned > .line--cursor { background: $primary-muted; text-style: bold; }
    Toned > .line--cursor-idle { background: $boost; }
    Toned > .line--header { color: $foreground-muted; }
    Toned > .line--bar { color: $foreground-muted; }
    Toned > .tone--changed { text-style: underline; }
    Toned > .line--found { background: $boost; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.auto_links = False
        self._styles_made: dict[tuple[str | None, str | None], Style] = {}
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

    def tone_style(self, tone: str | None = None, state: str | None = None) -> Style:
        """The style of ``tone`` on a line in ``state``; an unknown tone is ordinary text,
        ``a+b`` is b over a."""
        made = self._styles_made.get((tone, state))
        if made is None:
            made = self.rich_style
            if state is not None:
                made += self._component(f"line--{state}")
            for name in tone.split("+") if tone else ():
                made += self._component(f"tone--{name}")
            self._styles_made[(tone, state)] = made
        return made

    def _component(self, name: str) -> Style:
        """What the class sets itself, with see-through colours already mixed with what is under them."""
        partial = self.get_component_rich_style(name, partial=True, default=Style())
        mixed = self.get_component_rich_style(name, default=Style())
        return partial + Style(color=partial.color and mixed.color, bgcolor=partial.bgcolor and mixed.bgcolor)

    def strip_of(self, pieces: Sequence[Spanned], width: int, state: str | None = None) -> Strip:
        """A strip of ``width`` cells from pieces that should take just as many; neighbours of one style become one segment."""
        segments: list[Segment] = []
        text = ""
        style: Style | None = None
        for piece in pieces:
            this = self.tone_style(piece.tone, state)
            if this is style:
                text += piece.text
                continue
            if text:
                segments.append(Segment(text, style))
            text, style = piece.text, this
        if text:
            segments.append(Segment(text, style))
        # Measured, not believed: a line that is too long would be drawn over the widget beside it.
        return Strip(segments).adjust_cell_length(width, self.tone_style())
