"""Decompression that a hostile server cannot use: output comes in small pieces, so that the reader can stop at its own limit.

Knows gzip, deflate and identity. Everything else is refused by name.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

PIECE: Final = 65_536
"""Bytes of output that are ever made at once."""


class UnknownCoding(ValueError):
    """The reply is encoded in a way that was not asked for."""


class CutOff(ValueError):
    """The compressed bytes end too early or are not what their header says."""


class Inflater:
    """Undoes one ``Content-Encoding``. ``feed`` gives pieces of at most ``PIECE`` bytes; ``finish`` says whether the end was the end."""

    def __init__(self, coding: str) -> None:
        coding = coding.strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise UnknownCoding(coding)
        # 47 recognises gzip and zlib headers by themselves.
        self._stream = None if coding in {"", "identity"} else zlib.decompressobj(47)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode these bytes. Raises ``CutOff`` for bytes that are no such stream."""
        if self._stream is None:
            if data:
                yield data
            return
        try:
            while data and not self._stream.eof:
                piece = self._stream.decompress(data, PIECE)
                data = self._stream.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error:
            raise CutOff("not a compressed stream") from None

    def finish(self) -> None:
        """Raises ``CutOff`` if the stream was not complete."""
        if self._stream is not None and not self._stream.eof:
            raise CutOff("the compressed stream has no end")
