"""What Phase offers, as tables: paths, the members of each body, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.model import Kind, Verb
from tui.platforms.sending import Field

APPS: Final = "/v1/apps/"
APP: Final = "/v1/apps/{id}/"
ENVIRONMENTS: Final = "/v1/environments/"
ENVIRONMENT: Final = "/v1/environments/{id}/"
"""The slash at the end is part of the address: without it there is no such page."""

_ENVIRONMENT_NAME: Final = r"[a-zA-Z0-9\-_]{1,64}"
_ENVIRONMENT_SAYS: Final = "must be 1 to 64 letters, digits, hyphens or underscores"

FIELDS: Final[Mapping[tuple[Kind, Verb], tuple[Field, ...]]] = {
    (Kind.APPLICATION, Verb.CREATE): (
        Field(name="name", required=True, longest=64),
        Field(name="description", longest=10_000),
        Field(name="environments", kind="list", pattern=_ENVIRONMENT_NAME, says=f"each {_ENVIRONMENT_SAYS}"),
    ),
    (Kind.APPLICATION, Verb.UPDATE): (Field(name="name", longest=64), Field(name="description", longest=10_000, blank=True)),
    (Kind.ENVIRONMENT, Verb.CREATE): (Field(name="name", required=True, pattern=_ENVIRONMENT_NAME, says=_ENVIRONMENT_SAYS),),
    (Kind.ENVIRONMENT, Verb.UPDATE): (Field(name="name", required=True, pattern=_ENVIRONMENT_NAME, says=_ENVIRONMENT_SAYS),),
}

INSTEAD: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.ENVIRONMENT, Verb.TRIGGER): "Phase keeps secrets and deploys nothing: trigger the rollout where the app runs",
    (Kind.APPLICATION, Verb.TRIGGER): "Phase keeps secrets and deploys nothing: trigger the rollout where the app runs",
    (Kind.VARIABLE, Verb.SET): "the secrets of Phase are not shown or changed here: use Phase's own console",
    (Kind.SERVICE, Verb.RESTART): "Phase runs nothing: restart the service where it runs",
}
