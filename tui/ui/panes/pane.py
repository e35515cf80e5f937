"""What the four panes share: a head, a body, a filter, and a line for what is wrong.

A pane looks at feeds and draws what the store has of them. It never asks a platform for anything itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypedDict

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from tui.actions import Place
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.model import Kind, Ref, Tone
from tui.tables import GLYPHS, Filter, Moment, Table, parse_filter
from tui.ui.aim import Selection
from tui.ui.filtering import PLACEHOLDER, Typed
from tui.ui.panes.head import PaneHead
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.tabs import Tab


class Summary(TypedDict):
    """A few cells about a pane, and what they mean, in a glyph and in a tone."""

    count: str
    sign: str
    tone: Tone | None


def summed(count: int | str, tone: Tone | None, sign: str | None = None) -> Summary:
    """So many, the worst of them in this tone; nothing is said of none."""
    return Summary(count=str(count or ""), sign=GLYPHS[tone] if sign is None and tone is not None else sign or "", tone=tone)


class Pane(Vertical):
    """One of the four. Subclasses compose a body, draw it in ``draw`` and say what they look at."""

    place: ClassVar[Place]
    number: ClassVar[int]
    title: ClassVar[str]
    short: ClassVar[str]
    hint: ClassVar[str] = PLACEHOLDER
    """What stands in the line where the filter is typed."""

    class Touched(Message):
        """Something that the key bar or the session must know is different: the selection, a tab, a filter."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(**options)
        self.session = session
        self.filter = Filter()
        self.filter_text = ""
        self.typed = Typed()
        self.only_faults = False
        self.head = PaneHead(self.number, classes="head")
        self._notice = Paragraph(indent=2, most=3, classes="notice")

    # What a subclass says ----------------------------------------------------------------------------------------------------

    def compose_body(self) -> Iterable[Widget]:
        """The widgets between head and notice."""
        raise NotImplementedError

    @property
    def body(self) -> Widget:
        """What has the keys when this pane is focused."""
        raise NotImplementedError

    def kinds(self) -> frozenset[Kind]:
        """Kinds whose changes this pane draws."""
        return frozenset()

    def feeds(self) -> Collection[Feed]:
        """What it looks at now; these are read faster."""
        kinds = self.kinds()
        return [feed for feed in self.session.feeds() if feed.kind in kinds]

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        """Draw what is known. ``changed`` None: only time went by."""
        raise NotImplementedError

    def refilter(self) -> None:
        """The filter is another one."""
        raise NotImplementedError

    def tables(self) -> Mapping[Kind, Table[Any]] | None:
        """The tables whose columns a filter may ask for; None where it is about words alone."""
        return None

    def tabs(self) -> tuple[Sequence[Tab], str]:
        """The tabs in the head and the open one; none: the head shows the title."""
        return ((), "")

    def summary(self) -> Summary:
        """What is to be known of this pane while it is not shown."""
        return summed("", None)

    @property
    def selected(self) -> Ref | None:
        """The thing under the cursor."""
        return None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Everything that the line under the cursor stands for."""
        return () if self.selected is None else (self.selected,)

    @property
    def logged(self) -> tuple[Ref, ...]:
        """What the log key follows: what is marked and has a log, else what the line under the cursor stands for."""
        marked = self.selection.marked
        return tuple(ref for ref in marked or self.refs if self.session.has_log(ref))

    @property
    def kind_listed(self) -> Kind | None:
        """The kind of thing that is listed, for keys that need no selected thing."""
        return None

    @property
    def selection(self) -> Selection:
        """What the keys would be aimed at."""
        return Selection(self.refs, self.kind_listed)

    # Head, notice, filter ----------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.head
        yield from self.compose_body()
        yield self._notice

    def draw_head(self, *info: Piece) -> None:
        """Title or tabs, and at the right the filter and what else is to be said."""
        tabs, active = self.tabs()
        if not tabs:
            tabs, active = (Tab(id="title", label=self.title),), "title"
        self.head.set_tabs(tabs, active)
        narrowed = [Piece(f"/{self.filter_text.strip().removeprefix('/')}", "match")] if self.filter else []
        if self.only_faults:
            narrowed.append(Piece("only what is wrong", "match"))
        self.head.set_info((*narrowed, *info))

    def set_notice(self, pieces: Sequence[Piece]) -> None:
        """A line under the body, or what of it fits on three; empty takes it away."""
        self._notice.show((tuple(pieces),) if pieces else ())

    def set_filter(self, text: str) -> None:
        """Show only what fits these words. Raises ``tables.FilterError`` and then leaves everything as it is."""
        wanted = parse_filter(text, self.tables())
        self.filter_text = text
        if wanted != self.filter:
            self.filter = wanted
            self.refilter()
            self.touched()

    def widen(self) -> bool:
        """Show everything again; whether something was left out."""
        narrowed = bool(self.filter_text)
        if narrowed:
            self.set_filter("")
        return narrowed

    def show_faults(self, only: bool) -> None:
        """Show only what asks for a person, or everything."""
        self.only_faults = only
        self.touched()

    def touched(self) -> None:
        """Tell the screen that the selection, the tab or the filter is another one."""
        self.post_message(self.Touched(self))

    def on_mouse_down(self) -> None:
        """Wherever a pane is clicked, also at its head or where it is empty, it gets the keys."""
        if not self.has_focus_within:
            self.body.focus()

    # Keys --------------------------------------------------------------------------------------------------------------------

    def action_act(self, id_: str) -> None:
        """A key of this pane was pressed: the screen knows what every action does."""
        self.screen.action_act(id_)  # type: ignore[attr-defined]
