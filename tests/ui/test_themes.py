"""Our themes: every state is told apart by every eye, on every kind of terminal, and never by its colour alone."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import UTC
from itertools import combinations
from typing import Final

import pytest
from rich.color import Color as Rich
from rich.color import ColorSystem, ColorType
from textual.color import Color
from textual.theme import Theme

from tests.ui.test_console import seat
from tui.cli.ground import ascii_for, theme_for
from tui.model import Tone
from tui.tables import GLYPHS
from tui.tables.ascii import ASCII
from tui.ui.settings import Settings
from tui.ui.theming import ThemeError, bundled, known_variables, load_themes, make_theme, variable

THEMES: Final = load_themes([bundled()]).found
TOLD_APART: Final = (Tone.OK, Tone.BUSY, Tone.WARN, Tone.BAD, Tone.UNKNOWN)

Matrix = tuple[tuple[float, float, float], ...]

EYES: Final[dict[str, Matrix]] = {
    "all three cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
}
"""Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB."""


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def lab(colour: str, eye: str) -> tuple[float, float, float]:
    """What an eye sees of a colour, as CIE L*a*b* (D65)."""
    rgb = [_linear(part) for part in Color.parse(colour).normalized]
    r, g, b = (min(1.0, max(0.0, sum(x * y for x, y in zip(row, rgb, strict=True)))) for row in EYES[eye])
    white = (0.95047, 1.0, 1.08883)
    xyz = (0.4124 * r + 0.3576 * g + 0.1805 * b, 0.2126 * r + 0.7152 * g + 0.0722 * b, 0.0193 * r + 0.1192 * g + 0.9505 * b)
    x, y, z = ((part / w) ** (1 / 3) if part / w > 0.008856 else 7.787 * part / w + 16 / 116 for part, w in zip(xyz, white, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, eye: str) -> float:
    """CIE76: 2.3 can just be noticed, 20 is another colour at a glance."""
    return float(sum((a - b) ** 2 for a, b in zip(lab(one, eye), lab(other, eye), strict=True)) ** 0.5)


def colour(theme: Theme, tone: Tone) -> str:
    return theme.variables[f"tone-{tone}"]


def look(theme: Theme, tone: Tone) -> tuple[str, str]:
    return colour(theme, tone), theme.variables[f"tone-{tone}-style"]


def test_the_themes_that_were_promised_are_there() -> None:
    assert set(THEMES) >= {"rollwatch-dark", "rollwatch-light", "high-contrast", "colour-blind", "monochrome", "terminal"}


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("one", "other"), list(combinations(TOLD_APART, 2)))
def test_the_colour_blind_theme_tells_every_two_states_apart_for_every_eye(one: Tone, other: Tone, eye: str) -> None:
    theme = THEMES["colour-blind"]
    assert distance(colour(theme, one), colour(theme, other), eye) >= 20


def test_the_measure_tells_red_and_green_of_the_ordinary_theme_apart_for_ordinary_eyes_only() -> None:
    ok, bad = (colour(THEMES["rollwatch-dark"], tone) for tone in (Tone.OK, Tone.BAD))
    assert distance(ok, bad, "all three cones") > 50
    assert distance(ok, bad, "deuteranopia") < 20


def test_the_monochrome_theme_is_grey_and_tells_states_apart_by_weight_and_slant() -> None:
    theme = THEMES["monochrome"]
    for name in ("primary", "secondary", "accent", "warning", "error", "success", "foreground", "background", "surface", "panel"):
        red, green, blue = Color.parse(getattr(theme, name)).rgb
        assert red == green == blue, name
    assert len({look(theme, tone)[1] for tone in TOLD_APART}) == len(TOLD_APART)


@pytest.mark.parametrize("name", THEMES)
def test_no_two_states_look_alike_even_without_their_words(name: str) -> None:
    theme = THEMES[name]
    assert len({look(theme, tone) for tone in TOLD_APART}) == len(TOLD_APART)
    assert len({GLYPHS[tone] for tone in TOLD_APART}) == len(TOLD_APART)


def test_the_terminal_theme_asks_for_nothing_but_the_terminals_own_sixteen() -> None:
    theme = THEMES["terminal"]
    assert theme.ansi
    assert Color.parse(theme.background).ansi == -1
    assert all(Color.parse(colour(theme, tone)).ansi is not None for tone in Tone)


def nearest(text: str, system: ColorSystem) -> Rich:
    return Rich.from_triplet(Color.parse(text).rich_color.get_truecolor()).downgrade(system)


@pytest.mark.parametrize("system", [ColorSystem.EIGHT_BIT, ColorSystem.STANDARD])
@pytest.mark.parametrize("name", [name for name in THEMES if not THEMES[name].ansi])
def test_with_few_colours_every_state_still_looks_different_and_differs_from_what_is_under_it(name: str, system: ColorSystem) -> None:
    theme = THEMES[name]
    looks = {(nearest(colour(theme, tone), system), look(theme, tone)[1], GLYPHS[tone]) for tone in TOLD_APART}
    assert len(looks) == len(TOLD_APART)
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        for tone in Tone:
            assert nearest(colour(theme, tone), system) != nearest(ground, system), (tone, ground)


AWKWARD: Final = (
    *("", "nocolour", "bold", "none", "not bold underline", "not", "#zz", "#f008", "#f008 40%", "red 40%", "auto", "auto 50%", "initial"),
    *("$nope", "$primary", "a b c", "1", "{", "red; } X {", "hsl(10,20%,30%)", "ansi_default", "transparent"),
)
"""What somebody may write into a theme while they edit it."""


async def test_whatever_a_theme_says_of_a_variable_is_refused_or_can_be_worn() -> None:
    data = tomllib.loads((bundled() / "rollwatch-dark.toml").read_text("utf-8"))
    async with seat() as at:
        known = known_variables()
        names = [name for name in at.app.get_css_variables() if not name.startswith("tone-")]
        for value in AWKWARD:
            taken: dict[str, str] = {}
            for name in names:
                with suppress(ThemeError):
                    taken[name] = variable(name, value, "theme mine.toml", known)
            if taken:
                made = make_theme({**data, "variables": taken}, "theme mine.toml").to_color_system().generate()
                at.app.stylesheet.set_variables({**at.app.get_css_variables(), **made})
                at.app.stylesheet.reparse()


# What the terminal says of itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "wanted", "theme"),
    [
        ({}, "", ""),
        ({"COLORFGBG": "15;0"}, "", ""),
        ({"COLORFGBG": "0;15"}, "", "rollwatch-light"),
        ({"COLORFGBG": "0;default;15"}, "", "rollwatch-light"),
        ({"COLORFGBG": "12;8"}, "", ""),
        ({"COLORFGBG": "0;7"}, "", "rollwatch-light"),
        ({"COLORFGBG": "15"}, "", ""),
        ({"COLORFGBG": "0;default"}, "", ""),
        ({"COLORFGBG": "0;99"}, "", ""),
        ({"COLORFGBG": "0;15"}, "high-contrast", "high-contrast"),
        ({"NO_COLOR": "1"}, "high-contrast", "terminal"),
        ({"NO_COLOR": ""}, "high-contrast", "high-contrast"),
    ],
)
def test_the_theme_follows_the_user_and_then_the_terminal(environ: dict[str, str], wanted: str, theme: str) -> None:
    assert theme_for(environ, wanted) == theme


@pytest.mark.parametrize(
    ("term", "wanted", "poor"),
    [
        ("xterm-256color", "auto", False),
        ("linux", "auto", True),
        ("vt220", "auto", True),
        ("linux", "unicode", False),
        ("xterm", "ascii", True),
    ],
)
def test_glyphs_are_ascii_where_there_are_no_others(term: str, wanted: str, poor: bool) -> None:
    assert ascii_for({"TERM": term}, wanted) is poor


@pytest.mark.parametrize(
    ("environ", "poor"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "de_DE@euro"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "C", "LC_ALL": "en_US.UTF-8"}, False),
        ({"LANG": "no such thing"}, False),
    ],
)
def test_a_locale_without_our_glyphs_decides_as_the_terminal_does(environ: dict[str, str], poor: bool) -> None:
    assert ascii_for({"TERM": "xterm-256color", **environ}, "auto") is poor
    assert not ascii_for(environ, "unicode")


def test_in_ascii_every_state_has_its_own_character_and_letters_stay() -> None:
    drawn = {tone: glyph.translate(ASCII) for tone, glyph in GLYPHS.items()}
    assert all(len(text) == 1 and text.isascii() for text in drawn.values())
    assert len(set(drawn.values())) == len(drawn)
    assert len({"✓".translate(ASCII), "◆".translate(ASCII), *drawn.values()}) == len(drawn) + 2
    assert "Zürich 東京".translate(ASCII) == "Zürich 東京"


async def test_a_console_in_ascii_draws_nothing_but_ascii() -> None:
    async with seat(settings=Settings(zone=UTC, ascii=True), size=(120, 40)) as at:
        shown = "\n".join(strip.text for strip in at.app.screen._compositor.render_strips())
        assert [char for char in set(shown) if not char.isascii()] == []
        assert "enter open" in shown, "what comes nearest to the sign of the key is another key"
        await at.press("2", "r")
        assert at.sees("right and enter to restart")
        await at.press("escape", "question_mark")
        assert at.row("Show the next kind of thing.").split()[:2] == ["right", "]"]


@pytest.mark.parametrize("name", THEMES)
async def test_without_colours_nothing_drawn_has_any(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with seat(settings=Settings(zone=UTC, theme=name)) as at:
        styles = {segment.style for strip in at.app.screen._compositor.render_strips() for segment in strip if segment.style}
        used = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
        assert {colour.is_default for colour in used} <= {True}


async def test_the_terminals_own_colours_reach_it_unmixed_from_the_first_moment() -> None:
    async with seat(settings=Settings(zone=UTC, theme="terminal")) as at:
        styles = {segment.style for strip in at.app.screen._compositor.render_strips() for segment in strip if segment.style}
        used = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
        assert {colour.type for colour in used} <= {ColorType.DEFAULT, ColorType.STANDARD}


async def test_the_cursor_of_a_line_is_turned_round_once_in_the_terminals_own_colours() -> None:
    async with seat(settings=Settings(zone=UTC, theme="terminal")) as at:
        await at.press("colon")
        assert at.app.focused is not None
        cursor = at.app.focused.get_component_rich_style("input--cursor")
        assert cursor.reverse
        assert {each.type for each in (cursor.color, cursor.bgcolor) if each is not None} <= {ColorType.DEFAULT}


async def test_what_is_reversed_can_be_read_on_the_chosen_line_too() -> None:
    async with seat(settings=Settings(zone=UTC, theme="colour-blind")) as at:
        table = at.app.console_screen.resources.body
        plain, chosen = table.tone_style("bad"), table.tone_style("bad", "cursor")
        assert chosen.reverse
        assert (chosen.color, chosen.bgcolor) == (plain.color, plain.bgcolor)
        assert table.tone_style("ok", "cursor").bgcolor != plain.bgcolor, "the rest of the line is as bright as it was"
