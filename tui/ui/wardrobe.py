"""The console's themes: which there are, which one is worn, and changing it while the console runs.

What a theme file holds is ``theming``'s matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor

from tui.text import clean
from tui.ui.theming import DEFAULT, Themes, bundled, load_themes, tone_defaults
from tui.ui.widgets.ascii import AsciiGlyphs

if TYPE_CHECKING:
    from tui.ui.app import Console


class Wardrobe:
    """The themes of one console."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self._themes: Themes = load_themes((bundled(), *program.settings.theme_folders))

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

    def wear(self, name: str) -> None:
        """Use these colours from now on."""
        problems: list[str] = []
        wanted = self._known(name, problems)
        if wanted != self._program.theme:
            self._program.theme = wanted
        if problems:
            self._program.say(problems[0], "warn")

    def _known(self, wanted: str, problems: list[str]) -> str:
        found = self._themes.found
        if wanted in found:
            return wanted
        problems.append(f"theme {clean(wanted, 40)!r} does not exist: {', '.join(found)}")
        return DEFAULT if DEFAULT in found else "textual-dark"


def filters(present: list[LineFilter], *, ascii_glyphs: bool) -> list[LineFilter]:
    """The line filters: where no colours are wanted greys are not either; our glyphs in ASCII where there are no others."""
    kept = [NoColor() if isinstance(each, Monochrome) else each for each in present if not isinstance(each, AsciiGlyphs)]
    return [*kept, AsciiGlyphs()] if ascii_glyphs else kept
