"""A rollout that was begun elsewhere, as people name it: its id, its id without the prefix, or the address of its page. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tui.model import KnownRollout
from tui.platforms.encore.wire import PREFIX
from tui.platforms.sending import refused
from tui.text import clean

WHAT: Final = "adopt a rollout"
_PAGE: Final = re.compile(r"/(?P<app>[^/]+)/envs/(?P<env>[^/]+)/(?:deploys|rollouts)/(?P<id>[^/]+)/?$")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def named(values: Mapping[str, Any], apps: Sequence[str], *, connection: str, now: datetime) -> KnownRollout:
    """What a user's words name. Raises ``Refused`` (never sent) that says which field lacks what."""
    text = str(values.get("rollout") or "").strip()
    app, environment, id_ = str(values.get("app") or "").strip(), str(values.get("environment") or "").strip(), text
    if "/" in text:
        page = _PAGE.search(urlsplit(text).path)
        if page is None:
            raise refused({"rollout": "is no address of a rollout: …/APP/envs/ENV/deploys/ID"}, connection=connection, what=WHAT)
        app, environment, id_ = (unquote(page[part]) for part in ("app", "env", "id"))
    if not _ID.fullmatch(id_):
        raise refused({"rollout": "is no id of a rollout"}, connection=connection, what=WHAT)
    if not app and len(apps) == 1:
        app = apps[0]
    if app not in apps:
        issue = f"must be one of {', '.join(apps)}" if apps else "is not configured here"
        raise refused({"app": clean(issue, 200)}, connection=connection, what=WHAT)
    id_ = PREFIX + id_.removeprefix(PREFIX)
    return KnownRollout(id=id_, app=app, environment=environment, target="", by="", at=now)
