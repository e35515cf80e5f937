"""What the keys do to a list: sort it, choose its columns, show what is wrong, let it stand still, write it to a file. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.actions import ACTIONS
from tui.tables import FORMS, Sort
from tui.ui.palette import Entry
from tui.ui.panes.listing import Listing
from tui.ui.panes.look import Look, shifted

if TYPE_CHECKING:
    from tui.ui.screens.console import ConsoleScreen


class ListDeeds:
    """For whichever list has the keys. What was chosen is kept per kind until the console ends."""

    def __init__(self, screen: ConsoleScreen) -> None:
        self._screen = screen

    @property
    def _app(self) -> Any:
        return self._screen.app

    @property
    def listing(self) -> Listing | None:
        """The list that has the keys; None where something else has them."""
        found = getattr(self._screen.front, "listing", None)
        return found if isinstance(found, Listing) else None

    def acts(self) -> Mapping[str, Callable[[], object]]:
        """Action id -> what it does."""
        return {
            "rows.sort": self._next,
            "rows.reverse": self._reverse,
            "rows.faults": self._faults,
            "rows.save": partial(self.save, "txt"),
            "rows.columns": self._choose_columns,
            "rows.wide": self._wide,
            "rows.left": partial(self._shift, -1),
            "rows.right": partial(self._shift, 1),
            "rows.freeze": self._freeze,
        }

    def entries(self) -> Iterator[Entry]:
        """What the palette offers for this list beside its keys."""
        listing = self.listing
        if listing is None:
            return
        for column in listing.columns:
            if column.title:
                title = column.title.lower()
                run = partial(self.sort_by, column.id)
                yield Entry(
                    f"sort {column.id}", f"sort by {title}", f"Sort the {listing.title} by {title}; again turns it round.", run, rank=1
                )
        for ending in ("csv", "json"):
            help_ = f"Write the {listing.title} that are shown to a new file."
            yield Entry(f"save {ending}", f"save list as {ending.upper()}", help_, partial(self.save, ending), rank=1)

    def sort_by(self, column: str) -> None:
        """Sort by this column; where it is already, turn the order round."""
        listing = self.listing
        if listing is None or column not in {each.id for each in listing.columns}:
            return
        again = listing.sort is not None and listing.sort.column == column
        self._use(Sort(column, descending=not listing.sort.descending if again and listing.sort else False))

    def _use(self, sort: Sort | None) -> None:
        listing = self.listing
        if listing is None:
            return
        listing.set_sort(sort)
        if sort is None:
            self._app.say(f"{listing.title} in their own order, what needs somebody first")
        else:
            title = next(each.title.lower() for each in listing.columns if each.id == sort.column)
            keys = zip(self._app.keymap.spelled_ids("rows.sort", "rows.reverse"), ("the next column", "the other way round"), strict=True)
            ways = ["turned round"] if sort.descending else [f"{key} {way}" for key, way in keys if key]
            self._app.say(", ".join((f"{listing.title} by {title}", *ways)))
        self._screen.front.touched()
        self._screen.redraw(None)

    def _next(self) -> None:
        listing = self.listing
        if listing is not None:
            ids: list[str | None] = [None, *(each.id for each in listing.columns if each.title)]
            chosen = ids[(ids.index(listing.sort.column if listing.sort else None) + 1) % len(ids)]
            self._use(Sort(chosen) if chosen else None)

    def _reverse(self) -> None:
        listing = self.listing
        if listing is not None and listing.sort is not None:
            self._use(Sort(listing.sort.column, descending=not listing.sort.descending))
        else:
            self._app.say("sort by a column first", "warn")

    def _faults(self) -> None:
        self.show_faults(not self._screen.front.only_faults)

    def show_faults(self, only: bool) -> None:
        """Show only what is wrong in the pane that has the keys, or everything; at once, since the next key may ask what is shown."""
        self._screen.front.show_faults(only)
        self._screen.redraw(None)

    # Columns -----------------------------------------------------------------------------------------------------------------

    def _choose_columns(self) -> None:
        listing = self.listing
        if listing is not None:
            self._app.views.open_columns(listing, self.show_look)

    def show_look(self, listing: Listing, look: Look) -> None:
        """Show a list in another way, at once."""
        listing.set_look(look)
        if listing.sort is not None and listing.sort.column not in {each.id for each in listing.columns}:
            listing.set_sort(None)
        self._screen.redraw(None)

    def _wide(self) -> None:
        listing = self.listing
        if listing is not None:
            self.show_look(listing, replace(listing.look, wide=not listing.look.wide, skip=0))
            keys = self._app.keymap
            left, right = (keys.spelled(ACTIONS[f"rows.{side}"]) for side in ("left", "right"))
            self._app.say(f"every column, nothing cut: {left} and {right} move sideways" if listing.look.wide else "the columns that fit")

    def _shift(self, step: int) -> None:
        listing = self.listing
        if listing is not None:
            self.show_look(listing, shifted(listing.columns, listing.look, step))

    def _freeze(self) -> None:
        listing = self.listing
        if listing is not None:
            still = listing.frozen_at is None
            listing.freeze(self._app.moment() if still else None)
            key = self._app.keymap.spelled(ACTIONS["rows.freeze"])
            self._app.say(f"the {listing.title} stand still; {key} again shows them as they are" if still else "live again")
            self._screen.redraw(None)

    def save(self, ending: str) -> None:
        """Write what is shown to a new file in the current folder or at home, named after the list and the time."""
        listing = self.listing
        if listing is not None:
            lines = FORMS[ending](listing.columns, listing.rows, self._app.moment())
            self._app.elsewhere.save(listing.title, ending, lines, f"{len(listing.rows):,} rows")
