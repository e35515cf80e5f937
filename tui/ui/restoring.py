"""Brings the console back as it was left, keeps how it is, and recalls saved views. Beside the app; it draws nothing itself.

What is kept is plain ids: a thing, a column or a log that is gone is passed over without a word.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.errors import StorageError
from tui.local.kept import Kept, Layout, Sorting, View
from tui.model import Kind, Ref
from tui.tables import FilterError, Sort
from tui.text import clean
from tui.ui.filtering import Typed, may_be_kept
from tui.ui.palette import Entry
from tui.ui.panes.listing import Listing
from tui.ui.panes.look import Look
from tui.ui.panes.resources import KINDS
from tui.ui.settings import Keeping
from tui.ui.widgets.log_paint import TIMES
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

log = logging.getLogger(__name__)

EVERY: Final = 5.0
"""Seconds that at least pass between two writes."""

MOST: Final = 40
"""Views that are kept; the oldest are forgotten."""

NUMBERED: Final = 5
"""Views that have a key of their own."""


class Restoring:
    """``keep`` None: nothing is kept, as in a demo. ``begin`` once the screen is there, ``tick`` every second, ``end`` when it goes."""

    def __init__(self, program: Console, keep: Keeping | None) -> None:
        self._program = program
        self._keep = keep
        self._written: Kept | None = None
        self._at = float("-inf")
        self._writing = False
        self.views: tuple[View, ...] = ()

    # Bringing back -----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show everything as it was left."""
        if self._keep is None:
            return
        kept = self._keep.load()
        self._restore(kept)
        self._written = self.gather()

    def _restore(self, kept: Kept) -> None:
        screen, layout = self._program.console_screen, kept.layout
        self.views = kept.views
        self._program.views.recent = kept.recent
        for listing in self._listings():
            wanted = kept.lists.get(str(listing.kind))
            if wanted is not None:
                self._list(listing, wanted)
            if (ref := _ref(layout.selected.get(str(listing.kind), ""))) is not None:
                listing.table.want(ref, layout.rows.get(str(listing.kind), 0))
        for name, typed in self._typed():
            typed.restore(kept.typed.get(name, ()))
        for pane in screen.panes:
            with suppress(FilterError):
                pane.set_filter(clean(layout.filters.get(str(pane.id), ""), 200))
            if str(pane.id) in layout.faults:
                pane.show_faults(True)
        with suppress(ValueError):
            if Kind(layout.tab) in KINDS:
                screen.resources.open_tab(Kind(layout.tab))
        self._follow(layout)
        front = next((pane for pane in screen.panes if pane.id == layout.front), screen.front)
        screen.settle(front, zoomed=layout.zoomed)

    def _follow(self, layout: Layout) -> None:
        logs = self._program.console_screen.logs
        known = {each.name for each in self._program.session.store.connections()}
        refs = [ref for text in layout.followed if (ref := _ref(text)) is not None and ref.connection in known]
        if refs:
            logs.follow(*refs)
        if layout.activity:
            logs.toggle_activity()
        for view in logs.views:
            view.set_look(wrap=layout.wrap, pretty=layout.pretty, times=layout.times if layout.times in TIMES else None)

    @staticmethod
    def _list(listing: Listing, wanted: Sorting) -> None:
        listing.set_look(Look(columns=wanted.columns, wide=wanted.wide))
        known = wanted.sort in {each.id for each in listing.columns}
        listing.set_sort(Sort(wanted.sort, descending=wanted.descending) if known else None)

    def _listings(self) -> Iterator[Listing]:
        screen = self._program.console_screen
        yield from screen.resources.listings
        yield screen.rollouts.listing

    def _typed(self) -> Iterator[tuple[str, Typed]]:
        """Where something is looked for, and what was typed there."""
        screen = self._program.console_screen
        yield from ((str(pane.id), pane.typed) for pane in screen.panes)
        yield "search", screen.logs.prompt.typed("search")

    # Keeping -----------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """A second went by: write what is different, not more often than every few seconds, and nothing before it was shown as it was
        left: that would be forgotten."""
        now = self._program.session.clock.boot()
        if self._keep is None or self._written is None or self._writing or now - self._at < EVERY:
            return
        kept = self.gather()
        if kept != self._written:
            self._at, self._writing = now, True
            start(self._program, self._write, self._keep, kept, group="keep")

    async def _write(self, keep: Keeping, kept: Kept, *, views: bool = False) -> None:
        try:
            await asyncio.to_thread(keep.save, kept, views=views)
        except StorageError as error:
            log.warning("how the console is cannot be kept: %s", error)
        finally:
            # Once is enough to say so: the next difference tries again.
            self._written, self._writing = kept, False

    def end(self) -> None:
        """The console goes: keep how it is now, while it still is so. Nothing is kept after that."""
        keep, self._keep = self._keep, None
        if keep is not None and self._written is not None and (kept := self.gather(whole=True)) != self._written:
            with suppress(StorageError):
                keep.save(kept)

    def gather(self, *, whole: bool = False) -> Kept:
        """How everything is now. Rows move all the time, so their numbers count only where the ``whole`` is kept once."""
        screen = self._program.console_screen
        return Kept(
            layout=Layout(
                front=str(screen.front.id),
                zoomed=screen.zoomed,
                tab=str(screen.resources.kind),
                filters={str(pane.id): pane.filter_text for pane in screen.panes if pane.filter_text and may_be_kept(pane.filter_text)},
                faults=tuple(str(pane.id) for pane in screen.panes if pane.only_faults),
                selected={str(each.kind): str(each.table.wanted) for each in self._listings() if isinstance(each.table.wanted, Ref)},
                rows={str(each.kind): each.table.cursor_row for each in self._listings() if whole and each.table.cursor_row},
                followed=tuple(str(ref) for ref in screen.logs.followed.refs),
                activity=screen.logs.shows_activity,
                wrap=screen.logs.log_view.paint.wrap,
                pretty=screen.logs.log_view.paint.pretty,
                times=screen.logs.log_view.paint.times,
            ),
            lists={str(each.kind): found for each in self._listings() if (found := _sorting(each)) != Sorting()},
            views=self.views,
            recent=self._program.views.recent,
            typed={name: texts for name, typed in self._typed() if (texts := typed.kept)},
        )

    # Views -------------------------------------------------------------------------------------------------------------------

    def entries(self, typed: str) -> Iterator[Entry]:
        """What the palette offers: each saved view, and to save one under the name that was typed."""
        for number, view in enumerate(self.views):
            key = str(number + 5) if number < NUMBERED else ""
            yield Entry(f"view {view.name}", f"view {view.name}", _told(view), partial(self.recall, view), key=key, rank=1)
            yield Entry(
                f"forget {view.name}", f"forget view {view.name}", "Delete this saved view.", partial(self.forget, view.name), rank=5
            )
        # The key for views begins with "view ": a name that no view has yet is one to save it under.
        named = re.fullmatch(r"\s*(?:save )?view\s+(.+)", typed)
        name = clean(named[1].strip(), 40) if named is not None else ""
        help_ = "Keep tab, filter, sort and columns under this name." if name else "Type a name behind it."
        why_not = "" if self._program.console_screen.lists.listing is not None else "no list has the keys"
        yield Entry("save view", f"save view {name}".rstrip(), help_, partial(self.save, name), why_not=why_not, rank=1)

    def numbered(self, number: int) -> None:
        """Recall the first, second … view."""
        if number <= len(self.views):
            self.recall(self.views[number - 1])
        else:
            (key,) = self._program.keymap.spelled_ids("view.pick")
            self._program.say(f"no view is saved under this number: {key} and a name saves one", "warn")

    def recall(self, view: View) -> None:
        """Show a list as it was saved."""
        screen = self._program.console_screen
        pane = screen.rollouts if view.kind == Kind.ROLLOUT else screen.resources
        with suppress(ValueError):
            if Kind(view.kind) in KINDS:
                screen.resources.open_tab(Kind(view.kind))
        screen.action_act(f"focus.{pane.id}")
        self._list(pane.listing, view.listed)
        try:
            pane.set_filter(view.filter)
        except FilterError as error:
            self._program.say(f"the filter of {view.name} makes no sense any more: {error}", "warn")
        pane.show_faults(view.faults)
        screen.redraw(None)
        self._program.say(f"view {view.name}: {_told(view)}")

    def save(self, name: str) -> None:
        """Keep the list that has the keys as a view; one of the same name is replaced where it stands."""
        screen = self._program.console_screen
        listing = screen.lists.listing
        if not name or listing is None:
            self._program.say("type a name behind it: save view failing" if listing is not None else "no list has the keys", "warn")
            return
        front = screen.front
        made = View(name=name, kind=str(listing.kind), filter=front.filter_text, faults=front.only_faults, listed=_sorting(listing))

        def change(views: tuple[View, ...]) -> tuple[View, ...]:
            if name not in _names(views):
                return (*views, made)[-MOST:]
            return tuple(made if each.name == name else each for each in views)

        self._change(change)
        number = [each.name for each in self.views].index(name)
        until = "" if self._keep is not None else " until the end of this run"
        self._program.say(f"view {name} is kept{until}" + (f": {number + 5} shows it again" if number < NUMBERED else ""))

    def forget(self, name: str) -> None:
        """Delete a saved view."""
        self._change(lambda views: tuple(each for each in views if each.name != name))
        self._program.say(f"view {name} is gone")

    def _change(self, change: Callable[[tuple[View, ...]], tuple[View, ...]]) -> None:
        """Change the views; those that another console saved meanwhile are among them."""
        self.views = change(self._keep.load().views if self._keep is not None else self.views)
        if self._keep is not None:
            start(self._program, partial(self._write, views=True), self._keep, self.gather(), group="views")


def _names(views: Sequence[View]) -> frozenset[str]:
    return frozenset(each.name for each in views)


def _told(view: View) -> str:
    """What a view shows, in a few words."""
    words = [view.kind, f"/{view.filter}" if view.filter else "", "only what is wrong" if view.faults else ""]
    if view.listed.sort:
        words.append(f"by {view.listed.sort}" + (", turned round" if view.listed.descending else ""))
    return " ".join(word for word in words if word)


def _sorting(listing: Listing) -> Sorting:
    by = listing.sort or Sort("")
    return Sorting(sort=by.column, descending=by.descending, columns=listing.look.columns, wide=listing.look.wide)


def _ref(text: str) -> Ref | None:
    try:
        return Ref.parse(text)
    except ValueError:
        return None
