"""What dployr's refusals mean, in either flavour. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tui.errors import Forbidden, NoEndpoint, PlatformError, Refused, Unauthorized
from tui.platforms.replies import Reply, Said, failure, kind_of_failure, said

LOGS_UNAVAILABLE: Final = "logs are not available on this server"

_CODES: Final[Mapping[str, tuple[type[PlatformError], str, str]]] = {
    "auth.two_fa_required": (Forbidden, "this needs a second factor", "an API token needs none: rollwatch login"),
    "auth.two_fa_invalid": (Refused, "", "the code is wrong or too old"),
    "auth.two_fa_not_configured": (Refused, "", "this account has no second factor"),
    "auth.bad_session": (Unauthorized, "", ""),
    "auth.bad_token": (Unauthorized, "", ""),
    "request.invalid_otp": (Refused, "", "ask for a new code: rollwatch login"),
    "runtime.node_not_connected": (Refused, "", "nothing was started, stopped or created"),
    "permission.developer_role_required": (Forbidden, "", "ask the cluster's owner for the developer role"),
    "permission.admin_role_required": (Forbidden, "", "ask the cluster's owner for the admin role"),
    "permission.viewer_role_required": (Forbidden, "", "is the right cluster chosen?"),
    "LOGS_NOT_AVAILABLE": (NoEndpoint, LOGS_UNAVAILABLE, ""),
}
"""Code: what it really is, our words instead of the server's, and what to do."""


_FLATTENED: Final = re.compile(r"(?:Validation failed ?[:\u2014-] ?)?(?=[a-z]\w*: [A-Z])")
_FIELD: Final = re.compile(r"(?:^|, )([a-z]\w*): ([A-Z].*?)(?=, [a-z]\w*: [A-Z]|$)")
"""The control plane writes the wrong fields into its message: ``Validation failed: port: Port must be …, name: Name …``."""


def read(reply: Reply, connection: str) -> PlatformError:
    """The typed error of a reply that is no success."""
    words = said(reply)
    kind, message, hint = _CODES.get(words.code, (kind_of_failure(reply), "", ""))
    if kind is NoEndpoint and not message:
        message = f"this server does not offer {reply.method} {reply.path}"
    fields = words.fields or (_flattened(words.message) if reply.status in {400, 422} else {})
    error = failure(reply, connection, Said(message=message or words.message, code=words.code, fields=fields), kind)
    error.hint = hint or error.hint
    return error


def _flattened(message: str) -> Mapping[str, str]:
    start = _FLATTENED.match(message)
    return dict(_FIELD.findall(message[start.end() :])) if start else {}
