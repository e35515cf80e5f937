"""A bounded list that forgets its oldest entries and counts them. Nothing here knows what an entry is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Ring(Sequence[T], Generic[T]):
    """The newest ``capacity`` entries in order. ``dropped`` were forgotten, so entry ``i`` is number ``dropped + i`` of all."""

    def __init__(self, capacity: int) -> None:
        self.capacity = max(1, capacity)
        self.dropped = 0
        self._items: list[T] = []
        self._start = 0

    def extend(self, items: Sequence[T]) -> None:
        """Add entries; the oldest beyond the capacity go."""
        self._items.extend(items)
        if len(self) > self.capacity:
            self.forget(len(self) - self.capacity)

    def forget(self, count: int) -> None:
        """Drop the oldest."""
        count = min(count, len(self))
        self._start += count
        self.dropped += count
        if self._start > self.capacity or self._start * 2 > len(self._items) + 64:
            del self._items[: self._start]
            self._start = 0

    def __len__(self) -> int:
        return len(self._items) - self._start

    def __iter__(self) -> Iterator[T]:
        return iter(self[:])

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            return (
                self._items[self._start + first : self._start + max(first, last) : step] if step > 0 else self._items[self._start :][index]
            )
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._items[self._start + index % len(self)]
