"""The table of what each platform can do, in ``tui/platforms/README.md``, is what the code says.

``python -m tests.platforms.test_capabilities`` writes it anew.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import tui.platforms
from tests.platforms.bench import APPS, NOW, SIGN_INS, Memory
from tui.clock import ManualClock
from tui.forms import FORMS
from tui.model import Kind, Verb
from tui.platforms.base import ConnectionSpec, Platform
from tui.platforms.registry import PLATFORMS, open_platform

README = Path(tui.platforms.__file__).parent / "README.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
FLAVOURS = ("documented", "current")


def adapter(platform: str, flavour: str) -> Platform:
    spec = ConnectionSpec(
        name="c", platform=platform, base_url="http://127.0.0.1:9", flavour=flavour, apps=APPS if platform == "encore" else ()
    )
    return open_platform(spec, credentials=SIGN_INS[platform], clock=ManualClock(NOW), journal_rollouts=Memory())


def read_cell(at: Platform, kind: Kind) -> str:
    read = at.reads.get(kind)
    if read is None:
        return "–"
    how = f"`{read.does}`" + (f", per {read.per}" if read.per else "") + (", on demand" if read.on_demand else "")
    return how + (f"; one: `{read.one_does}`" if read.one is not None else "")


def verb_cell(at: Platform, kind: Kind, verb: Verb) -> str:
    call = at.verbs.get((kind, verb))
    if call is not None:
        return f"`{call.does}`"
    why = at.instead.get((kind, verb))
    return f"no: {why}" if why else "–"


def table() -> str:
    lines = []
    for platform in PLATFORMS:
        adapters = [adapter(platform, flavour) for flavour in FLAVOURS]
        lines += [f"### {platform}", "", "| kind | verb | documented | current |", "|---|---|---|---|"]
        for kind in Kind:
            cells = [read_cell(at, kind) for at in adapters]
            if set(cells) != {"–"}:
                lines.append(f"| {kind} | read | {' | '.join(cells)} |")
            for verb in Verb:
                cells = [verb_cell(at, kind, verb) for at in adapters]
                if set(cells) != {"–"}:
                    lines.append(f"| {kind} | {verb} | {' | '.join(cells)} |")
        logs = [log_cell(at) for at in adapters]
        lines += [f"| service | log | {' | '.join(logs)} |", ""]
    return "\n".join(lines)


def log_cell(at: Platform) -> str:
    if at.platform != "dployr":
        return "no: it has no logs"
    query = "tail=:n&follow=true" if at.flavour == "documented" else "since=:ms&limit=5000, then follow=true&since=:ms"
    return f"`GET /v1/services/:id/logs?{query}`"


async def test_the_table_in_the_readme_is_what_the_code_says() -> None:
    text = README.read_text()
    written = text.split(BEGIN)[1].split(END)[0]
    assert written == table(), "run python -m tests.platforms.test_capabilities"


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_verb_is_there_or_says_why_not_but_never_both(platform: str, flavour: str) -> None:
    at = adapter(platform, flavour)
    assert at.flavour == flavour
    assert not set(at.verbs) & set(at.instead)
    for kind in at.reads:
        for verb in Verb:
            reachable = (kind, verb) in FORMS
            assert not reachable or (kind, verb) in at.verbs or (kind, verb) in at.instead, f"{platform} {flavour}: {verb} {kind}"


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_every_verb_of_a_platform_has_a_form(platform: str, flavour: str) -> None:
    assert set(adapter(platform, flavour).verbs) - {(Kind.ENVIRONMENT, Verb.TRIGGER)} <= set(FORMS)


NEVER = re.compile(r"/v1/status\b|logout|invites/(?:accept|decline)|/v1/secrets|/secrets/tokens")


def test_what_wakes_services_or_ends_sessions_is_nowhere_in_the_code() -> None:
    sources = list(README.parent.rglob("*.py"))
    assert len(sources) > 30
    for path in sources:
        code = re.sub(r'"""(?:.|\n)*?"""|#[^\n]*', "", path.read_text())
        assert not NEVER.search(code), path


async def write() -> None:
    text = README.read_text()
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    asyncio.run(write())
