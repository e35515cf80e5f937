"""Who is who on the control plane: users, clusters and roles, one-time codes, sessions, ``dpat_`` tokens, second factors. No HTTP here."""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from typing import Final

from tui.emulator.world import World

ROLES: Final = ("viewer", "developer", "admin", "owner")
CODE_LIFE, SESSION_LIFE, STEP_UP_LIFE = 600.0, 604800.0, 300.0
OWNER, VIEWER, STRANGER = "oncall@acme.test", "viewer@acme.test", "lab@acme.test"


@dataclass(slots=True, kw_only=True)
class User:
    id: str
    email: str
    created: float
    secret: str = ""
    """The authenticator's shared secret, hexadecimal; empty: codes come by mail."""
    backup: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Cluster:
    """``roles`` by user id."""

    id: str
    name: str
    created: float
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Session:
    user: User
    expires: float
    stepped_up: float = float("-inf")


@dataclass(slots=True, kw_only=True)
class ApiToken:
    id: str
    user: User
    name: str
    created: float
    expires: float | None
    text: str
    used: float | None = None


@dataclass(slots=True, kw_only=True)
class Caller:
    """Who makes a request: through a session (then ``session`` is it) or a token."""

    user: User
    session: Session | None = None


@dataclass(slots=True)
class Members:
    """Everything about sign-in; made from nothing but the world's seed."""

    world: World
    users: dict[str, User] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    main: Cluster = field(init=False)
    lab: Cluster = field(init=False)

    def __post_init__(self) -> None:
        made = self.world.start - 86400.0 * 500
        owner, viewer, stranger = (self._user(email, made) for email in (OWNER, VIEWER, STRANGER))
        self.main = self._cluster("oncall", made, {owner.id: "owner", viewer.id: "viewer"})
        self.lab = self._cluster("lab", made + 86400, {stranger.id: "owner", owner.id: "viewer"})
        for user in (owner, viewer):
            self.new_token(user, "console", None)
        if "dployr-totp" in self.world.quirks:
            self.set_up_totp(owner)

    def _user(self, email: str, made: float) -> User:
        dice = self.world.dice
        user = User(id=dice.ulid(made, "user", email), email=email, created=made)
        self.users[email] = user
        return user

    def _cluster(self, name: str, made: float, roles: dict[str, str]) -> Cluster:
        cluster = Cluster(id=self.world.dice.ulid(made, "cluster", name), name=name, created=made, roles=roles)
        self.clusters[cluster.id] = cluster
        return cluster

    # --- signing in
    def send_code(self, email: str) -> bool:
        """Mail a code, or not where an authenticator is used: whether it is. An unknown address is registered, with a cluster."""
        now = self.world.now()
        user = self.users.get(email)
        if user is None:
            user = self._user(email, now)
            self._cluster(email.partition("@")[0], now, {user.id: "owner"})
        if user.secret:
            return True
        code = self.world.dice.word(6, "otp", email, self.world.dice.serial()).upper()
        self.codes[email] = (code, now + CODE_LIFE)
        return False

    def enter(self, email: str, code: str) -> str | None:
        """A new session's id for a good code, which is used up; None for a bad one."""
        user = self.users[email]
        now = self.world.now()
        if user.secret:
            good = self.proves(user, code)
        else:
            known, expires = self.codes.get(email, ("", 0.0))
            good = bool(known) and known == code.upper() and expires > now
            if good:
                del self.codes[email]
        if not good:
            return None
        session = self.world.dice.uuid("session", self.world.dice.serial())
        self.sessions[session] = Session(user=user, expires=now + SESSION_LIFE)
        return session

    def caller(self, bearer: str | None, cookie: str | None) -> Caller | None:
        """Who presents these. A failing ``dpat_`` is final, any other failing bearer falls through to the cookie."""
        now = self.world.now()
        if bearer and bearer.startswith("dpat_"):
            token = self.tokens.get(bearer)
            if token is None or (token.expires is not None and token.expires <= now):
                return None
            token.used = now
            return Caller(user=token.user)
        session = self.sessions.get(cookie or "")
        return Caller(user=session.user, session=session) if session and session.expires > now else None

    def new_token(self, user: User, name: str, seconds: float | None) -> ApiToken:
        dice, now = self.world.dice, self.world.now()
        text = f"dpat_{dice.hexadecimal(64, 'dpat', dice.serial())}"
        expires = None if seconds is None else now + seconds
        token = ApiToken(id=dice.uuid("token", text), user=user, name=name, created=now, expires=expires, text=text)
        self.tokens[text] = token
        return token

    def revoke(self) -> int:
        """End every session and every token that was made since the start; how many."""
        made = [text for text, token in self.tokens.items() if token.created > self.world.start]
        for text in made:
            del self.tokens[text]
        count = len(self.sessions) + len(made)
        self.sessions.clear()
        return count

    def leave(self, user: User) -> int:
        """End all sessions of a user, the web page's too; how many."""
        mine = [key for key, session in self.sessions.items() if session.user is user]
        for key in mine:
            del self.sessions[key]
        return len(mine)

    # --- the second factor
    def set_up_totp(self, user: User) -> None:
        dice = self.world.dice
        user.secret = dice.hexadecimal(40, "totp", user.email)
        user.backup = [f"{dice.word(5, 'backup', user.email, n)}-{dice.word(5, 'back', user.email, n)}".upper() for n in range(8)]

    def totp(self, user: User, step: int = 0) -> str:
        """The six digits that the user's authenticator shows now; ``step`` -1 those before."""
        counter = int(self.world.now() // 30) + step
        digest = hmac.new(bytes.fromhex(user.secret), struct.pack(">Q", counter), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"

    def proves(self, user: User, code: str) -> bool:
        """Whether a code is the authenticator's, of this half minute or the last, or an unused backup code."""
        if user.secret and code in (self.totp(user), self.totp(user, -1)):
            return True
        if code.upper() in user.backup:
            user.backup.remove(code.upper())
            return True
        return False

    def stepped_up(self, caller: Caller) -> bool:
        """Whether what needs a recent second factor may go on; tokens always may."""
        if caller.session is None or not caller.user.secret:
            return True
        return caller.session.stepped_up + STEP_UP_LIFE > self.world.now()

    # --- who may
    def role(self, user: User, cluster: str) -> str:
        """The user's role in a cluster; empty for none, and for a cluster that does not exist."""
        found = self.clusters.get(cluster)
        return found.roles.get(user.id, "") if found else ""

    def may(self, user: User, cluster: str, role: str) -> bool:
        held = self.role(user, cluster)
        return bool(held) and ROLES.index(held) >= ROLES.index(role)
