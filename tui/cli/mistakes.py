"""What a wrong command line is answered with: its right form, in our words instead of the library's. Nothing is parsed here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from tui.errors import UsageError
from tui.local.spelling import meant, near

_QUOTED: Final = re.compile(r"[\w-]+")

_OURS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], tuple[str, str]]], ...]] = (
    (
        re.compile(r"argument .+: invalid choice: '(.*)' \(choose from (.*)\)"),
        lambda found, prog: (f"{prog} knows no {found[1]!r}", meant(found[1], _QUOTED.findall(found[2]))),
    ),
    (re.compile(r"argument (.+): invalid int value: (.*)"), lambda found, _: (f"{found[1]} {found[2]} is no whole number", "")),
    (re.compile(r"argument (.+): expected one argument"), lambda found, _: (f"{found[1]} needs a value", "")),
    (re.compile(r"argument (.+): ignored explicit argument .*"), lambda found, _: (f"{found[1]} takes no value", "")),
)
"""The library's sentence -> ours and what to do; the command's help where that is empty."""


def wrong(message: str, prog: str) -> UsageError:
    """For what the library says is wrong."""
    for pattern, ours in _OURS:
        if found := pattern.fullmatch(message):
            said, hint = ours(found, prog)
            return UsageError(said, hint=hint or f"see {prog} --help")
    return UsageError(f"{message[:1].lower()}{message[1:]}", hint=f"see {prog} --help")


def no_command(word: str, commands: Collection[str], verbs: Collection[str], options: Collection[str]) -> UsageError:
    """For a first word that is no command."""
    hints = {each.removeprefix("--"): f"it is an option: rollwatch {each}" for each in options if each.startswith("--")}
    hints |= {each: f"it is a verb: rollwatch do {each} CONNECTION/KIND/ID" for each in verbs}
    return UsageError(f"no command {word!r}", hint=hints.get(word) or meant(word, commands))


def stray(word: str, prog: str, options: Collection[str], before: Mapping[str, str], commands: Collection[str]) -> UsageError:
    """For a word that a command does not take. ``options`` are its own, ``before`` maps those of the program to where they belong."""
    help_ = f"see {prog} --help"
    if not word.startswith("-"):
        return UsageError(f"{word} is one word too many", hint=help_)
    word = word.partition("=")[0]
    if word in options:
        return UsageError(f"{word} belongs behind the command", hint=f"{prog} {word}")
    if word in before:
        return UsageError(f"{word} belongs before the command", hint=before[word])
    if word.lstrip("-") in commands:
        return UsageError(f"no option {word}", hint=f"it is a command: rollwatch {word.lstrip('-')}")
    # Without the dashes, in which all of them are alike.
    known = [each.removeprefix("--") for each in options if each.startswith("--")]
    return UsageError(f"no option {word}", hint=near(word.lstrip("-"), known).replace("mean ", "mean --") or help_)
