"""The fields of every verb: what may stand in them and what becomes of it."""

from __future__ import annotations

import pytest

from tui.forms import FORMS
from tui.model import Kind, Verb
from tui.text import Secret

TRIGGER = FORMS[Kind.ROLLOUT, Verb.TRIGGER]
ROUTE = FORMS[Kind.ROUTE, Verb.CREATE]
SHA = "0123456789abcdef0123456789abcdef01234567"


def test_a_rollout_wants_a_branch_or_a_commit_and_never_both() -> None:
    assert TRIGGER.check({}) == {"branch": "give a branch or a commit"}
    assert TRIGGER.check({"branch": "main", "sha": SHA}) == {"sha": "give a branch or a commit, not both"}
    assert TRIGGER.check({"branch": "main"}) == {}
    assert TRIGGER.values({"branch": " main ", "sha": "", "skip_tests": "yes"}) == {"branch": "main", "skip_tests": True}


@pytest.mark.parametrize(
    ("kind", "verb", "texts", "field"),
    [
        (Kind.ROLLOUT, Verb.TRIGGER, {"sha": "a1b2c3d"}, "sha"),
        (Kind.ROLLOUT, Verb.TRIGGER, {"sha": "g" * 40}, "sha"),
        (Kind.ROLLOUT, Verb.TRIGGER, {"branch": SHA}, "branch"),
        (Kind.ROLLOUT, Verb.TRIGGER, {"branch": "a..b"}, "branch"),
        (Kind.ROLLOUT, Verb.TRIGGER, {"branch": "-x"}, "branch"),
        (Kind.ROLLOUT, Verb.TRIGGER, {"branch": "main", "skip_tests": "perhaps"}, "skip_tests"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a b.com", "service_id": "s", "port": "80"}, "domain"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a.com", "service_id": "s", "port": "0"}, "port"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a.com", "service_id": "s", "port": "65536"}, "port"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a.com", "service_id": "s", "port": "x"}, "port"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a.com", "port": "80"}, "service_id"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "a.com", "service_id": "s", "port": "80", "color": "red"}, "color"),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "a b"}, "name"),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "x" * 65}, "name"),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "nl\n."}, "name"),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x" * 65}, "name"),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x", "environments": "dev, DEV"}, "environments"),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x", "environments": "dev, a b"}, "environments"),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x", "description": "y" * 10_001}, "description"),
        (Kind.APPLICATION, Verb.UPDATE, {"name": ""}, "name"),
        (Kind.VARIABLE, Verb.SET, {"key": "9A", "value": "x"}, "key"),
        (Kind.VARIABLE, Verb.SET, {"key": "A"}, "value"),
        (Kind.WEBHOOK, Verb.CREATE, {"url": "ftp://x/y", "events": "a"}, "url"),
        (Kind.WEBHOOK, Verb.CREATE, {"url": "https://u:p@x/y", "events": "a"}, "url"),
        (Kind.WEBHOOK, Verb.CREATE, {"url": "https://x/y", "events": " , "}, "events"),
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "a", "source": "remote", "runtime": "nodejs", "remote": "nowhere"}, "remote"),
        (Kind.DEPLOYMENT, Verb.UPDATE, {}, "name"),
        (Kind.DEPLOYMENT, Verb.UPDATE, {"env": "A"}, "env"),
        (Kind.SERVICE, Verb.RESTART, {"force": "yes"}, "force"),
    ],
)
def test_what_the_documents_do_not_allow_is_told_at_its_field(kind: Kind, verb: Verb, texts: dict[str, str], field: str) -> None:
    wrong = FORMS[kind, verb].check(texts)
    assert list(wrong) == [field]
    assert wrong[field]


def test_the_documents_own_examples_pass_and_become_what_they_print() -> None:
    texts = {
        "name": "my-app",
        "source": "remote",
        "runtime": "nodejs",
        "version": "20",
        "remote": "https://github.com/user/repo",
        "branch": "main",
        "build_cmd": "npm install",
        "run_cmd": "npm start",
        "port": "3000",
    }
    deploy = FORMS[Kind.DEPLOYMENT, Verb.CREATE]
    assert deploy.check(texts) == {}
    assert deploy.values(texts) == {**texts, "port": 3000}
    update = FORMS[Kind.DEPLOYMENT, Verb.UPDATE]
    assert update.values({"version": "22", "env": "NODE_ENV=production"}) == {"version": "22", "env": {"NODE_ENV": "production"}}
    assert ROUTE.values({"domain": "example.com", "service_id": "service-123", "port": "3000"}) == {
        "domain": "example.com",
        "service_id": "service-123",
        "port": 3000,
    }
    hook = FORMS[Kind.WEBHOOK, Verb.CREATE].values(
        {"url": "https://example.com/webhook", "events": "deployment.created, deployment.failed", "secret": "webhook-secret"}
    )
    assert hook["events"] == ["deployment.created", "deployment.failed"]
    assert hook["secret"] == Secret("webhook-secret")
    assert FORMS[Kind.APPLICATION, Verb.CREATE].values({"name": "A", "environments": "dev, eu-prod"})["environments"] == ["dev", "eu-prod"]


def test_variables_may_be_pasted_as_they_stand_in_a_file() -> None:
    update = FORMS[Kind.DEPLOYMENT, Verb.UPDATE]
    assert update.values({"env": "A=1\nB=2\n\nC=3,D=4"})["env"] == {"A": "1", "B": "2", "C": "3", "D": "4"}


@pytest.mark.parametrize("text", ["PASSWORD=abc,hunter2", "PASSWORD=abc,hunter2=="])
def test_what_is_wrong_with_a_variable_does_not_quote_what_may_be_its_value(text: str) -> None:
    wrong = FORMS[Kind.DEPLOYMENT, Verb.UPDATE].check({"env": text.replace("hunter2", "hunter 2")})["env"]
    assert wrong.startswith("number 2 ")
    assert "hunter" not in wrong


def test_a_secret_is_one_from_the_first_moment() -> None:
    made = FORMS[Kind.VARIABLE, Verb.SET].values({"key": "TOKEN", "value": "hunter2"})
    assert isinstance(made["value"], Secret)
    assert "hunter2" not in repr(made)


@pytest.mark.parametrize(("pair", "form"), FORMS.items(), ids=[f"{kind}-{verb}" for kind, verb in FORMS])
def test_every_form_explains_itself(pair: tuple[Kind, Verb], form: object) -> None:
    declared = FORMS[pair]
    assert declared.title
    names = [field.name for field in declared.fields]
    assert len(set(names)) == len(names)
    for field in declared.fields:
        assert field.title
        if field.example:
            assert declared.check({field.name: field.example}).get(field.name) is None
