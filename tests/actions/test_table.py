"""Every verb of every platform in both flavours: named, explained, dangerous to a known degree, shown before it is sent, and in reach.

One row for each (platform, flavour, kind, verb) that an adapter offers, plain words and no request: what is sent is ``test_once``'s.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.bench import APPS, NOW, SIGN_INS, Memory
from tui.actions import ACTIONS, DANGERS, Place, reach
from tui.cli.do import aim, filled
from tui.clock import ManualClock
from tui.errors import RollwatchError
from tui.forms import FORMS, Form
from tui.model import Kind, Ref, Verb
from tui.platforms.base import ConnectionSpec, Platform
from tui.platforms.registry import PLATFORMS, open_platform
from tui.text import Secret
from tui.ui.facts import MASKED

SHA = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
HUSH = "correct-horse-battery"

TEXTS: dict[tuple[Kind, Verb], dict[str, str]] = {
    (Kind.ROLLOUT, Verb.TRIGGER): {"sha": SHA},
    (Kind.ROLLOUT, Verb.ADOPT): {"rollout": "roll_230q08ckim3i9ntp31r0", "app": APPS[0].id},
    (Kind.DEPLOYMENT, Verb.CREATE): {"name": "night", "source": "remote", "runtime": "nodejs", "remote": "https://h/r", "port": "3000"},
    (Kind.DEPLOYMENT, Verb.UPDATE): {"version": "22", "env": f"TOKEN={HUSH}"},
    (Kind.VARIABLE, Verb.SET): {"key": "TOKEN", "value": HUSH},
    (Kind.ROUTE, Verb.CREATE): {"domain": "example.com", "service_id": "svc-1", "port": "3000"},
    (Kind.PROJECT, Verb.CREATE): {"name": "night"},
    (Kind.WEBHOOK, Verb.CREATE): {"url": "https://example.com/hook", "events": "deployment.failed", "secret": HUSH},
    (Kind.APPLICATION, Verb.CREATE): {"name": "night"},
    (Kind.APPLICATION, Verb.UPDATE): {"description": "after dark"},
    (Kind.ENVIRONMENT, Verb.CREATE): {"name": "canary"},
    (Kind.ENVIRONMENT, Verb.UPDATE): {"name": "canary"},
}
"""A form of each verb, filled in."""

NEEDS_READS = {("dployr", "current", Kind.DEPLOYMENT, Verb.UPDATE)}
"""What can only be said once the lists were read."""


def adapter(platform: str, flavour: str) -> Platform:
    apps = APPS if platform == "encore" else ()
    spec = ConnectionSpec(name="c", platform=platform, base_url="http://127.0.0.1:9", flavour=flavour, apps=apps)
    return open_platform(spec, credentials=SIGN_INS[platform], clock=ManualClock(NOW), journal_rollouts=Memory())


def pairs(at: Platform) -> list[tuple[Kind, Verb]]:
    """What it offers; a rollout of an environment and of a rollout are one verb."""
    return sorted({(Kind.ROLLOUT, verb) if verb is Verb.TRIGGER else (kind, verb) for kind, verb in at.verbs})


async def rows() -> list[tuple[str, str, Kind, Verb, Platform]]:
    found = []
    for platform in PLATFORMS:
        for flavour in ("documented", "current"):
            at = adapter(platform, flavour)
            found += [(platform, flavour, kind, verb, at) for kind, verb in pairs(at)]
    return found


def target(kind: Kind, form: Form, verb: Verb) -> Ref:
    ids = {Kind.ENVIRONMENT: f"{APPS[0].id}/prod", Kind.VARIABLE: "svc-1/TOKEN", Kind.ROUTE: "r-1"}
    made = form.target is kind and verb in {Verb.CREATE, Verb.ADOPT}
    return Ref(connection="c", kind=form.target, id="" if made else ids.get(form.target, "x-1"))


async def test_every_verb_is_named_explained_shown_and_in_reach() -> None:
    everything = await rows()
    assert len(everything) == 39
    for platform, flavour, kind, verb, at in everything:
        row = f"{platform} {flavour} {verb} {kind}"
        form, call = FORMS[kind, verb], at.verbs[kind, verb]
        assert form.title, row
        assert verb in DANGERS, row
        # A key: of the kind itself, or of whatever is listed.
        keys = [each for each in ACTIONS.values() if each.verb is verb and each.kind in {None, kind} and each.keys]
        assert any(each.help and reach(each) & PLACES[form.target if verb is Verb.TRIGGER else kind] for each in keys), row
        # The command line.
        aimed = target(kind, form, verb)
        below = Ref(connection="c", kind=kind, id=aimed.id) if form.target is not kind and verb is Verb.SET else aimed
        said = aim(str(verb), str(below) if below.id else f"c/{kind}/")
        assert said[0] is verb, row
        assert said[2] is kind or verb is Verb.TRIGGER, row
        # The literal requests, which are those that are declared, and no secret in them.
        here = form.only(call.takes)
        asked = {name: text for name, text in TEXTS.get((kind, verb), {}).items() if name in {each.name for each in here.fields}}
        assert here.check(asked) == {}, row
        values = filled(here, [f"{name}={text}" for name, text in asked.items()])
        try:
            plan = call.plan(aimed, values)
        except RollwatchError:
            assert (platform, flavour, kind, verb) in NEEDS_READS, row
            continue
        assert [each.method for each in plan] == [line.split()[0] for line in call.does.split(", ")], row
        assert HUSH not in repr([(str(each), each.body) for each in plan]), row
        if any(isinstance(value, Secret) for value in values.values()):
            assert MASKED in repr([each.body for each in plan]), row


PLACES: dict[Kind, frozenset[Place]] = {
    **dict.fromkeys(Kind, frozenset({Place.RESOURCES, Place.DETAIL})),
    Kind.APPLICATION: frozenset({Place.APPS}),
    Kind.ENVIRONMENT: frozenset({Place.APPS}),
    Kind.ROLLOUT: frozenset({Place.ROLLOUTS}),
}
"""Where a kind is listed, and so must be done something to."""


@pytest.mark.parametrize(
    ("platform", "kind", "verb", "documented", "current"),
    [
        ("encore", Kind.ROLLOUT, Verb.TRIGGER, set(), {"skip_tests", "force_rebuild"}),
        ("dployr", Kind.ROUTE, Verb.CREATE, {"port"}, set()),
        ("dployr", Kind.WEBHOOK, Verb.CREATE, {"secret"}, set()),
        ("dployr", Kind.DEPLOYMENT, Verb.CREATE, set(), {"type"}),
    ],
)
async def test_a_form_asks_for_what_the_flavour_takes(platform: str, kind: Kind, verb: Verb, documented: Any, current: Any) -> None:
    fields = [
        {each.name for each in FORMS[kind, verb].only(adapter(platform, flavour).verbs[kind, verb].takes).fields}
        for flavour in ("documented", "current")
    ]
    assert (fields[0] - fields[1], fields[1] - fields[0]) == (documented, current)
