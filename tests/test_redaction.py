"""What a secret looks like: no known form survives in any surroundings, and an ordinary sentence does."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui.platforms import records
from tui.redaction import FORMS, STARS, Redactor, hides, may_hold, redacted

LETTERS = string.ascii_letters + string.digits
WORDS = LETTERS + "_-"


def made(alphabet: str, least: int, most: int = 60) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


SHAPES = {
    "a JWT": made(WORDS, 8).map(lambda part: ("eyJhbGciOiJIUzI1NiJ9." + part + "." + part, part)),
    "of dployr": made(LETTERS, 8).map(lambda part: (f"dpat_{part}", part)),
    "of Phase": made(LETTERS + ":", 8).map(lambda part: (f"pss_user:v1:{part}", part)),
    "of a service of Phase": made(LETTERS, 8).map(lambda part: (f"pss_service:v2:{part}:{part}", part)),
    "of GitHub": made(LETTERS, 16).map(lambda part: (f"ghp_{part}", part)),
    "fine-grained": made(LETTERS + "_", 16).map(lambda part: (f"github_pat_{part}", part)),
    "of Slack": made(LETTERS + "-", 12).map(lambda part: (f"xoxb-{part}", part)),
    "of Stripe": made(LETTERS, 8).map(lambda part: (f"sk_live_{part}", part)),
    "of AWS": made(string.ascii_uppercase + string.digits, 16, 16).map(lambda part: (f"AKIA{part}", part)),
    "of Google": made(WORDS, 35, 35).map(lambda part: (f"AIza{part}", part)),
    "of GitLab": made(WORDS, 20).map(lambda part: (f"glpat-{part}", part)),
    "a webhook": made(LETTERS + "/", 10).map(lambda part: (f"https://hooks.slack.com/services/{part}", part)),
    "another": made(WORDS, 10).map(lambda part: (f"https://discord.com/api/webhooks/1234/{part}", part)),
    "a bearer": made(LETTERS + "._~+/=-", 20).map(lambda part: (f"Bearer {part}", part)),
    "a pair": made(string.printable, 12).map(lambda part: base64.b64encode(part.encode()).decode()).map(lambda x: (f"Basic {x}", x)),
    "an address": made(LETTERS, 4).map(lambda part: (f"postgres://user:{part}@db/x", part)),
    "a query": made(LETTERS, 4).map(lambda part: (f"https://x.test/y?a=1&access_token={part}&b=2", part)),
    "a signature": made(LETTERS, 4).map(lambda part: (f"https://x.test/y?X-Amz-Signature={part}&b=2", part)),
    "a variable": made(LETTERS, 4).map(lambda part: (f"DB_PASSWORD={part}", part)),
    "a framework's": made(LETTERS, 4).map(lambda part: (f"SECRET_KEY_BASE={part}", part)),
    "an argument": made(LETTERS, 4).map(lambda part: (f"--client-secret={part}", part)),
    "a member": st.text(LETTERS + " ", min_size=4, max_size=30).map(lambda part: (f'"apiKey": "{part}"', part)),
    "a member within": made(LETTERS, 4).map(lambda part: (f'{{\\"password\\": \\"{part}\\"}}', part)),
    "a member that is cut": made(LETTERS + " ", 4).map(lambda part: (f'"clientSecret": "{part}', part)),
    "a header": made(LETTERS, 4).map(lambda part: (f"X-Api-Key: {part}", part)),
    "a cookie": made(LETTERS, 4).map(lambda part: (f"Set-Cookie: sid={part}; path=/", part)),
    "a key": made(LETTERS + "+/\n", 20).map(lambda x: (f"-----BEGIN RSA PRIVATE KEY-----\n{x}\n-----END RSA PRIVATE KEY-----", x)),
}
"""What a secret looks like: a whole one, and the part of it that must not be read."""
TWICE = {"a JWT", "of a service of Phase"}
"""Shapes in which that part stands twice."""


@pytest.mark.parametrize("shape", SHAPES)
@given(
    data=st.data(), before=st.sampled_from(("", "failed: ", "a\n", '{"x": 1, ', "(", "x=1 ", "'")), after=st.sampled_from(("", " ", "\n"))
)
def test_no_form_of_a_secret_survives(shape: str, data: st.DataObject, before: str, after: str) -> None:
    whole, part = data.draw(SHAPES[shape])
    # A part of a few letters may also be one of a name: ``clie`` is in ``--client-secret`` whatever is hidden.
    assume(whole.count(part) == 1 + (shape in TWICE))
    said = before + whole + after
    shown = redacted(said)
    assert STARS in shown
    # What is left must be what stood around it.
    assert part not in shown.replace(before, "", 1)
    assert redacted(shown) == shown or part not in redacted(shown)
    assert part not in records.word(whole)
    assert may_hold(whole)


SENTENCES = [
    "Invalid token: sign in again",
    "invalid token: sign in",
    "Wrong password: try again.",
    "token: expired",
    "Invalid token: JWT expired",
    "secret: not found",
    "Bearer token is missing",
    "Bearer authentication required.",
    "Basic authentication failed",
    "bearer service unavailable",
    "the password is wrong",
    "tokens left: 5",
    "token_command: get-token ended with 1",
    "STRIPE_SECRET_KEY",
    "variable DB_PASSWORD was set",
    "https://api.example.com/apps/token?cursor=abc&limit=5",
    "git@github.com:owner/secret.git",
    "monkey: see",
    "keyboard: us",
    "fix: the cookie banner",
    "roll_01HV7Z: commit e41f0c9b7a6d5c4b3a29181706f5e4d3c2b1a098 by ana",
    "task-sk-1 and disk-usage are fine",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_an_ordinary_sentence_stays_as_it_is(text: str) -> None:
    assert redacted(text) is text or redacted(text) == text
    assert Redactor()(text) == text
    assert records.word(text) == text


WORDY = ("the", "service", "is", "up", "and", "password", "token", "secret", "was", "bearer", "basic", "key", "for", "web-api", "prod")


@given(st.lists(st.sampled_from(WORDY), max_size=12))
def test_words_without_a_value_behind_them_stay(words: list[str]) -> None:
    assert redacted(" ".join(words)) == " ".join(words)


@given(st.text(max_size=80))
def test_it_says_the_same_twice_and_finds_what_its_hints_promise(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once
    # A form that finds something in a text which has none of its hints would never be asked.
    for form in FORMS:
        assert form.found.search(text) is None or any(hint in text.lower() for hint in form.hints)


@pytest.mark.parametrize(
    "name", ["clientSecret", "access_token", "PASSWORD", "apiKey", "slackWebhookUrl", "set_cookie", "backupCodes", "wrappedSeed"]
)
def test_names_that_hide(name: str) -> None:
    assert hides(name)


@pytest.mark.parametrize("name", ["key", "author", "name", "value", "monkey", "environment", "passed"])
def test_names_that_do_not(name: str) -> None:
    assert not hides(name)


HOSTILE = {
    **{f"{name} {form}": (form * 40_000)[:200_000] for name, form in (("name", "token="), ("open", 'token="'), ("says", "token: a b "))},
    "escaped": 'secret: \\"' * 20_000,
    "slashes": "secret" + "\\" * 100_000 + ":",
    "keys": "-----BEGIN PRIVATE KEY" * 10_000,
    "signed": "&a" * 50_000 + "sig",
    "dotted": "eyJaaaaa." * 20_000,
    "basic": "basic " * 30_000,
    "hooks": "hooks.slack.com/" * 10_000,
    "schemes": "://" * 50_000,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_the_cost_of_hostile_text_grows_with_its_length_only(hostile: str) -> None:
    from time import process_time

    def cost(text: str) -> float:
        begun = process_time()
        redacted(text)
        return process_time() - begun

    assert min(cost(hostile) for _ in range(2)) < 0.5
