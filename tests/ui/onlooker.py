"""Reads what is drawn, cell by cell, and says what of it is not so. No test stands here, and nothing happens here.

    onlooker.look()                       # at the screen as it stands; what is wrong goes into ``problems``, each kind once
    onlooker.again()                      # the same screen drawn anew from what is known must be the same, cell by cell

What stands there is compared with the rows of the store, whose truth ``tests/engine/weather`` holds, and at the end of a story with
how the platforms are.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from rich.cells import cell_len, get_character_cell_size
from textual._compositor import ChopsUpdate, LayoutUpdate

from tests.ui import bygone, detailing, merging, recollecting
from tests.ui.annals import Annals
from tests.ui.throttled import let_through
from tui.engine.feeds import Feed
from tui.engine.resume import Gap
from tui.engine.stream import SILENT
from tui.model import TONES, Kind, LogLine, Ref, Resource, Rollout, Tone
from tui.tables import TABLES, Moment, age, lately, parse_filter, search_text
from tui.tables.cells import elapsed, needs_approval
from tui.ui.app import Console
from tui.ui.panes.apps import AppsPane
from tui.ui.panes.listing import DOING, Listing
from tui.ui.screens.console import ConsoleScreen
from tui.ui.screens.contexts import ContextsScreen
from tui.ui.screens.detail import CHANGES, FIELDS, DetailScreen
from tui.ui.screens.past import PastDetailScreen, PastScreen
from tui.ui.widgets.phase_bar import phase_bar
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_rows import keys_of

LAG: Final = 2.3
"""Seconds that what only the passing of time changes may be behind: the console looks at the clock at least every other second."""
GLYPHS: Final = {"ok": "●", "busy": "◐", "degraded": "▲", "failed": "✗", "idle": "○", "unknown": "?"}
HEADER: Final[Mapping[str, str]] = {
    "loading": "◐ {} loading",
    "stale": "▲ {} stale",
    "down": "✗ {} down",
    "signed-out": "✗ {} signed out",
    "limited": "▲ {} rate limited",
}
UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
NEGATIVE: Final = re.compile(r"(?<![\w.:/-])[-−]\d+(\.\d+)?[smhd]\b")

Cells = list[str]
"""What stands in each cell of a line; the second cell of a wide character is empty."""


def cells_of(text: str) -> Cells:
    cells: Cells = []
    for char in text:
        width = get_character_cell_size(char)
        if width == 0 and cells:
            cells[-1] += char
        else:
            cells += [char, ""] if width == 2 else [char]
    return cells


class Terminal:
    """What the terminal of an app shows: each cell as it was written last, wherever something was damaged and nowhere else."""

    def __init__(self, app: Console) -> None:
        self.app = app
        self.lines: list[list[tuple[str, str]]] = []
        self._display = app._display
        app._display = self._take  # type: ignore[method-assign]

    def _take(self, screen: Any, renderable: Any) -> None:
        app = self.app
        if not app._batch_count and app._screen_stack and screen is app.screen:
            if isinstance(renderable, LayoutUpdate):
                self.lines = [[cell for strip in line for cell in _styled(strip)] for line in renderable.strips]
            elif isinstance(renderable, ChopsUpdate):
                self._patch(renderable)
        self._display(screen, renderable)

    def _patch(self, update: ChopsUpdate) -> None:
        for y, begin, end in update.spans:
            for x, strip in update.chops[y].items():
                for at, cell in enumerate(_styled(strip) if strip is not None else (), start=x):
                    if begin <= at < end and y < len(self.lines) and at < len(self.lines[y]):
                        self.lines[y][at] = cell


def _styled(strip: Any) -> list[tuple[str, str]]:
    """Each cell of a strip with its style."""
    cells: list[tuple[str, str]] = []
    for segment in strip:
        style = str(segment.style)
        for char in segment.text:
            width = get_character_cell_size(char)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + char, style)
            else:
                cells += [(char, style), ("", style)][:width]
    return cells


@dataclass(frozen=True)
class Seen:
    """The whole screen at one moment."""

    lines: tuple[Cells, ...]
    styles: tuple[tuple[tuple[str, str], ...], ...]

    @classmethod
    def of(cls, terminal: Terminal) -> Seen:
        """What a terminal shows."""
        return cls._from(terminal.lines)

    @classmethod
    def whole(cls, app: Console) -> Seen:
        """What would be written if the whole screen was."""
        return cls._from([_styled(strip) for strip in app.screen._compositor.render_strips()])

    @classmethod
    def _from(cls, lines: list[list[tuple[str, str]]]) -> Seen:
        return cls(tuple([char for char, _ in line] for line in lines), tuple(tuple(line) for line in lines))

    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def part(self, y: int, begin: int, width: int) -> str:
        return "".join(self.lines[y][begin : begin + width]) if 0 <= y < len(self.lines) else ""

    def of_widget(self, widget: Any) -> list[str]:
        region = widget.content_region
        return [self.part(y, region.x, region.width) for y in range(region.y, region.bottom)]

    def timeless(self) -> str:
        """The text without its seconds and the clock: one may pass between two looks, and how old things are is looked at elsewhere."""
        return re.sub(r" *\d+s\b|(?<=  )\d\d:\d\d$", "s", self.text(), flags=re.MULTILINE)

    def differs(self, other: Seen) -> str:
        for y, (one, two) in enumerate(zip(self.styles, other.styles, strict=False)):
            if one != two:
                said = "".join(char for char, _ in one).rstrip(), "".join(char for char, _ in two).rstrip()
                where = [(x, a[1], b[1]) for x, (a, b) in enumerate(zip(one, two, strict=False)) if a != b]
                return (
                    f"line {y}: {said[0]!r} but anew {said[1]!r}"
                    if said[0] != said[1]
                    else f"line {y}: other colours in {said[0]!r} {where[:2]} {where[-1:]}"
                )
        return "" if len(self.styles) == len(other.styles) else "another number of lines"


def cut_to(text: str, width: int) -> str:
    """What is to stand in a column of so many cells."""
    if cell_len(text) <= width:
        return text
    kept = ""
    for char in text:
        if cell_len(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


async def calm(app: Console) -> None:
    """Wait until all keys were worked off and what they changed is drawn, as ``keyboard.rest``; where time is virtual it passes only
    while everything waits, and so this never only turns."""
    for _ in range(3):
        let_through(app._telling)
        while app._running and not await app.typeahead._rest():
            pass
        while app._running and app.typeahead.waiting:
            await asyncio.sleep(0.001)
        assert app._running, f"the console has ended: {app._exception}"
        app.screen._on_timer_update()
    await asyncio.sleep(0)


class Onlooker:
    """``app`` is looked at; ``foreign`` are words that belong to other contexts, ``towns`` the platforms of all, ``annals`` what happened
    in the context that is shown, where that is remembered."""

    def __init__(
        self,
        app: Console,
        *,
        foreign: Callable[[], Iterable[str]] = tuple,
        towns: Callable[[], Iterable[Any]] = tuple,
        annals: Callable[[], Annals | None] = lambda: None,
    ) -> None:
        self.app = app
        self.terminal = Terminal(app)
        self.foreign = foreign
        self.towns = towns
        self.annals = annals
        self.problems: dict[str, str] = {}
        self.words: deque[tuple[float, dict[str, str]]] = deque(maxlen=8)
        self.looks = 0
        self.rows = 0
        self.lag = LAG
        self.held: dict[Listing, tuple[Any, frozenset[Any]]] = {}

    # How things are ------------------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Any:
        """What the screen is about: now, or then."""
        screen = self.app.screen
        return screen.session if isinstance(screen, PastScreen | PastDetailScreen) else self.app.session

    @property
    def moment(self) -> Moment:
        """The moment that the screen is about."""
        screen = self.app.screen
        return (
            Moment(now=screen.session.clock.wall(), store=screen.session.store)
            if self.session is not self.app.session
            else self.app.moment()
        )

    def wrong(self, kind: str, what: object = "") -> None:
        if kind not in self.problems:
            at = self.app.session.clock.boot() - 1000
            self.problems[kind] = f"{at:.1f}: {what}"
            self.seen_then = self.seen.text() if hasattr(self, "seen") else ""

    def moments(self) -> Iterator[Moment]:
        """Now, and every moment at which what stands there may have been drawn."""
        now = self.moment
        for step in range(int(LAG / 0.1) + 1) if self.session is self.app.session else (0,):
            yield replace(now, now=now.now - timedelta(seconds=step * 0.1), _deployments=None)

    def hold(self) -> None:
        """From now on no key is pressed: cursors and marks stay on the things that they are on, whatever becomes of the rows."""
        listings = [pane.listing for pane in self.app.console_screen.panes if hasattr(pane, "listing")]
        self.held = {each: (each.table.cursor_key, each.table.marks) for each in listings if each.table.steered}

    def _steady(self, listing: Listing, expected: Sequence[Resource]) -> None:
        refs = {row.ref for row in expected}
        if not listing.table.marks <= refs:
            self.wrong("a mark on what is not shown", listing.table.marks - refs)
        if listing not in self.held:
            return
        was, marks = self.held[listing]
        if was is not None and listing.table.cursor_key != (was if was in refs else None):
            self.wrong("a cursor that went to another thing by itself", f"{listing.table.cursor_key}, it was on {was}")
        if not listing.table.marks <= marks:
            self.wrong("a mark that nobody made", listing.table.marks - marks)

    def sample(self) -> None:
        """Remember what the connections are called now."""
        running = self.app.session
        self.words.append((running.clock.boot(), {each.name: each.state for each in running.store.connections()}))

    # Looking -------------------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        self.sample()
        self.seen = Seen.of(self.terminal)
        self.looks += 1
        self._everywhere()
        screen = self.app.screen
        if screen is self.app.console_screen:
            self._console()
        elif isinstance(screen, PastScreen):
            self._then(screen)
        elif isinstance(screen, DetailScreen):
            self._detail(screen)
        elif isinstance(screen, ContextsScreen):
            self._fleet()
        elif type(screen) in recollecting.LOOKS:
            self._past(screen)

    cut = staticmethod(cut_to)

    def _past(self, screen: Any) -> None:
        """The screens of the past, as it was when it was asked for."""
        annals = self.annals()
        asked = recollecting.asked_by(screen, annals.asked) if annals is not None else None
        if annals is None or asked is None:
            return
        title = self.seen.of_widget(screen.title_line)[0]
        looks = recollecting.LOOKS[type(screen)](screen, self, asked)
        for kind, what in (*annals.lost, *recollecting.spanned(title, asked), *looks):
            self.wrong(kind, what)

    def _then(self, screen: PastScreen) -> None:
        """The console as it was: what it shows is what was known then, and its panes show that."""
        annals = self.annals()
        if screen.tiny or annals is None:
            return
        for kind, what in bygone.looks(screen, self, annals.knew):
            self.wrong(kind, what)
        self._panes(screen)

    def _fleet(self) -> None:
        """No connection of another context was read later than it last answered."""
        boot = self.session.clock.boot()
        for town in self.towns():
            found = re.search(rf"^.? +{town.name} .*? (\d+)([smhd])(?: |$)", self.seen.text(), re.MULTILINE)
            if found and town.heard is not None:
                most = (int(found[1]) + 1) * UNITS[found[2]]
                if boot - town.heard > most + LAG:
                    self.wrong("older than the fleet says", f"{found[0].strip()!r} answered {boot - town.heard:.0f} s ago")

    def _everywhere(self) -> None:
        size = self.app.size
        if any(len(line) != size.width for line in self.seen.lines) or len(self.seen.lines) != size.height:
            self.wrong("a screen of another size", f"{size} {[len(line) for line in self.seen.lines]}")
        text = self.seen.text()
        if found := NEGATIVE.search(text):
            self.wrong("a length of time below zero", found[0])
        if "could not be drawn" in text or "something went wrong" in text:
            self.wrong(
                "something could not be drawn",
                next(line for line in text.split("\n") if "could not be drawn" in line or "something went wrong" in line),
            )
        for word in self.foreign():
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text):
                self.wrong("something of another context", word)

    def _console(self) -> None:
        screen = self.app.console_screen
        if screen.tiny:
            return
        self._header()
        self._panes(screen)
        self._flights()

    def _panes(self, screen: ConsoleScreen) -> None:
        for pane in screen.panes:
            if not pane.display:
                continue
            if isinstance(pane, AppsPane):
                self._tree(pane)
            elif pane is screen.logs:
                self._log(screen.logs)
            else:
                self._list(pane.listing, pane)

    def _header(self) -> None:
        """What the header calls each connection is what it was within the last moments."""
        line = "".join(self.seen.of_widget(self.app.console_screen._header)).strip()
        boot = self.session.clock.boot()
        for state in self.session.store.connections():
            lately_ = {words[state.name] for at, words in self.words if boot - at <= LAG and state.name in words}
            if re.search(rf"[●◐▲✗·] {state.name}\b", line) is None:
                if cell_len(line) < self.app.size.width - 4:
                    self.wrong("a connection that the header leaves out", line)
                continue
            told = [HEADER[word].format(state.name) for word in lately_ - {"fresh"}]
            # Where the line is too long its end is cut.
            cut = line.endswith("…") and any(line[:-1].endswith(each[:at]) for each in told for at in range(len(state.name) + 2, len(each)))
            if "fresh" not in lately_ and not cut and not any(each in f"{line} " for each in told):
                self.wrong("a header that says something else", f"{line!r} of {state.name}: {lately_}")
            found = re.search(rf"● {state.name} (<?)(\d+)([smhd])", line)
            if lately_ == {"fresh"} and f"● {state.name}" not in line and f"· {state.name} not asked" not in line and "…" not in line:
                self.wrong("a fresh connection that the header calls otherwise", f"{line!r} of {state.name}")
            if found and state.fetched_boot is not None and lately_ == {"fresh"}:
                bound, old = int(found[2]) * UNITS[found[3]], boot - state.fetched_boot
                if old > bound + LAG + (0 if found[1] else UNITS[found[3]]):
                    self.wrong("older than the header says", f"{found[0]!r} is {old:.0f} s old")

    # Lists ---------------------------------------------------------------------------------------------------------------------

    def expected(self, listing: Listing, pane: Any) -> list[Resource]:
        """The rows that a list is to show, in their order."""
        moment, table = self.moment, TABLES[listing.kind]
        rows: Sequence[Resource] = self.session.store.rows(listing.kind)
        if pane.only_faults:
            rows = [row for row in rows if str(row.health) in {"failed", "degraded"}]
        if pane.filter:
            rows = parse_filter(pane.filter_text, TABLES).among(rows, search_text, table, moment)
        return table.sorted(rows, moment, listing.sort)

    def _list(self, listing: Listing, pane: Any) -> None:
        if listing.frozen_at is not None:
            return
        table, expected = listing.table, self.expected(listing, pane)
        self._steady(listing, expected)
        region = table.content_region
        drawn = [(y, self.seen.lines[y][region.x : region.right]) for y in range(region.y + table.head, region.bottom)]
        if not expected:
            self._empty(listing, [("".join(line)) for _, line in drawn])
            return
        head = "".join(self.seen.lines[region.y][region.x : region.right]) if table.head else ""
        for slot in table.slots if table.head else ():
            drawn_title = "".join(cells_of(head)[1 + slot.x : 1 + slot.x + slot.width]).strip(" ▲▼…")
            if not slot.title.startswith(drawn_title) or not (drawn_title or slot.width < 3):
                self.wrong("a title that is not over its column", f"{slot} {head!r}")
        shown = expected[table.top : table.top + len(drawn)]
        stale = self._stale_feeds(listing.kind)
        for (_, line), row in zip(drawn, shown, strict=False):
            self._row(listing, line, row, stale)
        for _, line in drawn[len(shown) :]:
            if "".join(line).strip(" ▐"):
                self.wrong("a line below the last row", f"{''.join(line)!r} below {len(shown)} of {len(expected)}")
        self._cursor(listing, drawn, shown)
        self._counts(listing, pane, len(expected))

    def _stale_feeds(self, kind: Kind) -> dict[Feed, tuple[float, ...]]:
        """Feeds that are out of date, or were a moment ago, with their ages."""
        store, boot = self.session.store, self.session.clock.boot()
        found = {}
        for feed in self.session.feeds(kind):
            fresh = store.freshness(feed)
            if fresh.stale(boot) and fresh.fetched_boot is not None:
                found[feed] = tuple(max(0.0, boot - fresh.fetched_boot - step * 0.1) for step in range(int(LAG / 0.1) + 1))
        return found

    def _row(self, listing: Listing, line: Cells, row: Resource, stale: Mapping[Feed, tuple[float, ...]]) -> None:
        table, store = listing.table, self.session.store
        self.rows += 1
        columns = {each.id: each for each in listing.columns}
        feed = store.feed_of(row.ref)
        for slot in table.slots:
            drawn = "".join(line[1 + slot.x : 1 + slot.x + slot.width])
            if slot.id == "seen":
                wanted = {lately(each) for each in stale[feed]} if feed in stale else {""}
                if drawn.strip() not in {cut_to(each, slot.width) for each in wanted} and not self._changing(feed):
                    self.wrong("an age of a row that is not so", f"{row.name}: {drawn!r}, not {wanted}")
                continue
            if not any(self._as(drawn, text, slot.width, right=slot.right) for text in self._texts(listing, columns[slot.id], row, slot)):
                wanted = next(iter(self._texts(listing, columns[slot.id], row, slot)), "")
                self.wrong(f"a cell that is not so: {listing.kind} {slot.id}", f"{row.name}: {drawn!r}, not {wanted!r}")
        silent = feed in stale and all(slot.id != "seen" for slot in table.slots) and not self._changing(feed)
        if silent and table.content_region.width > 90:  # where it is narrow the notice below has to do
            self.wrong("a row out of date that does not say so", row.name)
        phases = next((slot for slot in table.slots if slot.id == "phases"), None)
        ended = isinstance(row, Rollout) and row.completed_at is not None
        if phases is not None and ended and "◐" in "".join(line[1 + phases.x : 1 + phases.x + phases.width]):
            self.wrong("a rollout that has ended and goes on", f"{row.name} {''.join(line)!r}")
        health = next((slot for slot in table.slots if slot.id == "health"), None)
        if health is not None and health.width > 2 and "".join(line[1 + health.x : 3 + health.x]).strip() != GLYPHS[str(row.health)]:
            self.wrong("a glyph that is not its health", f"{row.name} {row.health} {''.join(line)!r}")

    def _changing(self, feed: Feed | None) -> bool:
        """Whether this became stale by the passing of time so lately that it need not be drawn."""
        if feed is None:
            return True
        fresh = self.session.store.freshness(feed)
        boot = self.session.clock.boot()
        return fresh.stale(boot) is not fresh.stale(boot - LAG) or (fresh.failing_since is not None and boot - fresh.failing_since < LAG)

    @staticmethod
    def _as(drawn: str, text: str, width: int, *, right: bool) -> bool:
        wanted = cut_to(text, width)
        return drawn.strip() == wanted.strip() and (not right or drawn.rstrip() == drawn or not drawn.strip())

    def _texts(self, listing: Listing, column: Any, row: Resource, slot: Any) -> Iterator[str]:
        """Everything that may stand in a cell, for the moments at which it may have been drawn."""
        pending = self.session.store.pending(row.ref)
        if column.id == "status" and pending is not None:
            for step in range(int(LAG / 0.1) + 1):
                since = age(self.session.clock.boot() - pending.since - step * 0.1)
                yield f"? {pending.verb}? {since}" if pending.word == "unknown" else f"◐ {DOING[pending.verb]} {since}"
            return
        for moment in self.moments():
            if column.id == "phases" and isinstance(row, Rollout):
                yield "".join(piece.text for piece in phase_bar(row, moment, slot.width))
            elif column.id == "elapsed" and isinstance(row, Rollout) and listing.kind is Kind.ROLLOUT:
                yield elapsed(row, moment)
            else:
                yield column.text(row, moment)
            if not column.ages and not column.looks_up:
                return

    def _empty(self, listing: Listing, drawn: list[str]) -> None:
        store = self.session.store
        said = " ".join(line.strip(" ▐") for line in drawn)
        if self.app.console_screen.front is not None and not said.strip() and len(drawn) > 2:
            self.wrong("an empty list that says nothing", listing.kind)
        total = len(store.rows(listing.kind))
        if f"No {listing.title} on" in said and total:
            self.wrong("a list that is called empty and is not", said)
        if none := re.search(rf"No {listing.title} o[nf] ([\w ,]+?)(?: are known here)?\.", said):
            for feed in self.session.feeds(listing.kind):
                if feed.connection in none[1] and store.freshness(feed).fetched_boot is None and store.freshness(feed).error is None:
                    self.wrong("nothing there, of what was never read", said)

    def _cursor(self, listing: Listing, drawn: Sequence[tuple[int, Cells]], shown: Sequence[Resource]) -> None:
        signs = [row for (_, line), row in zip(drawn, shown, strict=False) if line[0] == "›"]
        selected = listing.selected
        marked = {row.ref for (_, line), row in zip(drawn, shown, strict=False) if line[0] == "*"}
        if len(signs) > 1:
            self.wrong("more than one cursor", [row.name for row in signs])
        if signs and signs[0].ref != selected:
            self.wrong("a cursor on what is not selected", f"{signs[0].name}, not {selected}")
        if not signs and selected in {row.ref for row in shown} and selected not in marked:
            self.wrong("no cursor on what is selected", selected)
        if not marked <= listing.table.marks:
            self.wrong("a mark on what is not marked", marked)

    def _counts(self, listing: Listing, pane: Any, shown: int) -> None:
        """The numbers in the head of a pane."""
        line = "".join(self.seen.of_widget(pane.head))
        store = self.session.store
        total = len(store.rows(listing.kind))
        found = re.search(r"(?<![/\w])(\d+)/(\d+)(?![/\w])", line) if pane.filter or pane.only_faults else None
        if found and (int(found[1]), int(found[2])) != (shown, total):
            self.wrong("a count of what is shown that is not so", f"{line.strip()!r}: {shown} of {total}")
        tabs = {str(each.id): each for each in pane.tabs()[0]}
        for id_, tab in tabs.items():
            found = re.search(rf"{tab.label} (\d+)(?= ·|  |$)", line)
            if found and int(found[1]) != len(store.rows(Kind(id_))):
                self.wrong("a tab with a wrong count", f"{line.strip()!r}: {len(store.rows(Kind(id_)))} of {id_}")
        if listing.kind is Kind.ROLLOUT:
            rows = [row for row in store.rows(Kind.ROLLOUT) if isinstance(row, Rollout)]
            for pattern, count in (
                (r"(\d+) going on", sum(row.completed_at is None for row in rows)),
                (r"◆ (\d+) NEEDS", sum(map(needs_approval, rows))),
            ):
                found = re.search(pattern, line)
                if found and int(found[1]) != count:
                    self.wrong("a wrong number of rollouts", f"{line.strip()!r}: {count}")

    # The tree ------------------------------------------------------------------------------------------------------------------

    def _tree(self, pane: AppsPane) -> None:
        """Each line of the tree says of its thing what the lists say."""
        table: ResourceTable = pane.body
        keys = list(keys_of(table.rows))
        wanted = self._branches()
        if not pane.filter and (lost := [key for key in wanted if key[0] == "app" and key not in keys]):
            self.wrong("an app that is not in the tree", lost)
        for key in keys:
            if key not in wanted:
                self.wrong("a line of the tree that stands for nothing", key)
        region, slots = table.content_region, {slot.id: slot for slot in table.slots}
        for y, key in zip(range(region.y, region.bottom), keys[table.top :], strict=False):
            if key not in wanted:
                continue
            name, state, ons = wanted[key]
            line = self.seen.lines[y][region.x : region.right]
            drawn = {id_: "".join(line[1 + slot.x : 1 + slot.x + slot.width]) for id_, slot in slots.items()}
            if name not in drawn["name"] and "…" not in drawn["name"]:
                self.wrong("a line of the tree with another name", f"{drawn['name']!r}, not {name!r}")
            if "state" in drawn and not drawn["state"].strip().startswith(cut_to(state, slots["state"].width)):
                self.wrong("a line of the tree with another state", f"{name}: {drawn['state']!r}, not {state!r}")
            if "on" in drawn and ons and not any(each[:3] in drawn["on"] for each in ons):
                self.wrong("a line of the tree with another connection", f"{name}: {drawn['on']!r}, not {ons}")
        line = "".join(self.seen.of_widget(pane.head))
        found = re.search(r"environments +(?:.* )?(\d+) *$", line)
        if found and int(found[1]) != sum(key[0] == "app" for key in wanted):
            self.wrong("a wrong number of apps", line)

    def _branches(self) -> dict[Any, tuple[str, str, set[str]]]:
        """What may stand in the tree: its name, its state, where it is."""

        def state(health: Any, approval: bool = False) -> str:
            return "◆ approval" if approval else "·" if TONES[health] is Tone.UNKNOWN else f"{GLYPHS[str(health)]} {health}"

        def leaf(row: Resource) -> tuple[str, str, set[str]]:
            approval = isinstance(row, Rollout) and needs_approval(row)
            if isinstance(row, Rollout) and not approval:
                return str(row.name), GLYPHS[str(row.health)], {row.ref.connection}
            return str(row.name), state(row.health, approval), {row.ref.connection}

        found: dict[Any, tuple[str, str, set[str]]] = {}
        for app in self.session.tree():
            key = ("app", str(app.name))
            rollouts = [*app.rollouts, *(row for each in app.environments for row in each.rollouts)]
            found[key] = str(app.name), state(app.health, any(map(needs_approval, rollouts))), set()
            for row in (*app.services, *app.rollouts):
                found[key, row.ref] = leaf(row)
            for each in app.environments:
                inner = ("environment", str(app.name), str(each.name))
                ons = {row.ref.connection for row in each.environments}
                found[inner] = str(each.name), state(each.health, any(map(needs_approval, each.rollouts))), ons
                for row in (*each.services, *each.rollouts):
                    found[inner, row.ref] = leaf(row)
                for row in each.environments:
                    found[inner, row.ref] = f"{row.ref.connection}: {row.name}", state(row.health), {row.ref.connection}
        return found

    # Logs, keys, details ---------------------------------------------------------------------------------------------------------

    def _log(self, pane: Any) -> None:
        view = pane.log_view
        if pane.shows_activity:
            self._activity(pane)
            return
        if len(pane.followed) > 1:
            self._merged(pane)
        if len(pane.followed) != 1:
            return
        follow = next(iter(pane.followed._open.values()))
        head = "".join(self.seen.of_widget(pane.head))
        word = follow.state.word
        told = {
            "live": "● live",
            "quiet": "○ connected",
            "connecting": "◐ connecting",
            "reconnecting": "▲ reconnecting",
            "ended": "✗ ended",
        }
        words = [each for each in told if told[each] in head]
        # It is quiet since its last line, and called so some seconds after that, or after it was opened anew.
        began = max(follow.state.since, follow._stream._state.since) + SILENT if word == "quiet" else follow.state.since
        if words and word not in words and self.session.clock.boot() - began > LAG:
            self.wrong("a log whose word is not so", f"{head.strip()!r}, not {word}")
        wanted = [str(each.text) if isinstance(each, LogLine) else str(each) for each in follow.lines]
        if pane.filter_text:
            without = pane.filter_text.startswith("!")
            text = pane.filter_text.removeprefix("!")
            wanted = [each for each in wanted if (text in each) is not without or each.startswith("── gap")]
        if view.paint.wrap or view.paint.pan or pane.context or pane.least or not len(view.buffer):
            return
        drawn = [line.strip(" ▐›") for line in self.seen.of_widget(view)]
        if drawn and drawn[-1].startswith("paused"):
            if view.following:
                self.wrong("a log that is called paused and follows", drawn[-1])
            drawn = drawn[:-1]
        said = [found[0] for line in drawn if (found := re.search(r"line \d+$|── gap.*──", line))]
        other = [line for line in drawn if line and not re.search(r"line \d+$|── gap|··· \S+ later ···", line)]
        if other and not any("match the filter" in line or (not wanted and "No lines so far" in line) for line in drawn):
            self.wrong("a line of a log that nobody said", other)
        if view.following and said != wanted[len(wanted) - len(said) :]:
            self.wrong("a log that does not end as it was told", f"{said[-3:]}, not {wanted[-3:]}")
        elif view.following and len(said) < min(len(wanted), sum("later ···" not in line for line in drawn)):
            self.wrong("a log with room for more of what was told", f"{len(said)} of {len(wanted)} on {len(drawn)}")
        elif not view.following and not any(said == wanted[at : at + len(said)] for at in range(len(wanted) - len(said) + 1)):
            self.wrong("a log in another order", said)
        lost = sum(isinstance(each, Gap) for each in follow.lines)
        if lost and not pane.filter_text and len(wanted) <= len(drawn) and sum(each.startswith("──") for each in said) != lost:
            self.wrong("a gap that is not marked", said)

    def _merged(self, pane: Any) -> None:
        view = pane.log_view
        plain = not (view.paint.wrap or view.paint.pan or pane.context or pane.least or pane.filter_text or view.paint.pretty)
        if not plain or view.content_region.width < 60:
            return
        drawn = self.seen.of_widget(view)
        if drawn and drawn[-1].strip(" ▐").startswith("paused"):
            drawn = drawn[:-1]
        follows, names = pane.followed._open, pane.followed.names()
        boot = self.session.clock.boot()
        if not len(view.buffer) or any(boot - (each._stream._last_line or 0.0) < 0.2 for each in follows.values()):
            return  # what came this moment is drawn within a tenth of a second
        for kind, what in merging.merged(drawn, follows, names, following=view.following, aged=view.paint.times == "age"):
            self.wrong(kind, what)
        for ref, name in names.items():
            row = self.session.store.get(ref)
            if row is not None and name not in {str(row.name), f"{row.name}@{ref.connection}"}:
                self.wrong("a log that is called otherwise than its service", f"{ref}: {name}, not {row.name}")

    def _flights(self) -> None:
        """What is in flight is said, and nothing else is said to be."""
        text, going = self.seen.text(), self.session.in_flight()
        said = re.findall(r"◐ (\S+ .+): (?:sending for|accepted) ", text)
        names = [f"{each.verb} {self.app.flights.name(each)}" for each in going]
        for each in said:
            if each not in names:
                self.wrong("something that is not in flight", f"{each!r}, not {names}")
        cut = any(re.search(rf"◐ {each.verb} .*…", text) for each in going)  # a long name leaves no room for how it goes
        if going and not said and not cut and "in flight" not in text and not re.search(r"^ ?[?●✗] ", text, re.MULTILINE):
            self.wrong("something in flight that is not said", names)

    def _activity(self, pane: Any) -> None:
        """The end of what happened."""
        view = pane._activity
        wanted = [str(each.line.text) for each in view.buffer.between(view.buffer.start, view.buffer.end)]
        if view.paint.wrap or view.paint.pan or pane.filter_text or pane.least or not view.following or not wanted:
            return
        drawn = [line.strip(" ▐") for line in self.seen.of_widget(view)]
        drawn = [line for line in drawn if line and not re.fullmatch(r"··· \S+ later ···", line)]
        for line, said in zip(reversed(drawn), reversed(wanted), strict=False):
            head = said[:12]
            if head not in line and "…" not in line[-1:]:
                self.wrong("a line of the activity that is not what happened", f"{line!r}, not {said!r}")

    def _detail(self, screen: DetailScreen) -> None:
        ref: Ref | None = screen._ref
        row = self.session.store.get(ref) if ref is not None else None
        self._fields(screen, row or screen._last)
        title = "".join(self.seen.of_widget(screen._title)).strip()
        if row is None:
            if ref is not None and screen._last is not None and "gone" not in title:
                self.wrong("a thing that is gone and not called so", title)
            return
        if "gone: it is no longer" in title:
            self.wrong("a thing that is called gone and is there", title)
        if not title.startswith(str(row.name)) and "›" not in title and "…" not in title:
            self.wrong("the details of another thing", f"{title!r}, not {row.name}")
        shown = next((f"{GLYPHS[str(health)]} {health}" for health in type(row.health) if f"{GLYPHS[str(health)]} {health}" in title), None)
        if shown is not None and shown != f"{GLYPHS[str(row.health)]} {row.health}":
            self.wrong("details with another health", f"{title!r}, not {row.health}")
        feed = self.session.store.feed_of(row.ref)
        found = re.search(r"as of (\S+) ago$", title)
        if found and feed is not None:
            old = self.session.store.freshness(feed).age(self.session.clock.boot()) or 0.0
            if found[1] not in {age(old - step * 0.1) for step in range(int(LAG / 0.1) + 1)}:
                self.wrong("details of another age", f"{title!r} is {old:.1f} s old")

    def _fields(self, screen: DetailScreen, row: Resource | None) -> None:
        if row is None:
            return
        if screen._form != FIELDS:
            self._changes(screen, row)
            return
        view = screen._view
        feed, boot = self.session.store.feed_of(row.ref), self.session.clock.boot()
        fresh = self.session.store.freshness(feed) if feed is not None else None
        until: list[datetime | None] = [None]
        if fresh is not None and fresh.stale(boot) and fresh.fetched_boot is not None:
            read = self.app.moment().now - timedelta(seconds=boot - fresh.fetched_boot)
            until = [read, None] if self._changing(feed) else [read]
        for kind, what in detailing.told(self.seen.of_widget(view), row, list(self.moments()), until, top=not view._top):
            self.wrong(kind, what)

    def _changes(self, screen: DetailScreen, row: Resource) -> None:
        """Each look of which it is told what changed is one at which something did."""
        annals = self.annals()
        if annals is None or screen._form != CHANGES:
            return
        for line in self.seen.of_widget(screen._view):
            found = re.match(r" (?:first seen )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:  |, )(\S+) ago", line)
            if found and found[1] not in annals.touched[str(row.ref)]:
                self.wrong("a change of a thing at another time", f"{line.strip()!r}, not {sorted(annals.touched[str(row.ref)])}")

    def _due(self, since: float) -> bool:
        """Whether something was to be asked again since then, or is within a second: the words for it are others then."""
        store, until = self.session.store, self.session.clock.boot() + 1.0
        tries = [each.next_try for each in (*map(store.freshness, store.feeds()), *store.connections())]
        return any(each is not None and since - 1.0 < each <= until for each in tries)

    # Drawn anew ----------------------------------------------------------------------------------------------------------------

    async def again(self) -> None:
        """What stands there is what would be drawn now, by whatever way it came there."""
        app = self.app
        for _ in range(3):
            heard: list[object] = []
            end = self.session.changes.subscribe(heard.append)
            rings = app.alarm.alerts.unresolved
            try:
                await calm(app)
                before = Seen.of(self.terminal)
                self._repaint()
                await calm(app)
                painted = Seen.whole(app)
                began = self.session.clock.boot()
                app._tick()
                await calm(app)
                ticked = Seen.of(self.terminal)
                app._redraw(frozenset(Kind))
                self._repaint()
                await calm(app)
                anew = Seen.whole(app)
            finally:
                end()
            if not heard and app.alarm.alerts.unresolved == rings:
                self.seen = before
                if differs := before.differs(painted):
                    self.wrong("a line that was not painted", differs)
                due = self._due(began)  # the moment of a next try came between the two, and the words beside it go on in other lines
                later = ticked.text() != anew.text() and (due or ticked.timeless() == anew.timeless())
                if (differs := ticked.differs(anew)) and not later:
                    self.wrong("a line that was not drawn anew", differs)
                return

    def _repaint(self) -> None:
        for each in self.app.screen.walk_children():
            each.refresh()
