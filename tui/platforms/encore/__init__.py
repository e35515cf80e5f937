"""Encore: apps and environments from the configuration, rollouts from what this console triggered, one verb: trigger.

The documented API starts a rollout and never shows it again; the current one also reads it by its id. Which of the two a server is
shows at the first rollout that is read. There is no list, no log, no cancel and no approval in either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from tui import model
from tui.clock import Clock
from tui.errors import OutcomeUnknown, Unreachable, Unsupported
from tui.model import Kind, KnownRollout, LogLine, RateLimit, Ref, Verb
from tui.platforms.base import Accepted, Call, ConnectionSpec, Read, Request, RolloutSource, Rows, SignIn
from tui.platforms.encore import faults, translate, vitals
from tui.platforms.encore.adopting import named
from tui.platforms.encore.offers import BASE_URL, DASHBOARDS, FIELDS, FLAGS, INSTEAD, ROLLOUT, TRIGGER
from tui.platforms.encore.reading import Rollouts
from tui.platforms.http import Credentials, Transport
from tui.platforms.records import REFUSALS, single
from tui.platforms.replies import Reply
from tui.platforms.sending import Sending, body, names, refused, send
from tui.platforms.tokens import ClientCredentials, StaticToken
from tui.text import Safe, Secret, clean

__all__ = ["BASE_URL", "Encore", "connect"]

_CONFIGURED: Final = "from the configuration"
_ASKED: Final = f"GET {ROLLOUT} of each that is known and not over"
_TOLD: Final = "nothing: what the POST answered, and its age"
_HEALTH: Final = f"from the configuration, GET {vitals.PATH} of each that it names"


class Encore:
    """One connection to Encore. ``transports`` holds one per app that has credentials of its own, and one under ``""`` for the others."""

    platform = "encore"
    logged: frozenset[Kind] = frozenset()
    allowance = (120, 60.0)
    """Encore documents no limit; this is what we allow ourselves."""
    happenings = None

    def __init__(
        self,
        spec: ConnectionSpec,
        transports: Mapping[str, Transport],
        rollouts: RolloutSource,
        clock: Clock,
        *,
        exchange: Transport,
        health: vitals.Vitals,
    ) -> None:
        self.name = spec.name
        self._spec = spec
        self._transports = transports
        self._exchange = exchange
        self._vitals = health
        self._source = rollouts
        self._clock = clock
        self._dashboard = spec.dashboard_url or DASHBOARDS.get(transports[""].origin, "")
        self._rollouts = Rollouts(
            spec.name,
            transports,
            exchange,
            rollouts,
            clock,
            apps=[app.id for app in spec.apps],
            dashboard=self._dashboard,
            readable={"documented": False, "current": True}.get(spec.flavour),
        )
        self._applications, self._plain_environments = self._configured()
        self._environments = Rows(items=self._plain_environments)
        shared = {
            Kind.APPLICATION: Read(fetch=self._all_applications, does=_CONFIGURED, every=300.0, cost=0),
            Kind.ENVIRONMENT: Read(
                fetch=self._all_environments,
                does=_HEALTH if health else _CONFIGURED,
                every=60.0 if health else 300.0,
                cost=len(health),
            ),
        }
        every, one = self._rollouts.all, self._rollouts.one
        self._asking = {**shared, Kind.ROLLOUT: Read(fetch=every, does=_ASKED, every=5.0, one=one, one_does=f"GET {ROLLOUT}")}
        self._telling = {**shared, Kind.ROLLOUT: Read(fetch=every, does=_TOLD, every=60.0, cost=0)}
        trigger = Call(run=self._trigger, plan=lambda ref, values: (self._triggering(ref, values).shown(),), does=f"POST {TRIGGER}")
        plain = replace(trigger, takes=(names(FIELDS) or frozenset()) - set(FLAGS))
        aims = (Kind.ENVIRONMENT, Kind.ROLLOUT)
        self._starting: Mapping[tuple[Kind, Verb], Call] = {(kind, Verb.TRIGGER): plain for kind in aims}
        adopt = Call(run=self._adopt, plan=lambda _, values: (self._adopting(values)[1],), does=f"GET {ROLLOUT}")
        self._why = {pair: why for pair, why in INSTEAD.items() if pair != (Kind.ROLLOUT, Verb.ADOPT)}
        self._all_verbs = {**{(kind, Verb.TRIGGER): trigger for kind in aims}, (Kind.ROLLOUT, Verb.ADOPT): adopt}

    @property
    def reads(self) -> Mapping[Kind, Read]:
        """A server that shows no rollout is not asked for one."""
        return self._telling if self._rollouts.readable is False else self._asking

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        """What a server does not show cannot be adopted."""
        return self._starting if self._rollouts.readable is False else self._all_verbs

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        return INSTEAD if self._rollouts.readable is False else self._why

    @property
    def flavour(self) -> str:
        return {None: "unknown", True: "current", False: "documented"}[self._rollouts.readable]

    @property
    def where(self) -> Safe:
        return clean(self._exchange.origin, 200)

    @property
    def rate(self) -> RateLimit | None:
        return next((each.rate for each in self._transports.values() if each.rate is not None), None)

    @property
    def heard(self) -> float | None:
        return self._rollouts.heard

    async def detect(self) -> str:
        """Ask for the newest rollout that we know of; without one nothing can tell, and the first one will."""
        if self._rollouts.readable is None:
            for known in self._source.known()[:1]:
                await self._rollouts.ask(known)
        return self.flavour

    async def account(self) -> str:
        """The apps that the configuration names: an unknown one raises ``NotFound``; environments nothing tells."""
        closed = [clean(each.id, 60) for each in self._spec.apps if not await self._rollouts.opens(each.id)]
        return f"{', '.join(closed)} may belong to another client: it may not be read" if closed else ""

    def logs(
        self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        raise Unsupported("Encore's API has no logs", hint="open the environment's page on the dashboard")

    async def aclose(self) -> None:
        await asyncio.gather(self._vitals.aclose(), *(each.aclose() for each in (*self._transports.values(), self._exchange)))

    # -- reads

    def _configured(self) -> tuple[Rows, tuple[model.Environment, ...]]:
        apps = tuple(model.Application(ref=self._ref(Kind.APPLICATION, app.id), name=clean(app.id, 256)) for app in self._spec.apps)
        environments = tuple(
            model.Environment(
                ref=self._ref(Kind.ENVIRONMENT, f"{app.id}/{name}"),
                name=clean(name, 256),
                app=self._ref(Kind.APPLICATION, app.id),
                app_name=clean(app.id, 256),
                index=index,
            )
            for app in self._spec.apps
            for index, name in enumerate(app.environments)
        )
        return Rows(items=apps), environments

    async def _all_applications(self, scope: str) -> Rows:
        return self._applications

    async def _all_environments(self, scope: str) -> Rows:
        """The environments, with what their health pages say where the configuration names these."""
        if not self._vitals:
            return self._environments
        items = await self._vitals.of(self._plain_environments)
        if items != self._environments.items:
            self._environments = Rows(items=items)
        return self._environments

    # -- the verbs

    async def _adopt(self, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        known, _ = self._adopting(values)
        try:
            made = await self._rollouts.adopt(known)
        except (OutcomeUnknown, Unreachable) as error:
            # It only reads: whatever became of the answer, nothing was done.
            raise Unreachable(error.message, connection=self.name, hint=error.hint, sent=False) from error
        return Accepted(
            ref=made.ref, resource=made, done=True, text=clean(f"rollout {made.ref.id} of {made.name} is followed from now on", 200)
        )

    def _adopting(self, values: Mapping[str, Any]) -> tuple[KnownRollout, Request]:
        known = named(values, [app.id for app in self._spec.apps], connection=self.name, now=self._clock.wall())
        return known, Sending(method="GET", template=ROLLOUT, ids={"app": known.app, "id": known.id}).shown()

    async def _trigger(self, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        sending = self._triggering(ref, values)
        transport = self._transports.get(sending.ids["app"], self._transports[""])
        return self._triggered(await send(transport, sending), sending)

    def _triggering(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        what = "trigger a rollout"
        if ref.kind is Kind.ROLLOUT:
            known = self._rollouts.known(ref.id)
            app, environment = known.app, known.environment
        else:
            app, slash, environment = ref.id.partition("/")
            if not slash or not environment:
                raise refused({"environment": "must be APP/ENVIRONMENT"}, connection=self.name, what=what)
        members = body(values, FIELDS, connection=self.name, what=what)
        members = {name: value for name, value in members.items() if name not in FLAGS or value}
        if ("sha" in members) == ("branch" in members):
            raise refused({"sha": "give either this", "branch": "or this"}, connection=self.name, what=what)
        flags = {name: "this server's API does not know it" for name in FLAGS if name in members and self._rollouts.readable is False}
        if flags:
            raise refused(flags, connection=self.name, what=what)
        return Sending(method="POST", template=TRIGGER, ids={"app": app, "env": environment}, body=members)

    def _triggered(self, reply: Reply, sending: Sending) -> Accepted:
        error = faults.denied(reply, self.name)
        if error is not None:
            raise error
        app, environment = sending.ids["app"], sending.ids["env"]
        members = sending.body or {}
        target, now, by = str(members.get("branch") or members.get("sha") or ""), self._clock.wall(), self._spec.operator
        known = KnownRollout(id="", app=app, environment=environment, target=target, by=by, at=now)
        snapshot = self._rollouts.readable is False
        try:
            record = single(reply.content, ("rollout",))
            made = translate.rollout(record, known, connection=self.name, dashboard=self._dashboard, now=now, snapshot=snapshot)
        except REFUSALS:
            return Accepted(text=Safe("accepted; the answer does not name the rollout: look on the dashboard"))
        remembered = KnownRollout(id=made.ref.id, app=app, environment=environment, target=target, by=by, at=now)
        self._rollouts.remember(remembered, record)
        return Accepted(ref=made.ref, resource=made, text=clean(f"rollout {made.ref.id} is {made.status or 'accepted'}", 200))

    def _ref(self, kind: Kind, id_: str) -> Ref:
        return Ref(connection=self.name, kind=kind, id=id_)


def connect(spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, rollouts: RolloutSource) -> Encore:
    """The adapter of one connection: an OAuth client for all apps, and one for each app that names its own. Sends nothing."""

    def transport(who: Credentials | None) -> Transport:
        return Transport(
            connection=spec.name,
            base_url=spec.base_url or BASE_URL,
            credentials=who,
            clock=clock,
            errors=faults.read,
            ca_file=spec.ca_file,
            allow_insecure=spec.allow_insecure,
        )

    exchange = transport(None)

    def signed_in(client_id: str, secret: Secret | None) -> Transport:
        return transport(ClientCredentials(exchange, client_id=client_id, client_secret=secret, clock=clock, style=spec.token_style))

    if credentials.token:
        shared = transport(StaticToken(credentials.token, connection=spec.name, origin=exchange.origin, again=credentials.again))
    else:
        shared = signed_in(credentials.client_id, credentials.client_secret)
    own = {app.id: signed_in(app.client_id, app.client_secret) for app in spec.apps if app.client_id}
    pages = {
        f"{app.id}/{name}": Transport(
            connection=spec.name,
            base_url=url,
            credentials=None,
            clock=clock,
            errors=vitals.errors,
            ca_file=spec.ca_file,
            allow_insecure=spec.allow_insecure,
        )
        for app in spec.apps
        for name, url in app.health.items()
    }
    return Encore(spec, {"": shared, **own}, rollouts, clock, exchange=exchange, health=vitals.Vitals(pages))
