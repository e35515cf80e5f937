"""Ids stay in their segment, base URLs stay themselves."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import ConfigError, NotFound
from tui.platforms.seg import fill, pinned, query_text, seg
from tui.text import Secret

BAD_IDS = ["", ".", "..", "x" * 257, "\ud800", "a\udfff"]
ODD_IDS = [
    "...",
    "....",
    "a/b",
    "/",
    "//",
    "../x",
    "..\\x",
    "../../v1/admin",
    "..%2f..",
    "%2e%2e",
    "%2E",
    "%",
    "%25",
    "a%00b",
    "\0",
    "?a=b",
    "#f",
    "a?b#c",
    "a b",
    " ",
    "+",
    "a+b",
    "&",
    "=",
    ";",
    ";v=1",
    ":",
    "pr:72",
    "@",
    "a@b",
    "\\",
    "a\\b",
    "\r\nX: y",
    "\n",
    "\t",
    "é",
    "日本",
    "\U0001f600",
    "e\u0301",
    "~",
    "-",
    "_",
    "a.b",
    ".a",
    "a.",
    "CON",
    "{id}",
    "{}",
    "<x>",
    '"',
    "'",
    "`",
    "|",
    "^",
    "x" * 256,
    "http://evil/x",
    "//evil",
    "\u2028",
    "\u202e",
    "\ufeff",
]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_unusable_id_is_refused(bad: str) -> None:
    with pytest.raises(NotFound) as refused:
        fill("/v1/services/{id}/stop", {"id": bad})
    assert refused.value.sent is False


@pytest.mark.parametrize("odd", ODD_IDS)
def test_any_other_id_stays_in_its_segment(odd: str) -> None:
    path = fill("/v1/services/{id}/stop", {"id": odd})
    assert path.isascii()
    parts = path.split("/")
    assert parts[:3] == ["", "v1", "services"]
    assert parts[4:] == ["stop"]
    assert unquote(parts[3]) == odd


def refused_or_unchanged(one: str, two: str) -> None:
    try:
        path = fill("/a/{one}/b/{two}", {"one": one, "two": two})
    except NotFound:
        assert any(bad in {"", ".", ".."} or len(bad) > 256 or any("\ud800" <= c <= "\udfff" for c in bad) for bad in (one, two))
        return
    _, a, first, b, second = path.split("/")
    assert (a, unquote(first), b, unquote(second)) == ("a", one, "b", two)


@settings(max_examples=30)
@given(st.text(max_size=300), st.text(max_size=300))
def test_every_id_is_refused_or_comes_back_unchanged(one: str, two: str) -> None:
    refused_or_unchanged(one, two)


@pytest.mark.soak
@settings(max_examples=1000)
@given(st.text(max_size=300), st.text(max_size=300))
def test_a_thousand_ids_are_refused_or_come_back_unchanged(one: str, two: str) -> None:
    refused_or_unchanged(one, two)


@pytest.mark.parametrize(
    ("template", "ids"), [("/v1/{id}", {}), ("/v1/x", {"id": "1"}), ("v1/{id}", {"id": "1"}), ("/v1//x", {}), ("/v1?x={id}", {"id": "1"})]
)
def test_a_template_that_does_not_fit_is_our_mistake(template: str, ids: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="template"):
        fill(template, ids)


def test_a_query_is_encoded_to_the_last_character() -> None:
    assert query_text({"a&b": "c=d?#/ ä", "secret": Secret("s&cr=t")}) == "a%26b=c%3Dd%3F%23%2F%20%C3%A4&secret=s%26cr%3Dt"
    assert query_text({}) == ""
    assert query_text({"x": "\ud800"}) == "x=%3F"


def test_an_address_that_is_none_says_what_to_write() -> None:
    with pytest.raises(ConfigError, match="base_url must begin with https://") as wrong:
        pinned("api.phase.dev")
    assert wrong.value.hint == "write https://HOST or https://HOST/PATH"
    with pytest.raises(ConfigError, match="allow_insecure"):
        pinned("http://phase.corp")
    assert pinned("http://phase.corp", allow_insecure=True).origin == "http://phase.corp"


def test_seg_alone() -> None:
    assert seg("svc-1") == "svc-1"
    assert seg("pr:72") == "pr%3A72"
