"""``rollwatch completion SHELL``: what a shell needs to complete our command line, made from the parser itself.

Names of contexts and connections are asked for when tab is pressed, from the configuration alone: no secret is read, no network.
"""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tui.cli.arguments import ASKED_FOR, COMMANDS, parsers
from tui.cli.exits import Exit
from tui.model import Verb

PLACES: Final[Mapping[str, Sequence[str]]] = {"CONNECTION": ("@connections",), "VERB": tuple(Verb)}
"""What stands for a word in the help -> the words, or the names that are asked for."""

VALUES: Final[Mapping[str, Sequence[str]]] = {
    "--context": ("@contexts",),
    "--scenario": ("calm", "busy", "incident", "huge"),
    "--flavour": ("documented", "current"),
}
"""An option -> the values that it is known to take."""


def completion(args: Namespace) -> int:
    """Prints the script, or the names that it asks for. Exit 0."""
    if args.shell in ASKED_FOR:
        for name in names(args.shell):
            print(name)
    else:
        print(SCRIPTS[args.shell](words()))
    return Exit.OK


def names(what: str) -> list[str]:
    """The configured names; none where the configuration cannot be read, since nobody reads an error while completing."""
    from tui.errors import RollwatchError
    from tui.local.config import load
    from tui.local.paths import Paths
    from tui.platforms.registry import BASE_URLS

    try:
        contexts = load(Paths.discover(os.environ).config_file, environ=os.environ, platforms=BASE_URLS).config.contexts
    except RollwatchError:
        return []
    found = contexts if what == "contexts" else {name: None for each in contexts.values() for name in each.connections}
    return sorted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What may follow a command: options with a line about each, and for each place the words that fit; ``@connections`` stands for
    names that are asked for."""

    options: Mapping[str, str]
    places: Sequence[Mapping[str, str]] = ()


def words() -> dict[str, Offered]:
    """Command ("" for none) -> what may follow."""
    first = {each.name: each.summary for each in COMMANDS}
    places = {name: list(_places(each)) for name, each in parsers().items()} | {"": [first]}
    return {name: Offered(options=dict(_options(each)), places=places[name]) for name, each in parsers().items()}


def _shown(one: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for each in one._actions:  # noqa: SLF001 - nothing public lists them
        if each.help != argparse.SUPPRESS and not isinstance(each, argparse._SubParsersAction):  # noqa: SLF001
            yield each


def _options(one: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for each in _shown(one):
        if each.option_strings:
            yield each.option_strings[-1], (each.help or "").replace("%%", "%")


def _places(one: argparse.ArgumentParser) -> Iterator[dict[str, str]]:
    for each in _shown(one):
        if not each.option_strings:
            yield {str(word): "" for word in each.choices or PLACES.get(str(each.metavar), ())}


def _valued() -> list[str]:
    """The options that want a value."""
    found = (each for one in parsers().values() for each in _shown(one) if each.option_strings and each.nargs != 0)
    return sorted({each.option_strings[-1] for each in found})


def _bash(known: Mapping[str, Offered]) -> str:
    def case(when: str, words: Iterable[str]) -> str:
        plain, asked = [word for word in words if word[0] != "@"], [word[1:] for word in words if word[0] == "@"]
        return f"{when}) words='{' '.join(plain)}'" + (f" dynamic={asked[0]}" if asked else "") + " ;;"

    values = [case(option, offered) for option, offered in VALUES.items()]
    # Where a word is wanted that nobody can guess, no option is put in its place.
    free = '[ "${current#-}" = "$current" ] && return ;;'
    placed = [
        case(f"'{name} {at}'", words) if words else f"'{name} {at}') {free}"
        for name, each in known.items()
        for at, words in enumerate(each.places)
    ]
    optional = [case(f"'{name}'", each.options) for name, each in known.items()]
    line = "\n    ".join
    return f"""\
# bash completion for rollwatch: eval "$(rollwatch completion bash)"
_rollwatch() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command='' words='' dynamic='' place=0 at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "${{COMP_WORDS[at]}}" in
      {"|".join(_valued())}) ((at++)) ;;
      -*) ;;
      *) if [ -z "$command" ]; then command="${{COMP_WORDS[at]}}"; else ((place++)); fi ;;
    esac
  done
  case "$before" in
    {line(values)}
    --bundle) COMPREPLY=($(compgen -f -- "$current")); return ;;
    {"|".join(each for each in _valued() if each not in VALUES and each != "--bundle")}) return ;;
    *) case "$command $place" in
    {line(placed)}
    esac ;;
  esac
  if [ -z "$words$dynamic" ] || [ "${{current#-}}" != "$current" ]; then
    dynamic=''
    case "$command" in
    {line(optional)}
    esac
  fi
  [ -n "$dynamic" ] && words="$words $(rollwatch completion $dynamic 2>/dev/null)"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _rollwatch rollwatch"""


def _zsh(known: Mapping[str, Offered]) -> str:
    return f"""\
#compdef rollwatch
# zsh completion for rollwatch: eval "$(rollwatch completion zsh)" after compinit
autoload -U +X bashcompinit && bashcompinit
{_bash(known)}"""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH_WORDS: Final = '(string match -v -- "-*" (commandline -opc))'


def _fish(known: Mapping[str, Offered]) -> str:
    lines = ["# fish completion for rollwatch: rollwatch completion fish | source", "complete -c rollwatch -f"]
    valued = _valued()
    for name, offered in known.items():
        when = f"__fish_seen_subcommand_from {name}" if name else "__fish_use_subcommand"
        for option, about in offered.options.items():
            what = f"-l {option[2:]}"
            if option in VALUES:
                what += f" -x -a {_quoted(' '.join(map(_asked, VALUES[option])))}"
            elif option in valued:
                what += " -r -F" if option == "--bundle" else " -x"
            lines.append(f"complete -c rollwatch -n '{when}' {what} -d {_quoted(about)}")
        for at, place in enumerate(offered.places):
            here = f"{when}; and test (count {_FISH_WORDS}) -eq {at + 2}" if name else when
            for word, about in place.items():
                lines.append(f"complete -c rollwatch -n '{here}' -a {_quoted(_asked(word))}" + (f" -d {_quoted(about)}" if about else ""))
    return "\n".join(lines)


def _asked(word: str) -> str:
    return f"(rollwatch completion {word[1:]} 2>/dev/null)" if word[0] == "@" else word


SCRIPTS: Final = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""Shell -> the script that it reads."""
