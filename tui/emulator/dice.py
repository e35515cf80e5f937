"""Chance and identity, both reproducible: everything is a hash of the seed and of what is asked, so order never matters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE32HEX: Final = "0123456789abcdefghijklmnopqrstuv"
ENCORE_EPOCH: Final = 1514764800
"""2018-01-01: the first four bytes of a rollout id count seconds from here."""


class Dice:
    """``key`` is any words and numbers that name the question; the same question has the same answer under the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed).encode()
        self._serial = 0

    def serial(self) -> int:
        """The next number of a count that makes questions differ: 1, 2, 3…"""
        self._serial += 1
        return self._serial

    def number(self, *key: object, size: int = 8) -> int:
        """An integer of ``size`` random bytes."""
        text = ":".join(map(str, key)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=size, key=self._seed[:64]).digest())

    def share(self, *key: object) -> float:
        """A number in 0..1, 1 excluded."""
        return self.number(*key) / 2**64

    def pick(self, choices: Sequence[T], *key: object) -> T:
        return choices[self.number(*key) % len(choices)]

    def hexadecimal(self, digits: int, *key: object) -> str:
        """``digits`` up to 128."""
        return f"{self.number(*key, size=(digits + 1) // 2):0{digits}x}"[:digits]

    def word(self, letters: int, *key: object) -> str:
        """Lower-case letters and digits, as slugs and short ids have."""
        return _letters(self.number(*key, size=letters * 5 // 8 + 1), BASE32HEX, letters)

    def uuid(self, *key: object) -> str:
        """A lower-case UUID of version 4."""
        text = self.hexadecimal(32, "uuid", *key)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"

    def ulid(self, moment: float, *key: object) -> str:
        """26 characters that sort by ``moment``."""
        return _letters(int(moment * 1000), CROCKFORD, 10) + _letters(self.number("ulid", *key, size=10), CROCKFORD, 16)

    def rollout(self, moment: float, *key: object) -> str:
        """``roll_`` and 20 characters that sort by ``moment``."""
        value = (int(moment) - ENCORE_EPOCH) << 68 | self.number("roll", *key, size=8) << 4
        return "roll_" + _letters(value, BASE32HEX, 20)


def _letters(value: int, alphabet: str, width: int) -> str:
    out = []
    for _ in range(width):
        out.append(alphabet[value & 31])
        value >>= 5
    return "".join(reversed(out))
