"""The control plane's sign-in over HTTP: codes by mail, authenticators, sessions, ``dpat_`` tokens, clusters. All of it as observed."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.dployr.current import shown
from tui.emulator.dployr.current.accounts import SESSION_LIFE, Caller
from tui.emulator.dployr.current.desk import Desk, body, careless_body
from tui.emulator.dployr.current.errors import bad, flat, good, nested, role_required
from tui.emulator.web import Endpoint, empty

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NO_2FA = "No authenticator app is configured"


class AuthRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._members = desk.members

    def endpoints(self) -> tuple[Endpoint, ...]:
        mine = self._desk.signed_in
        return (
            Endpoint("POST", "/v1/auth/login/email", self.send_code),
            Endpoint("POST", "/v1/auth/login/email/verify", self.enter),
            Endpoint("POST", "/v1/auth/oidc/exchange", self.exchange),
            Endpoint("GET", "/v1/auth/logout", mine(self.leave)),
            Endpoint("GET", "/v1/auth/sessions", mine(self.sessions)),
            Endpoint("GET", "/v1/auth/tokens", mine(self.list_tokens)),
            Endpoint("POST", "/v1/auth/tokens", mine(self.create_token)),
            Endpoint("DELETE", "/v1/auth/tokens/{id}", mine(self.revoke_token)),
            Endpoint("GET", "/v1/auth/2fa/status", mine(self.second_factor)),
            Endpoint("POST", "/v1/auth/2fa/verify", mine(self.step_up)),
            Endpoint("GET", "/v1/auth/2fa/totp/setup", mine(self.set_up)),
            Endpoint("POST", "/v1/auth/2fa/totp/confirm", mine(self.confirm)),
            Endpoint("GET", "/v1/users/me", mine(self.me)),
            Endpoint("GET", "/v1/clusters", mine(self.clusters)),
            Endpoint("GET", "/v1/clusters/{id}/users", mine(self.cluster_users)),
            Endpoint("POST", "/v1/clusters/{id}/users", mine(self.invite)),
            Endpoint("GET", "/v1/clusters/{id}/users/invites/accept", mine(self.accept)),
        )

    # --- by mail or authenticator
    async def send_code(self, request: Request) -> Response:
        content = await careless_body(request)
        email = content.get("email")
        if not isinstance(email, str) or not EMAIL.fullmatch(email):
            raise bad("Invalid email address")
        totp = self._members.send_code(email)
        return good({"email": email, "requireTotp": totp}, message="Enter your authenticator code" if totp else "OTP sent to your email")

    async def enter(self, request: Request) -> Response:
        content = await careless_body(request)
        email, code = content.get("email"), content.get("code")
        if not isinstance(email, str) or not isinstance(code, str) or not 6 <= len(code) <= 15:
            raise bad("Invalid email or code")
        if email not in self._members.users:
            raise nested(404, "User not found", "resource.missing_resource")
        session = self._members.enter(email, code)
        if session is None:
            raise nested(400, "Invalid or expired code", "request.invalid_otp")
        reply = good({"email": email}, message="Login successful")
        reply.set_cookie("session", session, max_age=int(SESSION_LIFE), path="/", httponly=True, samesite="lax")
        return reply

    async def exchange(self, request: Request) -> Response:
        await body(request)
        raise nested(401, "Token invalid or expired", "auth.oidc_invalid_token")

    async def leave(self, _request: Request, caller: Caller) -> Response:
        """A GET that ends every session of the user: what no console may call."""
        self._members.leave(caller.user)
        return good({}, message="Logged out")

    async def sessions(self, request: Request, caller: Caller) -> Response:
        rows: list[shown.Shown] = [
            {"id": key, "expiresAt": shown.ms(one.expires)} for key, one in self._members.sessions.items() if one.user is caller.user
        ]
        return shown.listed(request, rows, dict)

    # --- tokens
    async def list_tokens(self, request: Request, caller: Caller) -> Response:
        self._not_a_token(caller, "list")
        return shown.listed(request, [one for one in self._members.tokens.values() if one.user is caller.user], shown.token)

    async def create_token(self, request: Request, caller: Caller) -> Response:
        self._not_a_token(caller, "create")
        content = await body(request)
        name, scopes, seconds = content.get("name"), content.get("scopes"), content.get("expiresIn")
        good_seconds = seconds is None or (isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0)
        if not isinstance(name, str) or not name or scopes != ["oidc:bind"] or not good_seconds:
            raise bad("Invalid token parameters")
        self._recent(caller)
        token = self._members.new_token(caller.user, name, seconds)
        return good({**shown.token(token), "token": token.text}, 201, "Token created \u2014 save it now, it will not be shown again")

    async def revoke_token(self, request: Request, caller: Caller) -> Response:
        self._not_a_token(caller, "revoke")
        self._recent(caller)
        found = next((one for one in self._members.tokens.values() if one.id == request.path_params["id"]), None)
        if found is None or found.user is not caller.user:
            raise nested(404, "Token not found", "resource.missing_resource")
        del self._members.tokens[found.text]
        return empty()

    @staticmethod
    def _not_a_token(caller: Caller, verb: str) -> None:
        if caller.session is None:
            raise nested(403, f"Scoped tokens cannot {verb} tokens", "permission.forbidden")

    def _recent(self, caller: Caller) -> None:
        if not self._members.stepped_up(caller):
            raise flat(403, "2FA verification required", "auth.two_fa_required")

    # --- the second factor
    async def second_factor(self, _request: Request, caller: Caller) -> Response:
        user = caller.user
        return good(
            {"method": "totp" if user.secret else "email", "totpEnabled": bool(user.secret), "backupCodesRemaining": len(user.backup)}
        )

    async def step_up(self, request: Request, caller: Caller) -> Response:
        code = (await body(request)).get("code")
        if not caller.user.secret:
            raise nested(400, NO_2FA, "auth.two_fa_not_configured")
        if not isinstance(code, str) or not self._members.proves(caller.user, code):
            raise nested(400, "Invalid code", "auth.two_fa_invalid")
        if caller.session:
            caller.session.stepped_up = self._desk.world.now()
        return good({"verified": True})

    async def set_up(self, _request: Request, caller: Caller) -> Response:
        secret = self._desk.world.dice.word(32, "secret", caller.user.email).upper()
        uri = (
            f"otpauth://totp/dployr:{caller.user.email.replace('@', '%40')}?issuer=dployr&secret={secret}&algorithm=SHA1&digits=6&period=30"
        )
        return good({"secret": secret, "uri": uri})

    async def confirm(self, request: Request, caller: Caller) -> Response:
        await body(request)
        self._members.set_up_totp(caller.user)
        return good({"backupCodes": list(caller.user.backup)}, message="Authenticator app enabled")

    # --- who and where
    async def me(self, _request: Request, caller: Caller) -> Response:
        user = caller.user
        profile = {"id": user.id, "email": user.email, "name": user.email.partition("@")[0], "createdAt": shown.ms(user.created)}
        return good({"user": profile, "clusters": self._clusters(caller)})

    async def clusters(self, _request: Request, caller: Caller) -> Response:
        return good({"clusters": self._clusters(caller)})

    def _clusters(self, caller: Caller) -> list[shown.Shown]:
        mine = [one for one in self._members.clusters.values() if caller.user.id in one.roles]
        return [shown.cluster(one, caller.user, self._members.users) for one in mine]

    async def cluster_users(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "viewer", request.path_params["id"])
        users = {user.id: user for user in self._members.users.values()}
        return shown.listed(request, list(cluster.roles.items()), lambda one: {"id": one[0], "email": users[one[0]].email, "role": one[1]})

    async def invite(self, request: Request, caller: Caller) -> Response:
        self._desk.cluster(request, caller, "admin", request.path_params["id"])
        users = (await body(request)).get("users")
        return good({"users": users}, message="Invites sent successfully")

    async def accept(self, request: Request, caller: Caller) -> Response:
        """A GET that changes who belongs to a cluster: what no console may prefetch."""
        cluster = self._members.clusters.get(request.path_params["id"])
        if cluster is None:
            raise role_required("viewer")
        cluster.roles.setdefault(caller.user.id, "viewer")
        return good({"clusterId": cluster.id}, message="Invite accepted")
