"""Who acts here: the local user, and where an SSH session came from."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

from tui.text import clean


def user(environ: Mapping[str, str]) -> str:
    """The local user's name; behind sudo the one who called it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return str(clean(environ.get("SUDO_USER", "") or name if name == "root" else name, 60))


def whoami(environ: Mapping[str, str]) -> str:
    """``ana``, or ``ana from 10.1.2.3`` in an SSH session."""
    origin = environ.get("SSH_CONNECTION", "").split(" ")[0]
    return user(environ) + (f" from {clean(origin, 60)}" if origin else "")
