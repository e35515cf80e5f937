"""While you were away: what is unresolved first, then what recovered, what else changed and what was done, each with one key to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from tui.actions import Keymap
from tui.clock import span
from tui.engine.recall.digest import Digest, Story, by_place
from tui.engine.recall.past import Past
from tui.engine.recall.records import BEFORE, LOST, Deed, health_of, kind_of
from tui.engine.recall.timeline import OUTCOMES
from tui.engine.session import Session
from tui.model import TONES, Ref, Tone
from tui.tables import GLYPHS, Moment
from tui.ui.screens.memory import SPANS, MemoryScreen, parsed
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.status_line import Part
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell

MOST: Final = 200
"""Stories of one part that are listed; the rest is counted."""


class AwayScreen(MemoryScreen):
    """The digest since a moment: since the user last looked, or as far back as the user asks."""

    columns: ClassVar[tuple[ColumnSpec, ...]] = (
        ColumnSpec(id="when", low=11, high=14),
        ColumnSpec(id="name", low=21, high=28),
        ColumnSpec(id="where", low=17, high=22, rank=3),
        ColumnSpec(id="what", low=40, high=400, grow=True),
    )

    file: ClassVar[tuple[str, str]] = ("while-away", "txt")
    without: ClassVar[frozenset[str]] = frozenset({"past.lanes", "past.note"})

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__(session, keymap, moment)
        self.since: datetime | None = None
        self._digest: Digest | None = None
        self._told: Mapping[Hashable, Row] = {}

    def look_since(self, since: datetime | None) -> None:
        """Tell what happened since then; None: as far back as the span says."""
        self.since = since

    async def read(self, past: Past) -> None:
        now = self.moment().now
        self._digest = (await past.stretch(self.since or now - SPANS[self.span])).digest()

    def forget(self) -> None:
        self._digest, self._told = None, {}

    def acts(self) -> Mapping[str, Callable[[], object]]:
        def wider() -> None:
            self.since = None
            self.next_span()

        return {**super().acts(), "past.span": wider}

    def draw(self) -> None:
        told = self._digest
        if told is None:
            self.show((), [self.nothing])
            return
        moment = self.moment()
        where = f"since {moment.local(told.since, '%a %H:%M')}"
        left = [
            Part(pieces=(Piece("While you were away" if self.since is not None else f"The last {self.span}", "title"),)),
            Part(pieces=(Piece(told.text.rstrip("."), "bad" if told.unresolved else "muted"),)),
        ]
        self.title_line.set_parts(left, [Part(pieces=(Piece(where, "muted"),), rank=1)])
        rows = [row for row in self._rows(told, moment) if self._fits(row)]
        self._told = {row.key: row for row in rows}
        self.show(rows, [told.text] if told.empty else ["Nothing fits the filter.", "esc shows everything"])

    def _fits(self, row: Row) -> bool:
        return not self.wanted or self.wanted.fits(" ".join(piece.text for each in row.cells for piece in each).casefold())

    def _rows(self, told: Digest, moment: Moment) -> Iterator[Row]:
        yield from self._part("Unresolved", told.unresolved, moment)
        yield from self._part("Recovered", told.recovered, moment)
        yield from self._part("Changed", by_place(told.changed), moment, whole=len(told.changed))
        if told.deeds:
            yield _head("Done by hand", str(len(told.deeds)))
            yield from (_deed(number, each, moment) for number, each in enumerate(told.deeds[:MOST]))

    def _part(self, title: str, stories: Sequence[Story], moment: Moment, *, whole: int = 0) -> Iterator[Row]:
        """``whole`` is how many these were before they were told by place."""
        lines = len(stories)
        if stories:
            yield _head(title, f"{whole} in {lines} {'place' if lines == 1 else 'places'}" if whole > lines else str(lines))
            yield from (_story(each, moment) for each in stories[:MOST])
        if len(stories) > MOST:
            yield Row(("more", title), (cell(""), cell(f"and {len(stories) - MOST} more", "muted"), cell(""), cell("")))

    def ref_of(self, key: Hashable | None) -> Ref | None:
        return parsed(key[1]) if isinstance(key, tuple) and key[0] == "thing" else None

    def words_of(self, key: Hashable | None) -> Sequence[Cell]:
        row = self._told.get(key)
        if row is None or not isinstance(key, tuple) or key[0] != "thing":
            return ()
        when, name, where, what = row.cells
        return [(*name, Piece("  "), *where, Piece("  "), *when, Piece("  "), *what)]

    def at_of(self, key: Hashable | None) -> datetime | None:
        """When it became as it is, of what has a story."""
        told = self._digest
        if told is None or not isinstance(key, tuple) or key[0] != "thing":
            return None
        stories = (*told.unresolved, *told.recovered, *told.changed)
        found = next((each.last for each in stories if each.ref == key[1]), None)
        return found or next((each.at for each in told.deeds if each.ref == key[1]), None)

    def as_text(self) -> str:
        told, moment = self._digest, self.moment()
        if told is None:
            return ""
        lines = [each.text for each in (*told.unresolved, *told.recovered, *told.changed)]
        lines += [f"{moment.local(each.at)} {each.who}: {each.verb} {each.name or each.ref}, {_outcome(each)}" for each in told.deeds]
        return "\n".join([told.text, *(each for each in lines if not self.wanted or self.wanted.fits(each.casefold()))])


def _head(title: str, count: str) -> Row:
    return Row(("head", title), ((Piece(title, "title"),), (Piece(count, "muted"),), (), ()))


def _tone(story: Story) -> Tone:
    if story.recovered:
        return Tone.OK
    word = story.states[-1] if story.states else ""
    if word in LOST:
        return Tone.BAD
    return TONES[health_of(word)]


def _when(story: Story, moment: Moment) -> str:
    """From when to when, with the day where it is not today; a stretch over two days is told by its end."""
    if story.standing and story.wrong_for is None:
        return "earlier"
    today = moment.local(moment.now, "%Y%m%d")
    days = [moment.local(at, "%Y%m%d") for at in (story.first, story.last)]
    first, last = moment.local(story.first, "%H:%M"), moment.local(story.last, "%H:%M")
    if days[1] != today:
        return _at(story.last, moment)
    return last if first == last or days[0] != today else f"{first}–{last}"


def _at(at: datetime, moment: Moment) -> str:
    """A moment, with its day where that is not today."""
    if moment.local(at, "%Y%m%d") == moment.local(moment.now, "%Y%m%d"):
        return moment.local(at, "%H:%M")
    return moment.local(at, "%a %H:%M" if (moment.now - at).days < 6 else "%d %b %H:%M")


def _story(story: Story, moment: Moment) -> Row:
    tone = _tone(story)
    lasted = span(story.wrong_for) if story.wrong_for else ""
    how = f"{lasted} so far: " if story.unresolved and lasted else f"for {lasted}: " if lasted else ""
    said = how + story.chain
    more = (f", {BEFORE}" if story.unseen else "") + (f", {story.whose}" if story.whose else "")
    kind = kind_of(story.ref)
    where = f"{story.ref.split('/', 1)[0]} {kind}" if kind else "connection"
    name = cell(f"{GLYPHS[tone]} {story.name}", tone)
    return Row(("thing", story.ref), (cell(_when(story, moment), "muted"), name, cell(where, "muted"), (Piece(said), Piece(more, "muted"))))


def _outcome(deed: Deed) -> str:
    return (deed.outcome or "in flight") + (f", because {deed.reason}" if deed.reason else "")


def _deed(number: int, deed: Deed, moment: Moment) -> Row:
    tone = OUTCOMES.get(deed.outcome, Tone.BUSY)
    said = f"{deed.who}: {deed.verb}, {_outcome(deed)}"
    name = f"{GLYPHS[tone]} {deed.name or deed.ref}"
    where = f"{deed.ref.split('/', 1)[0]} {kind_of(deed.ref) or ''}"
    return Row(("thing", deed.ref, number), (cell(_at(deed.at, moment), "muted"), cell(name, tone), cell(where, "muted"), cell(said)))


def one_line(told: Digest, key: str) -> str:
    """What is said of an absence where the screen would be in the way."""
    if told.empty:
        return f"Nothing happened in the {span((told.until - told.since).total_seconds())} since you last looked."
    return f"{told.text} {key} shows it."
