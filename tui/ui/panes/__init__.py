"""The panes of the console. A pane knows feeds and a table; no pane knows a platform."""
