"""How a rollout goes, as data: how long each step takes and how it ends. No state and no wire format here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Seconds per step. ``proposed`` None: the infrastructure change needs nobody; else somebody decides after so many seconds
    (``inf``: nobody ever does by himself). ``ends`` is the phase that does not succeed and ``conclusion`` how it ends."""

    queue: float = 3.0
    build: float = 62.0
    proposed: float | None = None
    infra: float = 38.0
    deploy: float = 71.0
    ends: str = ""
    conclusion: str = "success"
    fast_build: bool = False

    @property
    def pace(self) -> tuple[float, float, float]:
        """Seconds that build, infra and deploy take, the waiting for somebody among the second."""
        waits = self.proposed if self.proposed is not None and self.proposed != NEVER else 0.0
        return self.build, waits + self.infra, self.deploy


NEVER: Final = float("inf")

PLANS: Final[Mapping[str, Plan]] = {
    "success": Plan(),
    "quick": Plan(queue=1, build=14, infra=6, deploy=11),
    "instant": Plan(queue=0, build=0, infra=0, deploy=0),
    "slow": Plan(queue=20, build=400, infra=300, deploy=600),
    "approval": Plan(build=25, proposed=45, infra=20, deploy=30),
    "waiting": Plan(build=58, proposed=NEVER, infra=38, deploy=71),
    "rejected": Plan(build=58, proposed=90, ends="infra", conclusion="rejected"),
    "build-failure": Plan(build=41, ends="build", conclusion="failure"),
    "infra-failure": Plan(infra=52, ends="infra", conclusion="failure"),
    "deploy-failure": Plan(deploy=97, ends="deploy", conclusion="failure"),
    "canceled": Plan(deploy=20, ends="deploy", conclusion="canceled"),
    "reused-build": Plan(fast_build=True),
    "stuck": Plan(build=NEVER),
}

BRANCHES: Final[Mapping[str, str]] = {f"plan/{name}": name for name in PLANS}
"""A branch of this name gets that plan, whatever the scenario says of its environment."""
