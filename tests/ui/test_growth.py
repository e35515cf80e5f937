"""What was left is let go: dialogs that are opened and left all week must not stay in memory. The bench's ``memory`` measures the rest."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC

from tests.ui import keyboard
from tests.ui.desk import busy
from tui.ui.answers import Entry
from tui.ui.app import Console
from tui.ui.settings import Settings


async def test_nobody_holds_the_fields_of_a_dialog_that_was_left() -> None:
    app = Console(busy(), settings=Settings(zone=UTC))  # type: ignore[arg-type]
    fields: weakref.WeakSet[Entry] = weakref.WeakSet()
    async with app.run_test(size=(120, 40)):
        for _ in range(3):
            await keyboard.press(app, "2", "r")
            fields.update(app.screen.query(Entry))
            await keyboard.press(app, "escape")
        gc.collect()
        assert 0 < len(fields) <= 1, "those of the last dialog stay where they are until the next one"
