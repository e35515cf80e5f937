"""What the process's exit codes mean: one table, printed by ``--help`` and repeated in the README."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """Exit codes of every command. A signal ends with 128 plus its number."""

    OK = 0
    UNREACHABLE = 1
    USAGE = 2
    FAILED = 3
    UNKNOWN = 4
    STUCK = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    QUIT = 131
    PIPE = 141
    TERMINATED = 143


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.OK: "all is well: everything was fresh, or what was asked is done",
    Exit.UNREACHABLE: "a connection could not be reached or has no working credentials, or the program failed",
    Exit.USAGE: "the command line, the configuration or the terminal is not usable; nothing was sent",
    Exit.FAILED: "the platform refused, or the rollout failed, was canceled or rejected",
    Exit.UNKNOWN: "it may have happened: sent but not confirmed, or the answer was lost",
    Exit.STUCK: "the console did not turn for 30 seconds and ended itself",
    Exit.HUNG_UP: "the terminal went away",
    Exit.INTERRUPTED: "interrupted",
    Exit.QUIT: "quit by signal",
    Exit.PIPE: "whoever read our output stopped reading",
    Exit.TERMINATED: "terminated",
}
