"""Generic widgets on Textual's line API: nothing here knows a platform, a feed or a session.

What days and bad links demand is here (keyed table, ring log, key bar, status line); for everything else Textual's own widgets do.
"""
