"""``rollwatch do``: one verb, shown, asked about, sent once, and followed to its verdict."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tui.actions import DANGERS, Danger
from tui.cli import compose, document, say
from tui.cli.asking import GIVEN, interruptible, secrets
from tui.cli.exits import Exit
from tui.cli.remedy import LOOK, remedy
from tui.engine.commands import Outcome
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.engine.verdicts import PATIENCE, Verdict
from tui.errors import BadReply, PlatformError, RollwatchError, Unauthorized, Unreachable, Unsupported, UsageError
from tui.forms import FORMS, MAKING, Form
from tui.local.spelling import meant
from tui.model import Kind, Ref, Resource, Verb
from tui.text import a_or_an

WORDS: Final[Mapping[str, Exit]] = {
    "done": Exit.OK,
    "confirmed": Exit.OK,
    "accepted": Exit.OK,
    "refused": Exit.FAILED,
    "failed": Exit.FAILED,
    "unknown": Exit.UNKNOWN,
    "unconfirmed": Exit.UNKNOWN,
}
"""The exit code by the last word; accepted is the last one only where nobody waits for more."""

UNREACHED: Final = (BadReply, Unauthorized, Unreachable)
"""Errors with which a refusal is not the platform's."""


def do(args: Namespace) -> int:
    """Exit 0 done, 1 the connection could not be reached or has no credentials, 3 refused or failed, 4 not known."""
    verb, target, kind = aim(args.verb, args.ref)
    if verb is Verb.ADOPT and target.id:
        # What is adopted is not known here yet: the reference carries its id, or the address of its page.
        args.set, target = [f"rollout={target.id}", *args.set], Ref(connection=target.connection, kind=kind, id="")
    form = FORMS[kind, verb]
    filled(form, [each for each in args.set if not each.endswith(f"={GIVEN}")], partly=True)
    args.set = secrets(form, args.set)
    filled(form, args.set, partly=True)
    with compose.opened(args) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: _do(session, args, verb, target, kind))


def aim(verb_text: str, ref_text: str) -> tuple[Verb, Ref, Kind]:
    """What is to be done, to what, and the kind that it changes. Where a thing is made below another, the reference names either the
    parent (``fleet/service/svc-1``, for a variable) or what is made with the parent's id (``fleet/variable/svc-1``)."""
    if verb_text not in set(Verb):
        raise UsageError(f"there is no verb {verb_text!r}", hint=meant(verb_text, Verb))
    verb = Verb(verb_text)
    ref = read_ref(ref_text)
    form = FORMS.get((ref.kind, verb))
    below = next((kind for (kind, each), one in FORMS.items() if each is verb and one.target is ref.kind and kind is not ref.kind), None)
    if below is not None and ref.id and (form is None or verb is Verb.CREATE):
        return verb, ref, below
    if form is None:
        can = [str(each) for kind, each in FORMS if kind is ref.kind]
        raise UsageError(f"{a_or_an(ref.kind)} cannot be asked to {verb}", hint=f"it can {', '.join(can)}" if can else "")
    if verb is Verb.TRIGGER and "/" not in ref.id:
        return verb, ref, ref.kind  # an earlier rollout: the same place once more
    if (verb not in MAKING or form.target is not ref.kind) and not ref.id:
        raise UsageError(f"{ref_text!r} names no {form.target}", hint=f"write {ref.connection}/{form.target}/ID")
    return verb, Ref(connection=ref.connection, kind=form.target, id=ref.id), ref.kind


def read_ref(text: str) -> Ref:
    """A reference whose id may be missing, for what is made below nothing: ``vault/application/``."""
    parts = text.split("/", 2)
    try:
        if len(parts) == 2 or (len(parts) == 3 and not parts[2]):
            return Ref(connection=parts[0], kind=Ref.parse(f"{parts[0]}/{parts[1]}/-").kind, id="")
        return Ref.parse(text)
    except ValueError as error:
        if len(parts) > 1 and all(parts[:2]):
            raise UsageError(f"{parts[1]!r} is not a kind", hint=meant(parts[1], Kind)) from None
        raise UsageError(str(error)) from None


def filled(form: Form, settings: list[str], *, partly: bool = False, option: str = "--set ") -> dict[str, Any]:
    """The form's values from ``KEY=VALUE``. Raises ``UsageError`` naming the field that is wrong, after the ``option`` that was to give it;
    ``partly`` lets fields be missing."""
    texts: dict[str, str] = {}
    for each in settings:
        key, sign, value = each.partition("=")
        if not sign:
            raise UsageError(f"--set {key!r} has no value", hint="write --set KEY=VALUE")
        texts[key] = value
    known = [field.name for field in form.fields]
    for name, problem in form.check(texts).items():
        if partly and not texts.get(name):
            continue
        if not known:
            raise UsageError(f"--set {name}: there is nothing to set")
        raise UsageError(f"{option}{name}: {problem}", hint=meant(name, known) if name not in known else "")
    return form.values(texts)


def connected(session: Session, name: str) -> None:
    """Raises ``UsageError`` where the context has no such connection."""
    names = [each.name for each in session.store.connections()]
    if name not in names:
        raise UsageError(f"there is no connection {name!r} in {session.context}", hint=meant(name, names))


async def beforehand(session: Session, verb: Verb, target: Ref, kind: Kind) -> Outcome | None:
    """The refusal of what cannot be sent at all, None for what can. Raises ``UsageError`` where there is no such connection."""
    connected(session, target.connection)
    try:
        await session.know(target.connection)
    except PlatformError as error:
        return Outcome(word="refused", text=str(error), ref=target, error=error)
    reason = session.why_not(target, verb, kind=kind)
    return None if reason is None else Outcome(word="refused", text=reason, ref=target)


def said(outcome: Outcome) -> str:
    """What became of a verb, and what to do next where it did not go well."""
    error = outcome.error
    if isinstance(error, UsageError) and error.hint:
        return f"{outcome.text}: --override sends it all the same"
    if not isinstance(error, PlatformError) or error.hint or error.fields:
        return outcome.text
    return f"{outcome.text}: {LOOK if outcome.word == 'unknown' else remedy(error)}"


def named(session: Session, ref: Ref) -> None:
    """Raises ``UsageError`` where a reference that leads nowhere holds the name of something instead of its id."""
    rows = [row for row in session.store.rows(ref.kind) if row.ref.connection == ref.connection]
    found = [str(row.ref) for row in rows if row.name == ref.id != row.ref.id]
    if found and session.store.get(ref) is None:
        raise UsageError(f"{ref.id!r} is a name, and a reference holds the id", hint=f"write {' or '.join(found[:3])}")


def ending(word: str, error: RollwatchError | None) -> Exit:
    """The exit code by the last word. What could not be reached refused nothing."""
    return Exit.UNREACHABLE if word == "refused" and isinstance(error, UNREACHED) else WORDS[word]


async def _do(session: Session, args: Namespace, verb: Verb, target: Ref, kind: Kind) -> int:
    outcome = await beforehand(session, verb, target, kind)
    if outcome is not None:
        return _tell(args, verb, target, outcome, None)
    values = filled(fitting(session, target, verb, kind, args.set), args.set)
    kinds = {each.choose for each in FORMS[kind, verb].fields} | ({target.kind} if target.id else set())
    feeds = [feed for feed in session.feeds() if feed.kind in kinds and feed.connection == target.connection]
    owner, slash, _ = target.id.rpartition("/")
    if target.kind is Kind.VARIABLE and slash:
        # Read only while somebody looks: whoever is to see that it is gone has to.
        feeds.append(Feed(connection=target.connection, kind=target.kind, scope=owner))
        session.show("do", feeds[-1:])
    await session.refresh(feeds)
    seen = session.store.get(target)
    if seen is None:
        named(session, target)
    if not args.yes and DANGERS[verb] is not Danger.SAFE:
        confirm(session, verb, target, kind, values, seen)
    verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
    session.verdicts.subscribe(verdicts.put_nowait)
    with told_if_left():
        outcome = await session.do(verb, target, values, kind=kind, seen=seen, override=args.override)
    verdict = None
    if outcome.word in {"accepted", "unknown"} and not args.no_wait:
        say(f"{outcome.text}; watching what becomes of it")
        verdict = await _verdict(session, verdicts, outcome)
    return _tell(args, verb, target, outcome, verdict)


@contextmanager
def told_if_left() -> Iterator[None]:
    """Around what is sent: who stops waiting for its answer has not stopped it."""
    try:
        yield
    except asyncio.CancelledError:
        say(f"no longer waiting for an answer; it may have been executed: {LOOK}")
        raise


def fitting(session: Session, target: Ref, verb: Verb, kind: Kind, settings: list[str]) -> Form:
    """The verb's form as this server knows it. Raises ``UsageError`` for what it would not take: it would not be sent."""
    form = FORMS[kind, verb]
    here = form.only(session.takes(target.connection, kind, verb))
    names = {each.name for each in here.fields}
    for each in settings:
        name = each.partition("=")[0]
        if name in {field.name for field in form.fields} - names:
            raise UsageError(
                f"--set {name}: the server of {target.connection} does not know it", hint=f"leave it out: {', '.join(sorted(names))}"
            )
    return here


async def _verdict(session: Session, verdicts: asyncio.Queue[Verdict], outcome: Outcome) -> Verdict | None:
    waiting = asyncio.ensure_future(_of(verdicts, outcome.intent))
    limit = asyncio.ensure_future(session.clock.sleep(PATIENCE + 15))
    await asyncio.wait({waiting, limit}, return_when=asyncio.FIRST_COMPLETED)
    limit.cancel()
    return waiting.result() if waiting.done() else None


async def _of(verdicts: asyncio.Queue[Verdict], intent: int | None) -> Verdict:
    while True:
        verdict = await verdicts.get()
        if verdict.intent == intent:
            return verdict


def confirm(session: Session, verb: Verb, target: Ref, kind: Kind, values: Mapping[str, Any], seen: Resource | None) -> None:
    """Show what will be sent and ask. Raises ``UsageError`` unless the user agrees; nothing was sent then."""
    if not sys.stdin.isatty():
        raise UsageError("this changes something and nobody can be asked", hint="add --yes")
    try:
        plan = session.plan(verb, target, values, kind=kind)
    except Unsupported as error:
        raise UsageError(str(error)) from None
    name = str(seen.name) if seen is not None and seen.name else target.id
    what = f"{verb} {kind}" if kind is not target.kind or not name else f"{verb} {name}"
    print(f"{what}   {target}   in {session.context}{' (production)' if session.production else ''}", file=sys.stderr)
    for request in plan:
        print(f"  {request}", file=sys.stderr)
        if request.body:
            print(f"  {json.dumps(request.body, default=str, ensure_ascii=False)}", file=sys.stderr)
    strict = session.typed(target, verb, kind) or (DANGERS[verb] is Danger.DESTRUCTIVE and session.production)
    agreed = {name} if strict and name else {"y", "yes", "Y", "Yes", "YES"}
    if _answer(f"Type {name} to go on: " if strict and name else "Go on? [y/N] ") not in agreed:
        raise UsageError("nothing was sent")


def _answer(question: str) -> str:
    with interruptible():
        print(question, end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip()


def _tell(args: Namespace, verb: Verb, target: Ref, outcome: Outcome, verdict: Verdict | None) -> int:
    word = verdict.word if verdict is not None else outcome.word
    if word == "accepted" and not args.no_wait:
        word = "unconfirmed"
    if args.json:
        ref = outcome.ref or target
        # What was to be adopted and was not has only the reference that it was given.
        print(document.text(_document(verb, ref if ref.id else read_ref(args.ref), outcome, verdict)))
    else:
        print(f"{word}: {verdict.text if verdict is not None else said(outcome)}")
        for name, problem in outcome.fields.items():
            print(f"  {name}: {problem}")
    return ending(word, outcome.error)


def _document(verb: Verb, ref: Ref, outcome: Outcome, verdict: Verdict | None) -> dict[str, Any]:
    resource = (verdict.resource if verdict is not None else None) or outcome.resource
    return {
        "version": document.VERSION,
        "verb": str(verb),
        "ref": str(ref),
        "outcome": outcome.word,
        "text": said(outcome),
        "seconds": round(outcome.seconds, 3),
        "fields": dict(outcome.fields),
        "verdict": None if verdict is None else {"word": verdict.word, "text": verdict.text, "seconds": round(verdict.seconds, 3)},
        "resource": None if resource is None else document.resource(resource),
    }
