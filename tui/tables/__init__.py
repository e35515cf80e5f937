"""How each kind is shown, as data. Declarations and pure functions: no widget, no colour, no terminal.

``words`` has the glyphs and the short forms of times and sizes, ``columns`` says what a column is,
``cells`` those that take several fields to say,
``kinds`` holds the ten tables, ``details`` lists every field of one record,
``extra`` the columns that can be added to a list, ``why`` what speaks against a thing, ``relations`` what belongs to it,
``filters`` and ``terms`` which rows a user wants to see, ``expressions`` which regular expression may take for ever,
``ascii`` what our glyphs are where there are none, ``saved`` how a list is written to a file. A new kind is one table in ``kinds``.
"""

from tui.tables.cells import is_frozen, lasting, needs_approval, phase_cell, rollout_word, target, told
from tui.tables.columns import Cell, Column, Lookup, Moment, Sort, Span, Table, fit
from tui.tables.details import Detail, details
from tui.tables.extra import column_of, offered
from tui.tables.filters import Filter, FilterError, in_order, parse_filter, search_text
from tui.tables.kinds import TABLES
from tui.tables.relations import related
from tui.tables.saved import FORMS
from tui.tables.why import Evidence, why
from tui.tables.words import GLYPHS, NOTHING, STEPS, age, attention, bars, lately, share, size, state, tone_of

__all__ = [
    "FORMS",
    "GLYPHS",
    "NOTHING",
    "STEPS",
    "TABLES",
    "Cell",
    "Column",
    "Detail",
    "Evidence",
    "Filter",
    "FilterError",
    "Lookup",
    "Moment",
    "Sort",
    "Span",
    "Table",
    "age",
    "attention",
    "bars",
    "column_of",
    "details",
    "fit",
    "in_order",
    "is_frozen",
    "lasting",
    "lately",
    "needs_approval",
    "offered",
    "parse_filter",
    "phase_cell",
    "related",
    "rollout_word",
    "search_text",
    "share",
    "size",
    "state",
    "target",
    "told",
    "tone_of",
    "why",
]
