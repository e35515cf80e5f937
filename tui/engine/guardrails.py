"""The user's own rules about verbs: what is refused here, whose name has to be typed, how many at once. Pure; who asks obeys.

A rule names verbs, kinds and shell patterns of names; what it leaves out fits all. A name pattern fits a thing's name or its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tui.model import Kind, Ref, Verb
from tui.text import Safe, clean

NAMELESS: Final = "a guardrail of this context goes by names, and that of this thing could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """One rule. ``refuse`` is why it is refused, empty if it is not; ``typed`` asks for the name; ``at_most`` things at once, 0 for any
    number. Empty ``verbs``, ``kinds`` and ``names`` fit everything."""

    verbs: frozenset[Verb] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    names: tuple[str, ...] = ()
    refuse: str = ""
    typed: bool = False
    at_most: int = 0

    def about(self, ref: Ref, verb: Verb, kind: Kind) -> bool:
        """Whether it is about such verbs on such things, whatever they are called. ``kind`` is what the verb changes: a variable of a
        service is both."""
        return (not self.verbs or verb in self.verbs) and (not self.kinds or kind in self.kinds or ref.kind in self.kinds)

    def names_it(self, ref: Ref, name: str) -> bool:
        """Whether it is about things that are called so."""
        return not self.names or any(fnmatchcase(word, pattern) for word in (name, ref.id) if word for pattern in self.names)


class Guardrails:
    """All rules of a context. A thing whose ``name`` is not known is named by an empty text."""

    def __init__(self, guardrails: Iterable[Guardrail] = ()) -> None:
        self._guardrails: Sequence[Guardrail] = tuple(guardrails)

    def refusal(self, ref: Ref, name: str, verb: Verb, kind: Kind, *, sure: bool = False) -> Safe | None:
        """Why it is refused; None if it is not. ``sure``: it is about to be sent, and a thing whose name is not known might be one
        that a rule is about."""
        for each in self._guardrails:
            if each.refuse and each.about(ref, verb, kind):
                if each.names_it(ref, name):
                    return clean(f"a guardrail of this context says: {each.refuse}", 300)
                if sure and ref.id and not name:
                    return Safe(NAMELESS)
        return None

    def typed(self, ref: Ref, name: str, verb: Verb, kind: Kind) -> bool:
        """Whether the name has to be typed first."""
        return any(each.typed for each in self._fitting(ref, name, verb, kind))

    def at_most(self, ref: Ref, name: str, verb: Verb, kind: Kind) -> int:
        """How many may be done at once with this one among them; 0 for any number."""
        return min((each.at_most for each in self._fitting(ref, name, verb, kind) if each.at_most), default=0)

    def _fitting(self, ref: Ref, name: str, verb: Verb, kind: Kind) -> Iterator[Guardrail]:
        return (each for each in self._guardrails if each.about(ref, verb, kind) and each.names_it(ref, name))
