"""The user's own rules about verbs: what they are about, and that what they refuse never leaves."""

from __future__ import annotations

import pytest

from tests import vloop
from tests.engine.fakes import FakePlatform, clock, ref, rows, service, session
from tui.engine.guardrails import NAMELESS, Guardrail, Guardrails
from tui.model import Kind, Verb

PAYMENTS = ref("svc-9")


def test_what_a_rule_leaves_out_fits_all_and_a_name_fits_name_or_id() -> None:
    kept = Guardrails(
        [
            Guardrail(verbs=frozenset({Verb.DELETE}), refuse="on Tuesdays"),
            Guardrail(kinds=frozenset({Kind.SERVICE}), names=("payments*",), typed=True, at_most=2),
            Guardrail(names=("*/prod",), at_most=1),
        ]
    )
    assert "on Tuesdays" in str(kept.refusal(PAYMENTS, "payments", Verb.DELETE, Kind.SERVICE))
    assert kept.refusal(PAYMENTS, "payments", Verb.STOP, Kind.SERVICE) is None
    assert kept.typed(PAYMENTS, "payments-eu", Verb.RESTART, Kind.SERVICE)
    assert kept.typed(PAYMENTS, "payments", Verb.SET, Kind.VARIABLE), "a variable of the service is the service's"
    assert not kept.typed(PAYMENTS, "web", Verb.RESTART, Kind.SERVICE)
    assert kept.at_most(PAYMENTS, "payments", Verb.STOP, Kind.SERVICE) == 2
    assert kept.at_most(ref("shop/prod", Kind.ENVIRONMENT), "prod", Verb.TRIGGER, Kind.ROLLOUT) == 1
    assert kept.at_most(ref("shop/dev", Kind.ENVIRONMENT), "dev", Verb.TRIGGER, Kind.ROLLOUT) == 0


def test_what_is_not_known_by_name_is_refused_only_when_it_would_be_sent() -> None:
    kept = Guardrails([Guardrail(names=("payments*",), refuse="ask first")])
    assert kept.refusal(PAYMENTS, "", Verb.STOP, Kind.SERVICE) is None
    assert kept.refusal(PAYMENTS, "", Verb.STOP, Kind.SERVICE, sure=True) == NAMELESS
    assert kept.refusal(ref("", Kind.SERVICE), "", Verb.CREATE, Kind.SERVICE, sure=True) is None, "what is made has no name yet"


@pytest.mark.parametrize(("name", "sent"), [("payments", 0), ("web", 1)])
def test_what_a_guardrail_refuses_is_never_sent(name: str, sent: int) -> None:
    async def story() -> tuple[str | None, str, int]:
        time = clock()
        fake = FakePlatform("fleet", time)
        fake.can((Kind.SERVICE, Verb.RESTART))
        row = service(name)
        fake.rows[Kind.SERVICE, ""] = rows(row)
        rule = Guardrail(names=("pay*",), refuse="ask #payments first")
        async with session(time, fake, guardrails=[rule]) as running:
            await running.refresh(running.feeds())
            reason = running.why_not(row.ref, Verb.RESTART)
            outcome = await running.do(Verb.RESTART, row.ref, seen=row)
            return reason, outcome.text, len(fake.sent)

    reason, text, times = vloop.run(story())
    assert times == sent
    assert (reason is not None and reason == text and "ask #payments first" in text) == (not sent)
