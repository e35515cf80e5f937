"""What services say in their logs: a table of sentences per trade and mood. Data and one function that fills the blanks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from tui.emulator.dice import Dice

Sentence: TypeAlias = tuple[int, str, str]
"""How often in comparison, the level, the text with its blanks."""

BLANKS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("/v1/basket", "/v1/products", "/v1/products/8812", "/v1/session", "/healthz", "/v1/orders", "/v1/search", "/v1/me"),
    "method": ("GET", "GET", "GET", "POST", "PUT"),
    "who": ("cust_71f3", "cust_0b2a", "cust_9e55", "cust_c410", "cust_33d8"),
    "query": ("winter jacket", "usb-c cable", "kaffeemühle", "running shoes 42", "desk lamp", "ノート"),
    "job": ("resize_image", "send_receipt", "sync_inventory", "expire_baskets", "rebuild_facets", "export_ledger"),
    "peer": ("10.0.0.11:8443", "10.0.0.12:9200", "db.acme.test:5432", "queue.acme.test:6379"),
    "bank": ("visa", "mastercard", "amex", "sepa"),
}

VOICES: Final[Mapping[str, Mapping[str, tuple[Sentence, ...]]]] = {
    "http": {
        "steady": (
            (14, "info", "{method} {path} 200 {ms}ms"),
            (3, "info", "{method} {path} 304 {few}ms"),
            (2, "info", "session opened for {who}"),
            (1, "debug", "cache hit ratio 0.{hundred} over the last minute"),
            (1, "warn", "slow request: {method} {path} took {many}ms"),
        ),
        "degraded": (
            (6, "info", "{method} {path} 200 {many}ms"),
            (4, "error", "upstream timed out after 5s: {peer}"),
            (3, "warn", "slow request: {method} {path} took {many}ms"),
            (2, "error", "{method} {path} 502 {many}ms upstream={peer}"),
            (1, "warn", "event loop blocked for {many}ms"),
        ),
    },
    "checkout": {
        "steady": (
            (8, "info", "basket {hex} priced in {ms}ms items={few}"),
            (5, "info", "order {hex} placed by {who}"),
            (2, "info", "reserved stock for order {hex}"),
            (1, "warn", "price changed while {who} was checking out, asked again"),
            (1, "debug", '{{"event":"ledger.post","order":"{hex}","took_ms":{ms},"retries":0}}'),
        ),
        "degraded": (
            (4, "error", "order {hex} not placed: ledger answered 503 after {many}ms"),
            (3, "warn", "retrying ledger post for order {hex} (attempt {few} of 5)"),
            (3, "info", "order {hex} placed by {who} after {many}ms"),
            (1, "error", "circuit to payments is open, refusing new orders for 10s"),
        ),
    },
    "payments": {
        "steady": (
            (7, "info", "authorised {amount} EUR {bank} ref={hex} in {ms}ms"),
            (4, "info", "captured {amount} EUR ref={hex}"),
            (1, "info", "refund {amount} EUR ref={hex} queued"),
            (1, "warn", "{bank} declined ref={hex}: insufficient funds"),
            (1, "info", "settlement batch {hex}: {hundred} entries balanced"),
        ),
        "degraded": (
            (4, "error", "ledger write failed ref={hex}: connection refused {peer}"),
            (3, "warn", "authorisation ref={hex} took {many}ms"),
            (2, "error", "could not capture {amount} EUR ref={hex}, will retry"),
            (2, "info", "authorised {amount} EUR {bank} ref={hex} in {many}ms"),
        ),
    },
    "search": {
        "steady": (
            (8, "info", 'query "{query}" {few}{few} hits in {ms}ms'),
            (2, "info", "indexed {hundred} documents in {ms}ms"),
            (1, "debug", "segment merge: 4 -> 1, {hundred} MB"),
            (1, "warn", 'query "{query}" fell back to prefix match'),
        ),
        "degraded": (
            (4, "warn", 'query "{query}" took {many}ms, cache cold'),
            (3, "error", "shard 2 did not answer within {many}ms"),
            (3, "info", 'query "{query}" {few} hits in {many}ms (partial)'),
            (1, "error", "heap at 9{few}%, old generation is full"),
        ),
    },
    "worker": {
        "steady": (
            (8, "info", "job {job} id={hex} done in {many}ms"),
            (3, "info", "job {job} id={hex} taken, {few} waiting"),
            (1, "warn", "job {job} id={hex} retried (attempt 2 of 5)"),
        ),
        "degraded": (
            (5, "warn", "queue is {many} behind, oldest job is {hundred}s old"),
            (3, "error", "job {job} id={hex} failed: TimeoutError: {peer} did not answer"),
            (3, "info", "job {job} id={hex} done in {many}ms"),
            (1, "error", "\u001b[31mOutOfMemory\u001b[0m: worker 3 killed at 512 MB while running {job}"),
        ),
    },
    "notifications": {
        "steady": (
            (6, "info", "mail receipt to {who} handed over in {ms}ms"),
            (3, "info", "push to {who} delivered"),
            (1, "warn", "push token of {who} is no longer valid, removed"),
        ),
        "degraded": (
            (4, "error", "smtp {peer}: 421 try again later"),
            (2, "warn", "{hundred} mails waiting"),
            (2, "info", "mail receipt to {who} handed over in {many}ms"),
        ),
    },
}

BOOT: Final[Mapping[str, tuple[str, ...]]] = {
    "http": ("reading configuration", "connected to db.acme.test:5432", "listening on :{port}"),
    "checkout": ("reading configuration", "ledger client ready", "listening on :{port}"),
    "payments": ("JVM 21.0.4 started", "opening ledger", "listening on :{port}"),
    "search": ("opening index (4 segments)", "warm-up done", "listening on :{port}"),
    "worker": ("connected to redis://queue.acme.test/0", "8 workers ready"),
    "notifications": ("templates loaded", "consuming topic receipts"),
}

CRASH: Final[tuple[tuple[str, str], ...]] = (
    ("error", "panic: ledger schema version 41 is newer than this build (40)"),
    ("error", "    at acme.payments.Ledger.open(Ledger.java:118)"),
    ("error", "    at acme.payments.Main.main(Main.java:37)"),
    ("error", "exit status 1"),
)

BUILD: Final[tuple[str, ...]] = (
    "cloning {remote} ({branch})",
    "HEAD is now at {hex} Merge pull request #{hundred}",
    "restoring dependency cache",
    "{build}",
    "compiled {hundred} modules",
    "pushing image registry.acme.test/{name}:{hex}",
)

BUILD_FAILURE: Final[tuple[str, ...]] = (
    "src/pricing.ts({few},14): error TS2345: Argument of type 'Money | undefined' is not assignable to parameter of type 'Money'.",
    "build command exited with status 2",
)


def say(dice: Dice, voice: str, mood: str, *key: object) -> tuple[str, str]:
    """One sentence of that trade and mood as (level, text); the same key says the same."""
    sentences = VOICES.get(voice, VOICES["http"])[mood]
    at = dice.number("say", *key) % sum(weight for weight, _, _ in sentences)
    for weight, level, text in sentences:
        at -= weight
        if at < 0:
            return level, filled(dice, text, *key)
    raise AssertionError


def filled(dice: Dice, text: str, *key: object, **more: object) -> str:
    """Fill the blanks of a sentence."""
    if "{" not in text:
        return text
    number = dice.number("blank", *key)
    values = {name: choices[(number >> shift) % len(choices)] for shift, (name, choices) in enumerate(BLANKS.items())}
    return text.format(
        **values,
        ms=4 + number % 190,
        few=1 + number % 8,
        many=700 + number % 8900,
        hundred=10 + number % 89,
        amount=f"{3 + number % 240}.{number % 100:02d}",
        hex=f"{number & 0xFFFFFFF:07x}",
        **more,
    )
