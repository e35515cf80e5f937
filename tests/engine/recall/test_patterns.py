"""Lines that say the same are one pattern; what is new or faster stands out; memory is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.engine.recall.patterns import Patterns, pattern
from tui.model import LogLine
from tui.text import Safe

START = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


def line(text: str, seconds: float = 0) -> LogLine:
    return LogLine(at=START + timedelta(seconds=seconds), text=Safe(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("timeout after 500ms from 10.0.0.7:443", "timeout after 1200ms from 10.9.1.22:80"),
        ("order 58006442-007b-4625-b8e2-80f7606484a0 paid", "order 72b9ddd5-8fce-49ab-89d9-c431d53a9552 paid"),
        ("2026-11-23T22:00:01.123Z GET /a took 1.5 s", "2026-11-24T01:12:59Z GET /a took 22 s"),
        ("panic at 0xdeadbeef in worker", "panic at 0x7ffee in worker"),
        ("commit a1b2c3d4e5 live", "commit 9f8e7d6c5b live"),
        ("captured ref=4ed7ddc", "captured ref=8391204"),
        ("order placed by cust_9e55", "order placed by cust_c410"),
        ("order placed by cust_33d8", "order placed by cust_71f3"),
        ("mail to ana@example.com failed", "mail to bo.x@test.org failed"),
        ("fetch https://a.example/x?y=1 failed", "fetch https://b.example/z failed"),
    ],
)
def test_what_differs_is_masked(one: str, other: str) -> None:
    assert pattern(one) == pattern(other) != one


@pytest.mark.parametrize(
    ("one", "other"), [("cache hit", "cache miss"), ("connection refused", "connection reset"), ("user added", "user faded")]
)
def test_words_are_not_masked(one: str, other: str) -> None:
    assert pattern(one) != pattern(other)
    assert pattern(one) == one


def test_new_since_a_moment() -> None:
    seen = Patterns()
    seen.add([line(f"request {n} ok", n) for n in range(50)])
    seen.add([line(f"request {n} ok", n) for n in range(50, 60)] + [line(f"oom killed pid {n}", 55 + n) for n in range(3)])
    (found,) = seen.new_since(START + timedelta(seconds=50))
    assert found.text == "oom killed pid <n>"
    assert (found.count, found.example.text) == (3, "oom killed pid 0")


def test_what_comes_faster_than_before_rises() -> None:
    seen = Patterns(window=timedelta(seconds=60))
    seen.add([line(f"ok {n}", n) for n in range(60)] + [line("upstream timed out", 30)])
    assert not seen.compared, "of a log that has only begun everything would seem to come faster"
    seen.add([line(f"ok {n}", 60 + n) for n in range(50)])
    assert seen.compared
    seen.add([line("upstream timed out", 112 + n / 10) for n in range(20)])
    assert [each.text for each in seen.rising()] == ["upstream timed out"]
    seen.add([line("ok 1", 1000)])
    assert seen.rising() == ()


def test_older_lines_that_are_asked_for_are_compared_with() -> None:
    seen = Patterns(window=timedelta(seconds=60))
    seen.add([line(f"ok {n}", n) for n in range(9)])
    seen.add([line(f"ok {n}", n) for n in range(-50, 0)])
    assert not seen.compared
    seen.add([line("ok 1", -61)])
    assert seen.compared


def test_memory_is_bounded_and_the_news_is_kept() -> None:
    seen = Patterns(most=100)
    words = ["".join(chr(97 + int(digit)) for digit in str(n)) for n in range(5000)]
    seen.add([line("often said", 0)] * 50)
    for second, word in enumerate(words):
        seen.add([line(f"word {word}", second)])
        assert len(seen) <= 100
    texts = {each.text for each in seen.top(100)}
    assert "often said" in texts
    assert f"word {words[-1]}" in texts


CRASHES = {
    "python": (
        "job 17 failed",
        "Traceback (most recent call last):",
        '  File "/app/worker.py", line 41, in run',
        "    charge(order)",
        "ValueError: no such card",
    ),
    "java": (
        "java.lang.IllegalStateException: pool is closed",
        "    at acme.payments.Ledger.open(Ledger.java:118)",
        "at acme.payments.Main.main(Main.java:37)",
        "Caused by: java.net.ConnectException: refused",
        "... 12 more",
    ),
}


@pytest.mark.parametrize(("name", "heads"), [("python", 2), ("java", 1)])
def test_a_crash_is_no_pattern_for_each_frame(name: str, heads: int) -> None:
    seen = Patterns()
    for second in (0, 10, 20):
        seen.add([line(text, second) for text in CRASHES[name]])
    assert [(each.text, each.count) for each in seen.top()] == [
        (pattern(text), 3) for text in (CRASHES[name] * 2)[:: len(CRASHES[name]) - 1][:heads]
    ]


def test_lines_that_are_only_indented_are_lines_of_their_own() -> None:
    seen = Patterns()
    seen.add(
        [line("> shop start", 0), *(line(f"  GET /basket {n}", 5 + n / 10) for n in range(9)), line("at noon (local) all is well", 5.9)]
    )
    assert {each.text: each.count for each in seen.top()} == {"> shop start": 1, "  GET /basket <n>": 9, "at noon (local) all is well": 1}
    alone = Patterns()
    alone.add([line("    at a.b.C(C.java:1)", 0), line("    at a.b.D(D.java:2)", 0)])
    assert len(alone) == 2
