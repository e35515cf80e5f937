"""What dployr's refusals mean, in either flavour. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.errors import Forbidden, NoEndpoint, PlatformError, Refused, Unauthorized
from tui.platforms.replies import Reply, Said, failure, kind_of_failure, said

LOGS_UNAVAILABLE: Final = "logs are not available on this server"

_CODES: Final[Mapping[str, tuple[type[PlatformError], str, str]]] = {
    "auth.two_fa_required": (Forbidden, "this needs a second factor", "rollwatch login does that, then try again"),
    "auth.two_fa_invalid": (Refused, "", "the code is wrong or too old"),
    "auth.two_fa_not_configured": (Refused, "", "this account has no second factor"),
    "auth.bad_session": (Unauthorized, "", ""),
    "auth.bad_token": (Unauthorized, "", ""),
    "request.invalid_otp": (Refused, "", "ask for a new code: rollwatch login"),
    "runtime.node_not_connected": (Refused, "", "the machine is offline: nothing was started or stopped"),
    "LOGS_NOT_AVAILABLE": (NoEndpoint, LOGS_UNAVAILABLE, ""),
}
"""Code: what it really is, our words instead of the server's, and what to do."""


def read(reply: Reply, connection: str) -> PlatformError:
    """The typed error of a reply that is no success."""
    words = said(reply)
    kind, message, hint = _CODES.get(words.code, (kind_of_failure(reply), "", ""))
    error = failure(reply, connection, Said(message=message or words.message, code=words.code, fields=words.fields), kind)
    error.hint = hint or error.hint
    return error
