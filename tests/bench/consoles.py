"""The real console in a pseudo-terminal, configured against an emulator that runs in a process of its own.

What is measured on it stands in ``start``, ``console`` and ``memory``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.terminal import Terminal
from tui.cli.child import Child

CONNECTIONS: Final = """\
[contexts.bench.connections.encore{number}]
platform = "encore"
base_url = "{encore[base_url]}"
apps = [{{ id = "checkout-3p2i", environments = ["staging", "prod"] }}, {{ id = "payments-k8mq", environments = ["staging", "prod"] }}]
[contexts.bench.connections.dployr{number}]
platform = "dployr"
base_url = "{dployr[base_url]}"
[contexts.bench.connections.phase{number}]
platform = "phase"
base_url = "{phase[base_url]}"
"""

KNOWN: Final = "web-api"
"""A service of every scenario: where it is seen, rows are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An emulator and a configuration for it. ``environ`` is what the console needs to find both."""

    folder: Path
    environ: Mapping[str, str]

    def console(self, **options: Any) -> Terminal:
        """The console, started."""
        return Terminal(["-m", "tui"], environ={**self.environ, **options.pop("environ", {})}, **options)

    def remember(self) -> None:
        """One run that leaves a last known state and compiled modules behind."""
        with self.console() as terminal:
            if not terminal.until(lambda: terminal.shows(KNOWN), 60.0):
                raise RuntimeError("the console never showed a service\n" + "\n".join(terminal.screen.display))
            terminal.run(1.0)
            terminal.send("q")
            terminal.until(terminal.ended, 10.0)


@contextmanager
def desk(scenario: str = "calm", *, frozen: bool = False, times: int = 1) -> Iterator[Desk]:
    """So many emulators with this scenario, in which no time passes if ``frozen``, and a home with a configuration for them and nothing
    else."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        children = [stack.enter_context(Child(scenario, more=("--frozen",) if frozen else ())) for _ in range(times)]
        home = folder / "home"
        home.mkdir(mode=0o700)
        config, environ = "", {"ROLLWATCH_HOME": str(home), **compiled(folder)}
        for number, child in enumerate(children, 1):
            facts, suffix = child.facts(), "" if number == 1 else str(number)
            config += CONNECTIONS.format(**facts, number=suffix)
            environ |= {
                f"ROLLWATCH_ENCORE{suffix}_CLIENT_ID": facts["encore"]["client_id"],
                f"ROLLWATCH_ENCORE{suffix}_CLIENT_SECRET": facts["encore"]["client_secret"],
                f"ROLLWATCH_DPLOYR{suffix}_TOKEN": facts["dployr"]["token"],
                f"ROLLWATCH_PHASE{suffix}_TOKEN": facts["phase"]["token"],
            }
        (home / "config.toml").write_text(config, encoding="utf-8")
        yield Desk(folder=folder, environ=environ)


def compiled(folder: Path) -> dict[str, str]:
    """Variables under which modules are compiled once, as an installation does, and not at every start."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
