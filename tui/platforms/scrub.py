"""Takes known secrets out of text that is about to be shown: a server may echo what it was sent.

Knows which secrets a request carries and which texts an error has; how they are found is the redaction's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tui.errors import PlatformError
from tui.redaction import Redactor
from tui.text import Secret, clean

SHORTEST: Final = 4
"""Characters of the shortest secret that is looked for; shorter ones would blank out ordinary words."""


def secrets_in(*values: Mapping[str, Any] | None) -> tuple[Secret, ...]:
    """Every ``Secret`` in these mappings, nested ones included."""
    found: list[Secret] = []
    waiting: list[Any] = list(values)
    while waiting:
        each = waiting.pop()
        if isinstance(each, Secret):
            found.append(each)
        elif isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return tuple(found)


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """The text with stars for every spelling of these secrets, and for what has the form of one."""
    return Redactor(secrets, shortest=SHORTEST)(text)


def scrubbed(error: PlatformError, secrets: Iterable[Secret]) -> PlatformError:
    """The same error with the secrets out of all its texts."""
    out = Redactor(secrets, shortest=SHORTEST)
    error.message = clean(out(error.message), 400)
    error.hint = clean(out(error.hint), 200)
    error.code = clean(out(error.code), 80)
    error.fields = {clean(out(key), 80): clean(out(value), 200) for key, value in error.fields.items()}
    error.args = (error.message,)
    return error
