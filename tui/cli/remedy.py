"""What to do about an error that does not say so itself: the last words of a line on the command line. Nothing is asked or printed here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from tui.errors import (
    BadReply,
    Forbidden,
    NoEndpoint,
    NotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    RollwatchError,
    Unavailable,
    Unreachable,
)

LOOK: Final = "look at it before doing it again"
"""What to do about what may have happened."""

_REMEDIES: Final[tuple[tuple[type[PlatformError], str], ...]] = (
    (Unavailable, "the platform is in trouble: its status page knows more; nothing here needs mending"),
    (RateLimited, "wait: others use the same account, or refresh is set too low"),
    (Forbidden, "ask the owner of the account for a role that may"),
    (BadReply, "check base_url: what answers there is not this platform's API"),
    (Unreachable, "check the address and the network between"),
    (NotFound, "rollwatch status --json names what there is"),
    (NoEndpoint, "check base_url and flavour: this server does not offer it"),
    (OutcomeUnknown, LOOK),
    (Refused, "look at it as it is now and change what was asked for"),
)


def remedy(error: PlatformError) -> str:
    """The error's own hint, or what helps against its kind."""
    if error.hint:
        return error.hint
    if isinstance(error, RateLimited) and error.retry_after:
        return f"wait {math.ceil(error.retry_after)} s: others use the same account, or refresh is set too low"
    return next((words for kind, words in _REMEDIES if isinstance(error, kind)), "try once more; rollwatch doctor --bundle FILE reports it")


def of_list(error: PlatformError) -> str:
    """The same for a whole list: where that is not found no other list helps to find it."""
    return remedy(NoEndpoint("", hint=error.hint) if isinstance(error, NotFound) else error)


def line(error: RollwatchError, cure: Callable[[PlatformError], str] = remedy) -> str:
    """What happened, to which connection, and what to do next."""
    if error.hint or not isinstance(error, PlatformError):
        return str(error)
    return f"{error}: {cure(error)}"
