"""The one gate for text from outside: whatever comes, what leaves can be drawn."""

from __future__ import annotations

import itertools
import pickle
import time
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.text import MARK, MAX_MARKS, Secret, clean, is_plain

VISIBLE_CF = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are drawn: signs that enclose the digits after them."""

INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
"""Letters and marks by category that nobody sees."""

UNEVEN = frozenset(map(chr, (*range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400))))
"""Halves of flags and skin tones: joined with what is beside them they are two cells wide in one terminal and four in another."""


def is_banned(char: str, *, lines: bool) -> bool:
    """Whether a terminal could obey this character, or it hides or reorders others, or cannot be written at all."""
    if char in "\n\t":
        return not lines
    return char in INVISIBLE or (unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in VISIBLE_CF)


def assert_gate(text: str, limit: int = 512, *, lines: bool = False) -> str:
    once = clean(text, limit, lines=lines)
    assert not [hex(ord(char)) for char in once if is_banned(char, lines=lines)]
    assert clean(once, limit, lines=lines) == once, "cleaning twice changes nothing"
    once.encode()
    assert len(once) <= limit
    run = 0
    for char in once:
        run = run + 1 if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"} else 0
        assert run <= MAX_MARKS
    return once


HOSTILE = st.text(
    alphabet=st.sampled_from(
        "\x1b\x1b\x1b\x9b\x9d\x90\x98\x9e\x9f\x9c\x07\\[]PX^_;?0189mHJhlc#(%GZ@~ !/<>\r\n\t\b\x7f\x00\u202e\u200b\u0301\u0308e…\ufe0f\ud800"
    ),
    max_size=200,
)
ANY = st.text(st.characters(), max_size=200) | HOSTILE | st.binary(max_size=200).map(lambda data: data.decode("latin-1"))


@given(ANY | st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape")), st.integers(1, 300), st.booleans())
@settings(max_examples=600)
def test_whatever_comes_can_be_drawn(text: str, limit: int, lines: bool) -> None:
    assert_gate(text, limit, lines=lines)


@given(HOSTILE, HOSTILE)
@settings(max_examples=200)
def test_what_was_cleaned_may_be_joined(one: str, two: str) -> None:
    joined = clean(one) + clean(two)
    assert not [char for char in joined if is_banned(char, lines=False)]


def test_every_single_character() -> None:
    for start in (*range(0, 0x20000, 512), *range(0xE0000, 0xE2000, 512), 0x10FE00):  # between them nothing is assigned
        chars = [chr(code) for code in range(start, start + 512)]
        # A comma joins with nothing and belongs to no escape sequence.
        block = ",".join(chars if start else chars[0x20:0x7F])
        once = clean(block, 4096)
        assert not any(is_banned(char, lines=False) for char in once), hex(start)
        good = [char for char in block if not (is_banned(char, lines=False) or char in UNEVEN)]
        if len(good) == len(block):
            assert len(once) >= len(block), hex(start)
            assert once == unicodedata.normalize("NFC", block) or MARK in once, hex(start)
    for code in (*range(0x20), *range(0x7F, 0xA0)):
        assert clean(f"a{chr(code)}") in {f"a{MARK}", f"a{chr(0x2400 + code) if code < 32 else chr(0x2421)}", "a "}


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=512))
def test_plain_text_stays_itself(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "héllo",
        "日本語のログ",
        "Ünïcode — “quotes” …",
        "emoji \U0001f600\U0001f680",
        "עברית",
        "العربية ١٢٣",
        "ไทยที่นี่",
        "हिन्दी",
        "├── tree",
        "\u0600١٢",
    ],
)
def test_what_people_write_stays_itself(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


def corpus() -> Iterator[tuple[str, str]]:
    """Sequences that terminals obey, and what must be left of them."""
    for csi, parameter, final in itertools.product(
        ("\x1b[", "\x9b"), ("", "0", "2", "31;1", "?1049", ">4;2", "38:2::255:0:0", "!", " ", "0$"), "mJHhlKcnRtup@~"
    ):
        yield f"{csi}{parameter}{final}", ""
    for opener, payload, end in itertools.product(
        ("\x1b]", "\x9d", "\x1bP", "\x90", "\x1b_", "\x9f", "\x1b^", "\x9e", "\x1bX", "\x98"),
        ("0;pwned", "52;c;aGk=", "8;;https://evil/", "1337;File=x:AAAA", "", "q" * 4000, '$q"p', "a\nb"),
        ("\x07", "\x1b\\", "\x9c"),
    ):
        yield f"{opener}{payload}{end}", ""
    for single in "c78=>DEHMNOZno|}~":
        yield f"\x1b{single}", ""
    for charset in ("\x1b(0", "\x1b)B", "\x1b*A", "\x1b+0", "\x1b#8", "\x1b%G", "\x1b F", "\x1b-A", "\x1b$(B"):
        yield charset, ""


CORPUS = list(corpus())


def test_every_complete_sequence_goes() -> None:
    assert len(CORPUS) > 400
    for sequence, left in CORPUS:
        assert assert_gate(f"a{sequence}z") == f"a{left}z", repr(sequence)


def test_a_sequence_cut_at_any_offset_is_harmless() -> None:
    for sequence, _ in CORPUS:
        for cut in range(1, min(len(sequence), 12)):
            for part in (sequence[:cut], sequence[cut:]):
                assert_gate(f"a{part}")
                assert_gate(f"{part}z")


@pytest.mark.parametrize(
    "text",
    [
        "\x1b\x1b[0m[0m",
        "\x1b[\x1b[0m0m",
        "\x1b]0;\x1b[31m\x07",
        "\x1b]\x1b]\x07\x07",
        "\x9b\x9b0m",
        "\x1b[0\x07m",
        "\x1bP\x1b\x1b\\\\",
        "\x1b[" + "1" * 1000 + "m",
        "\x1b]0;" + "x" * 5000 + "\x07",
        "\x1b[1\u202em",
        "\x1b\u200b[0m",
        "\x1b\ud800[0m",
        "a\rb",
        "a\bb",
        "\x1b",
        "\x9b",
        "\x1b[",
        "\x1b]52;c;",
    ],
)
def test_sequences_inside_sequences(text: str) -> None:
    assert_gate(text)
    assert "\x1b" not in clean(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\rb", "a␍b"),
        ("a\x1bb", "a"),
        ("a\x1b", "a␛"),
        ("a\x7fb", "a␡b"),
        ("a\nb", "a␊b"),
        ("a\tb", "a b"),
        ("a\x85b", f"a{MARK}b"),
        ("a\u202eb", f"a{MARK}b"),
        ("a\u200bb", f"a{MARK}b"),
        ("a\u00adb", f"a{MARK}b"),
        ("a\u3164b", f"a{MARK}b"),
        ("a\ud83db", f"a{MARK}b"),
        ("a\U000e0041b", f"a{MARK}b"),
        ("a\u2028b", f"a{MARK}b"),
        ("a\ufe0fb", "ab"),
        ("e\u0301", "é"),
        ("e" + "\u0316" * 50 + "x", "e" + "\u0316" * MAX_MARKS + "x"),
    ],
)
def test_what_is_left_is_seen(text: str, shown: str) -> None:
    assert assert_gate(text) == shown


def test_flags_and_skin_tones_are_as_wide_in_every_terminal() -> None:
    assert clean("\U0001f1e9\U0001f1ea up") == "\uff24\uff25 up"
    assert clean("\U0001f44d\U0001f3fd ok") == "\U0001f44d ok"
    assert not is_plain(clean("\U0001f1f5rod"))


def test_lines_are_kept_where_they_are_wanted() -> None:
    assert clean("a\n\tb\r\n", lines=True) == "a\n\tb␍\n"


def test_what_is_cut_is_marked() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert clean("é" * 7, 6) == "ééééé…"
    assert clean("\x1b[0m" * 100_000 + "hidden", 100).endswith("…"), "what was not even looked at is cut too"


MIB = 1 << 20
SLOW = {
    "nested": "\x1b" * (MIB // 3) + "[m" * (MIB // 3),
    "osc": "\x1b]" * (MIB // 2),
    "c1": "\x9d" * MIB,
    "c1-long": ("\x9d" + "x" * 4090) * 256,
    "dcs": "\x1bP" + "x" * MIB,
    "csi": "\x1b[" * (MIB // 2),
    "csi-long": ("\x1b[" + "1" * 64) * (MIB // 66),
    "csi-inter": ("\x9b" + "1" * 64 + " " * 16) * (MIB // 81),
    "escape": "\x1b" * MIB,
    "charset": "\x1b((((" * (MIB // 5),
    "marks": "e" + "\u0301" * MIB,
    "marks-mixed": ("\u0301\u0316\u0334\u0483" * MIB)[:MIB],
    "zero": "\u200b" * MIB,
    "wide": "日" * MIB,
    "hangul": "\u1100\u1161\u11a8" * (MIB // 3),
    "surrogates": "\ud800" * MIB,
    "cr": "\r" * MIB,
    "plain": "x" * MIB,
    "sgr": "\x1b[31mx" * (MIB // 6),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize(("limit", "seconds"), [(512, 0.05), (16_384, 0.3), (65_536, 1.0)])
def test_a_hostile_megabyte_takes_a_bounded_time(name: str, limit: int, seconds: float) -> None:
    text = SLOW[name]
    started = time.process_time()
    once = clean(text, limit)
    assert time.process_time() - started < seconds
    assert len(once) <= limit


def test_names_that_only_look_plain() -> None:
    assert is_plain("prod-1")
    assert not is_plain("prоd")


def test_a_secret_is_never_shown() -> None:
    secret = Secret("hunter2-canary")
    shown = f"{secret} {secret!r} {secret!s} {secret:>20} %s %r" % (secret, secret) + str([secret]) + str({"a": secret}) + f"{secret}"
    assert "canary" not in shown
    assert secret.reveal() == "hunter2-canary"
    assert secret == Secret("hunter2-canary")
    assert secret != "hunter2-canary"
    assert len({secret, Secret("hunter2-canary")}) == 1
    assert secret
    assert not Secret("")
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
