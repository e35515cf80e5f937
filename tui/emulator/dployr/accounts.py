"""dployr's documented sign-in: email and password for an access and a refresh token, and the two hourly limits. No HTTP here."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tui.emulator.world import World

EMAIL: Final = "oncall@acme.test"
HOUR: Final = 3600


@dataclass(slots=True)
class Accounts:
    """Who may sign in, and every token that is good. A refresh token is good once."""

    world: World
    passwords: dict[str, str] = field(default_factory=dict)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        dice = self.world.dice
        self.passwords[EMAIL] = f"demo-{dice.word(12, 'password')}"
        self.token = self._jwt("access", EMAIL, None)
        self.access[self.token] = (EMAIL, float("inf"))

    def sign_in(self, email: str, password: str) -> dict[str, object] | None:
        """The documented token triple, or None for a wrong pair."""
        return self._triple(email) if password and self.passwords.get(email) == password else None

    def renew(self, token: str) -> dict[str, object] | None:
        """A new triple for a refresh token, which is used up; None if it is not good (any more)."""
        email = self.refresh.pop(token, None)
        return None if email is None else self._triple(email)

    def holder(self, token: str | None) -> str | None:
        """Whose access token this is; None if unknown or expired."""
        email, expires = self.access.get(token or "", ("", 0.0))
        return email if expires > self.world.now() else None

    def revoke(self, *, refresh: bool) -> int:
        """Make every access token from a sign-in invalid, refresh tokens too if so asked; how many access tokens."""
        given = [token for token in self.access if token != self.token]
        for token in given:
            del self.access[token]
        if refresh:
            self.refresh.clear()
        return len(given)

    def _triple(self, email: str) -> dict[str, object]:
        lifetime = self.world.options.token_lifetime
        expires = self.world.now() + lifetime
        access, refresh = self._jwt("access", email, expires), self._jwt("refresh", email, None)
        self.access[access] = (email, expires)
        self.refresh[refresh] = email
        return {"access_token": access, "refresh_token": refresh, "expires_in": int(lifetime)}

    def _jwt(self, use: str, email: str, expires: float | None) -> str:
        dice = self.world.dice
        serial = dice.serial()
        payload = {"sub": email, "use": use, "jti": serial, "iat": int(self.world.now())} | ({"exp": int(expires)} if expires else {})
        parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, payload)]
        parts.append(dice.number("signature", serial, size=32).to_bytes(32))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@dataclass(slots=True)
class Limit:
    """Requests in fixed windows of the wall clock, per caller."""

    world: World
    window: int = HOUR
    used: Counter[tuple[str, int]] = field(default_factory=Counter)

    def take(self, caller: str, allowed: int) -> tuple[int, int, int]:
        """Count one request: (remaining after it, -1 if it was one too many; epoch second of the reset; seconds until then)."""
        now = self.world.now()
        slot = int(now // self.window)
        if (caller, slot) not in self.used:
            self.used = Counter({key: count for key, count in self.used.items() if key[1] >= slot})
        self.used[(caller, slot)] += 1
        reset = (slot + 1) * self.window
        return max(-1, allowed - self.used[(caller, slot)]), reset, max(1, int(reset - now + 0.999))
