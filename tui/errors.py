"""Everything that can go wrong, as one tree. Each error is one line: what happened, to which connection, what to do next.

    RollwatchError
    |- UsageError                 the command line was wrong (exit 2)
    |- ConfigError                a configuration file was wrong: names file, key and the nearest spelling (exit 2)
    |- StorageError               a file of ours could not be read or written; we go on in memory
    |- Unsupported                this platform or flavour has no such thing; says what to do instead
    `- PlatformError              something between us and one connection
       |- Unreachable             no answer: DNS, TLS, refused, reset, deadline
       |  `- Unavailable          the server answered 5xx
       |- BadReply                an answer that is not what was asked for: HTML, bad JSON, a redirect, too large
       |  `- WrongBaseUrl         the address is not that of the API
       |- RateLimited             429; ``retry_after`` seconds
       |- Unauthorized            401, or no credentials: ``rollwatch login NAME``
       |- Forbidden               403: the platform's words
       |- NotFound                404 for a thing
       |- NoEndpoint              404 or 405 for the path itself, 501: this server does not offer it
       |- Refused                 400, 409, 415, 422: ``fields`` say what is wrong with which field
       |- OutcomeUnknown          a verb was sent and no answer came
       `- HalfDone                the first half of a verb succeeded and the second failed

No secret and no traceback ever enters an error's text. Nothing here decides what to do about an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from tui.text import clean


class RollwatchError(Exception):
    """Base of the tree. ``hint`` says what to do next; ``str()`` is the whole line."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = clean(message, 400)
        if hint:
            self.hint = clean(hint, 200)

    def alone(self) -> Self:
        """The error without the way it came: whoever keeps it would keep every frame on that way, which hold each other in circles."""
        cause: BaseException | None = self
        while cause is not None:
            origin = cause.__cause__ or cause.__context__
            cause.__traceback__ = cause.__cause__ = cause.__context__ = None
            cause = origin
        return self

    @property
    def type(self) -> str:
        """The word used in JSON and in the log: the class's name."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UsageError(RollwatchError):
    """The command line asks for something that does not exist."""


class ConfigError(RollwatchError):
    """A configuration value is wrong. The message names file and key, the hint the nearest spelling."""


class StorageError(RollwatchError):
    """A file of ours cannot be used."""


class Unsupported(RollwatchError):
    """Asked of a platform that cannot do it."""


class PlatformError(RollwatchError):
    """Something between us and one connection.

    ``status`` is the HTTP status or None; ``code`` the platform's own error code; ``fields`` maps a field's name to what is wrong
    with it; ``retry_after`` is in seconds; ``sent`` says whether the request may have reached the server.
    """

    def __init__(
        self,
        message: str,
        *,
        connection: str = "",
        hint: str = "",
        status: int | None = None,
        code: str = "",
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, hint=hint)
        self.connection = connection
        self.status = status
        self.code = clean(code, 80)
        self.fields: dict[str, str] = {clean(k, 80): clean(v, 200) for k, v in (fields or {}).items()}
        self.retry_after = retry_after
        self.sent = sent

    def __str__(self) -> str:
        line = super().__str__()
        return f"{self.connection}: {line}" if self.connection else line


class Unreachable(PlatformError):
    """No answer came. ``sent`` False means that the request certainly did not leave."""


class Unavailable(Unreachable):
    """The server answered 5xx."""


class BadReply(PlatformError):
    """An answer that is not what the API promises."""


class WrongBaseUrl(BadReply):
    """A web page where the API should be."""


class RateLimited(PlatformError):
    """Too many requests; the request was not executed."""


class Unauthorized(PlatformError):
    """No credentials, or none that the server accepts."""


class Forbidden(PlatformError):
    """The credentials are good and may not do this."""


class NotFound(PlatformError):
    """The thing asked for does not exist."""


class NoEndpoint(PlatformError):
    """The server does not offer this path at all."""


class Refused(PlatformError):
    """The server understood and declined: its words, and the fields they name."""


class OutcomeUnknown(PlatformError):
    """A verb may or may not have been executed: only a read can tell."""


class HalfDone(PlatformError):
    """The first half of a two-part verb was executed, the second was not."""


def displaced(error: PlatformError) -> BadReply:
    """For what was there before and is not found now: something else may answer in its place, as a proxy does whose server is being
    replaced."""
    words = f"{error.message} (it was there before: something may answer in its place)"
    return BadReply(words, connection=error.connection, status=error.status)
