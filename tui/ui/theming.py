"""Themes: TOML files become Textual themes whose variables also colour the tones. No widget and no state is named here.

A theme file holds the fields of ``textual.theme.Theme`` and a ``[tones]`` table. A file that is wrong is left out and told as a
problem with file and key; the console goes on with the themes that are right.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

import tui
from tui.model import Tone
from tui.text import clean

DEFAULT: Final = "rollwatch-dark"
LIGHT: Final = "rollwatch-light"
_COLOURS: Final = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
_KNOWN: Final = frozenset({"name", "dark", "ansi", "variables", "tones", *_COLOURS})
_NEEDED: Final = ("name", "primary", "foreground", "background", "tones")
_STYLES: Final = frozenset({"bold", "italic", "underline", "reverse", "dim"})
_FLAGS: Final = re.compile(r"none|(?:not )?(?:{0})(?: (?:not )?(?:{0}))*".format("|".join(sorted(_STYLES | {"strike"}))))
_BIGGEST: Final = 64 * 1024
_OWN_COLOURS: Final[Mapping[str, str]] = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "reverse",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-selection-background": "ansi_bright_blue",
    "input-selection-foreground": "ansi_black",
}
"""What Textual wants to be told in a theme of the terminal's own colours."""


_USUAL: Final = frozenset({"border", "foreground-muted", *_OWN_COLOURS})
"""Variables that need not be looked up among all those that there are."""


class ThemeError(ValueError):
    """A theme file that cannot be used; the text names the file and the key."""


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes that could be read, by name, and a line about each file that could not."""

    found: Mapping[str, Theme]
    problems: tuple[str, ...]


def bundled() -> Path:
    """Where our own themes are: beside the package in an installation, beside its folder in a source tree."""
    package = Path(tui.__file__).parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load_themes(folders: Iterable[Path]) -> Themes:
    """Read every ``*.toml`` of these folders, a later one replacing an earlier of the same name. Never raises."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders:
        try:
            files = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
        except FileNotFoundError:
            continue  # most users have no themes of their own
        except OSError as error:
            problems.append(f"themes: {clean(str(folder))} cannot be read: {clean(error.strerror or '')}")
            continue
        for path in files:
            try:
                theme = read_theme(path)
            except ThemeError as error:
                problems.append(str(error))
            else:
                found[theme.name] = theme
    return Themes(found, tuple(problems))


def read_theme(path: Path) -> Theme:
    """One theme file. Raises ``ThemeError`` in one line."""
    where = f"theme {clean(path.name, 80)}"
    try:
        if path.stat().st_size > _BIGGEST:
            raise ThemeError(f"{where}: larger than {_BIGGEST // 1024} KiB")
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ThemeError(f"{where}: {clean(error.strerror or 'cannot be read')}") from None
    except UnicodeDecodeError:
        raise ThemeError(f"{where}: is no text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(f"{where}: {clean(str(error), 160)}") from None
    return make_theme(data, where)


def make_theme(data: Mapping[str, Any], where: str) -> Theme:
    """A theme from a file's tables; ``where`` begins each error's text."""
    for key in data:
        if key not in _KNOWN:
            raise ThemeError(f"{where}: {_unknown(key, _KNOWN)}")
    for key in _NEEDED:
        if key not in data:
            raise ThemeError(f"{where}: {key} is missing")
    name = data["name"]
    if not isinstance(name, str) or not name.strip():
        raise ThemeError(f"{where}: name must be a text")
    colours = {key: _colour(data[key], f"{where}: {key}") for key in _COLOURS if key in data}
    variables: dict[str, str] = dict(_OWN_COLOURS) if _switch(data, "ansi", where, usual=False) else {}
    given = _table(data, "variables", where)
    known = {} if given.keys() <= _USUAL else known_variables()
    variables |= {key: variable(key, value, where, known) for key, value in given.items()}
    variables |= _tone_variables(_table(data, "tones", where), where)
    made = Theme(name=clean(name, 40), primary=colours.pop("primary"), variables=variables)
    made.dark, made.ansi = _switch(data, "dark", where, usual=True), _switch(data, "ansi", where, usual=False)
    for key, colour in colours.items():
        setattr(made, key, colour)
    return made


def tone_defaults(theme: Theme) -> dict[str, str]:
    """The tone variables of a theme, for those of Textual's own that have none."""
    return {key: value for key, value in theme.variables.items() if key.startswith("tone-")}


def _tone_variables(tones: Mapping[str, Any], where: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for tone in tones:
        if tone not in set(Tone):
            raise ThemeError(f"{where}: {_unknown(tone, Tone, 'tones.')}")
    for tone in Tone:
        if tone not in tones:
            raise ThemeError(f"{where}: tones.{tone} is missing")
        *styles, colour = _text(tones[tone], f"{where}: tones.{tone}").split() or [""]
        for style in styles:
            if style not in _STYLES:
                raise ThemeError(f"{where}: tones.{tone}: {_unknown(style, _STYLES)}")
        made[f"tone-{tone}"] = _colour(colour, f"{where}: tones.{tone}")
        made[f"tone-{tone}-style"] = " ".join(styles) or "none"
    return made


def known_variables() -> Mapping[str, str]:
    """The screen library's variables with what they are by themselves. Making them takes some milliseconds."""
    return Theme(name=DEFAULT, primary="white").to_color_system().generate()


def variable(key: str, value: object, where: str, known: Mapping[str, str]) -> str:
    """The value of one of the ``known_variables``, checked. The screen library stops the console over one that it cannot use, so none
    gets that far. Raises ``ThemeError``."""
    if key not in _USUAL and key not in known:
        raise ThemeError(f"{where}: {_unknown(key, known, 'variables.')}")
    where = f"{where}: variables.{key}"
    text = _text(value, where)
    if "style" in key.split("-"):
        if not _FLAGS.fullmatch(text):
            raise ThemeError(f"{where}: {text!r} is not a style, write none or some of {', '.join(sorted(_STYLES))}")
        return text
    by_itself = known.get(key, "").startswith("auto") and re.fullmatch(r"auto(?: \d{1,3}%)?", text)
    return text if by_itself else _colour(text, where)


def _table(data: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ThemeError(f"{where}: {key} must be a table")
    return value


def _switch(data: Mapping[str, Any], key: str, where: str, *, usual: bool) -> bool:
    value = data.get(key, usual)
    if not isinstance(value, bool):
        raise ThemeError(f"{where}: {key} must be true or false")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ThemeError(f"{where} must be a text")
    return clean(value, 120)


def _colour(value: object, where: str) -> str:
    text = _text(value, where)
    try:
        Color.parse(text)
    except ColorParseError:
        raise ThemeError(f"{where}: {text!r} is not a colour, write #rrggbb") from None
    return text


def _unknown(word: str, known: Iterable[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    return f"{prefix}{clean(word, 40)} is not known{hint}"
