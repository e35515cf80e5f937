"""What Phase's refusals mean. Its errors are one sentence without a code, and some statuses say another thing than they mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tui.errors import Forbidden, PlatformError, Unauthorized, WrongBaseUrl
from tui.platforms.replies import GATES, Reply, Said, failure, kind_of_failure, said

PUBLIC: Final = "/service/public"
"""Where a self-hosted Phase keeps its API."""

ELSEWHERE: Final = f"wrong base URL: a self-hosted Phase has its API below {PUBLIC}"
LIST_ONLY: Final = "this app is end-to-end encrypted: Phase's API can only list it"

_MEANINGS: Final[tuple[tuple[int, str, type[PlatformError], str], ...]] = (
    (401, r"cannot access this app", Forbidden, "the token is good: somebody has to give its account access to this app"),
    (404, r"User not found", Unauthorized, "the token's owner is no longer a member of the organisation: use another token"),
    (403, r"SSE is not enabled", Forbidden, LIST_ONLY),
    (403, r"network access policy", Forbidden, "this machine's address is not on the organisation's list"),
    (403, r"credentials were not provided|[Ii]nvalid token|[Tt]oken expired", Unauthorized, ""),
    (401, r"Service tokens require", Unauthorized, "legacy service tokens cannot be used here: use a service account's token"),
)
"""Status, words, what it really is, and what to do."""

_NAMED: Final = re.compile(
    r"'(name|description|environments)'|field: (name)|^(Environment name) is|^An (environment named)|(environment name)"
)


def read(reply: Reply, connection: str) -> PlatformError:
    """The typed error of a reply that is no success."""
    words = said(reply)
    kind, hint = kind_of_failure(reply), ""
    for status, pattern, meaning, advice in _MEANINGS:
        if reply.status == status and re.search(pattern, words.message):
            kind, hint = meaning, advice
            break
    error = failure(reply, connection, Said(message=words.message.rstrip("."), fields=_fields(reply, words.message)), kind)
    error.hint = hint or (ELSEWHERE if kind is WrongBaseUrl and reply.status not in GATES else error.hint)
    return error


def _fields(reply: Reply, message: str) -> Mapping[str, str]:
    if reply.status not in {400, 409}:
        return {}
    found = _NAMED.search(message)
    if found is None:
        return {}
    name = next(group for group in found.groups() if group)
    if name == "environment name":
        return {"environments" if "Duplicate" in message or "Each" in message else "name": message}
    return {name if name in {"name", "description", "environments"} else "name": message}


def explained(error: WrongBaseUrl, origin: str, path: str) -> WrongBaseUrl:
    """A web page where the API should be: on a self-hosted Phase the API stands below ``/service/public``."""
    if not path.startswith(PUBLIC) and error.status not in GATES:
        error.hint = f"wrong base URL, try base_url = {origin}{PUBLIC}"
    return error
