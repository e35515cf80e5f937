"""Which field of a form about a connection an error is about. Pure; what is said under the field is the form's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.errors import BadReply, Forbidden, NoEndpoint, NotFound, Refused, RollwatchError, Unauthorized, Unreachable, WrongBaseUrl
from tui.ui.owner import Draft

_SECRET_OF: Final[Mapping[str, str]] = {"encore": "client_secret", "dployr": "token", "phase": "token"}


def field_of(error: RollwatchError, draft: Draft) -> str:
    """The field that an error is about: the credentials where they were refused, the address where nobody answered."""
    if isinstance(error, Unauthorized | Forbidden):
        if draft.by_code:
            return ""
        return "password" if draft.platform == "dployr" and not draft.token else _SECRET_OF.get(draft.platform, "")
    if isinstance(error, Refused) and draft.platform == "dployr" and "cluster" in error.message:
        return "cluster"
    if isinstance(error, NotFound) and draft.platform == "encore":
        return "apps"
    return "base_url" if isinstance(error, Unreachable | WrongBaseUrl | BadReply | NoEndpoint) else ""
