"""Work that goes on beside the screen: how it is begun and what becomes of one that fails, nothing of what it does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

from tui.ui.program import program

log = logging.getLogger(__name__)


def start(on: DOMNode, work: Callable[..., Coroutine[Any, Any, object]], *values: Any, group: str, exclusive: bool = False) -> Worker[None]:
    """Begin ``work(*values)``, which ends at the latest with what it is begun ``on``; ``exclusive`` work ends what was begun there before
    in its group. Whatever it raises is logged and told, and ends nothing else.

    It is given as a function: what is ended before its first step, as work is while a key is held, would never await its coroutine.
    """

    async def supervised() -> None:
        try:
            await work(*values)
        except Exception:
            log.exception("%s went wrong beside the screen", group)
            program(on).say("something went wrong, nothing else is affected; the log has the rest", "bad")

    worker: Worker[None] = on.run_worker(supervised, group=group, exclusive=exclusive, exit_on_error=False)
    return worker
