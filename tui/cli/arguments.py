"""The command line as data: every command, its options, the help that teaches it. Parsing only; nothing is run here.

Imports the standard library and our errors, so that ``--help`` and a typing mistake are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import tui
from tui.cli import mistakes
from tui.cli.exits import MEANINGS
from tui.errors import UsageError

ASKED_FOR: Final = ("contexts", "connections")
"""What the scripts of ``completion`` ask for in a shell's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One word after ``rollwatch``. ``run`` is ``module:function`` and is imported only when the command is chosen."""

    name: str
    summary: str
    teach: str
    run: str
    options: Callable[[argparse.ArgumentParser], None]
    deaf: frozenset[str] = frozenset()
    """Options of all commands that mean nothing to this one: its help does not offer them."""


class Shells(tuple[str, ...]):
    """The shells, which are offered, and what their scripts ask for, which is only understood."""

    __slots__ = ()

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or word in ASKED_FOR


class Parser(argparse.ArgumentParser):
    """Says what was wrong in one line, with the nearest spelling, by raising ``UsageError``."""

    def error(self, message: str) -> NoReturn:
        raise mistakes.wrong(message, self.prog)

    def _print_message(self, message: str, file: Any = None) -> None:
        # The library's own keeps silent where it cannot be written.
        print(message, end="", file=file)

    @property
    def options(self) -> Collection[str]:
        """Every spelling of every option."""
        return self._option_string_actions


def _shared(deaf: frozenset[str] = frozenset()) -> Parser:
    parent = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    context = parent.add_argument("--context", metavar="NAME", help="use this context instead of the configuration's default")
    only = parent.add_argument("--read-only", action="store_true", help="refuse everything that would change something")
    for option in (context, only):
        if option.dest in deaf:
            option.help = argparse.SUPPRESS
    return parent


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, one stable shape")


def _nothing(_parser: argparse.ArgumentParser) -> None:
    return


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", metavar="NAME", default="busy", help="calm, busy (default), incident or huge")


def _emulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one line of JSON: base URLs and working credentials")
    parser.add_argument(
        "--flavour",
        metavar="FLAVOUR",
        action="append",
        default=[],
        help="documented (default) or current; PLATFORM=FLAVOUR for one platform, may be repeated",
    )
    parser.add_argument("--scenario", metavar="NAME", default="busy", help="calm, busy (default), incident or huge")
    parser.add_argument("--port-base", metavar="N", type=int, help="first of the three ports; free ones are chosen without it")
    parser.add_argument("--seed", metavar="N", type=int, help="another course of events")
    parser.add_argument("--now", metavar="TIME", help="begin at this moment, for example 2025-09-06T22:31:00Z")
    parser.add_argument("--frozen", action="store_true", help="let no time pass")
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)


def _status(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("--demo", action="store_true", help="ask the built-in emulator instead of the configured platforms")


def _plain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON record a line")
    parser.add_argument("--demo", action="store_true", help="watch the built-in emulator instead of the configured platforms")


SETTING: Final = "a field of the form; may be repeated. A secret is KEY=-: typed hidden, or read from standard input"


def _do(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", metavar="VERB", help="start, stop, restart, create, update, delete, set, trigger or adopt")
    parser.add_argument("ref", metavar="REF", help="CONNECTION/KIND/ID as status --json prints it, for example fleet/service/svc-1")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=SETTING)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-wait", action="store_true", help="end when it was accepted instead of when a read has seen its effect")
    _override(parser)
    _json(parser)


def _override(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--override", action="store_true", help="send although an earlier outcome of the same act is still unknown")


def _logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="CONNECTION/service/ID, or CONNECTION/deployment/ID for how it is built")
    parser.add_argument("--follow", action="store_true", help="go on until interrupted")
    parser.add_argument("--tail", metavar="N", type=int, help="how many old lines first (default 200, with --since all of them)")
    parser.add_argument("--since", metavar="TIME", help="begin there: 15m, 2h, 14:05, 2026-05-04 14:05, with a Z for UTC")
    parser.add_argument("--until", metavar="TIME", help="end there; not with --follow")
    _json(parser)


def _rollout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", metavar="CONNECTION")
    parser.add_argument("app", metavar="APP")
    parser.add_argument("environment", metavar="ENV")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--branch", metavar="B", help="the newest commit of this branch")
    target.add_argument("--sha", metavar="S", help="exactly this commit: 40 hex digits")
    parser.add_argument("--wait", action="store_true", help="print one line per change until the rollout has ended")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    _override(parser)
    _json(parser)


def _login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", metavar="CONNECTION")
    parser.add_argument(
        "--stdin", action="store_true", help="read the secrets from standard input, one a line, in the order they are asked for"
    )


def _logout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", metavar="CONNECTION")


def _handoff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="AGE", default="8h", help="how far back: 30m, 8h (default), 2d")
    parser.add_argument("--note", metavar="TEXT", help="keep this for the next shift instead of telling what happened")
    _json(parser)


def _doctor(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--bundle", metavar="FILE", help="write all that a bug report needs to a new private file, without secrets")
    either.add_argument("--alerts", action="store_true", help="fire every configured alert channel once and say what came of it")


def _config(parser: argparse.ArgumentParser) -> None:
    choices = ("path", "show", "schema")
    parser.add_argument(
        "what", choices=choices, metavar="|".join(choices), help="where the files are; every value and its source; a JSON Schema"
    )
    _json(parser)


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=Shells(("bash", "zsh", "fish")), metavar="bash|zsh|fish", help="the shell that is to complete")


COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        name="console",
        summary="the console (what rollwatch does without a command)",
        teach="Shows every connection of the context, live; asks what to connect where there is none. Press ? for the keys, q to leave.\n\n"
        "  rollwatch --context staging --read-only",
        run="tui.cli.console:console",
        options=_nothing,
    ),
    Command(
        name="demo",
        summary="the console against a built-in emulator; touches no file of yours",
        teach="Starts the three platforms on this machine and opens the console on them. Nothing is configured, nothing is kept.\n\n"
        "  rollwatch demo --scenario incident    a bad rollout, a crash loop and a failing platform",
        run="tui.cli.console:demo",
        options=_demo,
        deaf=frozenset({"context"}),
    ),
    Command(
        name="emulate",
        summary="serve the three APIs on this machine until stopped",
        teach="For trying scripts, or a second console, against platforms that cannot be hurt.\n\n"
        "  rollwatch emulate --json              one line: base URLs and working credentials",
        run="tui.cli.emulate:emulate",
        options=_emulate,
        deaf=frozenset({"context", "read_only"}),
    ),
    Command(
        name="status",
        summary="everything once, as a table or as JSON",
        teach="Exit 0 when every connection was fresh, 1 when one could not be read.\n\n"
        "  rollwatch status --json | jq '.resources.service[] | select(.health==\"failed\") | .ref'",
        run="tui.cli.status:status",
        options=_status,
    ),
    Command(
        name="plain",
        summary="what changes, one line each, until interrupted",
        teach="For screen readers, pipes and logs: nothing is drawn over, no colours, states in words.\n\n"
        "  rollwatch plain | tee shift.txt\n"
        "  rollwatch plain --json | jq -c 'select(.is.health==\"failed\")'",
        run="tui.cli.plain:plain",
        options=_plain,
    ),
    Command(
        name="do",
        summary="any verb the console has",
        teach="Shows what will be sent and asks, unless --yes. Sent at most once.\n"
        "Exit 0 done (with --no-wait: accepted), 1 not reached or not signed in, 3 refused, 4 not confirmed.\n"
        "For create, REF names the parent (vault/application/ID for an environment) or nothing after the kind (fleet/project/);\n"
        "to set a variable it names the service.\n\n"
        "  rollwatch do restart fleet/service/svc-1\n"
        "  pass show db | rollwatch do set fleet/service/svc-1 --set key=DB --set value=- --yes\n"
        "  rollwatch do create vault/application/ --set name=shop --yes",
        run="tui.cli.do:do",
        options=_do,
    ),
    Command(
        name="logs",
        summary="a service's log on standard output",
        teach="Exit 0 when it was printed, 1 when it could not be read or nothing is left to follow.\n\n"
        "  rollwatch logs fleet/service/svc-1 --follow | grep -i timeout",
        run="tui.cli.logs:logs",
        options=_logs,
    ),
    Command(
        name="rollout",
        summary="trigger a rollout and, with --wait, see it through",
        teach="Asks on a terminal, unless --yes; a script is not asked. Interrupting stops the watching, not the rollout.\n"
        "Exit 0 success (without --wait: accepted), 1 not reached or not signed in, 3 failed, canceled or rejected, 4 unknown.\n\n"
        "  rollwatch rollout shop shop-3p2i prod --branch main --wait --yes",
        run="tui.cli.rollout:rollout",
        options=_rollout,
    ),
    Command(
        name="login",
        summary="store credentials for a connection",
        teach="Asks without echo, tries them with harmless reads, then keeps them in a file only you can read.\n"
        "On dployr leave token and password empty to sign in with a code by e-mail, or from an authenticator.\n\n"
        "  pass show phase | rollwatch login vault --stdin",
        run="tui.cli.login:login",
        options=_login,
    ),
    Command(
        name="logout",
        summary="forget a connection's stored credentials",
        teach="  rollwatch logout vault                variables and token_command are not ours to forget",
        run="tui.cli.login:logout",
        options=_logout,
    ),
    Command(
        name="contexts",
        summary="the configured contexts and their connections",
        teach="In the console c lists them and 0 looks at all of them at once.\n\n"
        "  rollwatch contexts --json\n  rollwatch --context staging",
        run="tui.cli.config:contexts",
        options=_json,
    ),
    Command(
        name="doctor",
        summary="what works here and what does not, each with its remedy",
        teach="Looks at the program, the terminal, the files and each connection: the way there, encryption,\n"
        "clocks, credentials, flavour, budget.\n"
        "Exit 0 when nothing needs mending.\n\n"
        "  rollwatch doctor --json | jq '.findings[] | select(.state != \"ok\")'\n"
        "  rollwatch doctor --bundle report.txt    for a bug report; nothing secret is in it",
        run="tui.cli.doctor:doctor",
        options=_doctor,
    ),
    Command(
        name="handoff",
        summary="what happened and who did what, for the next shift",
        teach="Written from this machine's journal; no platform is asked.\n\n"
        "  rollwatch handoff --since 8h          Markdown for the chat\n"
        "  rollwatch handoff --note 'vault is slow since the upgrade, their ticket is open'",
        run="tui.cli.handoff:handoff",
        options=_handoff,
    ),
    Command(
        name="config",
        summary="path, show or schema",
        teach="path: the files in use. show: every value and where it came from, without secrets.\n"
        "schema: a JSON Schema for config.toml.\n\n"
        "  rollwatch config show | grep -v default      what somebody set\n"
        "  rollwatch config schema > rollwatch.schema.json   for your editor",
        run="tui.cli.config:config",
        options=_config,
    ),
    Command(
        name="completion",
        summary="a script with which bash, zsh or fish completes this command line",
        teach='  eval "$(rollwatch completion bash)"     in ~/.bashrc; zsh likewise, after compinit\n'
        "  rollwatch completion fish | source      in ~/.config/fish/config.fish",
        run="tui.cli.completion:completion",
        options=_completion,
    ),
)

_EXAMPLES: Final = """\
first steps:
  rollwatch demo                    look around, no account needed
  rollwatch                         connect your platforms, one after the other, then watch them
  rollwatch login NAME              sign in again to a configured connection
  rollwatch doctor                  what works here and what does not"""


def _exit_codes() -> str:
    return "\n".join(["exit codes:", *(f"  {code.value:<4}{meaning}" for code, meaning in MEANINGS.items())])


def parser() -> Parser:
    """The whole command line. ``parse_args`` of it raises ``UsageError`` instead of leaving the process."""
    return parsers()[""]


def parsers() -> dict[str, Parser]:
    """The whole command line under no name, and that of each command under its own."""
    top = Parser(
        prog="rollwatch",
        description="The on-call engineer's console for Encore, dployr and Phase.",
        epilog=f"{_EXAMPLES}\n\n{_exit_codes()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_shared()],
        allow_abbrev=False,
    )
    top.add_argument("--fresh", action="store_true", help="begin without what the console remembers: layout, filters, sort orders, logs")
    top.add_argument("--version", action="version", version=f"rollwatch {tui.__version__}")
    words = top.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for command in COMMANDS:
        each = words.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=command.teach,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[_shared(command.deaf)],
            allow_abbrev=False,
        )
        command.options(each)
    return {**words.choices, "": top}


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """What was asked for. Raises ``UsageError`` with one line; ``--help`` and ``--version`` raise ``SystemExit``."""
    known = {command.name: command for command in COMMANDS}
    first = next((word for word in _words(argv)), None)
    each = parsers()
    top = each[""].options
    if first is not None and first not in known:
        for word in argv[: argv.index(first)]:
            if word.startswith("-") and word.partition("=")[0] not in top:
                raise mistakes.stray(word, "rollwatch", top, {}, known)
        from tui.model import Verb  # takes a while to load, and only here it is wanted

        raise mistakes.no_command(first, known, set(Verb), top)
    found, more = each[""].parse_known_args(argv)
    if more:
        name = found.command or ""
        before = {option: f"rollwatch {option} {name}" for option in top}
        raise mistakes.stray(more[0], each[name].prog, each[name].options, before, known)
    found.context = getattr(found, "context", None)
    if found.context == "":
        raise UsageError("--context names no context", hint="leave it out for the default one; rollwatch contexts lists them")
    found.read_only = getattr(found, "read_only", False)
    return known[found.command or "console"], found


def _words(argv: Sequence[str]) -> Sequence[str]:
    """What is neither an option nor the value of ``--context``."""
    return [word for before, word in zip(["", *argv], argv, strict=False) if before != "--context" and not word.startswith("-")]
