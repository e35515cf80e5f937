"""Every reply that a real Phase gave: decoded into the model, or told in the sentence that the user reads."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.platforms import recorded
from tests.platforms.bench import Bench, bench
from tests.platforms.recorded import Recorded
from tui.errors import PlatformError, Refused
from tui.model import Kind, Verb
from tui.platforms import records
from tui.platforms.phase.offers import FIELDS
from tui.platforms.sending import body
from tui.text import clean

SENTENCES = recorded.sentences("phase")
"""What is shown for each refusal, after the connection's name. HOST and URL stand for the test's own."""

OTHERS = {name for name in recorded.files("phase") if name.startswith("rel_")} - set(SENTENCES)
"""Replies of addresses that the console never asks for."""

GOOD = sorted(set(recorded.files("phase")) - set(SENTENCES) - OTHERS)


def test_every_recorded_reply_is_told() -> None:
    assert set(SENTENCES) <= set(recorded.files("phase"))
    assert len(recorded.files("phase")) == len(SENTENCES) + len(OTHERS) + len(GOOD)
    assert all(recorded.load("phase", name).status < 300 for name in (*GOOD, *OTHERS))


@pytest.mark.parametrize("name", SENTENCES)
async def test_a_refusal_is_told_in_its_sentence(name: str) -> None:
    said = recorded.load("phase", name)
    kind, sentence = SENTENCES[name]
    async with bench("phase", lambda seen: said.answer, flavour="current") as at:
        create = at.platform.verbs[Kind.ENVIRONMENT, Verb.CREATE].run
        with pytest.raises(PlatformError) as caught:
            await (at.fetch(Kind.ENVIRONMENT, "x") if said.method == "GET" else create(at.ref(Kind.APPLICATION, "x"), {"name": "x"}))
        shown = str(caught.value).replace(at.server.url, "URL").replace(at.server.url.removeprefix("http://"), "HOST")
        assert shown == f"the-phase: {sentence}"
        assert caught.value.type == kind
        if said.status == 429:
            assert caught.value.retry_after == 60.0


VERBS = {"POST": Verb.CREATE, "PUT": Verb.UPDATE, "DELETE": Verb.DELETE}


async def ask(at: Bench, said: Recorded) -> tuple[Any, dict[str, Any] | None]:
    """Ask for the same with the adapter; and the values of a verb if what was recorded is what we would send, too."""
    parts = urlsplit(said.target)
    path = parts.path.removeprefix("/service").removeprefix("/public")
    kind = Kind.APPLICATION if "/apps/" in path else Kind.ENVIRONMENT
    id_ = path.rstrip("/").rpartition("/")[2]
    if said.method == "GET":
        if id_ in {"apps", "environments"}:
            return await at.fetch(kind, parts.query.partition("=")[2].partition("&")[0]), None
        return await at.platform.reads[kind].one(at.ref(kind, id_)), None
    verb = VERBS[said.method]
    values, ours = {name: value for name, value in (said.request_json or {}).items() if value is not None}, True
    try:
        body(values, FIELDS.get((kind, verb), ()), connection="", what="")
    except Refused:
        values, ours = {"name": "x"}, False
    on = at.ref(Kind.APPLICATION, parts.query.partition("=")[2]) if parts.query else at.ref(kind, "" if id_ == "apps" else id_)
    return await at.platform.verbs[kind, verb].run(on, values), values if ours else None


@pytest.mark.parametrize("name", GOOD)
async def test_a_success_becomes_records(name: str) -> None:
    said = recorded.load("phase", name)
    async with bench("phase", lambda seen: said.answer, flavour="auto") as at:
        found, values = await ask(at, said)
        if values is not None:
            assert (at.last.method, at.last.target, at.last.json) == (said.method, said.target, values or None)
    if said.method == "DELETE":
        assert found.done
        return
    rows = found.items if hasattr(found, "items") else [getattr(found, "resource", found)]
    expected = said.body.get("data", [said.body])
    assert len(rows) == len(expected)
    assert not getattr(found, "unreadable", 0)
    for row, record in zip(rows, expected, strict=True):
        assert (row.ref.id, row.name) == (record["id"], clean(record["name"], 256))
        assert row.created_at == datetime.fromisoformat(record["createdAt"])
        assert row.updated_at == datetime.fromisoformat(record["updatedAt"])
        if "envType" in record:
            assert (row.type, row.index) == (record["envType"], record["index"])
        else:
            assert (row.description, row.encrypted) == (clean(record["description"] or "", 10_000), record["sseEnabled"])


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_reply_that_nobody_asked_for_shows_no_secret(name: str) -> None:
    said = recorded.load("phase", name)
    text = records.text_of(records.parse(said.answer.body))
    assert text
    for secret in ("postgres://", "hunter", "REDACTED"):
        assert secret not in text
    if "secrets_" in name and isinstance(said.body, list):
        assert [each["value"] for each in json.loads(text)] == ["***"] * len(said.body)
