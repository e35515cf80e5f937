"""Telling whoever listens that something happened. Synchronous and in order; it knows neither what is told nor who is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Signal(Generic[T]):
    """One thing that can be listened to. ``name`` is for the log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._listeners: dict[object, Callable[[T], object]] = {}

    def subscribe(self, callback: Callable[[T], object]) -> Callable[[], None]:
        """Call ``callback(value)`` from now on; returns what ends it. Subscribing the same function twice calls it twice."""
        key = object()
        self._listeners[key] = callback
        return lambda: self._listeners.pop(key, None) and None

    def publish(self, value: T) -> None:
        """Tell everybody, oldest listener first. One that raises is logged and does not keep the others from hearing.

        Who unsubscribes while this goes on is not called any more; who subscribes hears the next one.
        """
        for key, callback in list(self._listeners.items()):
            if key not in self._listeners:
                continue
            try:
                callback(value)
            except Exception:
                log.exception("a listener of %s failed", self.name)

    def __len__(self) -> int:
        return len(self._listeners)
