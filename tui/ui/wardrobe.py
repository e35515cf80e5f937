"""The console's themes: which there are, which one is worn, and changing it while the console runs.

What a theme file holds is ``theming``'s matter.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from tui.text import clean
from tui.ui.backdrop import Backdrop, may_ask
from tui.ui.settings import Settings
from tui.ui.theming import DEFAULT, LIGHT, Themes, bundled, load_themes, tone_defaults
from tui.ui.widgets.ascii import AsciiGlyphs

if TYPE_CHECKING:
    from tui.ui.app import Console


class Wardrobe:
    """The themes of one console."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self._themes: Themes = load_themes((bundled(), *program.settings.theme_folders))
        self.backdrop = Backdrop(self._answered)
        self._light = False
        self._before = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._seen = _signature(program.settings.theme_folders)

    def defaults(self) -> dict[str, str]:
        """The tones of our own theme, for those of Textual's that have none."""
        theme = self._themes.found.get(DEFAULT)
        return tone_defaults(theme) if theme is not None else {}

    def take(self) -> list[str]:
        """Offer our themes only, and begin with the wanted one; before anything is styled, since a change styles all anew."""
        program, themes = self._program, self._themes
        for name in list(program.available_themes):
            if name not in themes.found and name != "textual-dark":
                program.unregister_theme(name)
        for theme in themes.found.values():
            program.register_theme(theme)
        problems = list(themes.problems)
        program.set_reactive(App.theme, self._known(program.settings.theme, problems))
        program.stylesheet.set_variables(program.get_css_variables())
        for dark in (True, False):
            program.set_class(program.current_theme.dark is dark, "-dark-mode" if dark else "-light-mode", update=False)
        program.filter_anew(ascii_glyphs=program.settings.ascii)
        return problems

    def styled(self, screen: Screen[Any]) -> Screen[Any]:
        """A mode's first screen, counted as styled: the theme is chosen before anything is read, and what Textual would do otherwise
        is to read every style sheet a second time."""
        screen._css_update_count = self._program._css_update_count  # noqa: SLF001
        return screen

    def ask(self) -> None:
        """Ask the terminal whether it is light, where the theme may follow it. Nothing waits for the answer."""
        program = self._program
        driver = program._driver  # noqa: SLF001 - the terminal itself; Textual has no other way to write to it
        if program.settings.free and may_ask(os.environ) and driver is not None and not program.is_headless:
            self._loop = asyncio.get_running_loop()
            driver.write(self.backdrop.ask())

    def _answered(self, light: bool) -> None:
        """On the thread that reads the keys."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.learn, light)

    def learn(self, light: bool) -> None:
        """The terminal's background is light, or it is not."""
        self._light = light
        self.fit(self._program.settings)

    def fit(self, settings: Settings) -> str:
        """Wear what these settings want; what is wrong with it, as it was said."""
        return self.wear(self._wanted(settings))

    def _wanted(self, settings: Settings) -> str:
        return LIGHT if settings.free and self._light and LIGHT in self._themes.found else settings.theme

    def preview(self, name: str) -> None:
        """Wear a theme until another is looked at; empty puts on again what was worn before."""
        if name:
            self._before = self._before or self._program.theme
            self.wear(name)
        elif self._before:
            before, self._before = self._before, ""
            self.wear(before)

    def wear(self, name: str) -> str:
        """Use these colours from now on; what is wrong with them, as it was said."""
        problems: list[str] = []
        wanted = self._known(name, problems)
        if wanted != self._program.theme:
            self._program.theme = wanted
        if problems:
            self._program.say(problems[0], "warn")
        return "".join(problems[:1])

    def tick(self) -> None:
        """Read the user's own themes again where a file of theirs has changed. What is wrong is said, and the old one stays worn; the
        chosen one is worn as soon as it is there, or is right."""
        now = _signature(self._program.settings.theme_folders)
        if now == self._seen:
            return
        self._seen = now
        program, before = self._program, self._themes
        found = load_themes((bundled(), *program.settings.theme_folders))
        # One that is broken while somebody edits it is worn on as it was.
        self._themes = Themes({**before.found, **found.found} if found.problems else found.found, found.problems)
        for theme in self._themes.found.values():
            program.register_theme(theme)
        known, wanted = self._themes.found, self._wanted(program.settings)
        worn, was = known.get(program.theme), before.found.get(program.theme)
        other = worn is None or (wanted in known and wanted not in before.found)
        if other:
            self.wear(wanted)
        elif worn != was:
            program.stylesheet.set_variables(program.get_css_variables())
            program.refresh_css(animate=False)
        if found.problems:
            program.say(found.problems[0], "bad")
        elif wanted in known and (other or worn != was or before.problems):
            program.say(f"theme {program.theme} was read again")

    def names(self) -> list[str]:
        """The themes there are."""
        return sorted(self._themes.found)

    def _known(self, wanted: str, problems: list[str]) -> str:
        found = self._themes.found
        if wanted in found:
            return wanted
        problems.append(f"theme {clean(wanted, 40)!r} does not exist: {', '.join(found)}")
        return DEFAULT if DEFAULT in found else "textual-dark"


def _signature(folders: Iterable[Path]) -> object:
    """What tells that a theme file is another one; the user's own folder is small, and mostly not there."""
    found: list[object] = []
    for folder in folders:
        with suppress(OSError):
            found += [(each.name, each.stat().st_mtime_ns) for each in os.scandir(folder) if each.name.endswith(".toml")]
    return sorted(found, key=str)


def filters(present: list[LineFilter], *, ascii_glyphs: bool) -> list[LineFilter]:
    """The line filters: where no colours are wanted greys are not either; our glyphs in ASCII where there are no others."""
    kept = [NoColor() if isinstance(each, Monochrome) else each for each in present if not isinstance(each, AsciiGlyphs)]
    return [*kept, AsciiGlyphs()] if ascii_glyphs else kept
