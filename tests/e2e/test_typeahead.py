"""Whole sequences of keys in one write to a real terminal, as a slow link delivers them: nothing acts on what had the keys before."""

from __future__ import annotations

import pytest

from tests.e2e.driver import Terminal, rollwatch


@pytest.mark.timeout(180)
def test_sequences_in_one_write_do_what_they_do_one_by_one() -> None:
    with Terminal(rollwatch("demo", "--scenario", "calm"), size=(120, 40)) as terminal:
        terminal.sees("● dployr", "web-api", "worker", "Live rollouts", deadline=60)
        # A filter takes all its letters: w, e and b mean other things in the list.
        terminal.press("2/web-api\r")
        terminal.until(lambda: "worker" not in _services(terminal) and "web-api" in _services(terminal), "the filter was not taken")
        terminal.press("\x1b")
        terminal.until(lambda: "worker" in _services(terminal), "the filter did not go")
        # The log's filter, and back to the services: arrows stay whole and act where they came to.
        terminal.press("4/err\r2\x1b[B\x1b[B\x1b[A")
        terminal.sees("/err")
        # The palette, and what was found is opened before the next key.
        terminal.press(":web-api\r")
        # What the palette shows could be taken for it; and an escape that the next key follows at once would be another key.
        terminal.sees("dployr/service/svc-", "esc back")
        terminal.press("\x1b")
        terminal.misses("esc back")
        terminal.sees("Live rollouts")
        # A dialog takes what follows its key; nothing of it is an answer, nothing acts on the list.
        terminal.press("2/web-api\rrzX3\x1b[C\r")
        terminal.sees("Restart web-api", "[ Cancel ]")
        terminal.press("\x1b")
        terminal.misses("[ Cancel ]")
        # A form: a secret behind a tab is masked, and never in the field before.
        terminal.press("v")
        terminal.sees("[ Cancel ]")
        terminal.quiet(0.6)
        terminal.press("NIGHT_KEY\thunter2-of-mine")
        terminal.sees("NIGHT_KEY", "•" * len("hunter2-of-mine"))
        assert b"hunter2" not in terminal.raw
        terminal.press("\x1b")
        terminal.misses("[ Cancel ]")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()


def _services(terminal: Terminal) -> str:
    """The right upper part of the screen."""
    return "\n".join(line[36:] for line in terminal.lines()[:20])
