"""What Encore offers, as tables: paths, the members of the one body, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.model import Kind, Verb
from tui.platforms.sending import Field

BASE_URL: Final = "https://api.encore.dev"
DASHBOARDS: Final[Mapping[str, str]] = {
    "https://api.encore.dev": "https://app.encore.dev/{app}/envs/{env}/deploys/{id}",
    "https://api.encore.cloud": "https://app.encore.cloud/{app}/envs/{env}/deploys/{id}",
}
"""The rollout's page by the API's origin; another server has its own and names it in the configuration."""

ROLLOUT: Final = "/api/apps/{app}/rollouts/{id}"
ROLLOUT_OF_ENVIRONMENT: Final = "/api/apps/{app}/envs/{env}/rollouts/{id}"
TRIGGER: Final = "/api/apps/{app}/envs/{env}/rollouts"

FIELDS: Final = (
    Field(name="sha", pattern=r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", says="must be the full commit hash, 40 hex digits"),
    Field(name="branch", longest=256),
    Field(name="skip_tests", kind="flag"),
    Field(name="force_rebuild", kind="flag"),
)
FLAGS: Final[tuple[str, ...]] = ("skip_tests", "force_rebuild")

_DASHBOARD: Final = "Encore's API cannot {}: open the rollout's page on the dashboard"
INSTEAD: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.ROLLOUT, Verb.STOP): _DASHBOARD.format("cancel a rollout"),
    (Kind.ROLLOUT, Verb.DELETE): _DASHBOARD.format("cancel a rollout"),
    (Kind.ROLLOUT, Verb.UPDATE): _DASHBOARD.format("approve or reject a change of infrastructure"),
    (Kind.ROLLOUT, Verb.ADOPT): "this server's API shows no rollouts: open the rollout's page on the dashboard",
    (Kind.ROLLOUT, Verb.START): "trigger a new rollout of this commit or branch instead",
    (Kind.ROLLOUT, Verb.RESTART): "trigger a new rollout of this commit or branch instead",
    (Kind.ROLLOUT, Verb.CREATE): "trigger a rollout of an environment",
    (Kind.APPLICATION, Verb.CREATE): "Encore's API cannot create an app: use the dashboard, then name it in the configuration",
    (Kind.APPLICATION, Verb.UPDATE): "Encore's API cannot change an app: use the dashboard",
    (Kind.APPLICATION, Verb.DELETE): "Encore's API cannot delete an app: use the dashboard",
    (
        Kind.ENVIRONMENT,
        Verb.CREATE,
    ): "Encore's API cannot create an environment: use the dashboard, then name it in the configuration",
    (Kind.ENVIRONMENT, Verb.UPDATE): "Encore's API cannot change an environment: use the dashboard",
    (Kind.ENVIRONMENT, Verb.DELETE): "Encore's API cannot delete an environment: use the dashboard",
    (Kind.ENVIRONMENT, Verb.RESTART): "Encore cannot restart: trigger a rollout instead",
    (Kind.SERVICE, Verb.RESTART): "Encore cannot restart a service: trigger a rollout instead",
}
