"""Says what an answer, or the lack of one, means: a ``Reply``, or one typed error that names the host and what to do.

Every reply passes here, so this is also where its rate limit is noted. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy

import httpx

from tui.clock import Clock
from tui.errors import BadReply, OutcomeUnknown, PlatformError, RateLimited, Unauthorized, Unavailable, Unreachable
from tui.model import RateLimit
from tui.platforms import limits
from tui.platforms.inflate import CutOff, UnknownCoding
from tui.platforms.pinned import OverCap, Progress, Want, whole
from tui.platforms.reach import Trouble, words_for
from tui.platforms.replies import Reply, not_json

ErrorReader = Callable[[Reply, str], PlatformError]
"""What a reply that is no success means, read by an adapter that knows its platform; the text is the connection's name."""


def failures(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """All that sending and reading raises besides cancellation, and ``more``. Asked for when something was raised: the HTTP client is
    loaded late."""
    return (*more, httpx.HTTPError, httpx.InvalidURL, CutOff, UnknownCoding, OverCap, OSError, ValueError)


class Judge:
    """The reading of all answers of one connection. ``rate`` is what the last sane reply said of our budget, ``heard`` when
    the server itself last answered anything, in boot time."""

    def __init__(
        self, *, connection: str, host: str, clock: Clock, errors: ErrorReader, max_json: int, max_error: int, proxy: str = ""
    ) -> None:
        self.connection = connection
        self.host = host
        self.rate: RateLimit | None = None
        self.heard: float | None = None
        self._clock = clock
        self._proxy = proxy
        self._errors = errors
        self._max_json = max_json
        self._max_error = max_error

    def headers(self, response: httpx.Response) -> dict[str, str]:
        """The headers with lower-case names; the rate limit in them is noted."""
        headers = {key.lower(): value for key, value in response.headers.items()}
        if response.status_code < 500:
            self.heard = self._clock.boot()
        rate = limits.rate_limit(headers, self._clock.wall())
        if rate is not None:
            self.rate = rate
        return headers

    async def read(self, response: httpx.Response, want: Want) -> Reply:
        """The whole answer. A body over its cap is an error for a success and is cut for anything else."""
        headers = self.headers(response)
        good = 200 <= response.status_code < 300
        try:
            content = await whole(response, self._max_json if good else self._max_error)
        except (OverCap, CutOff, UnknownCoding, httpx.TransportError) as wrong:
            if good:
                raise
            # The status says enough; what is missing of its body is not worth another error.
            content = bytes(wrong.kept) if isinstance(wrong, OverCap) else b""
        return Reply(
            status=response.status_code,
            headers=headers,
            content=content,
            content_type=media_type(headers),
            date=limits.http_date(headers.get("date")),
            path=want.path,
            host=self.host,
            method=want.method,
        )

    def problem(self, reply: Reply) -> PlatformError | None:
        """The error that a complete answer means, None for a success."""
        if 200 <= reply.status < 300:
            return not_json(reply, self.connection)
        error = self._errors(reply, self.connection)
        error.connection = error.connection or self.connection
        error.status = error.status or reply.status
        if isinstance(error, RateLimited | Unavailable) and error.retry_after is None:
            # A failing server's budget window says nothing about when it will work again.
            headers = (
                reply.headers if isinstance(error, RateLimited) else {k: v for k, v in reply.headers.items() if k != "x-ratelimit-reset"}
            )
            error.retry_after = limits.retry_after(headers, self._clock.wall())
        if isinstance(error, Unauthorized) and not error.hint:
            error.hint = f"sign in: rollwatch login {self.connection}"
        return error

    def failure(self, wrong: Exception | None, want: Want, progress: Progress, seconds: float, *, verb: bool) -> PlatformError:
        """One line for a request that brought no complete answer."""
        if isinstance(wrong, Trouble):
            return Unreachable(str(wrong), connection=self.connection, hint=wrong.hint, sent=False)
        if isinstance(wrong, OverCap | UnknownCoding):
            what = f"more than {self._max_json >> 20} MiB" if isinstance(wrong, OverCap) else "a coding that was not asked for"
            return BadReply(f"{self.host} answered {want.method} {want.path} with {what}", connection=self.connection)
        hint = ""
        if isinstance(wrong, TimeoutError):
            message = f"no answer from {self.host} within {seconds:.3g} s"
        elif isinstance(wrong, ConnectionAbortedError):
            message = "this connection was closed before the answer came"
        elif isinstance(wrong, CutOff):
            message = f"the answer of {self.host} was cut off"
        elif isinstance(wrong, httpx.HTTPError):
            message, hint = words_for(wrong, self.host, self._proxy)
        else:
            message = f"the request to {self.host} could not be sent"
        if verb and progress.sent:
            message = f"{want.method} {want.path} was sent, but {message}"
            return OutcomeUnknown(message, connection=self.connection, hint=hint or "only a read can tell what happened")
        return Unreachable(message, connection=self.connection, hint=hint, sent=progress.sent)


@contextmanager
def unsent(*, verb: bool) -> Iterator[None]:
    """A verb whose sign-in fails has not left, or was turned away with a 401: whatever became of the sign-in, it was not executed.
    Others may wait for the same sign-in, so the error is told anew and not changed."""
    try:
        yield
    except PlatformError as error:
        if not verb:
            raise
        own = copy(error)
        own.sent = False
        raise own from None


def media_type(headers: Mapping[str, str]) -> str:
    """``application/json`` out of ``Application/JSON; charset=utf-8``."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
