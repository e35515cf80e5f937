"""``rollwatch completion SHELL``: what a shell needs to complete our command line, made from the parser itself.

Names of contexts and connections are asked for when tab is pressed, from the configuration alone: no secret is read, no network.
"""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Final

from tui.cli.arguments import COMMANDS, parser
from tui.cli.exits import Exit

DYNAMIC: Final[Mapping[str, str]] = {"NAME": "contexts", "CONNECTION": "connections"}
"""What stands for a name in the help -> which names those are."""


def completion(args: Namespace) -> int:
    """Prints the script, or the names that it asks for. Exit 0."""
    if args.shell in {"contexts", "connections"}:
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


def words() -> dict[str, list[tuple[str, str]]]:
    """Command ("" for none) -> what may follow: options and choices with a line about each; ``@contexts`` stands for names."""
    top = parser()
    sub = next(each for each in top._actions if isinstance(each, argparse._SubParsersAction))  # noqa: SLF001 - nothing public lists them
    made = {"": [*((each.name, each.summary) for each in COMMANDS), *_options(top)]}
    for name, each in sub.choices.items():
        made[name] = list(_options(each))
    return made


def _options(one: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for each in one._actions:  # noqa: SLF001
        if each.help == argparse.SUPPRESS or isinstance(each, argparse._SubParsersAction):  # noqa: SLF001
            continue
        if each.option_strings:
            yield each.option_strings[-1], (each.help or "").replace("%%", "%")
        elif each.choices:
            yield from ((str(choice), "") for choice in each.choices)
        elif each.metavar == "CONNECTION":
            yield "@connections", ""


def _plain(offered: list[tuple[str, str]]) -> str:
    return " ".join(word for word, _ in offered if word[0] != "@")


def _bash(known: Mapping[str, list[tuple[str, str]]]) -> str:
    cases = "\n".join(
        f"    {name}) words='{_plain(offered)}'{' ; dynamic=connections' if ('@connections', '') in offered else ''} ;;"
        for name, offered in known.items()
        if name
    )
    return f"""\
# bash completion for rollwatch: eval "$(rollwatch completion bash)"
_rollwatch() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command='' words='' dynamic='' at
  COMPREPLY=()
  if [ "$before" = --context ]; then
    COMPREPLY=($(compgen -W "$(rollwatch completion contexts 2>/dev/null)" -- "$current"))
    return
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "${{COMP_WORDS[at]}}" in
      --context) ((at++)) ;;
      -*) ;;
      *) command="${{COMP_WORDS[at]}}"; break ;;
    esac
  done
  case "$command" in
    '') words='{_plain(known[""])}' ;;
{cases}
  esac
  [ -n "$dynamic" ] && [ "${{current#-}}" = "$current" ] && words="$words $(rollwatch completion $dynamic 2>/dev/null)"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _rollwatch rollwatch"""


def _zsh(known: Mapping[str, list[tuple[str, str]]]) -> str:
    return f"""\
#compdef rollwatch
# zsh completion for rollwatch: eval "$(rollwatch completion zsh)" after compinit
autoload -U +X bashcompinit && bashcompinit
{_bash(known)}"""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish(known: Mapping[str, list[tuple[str, str]]]) -> str:
    lines = ["# fish completion for rollwatch: rollwatch completion fish | source", "complete -c rollwatch -f"]
    lines.append("complete -c rollwatch -l context -x -a '(rollwatch completion contexts 2>/dev/null)'")
    for name, offered in known.items():
        when = f"__fish_seen_subcommand_from {name}" if name else "__fish_use_subcommand"
        for word, about in offered:
            if word == "--context":
                continue
            what = f"-l {word[2:]}" if word.startswith("--") else f"-a {_quoted(word)}"
            if word[0] == "@":
                what = f"-a '(rollwatch completion {word[1:]} 2>/dev/null)'"
            lines.append(f"complete -c rollwatch -n '{when}' {what}" + (f" -d {_quoted(about)}" if about else ""))
    return "\n".join(lines)


SCRIPTS: Final = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""Shell -> the script that it reads."""
