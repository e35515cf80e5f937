"""From a screen or a widget to the program that it belongs to, with its type. Nothing else belongs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from tui.ui.app import Console


def program(node: MessagePump) -> Console:
    """The console that a screen or a widget is part of."""
    return cast("Console", node.app)
