"""Every form and dialog, one after the other in one console: for the pictures of them.

``python -m tests.ui.dialogs FOLDER`` draws them as PNG, to be looked at before a picture is accepted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.actions.test_dialog import WORKER, Answering, Seat, desk, seat
from tests.actions.test_table import adapter
from tests.gallery.paint import Run, paint, runs
from tests.ui import keyboard
from tui.engine.commands import Outcome
from tui.engine.feeds import Pending
from tui.model import Kind, Ref, Verb
from tui.platforms.base import Request
from tui.ui.answers import Choice, Entry
from tui.ui.screens.ask import AskScreen

LARGE, SMALL = (120, 40), (80, 24)
PLATFORMS = {"shop": ("encore", "current"), "fleet": ("dployr", "documented"), "vault": ("phase", "documented")}


class Planning(Answering):
    """A desk whose forms and requests are those of the real adapters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._adapters: dict[str, Any] = {}

    def _call(self, connection: str, kind: Kind, verb: Verb) -> Any:
        if connection not in self._adapters:
            self._adapters[connection] = adapter(*PLATFORMS[connection])
        return self._adapters[connection].verbs.get((kind, verb))

    def why_not(self, target: Ref | Kind, verb: Verb, *, kind: Kind | None = None, override: bool = False) -> str | None:
        if isinstance(target, Ref) and self._call(target.connection, kind or target.kind, verb) is None:
            return f"{target.connection} cannot"
        return super().why_not(target, verb, kind=kind, override=override)

    def takes(self, connection: str, kind: Kind, verb: Verb) -> Collection[str] | None:
        call = self._call(connection, kind, verb)
        return None if call is None else call.takes  # type: ignore[no-any-return]

    def plan(self, verb: Verb, ref: Ref, values: Mapping[str, Any], *, kind: Kind | None = None) -> tuple[Request, ...]:
        return self._call(ref.connection, kind or ref.kind, verb).plan(ref, values)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One dialog: the action that asks, on which list, how far down, what is filled in. ``then`` is the choice or nothing."""

    name: str
    act: str
    on: Kind
    texts: Mapping[str, str] = field(default_factory=dict)
    down: int = 0
    marks: int = 0
    size: tuple[int, int] = LARGE
    production: bool = False
    answer: Outcome | None = None
    unknown: Verb | None = None
    chosen: bool = False
    shows: tuple[str, ...] = ("Cancel",)


REFUSED = Outcome(word="refused", text="Invalid variable", fields={"key": "NODE_ENV is reserved for the runtime"}, ref=WORKER)
SERVICE, ROLLOUT, APP = Kind.SERVICE, Kind.ROLLOUT, Kind.APPLICATION
APP_TEXTS = {
    "name": "my-app",
    "source": "remote",
    "runtime": "nodejs",
    "version": "22",
    "remote": "https://github.com/user/repo",
    "branch": "main",
    "run_cmd": "npm start",
    "port": "3000",
}
VARIABLE = {"key": "NODE_ENV", "value": "hunter2"}

SCENES = (
    Scene(name="trigger", act="row.trigger", on=ROLLOUT, texts={"sha": "a1b2"}, shows=("already rolling there", "40 hexadecimal digits")),
    Scene(name="trigger somewhere", act="row.trigger", on=SERVICE, texts={"branch": "main"}, shows=('{"branch": "main"}',)),
    Scene(name="adopt", act="rollout.adopt", on=ROLLOUT, shows=("Follow",)),
    Scene(name="deploy", act="row.deploy", on=Kind.PROJECT, texts=APP_TEXTS, shows=('"runtime": "nodejs"', "POST /v1/deployments")),
    Scene(name="deploy again", act="row.deploy", on=SERVICE, shows=("worker", "3.12")),
    Scene(name="variable", act="row.variable", on=SERVICE, texts=VARIABLE, shows=('"value": "***"',)),
    Scene(name="route", act="row.new", on=Kind.ROUTE, texts={"domain": "a.example.com", "port": "80800"}, shows=("from 1 to 65535",)),
    Scene(name="project", act="row.new", on=Kind.PROJECT, shows=("Create a project",)),
    Scene(name="webhook", act="row.new", on=Kind.WEBHOOK, texts={"url": "ftp://x"}, shows=("write a whole address",)),
    Scene(name="app", act="row.new", on=APP, texts={"name": "n" * 65}, shows=("at most 64 characters", "Create an app")),
    Scene(name="change an app", act="row.edit", on=APP, texts={"description": "Basket"}, shows=("PUT /v1/apps/uuid-checkout/",)),
    Scene(name="delete an app", act="row.delete", on=APP, shows=("with 3 environments", "DELETE /v1/apps/uuid-checkout/")),
    Scene(name="environment", act="row.new", on=APP, down=1, texts={"name": "qa 2"}, shows=("only letters, digits, - and _",)),
    Scene(name="rename an environment", act="row.edit", on=APP, down=1, texts={"name": "Dev-2"}, shows=('"name": "Dev-2"',)),
    Scene(
        name="refusal",
        act="row.variable",
        on=SERVICE,
        texts=VARIABLE,
        answer=REFUSED,
        shows=("✗ NODE_ENV is reserved for the runtime", "refused: Invalid variable"),
    ),
    Scene(name="unknown", act="row.restart", on=SERVICE, unknown=Verb.RESTART, shows=("is not known", "type override to confirm")),
    Scene(name="bulk", act="row.stop", on=SERVICE, marks=3, shows=("Stop 3 services", "stop")),
    Scene(
        name="delete in production",
        act="row.delete",
        on=Kind.DEPLOYMENT,
        texts={"typed": "web"},
        production=True,
        shows=("type web-api to confirm",),
    ),
    Scene(
        name="deploy small",
        act="row.deploy",
        on=Kind.PROJECT,
        texts=APP_TEXTS,
        size=SMALL,
        chosen=True,
        shows=("[ Create ]", "POST /v1/deployments"),
    ),
    Scene(name="trigger small", act="row.trigger", on=ROLLOUT, texts={"sha": "a1b2"}, size=SMALL, shows=("40 hexadecimal", "[ Cancel ]")),
)


def made(production: bool) -> Planning:
    """The desk of a busy shift."""
    at = Planning(production=production)
    at.__dict__.update({name: value for name, value in vars(desk()).items() if name != "production"})
    return at


FOCUS = {APP: "focus.apps", ROLLOUT: "focus.rollouts"}


async def play(at: Seat, scene: Scene) -> None:
    """Ask, and fill in. Keys are pressed in ``tests.actions``; here only what is seen matters."""
    console = at.app.console_screen
    at.desk.answer = scene.answer
    if scene.unknown is not None:
        pending = Pending(ref=WORKER, kind=WORKER.kind, verb=scene.unknown, word="unknown", at=at.desk.clock.wall(), since=0.0)
        at.desk.store.mark(pending)
    if scene.on in FOCUS:
        console.action_act(FOCUS[scene.on])
    else:
        at.app.open_list(scene.on)
    await keyboard.rest(at.app)
    console.front.body.action_edge(-1)
    console.front.body.action_move(scene.down)
    await keyboard.press(at.app, *["space", "down"] * scene.marks)
    console.action_act(scene.act)
    await keyboard.rest(at.app)
    screen = at.app.screen
    assert isinstance(screen, AskScreen), scene.name
    entries = {entry.field: entry for entry in screen.query(Entry)}
    for name, text in scene.texts.items():
        entries[name].value = text
        entries[name].focus()
    if scene.chosen:
        screen.query_one(Choice).focus()
        screen.query_one(Choice).choose(go=True)
    await keyboard.rest(at.app)
    if scene.answer is not None:
        screen.post_message(Choice.Made(go=True))
        for _ in range(20):
            await keyboard.rest(at.app)
            if screen._deed is None:
                break
    await keyboard.rest(at.app)


def look(at: Seat) -> tuple[tuple[Run, ...], ...]:
    """The screen's cells and how they look."""
    app = at.app
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return tuple(tuple(runs([segment for strip in line for segment in strip])) for line in update.strips)  # type: ignore[union-attr]


def groups() -> list[tuple[Scene, ...]]:
    """The scenes that one console can show one after the other, a few at a time: a start is what costs most."""
    alike: dict[tuple[bool, tuple[int, int]], list[Scene]] = {}
    for scene in SCENES:
        alike.setdefault((scene.production, scene.size), []).append(scene)
    return [tuple(scenes[at : at + 6]) for scenes in alike.values() for at in range(0, len(scenes), 6)]


async def pictures(scenes: tuple[Scene, ...]) -> AsyncIterator[tuple[Scene, tuple[tuple[Run, ...], ...]]]:
    """Each of these scenes and what it looks like."""
    async with seat(made(scenes[0].production), size=scenes[0].size) as at:
        for scene in scenes:
            await play(at, scene)
            yield scene, look(at)
            at.app.screen.dismiss()
            await keyboard.rest(at.app)


async def draw(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for scenes in groups():
        async for scene, lines in pictures(scenes):
            paint(lines, folder / f"{scene.name.replace(' ', '-')}.png")


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
