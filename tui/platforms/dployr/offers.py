"""What dployr offers in its two flavours, as tables: paths, the members of each body, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.model import Kind, Verb
from tui.platforms.sending import Field

NAMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.DEPLOYMENT: ("deployments", "deployment"),
    Kind.SERVICE: ("services", "service"),
    Kind.INSTANCE: ("instances", "instance"),
    Kind.ROUTE: ("routes", "route"),
    Kind.PROJECT: ("projects", "project"),
    Kind.VARIABLE: ("variables", "env", "envs", "variable"),
    Kind.WEBHOOK: ("webhooks", "webhook"),
}
"""Under which names a reply may put its list or its record."""

PATHS: Final[Mapping[Kind, str]] = {
    Kind.DEPLOYMENT: "/v1/deployments",
    Kind.SERVICE: "/v1/services",
    Kind.INSTANCE: "/v1/instances",
    Kind.ROUTE: "/v1/proxy/routes",
    Kind.PROJECT: "/v1/projects",
    Kind.WEBHOOK: "/v1/webhooks",
}

_BUILD: Final = (
    Field(name="runtime"),
    Field(name="version"),
    Field(name="remote"),
    Field(name="branch"),
    Field(name="build_cmd"),
    Field(name="run_cmd"),
    Field(name="port", kind="int"),
    Field(name="image"),
    Field(name="description"),
    Field(name="env", kind="map"),
)
FIELDS: Final[Mapping[tuple[Kind, Verb], tuple[Field, ...]]] = {
    (Kind.DEPLOYMENT, Verb.CREATE): (Field(name="name", required=True), Field(name="source", required=True), *_BUILD),
    (Kind.DEPLOYMENT, Verb.UPDATE): _BUILD,
    (Kind.ROUTE, Verb.CREATE): (
        Field(name="domain", required=True),
        Field(name="service_id", required=True),
        Field(name="port", kind="int", required=True),
    ),
    (Kind.PROJECT, Verb.CREATE): (Field(name="name", required=True), Field(name="description")),
    (Kind.VARIABLE, Verb.SET): (Field(name="key", required=True), Field(name="value", kind="secret", required=True, blank=True)),
    (Kind.WEBHOOK, Verb.CREATE): (
        Field(name="url", required=True),
        Field(name="events", kind="list", required=True),
        Field(name="secret", kind="secret"),
    ),
}
"""The bodies, in the documents' own order of members."""

INSTEAD: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.WEBHOOK, Verb.DELETE): "dployr documents no way to delete a webhook: use its dashboard",
    (Kind.WEBHOOK, Verb.UPDATE): "dployr documents no way to change a webhook: create another one",
    (Kind.PROJECT, Verb.UPDATE): "dployr documents no way to change a project: delete it and create another one",
    (Kind.ROUTE, Verb.UPDATE): "dployr documents no way to change a route: delete it and create another one",
    (Kind.SERVICE, Verb.CREATE): "a dployr service comes into being by a deployment: create a deployment",
    (Kind.SERVICE, Verb.DELETE): "dployr documents no way to delete a service: delete its deployment",
    (Kind.SERVICE, Verb.UPDATE): "a dployr service is changed by updating its deployment",
    (Kind.INSTANCE, Verb.RESTART): "dployr documents no way to restart a machine: restart its services",
    (Kind.VARIABLE, Verb.UPDATE): "set the variable again: a set replaces its value",
    (Kind.VARIABLE, Verb.CREATE): "set the variable: a set creates it",
    (Kind.DEPLOYMENT, Verb.RESTART): "restart the service of this deployment",
    (Kind.DEPLOYMENT, Verb.STOP): "stop the service of this deployment",
    (Kind.DEPLOYMENT, Verb.START): "start the service of this deployment",
}

# -- the control plane

_NAME: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])"
_NAME_SAYS: Final = "must be 2 to 63 lower-case letters, digits or hyphens, with none of these at an end"

CURRENT_FIELDS: Final[Mapping[tuple[Kind, Verb], tuple[Field, ...]]] = {
    (Kind.DEPLOYMENT, Verb.CREATE): (
        Field(name="name", required=True, pattern=_NAME, says=_NAME_SAYS),
        Field(name="type", pattern="static|web|worker|job", says="must be static, web, worker or job"),
        Field(name="source", required=True, pattern="remote|image", says="must be remote or image"),
        *_BUILD,
    ),
    (Kind.DEPLOYMENT, Verb.UPDATE): _BUILD,
    (Kind.ROUTE, Verb.CREATE): (
        Field(name="domain", required=True),
        Field(name="service_id", required=True),
        Field(name="port", kind="int"),
    ),
    (Kind.VARIABLE, Verb.SET): (Field(name="key", required=True), Field(name="value", kind="secret", required=True, blank=True)),
    (Kind.WEBHOOK, Verb.CREATE): (Field(name="url", required=True), Field(name="events", kind="list", required=True)),
}

CURRENT_UNASKED: Final[Mapping[tuple[Kind, Verb], frozenset[str]]] = {(Kind.ROUTE, Verb.CREATE): frozenset({"port"})}
"""Fields that the documents have and this server has no use for: left out where they come, not asked for."""

CURRENT_INSTEAD: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.PROJECT, Verb.CREATE): "this server has no projects: its clusters take their place",
    (Kind.PROJECT, Verb.UPDATE): "this server has no projects: its clusters take their place",
    (Kind.PROJECT, Verb.DELETE): "this server has no projects: its clusters take their place",
    (Kind.WEBHOOK, Verb.DELETE): "this server cannot delete its webhook: create another one in its place",
    (Kind.WEBHOOK, Verb.UPDATE): "a cluster has one webhook: creating one replaces it",
    (Kind.ROUTE, Verb.UPDATE): "a domain cannot be changed: delete it and create it again",
    (Kind.SERVICE, Verb.CREATE): "a dployr service comes into being by a deployment: create a deployment",
    (Kind.SERVICE, Verb.DELETE): "deleting services is left to dployr's own console",
    (Kind.SERVICE, Verb.UPDATE): "a dployr service is changed by updating its deployment",
    (Kind.INSTANCE, Verb.RESTART): "restarting a machine is left to dployr's own console: restart its services",
    (Kind.VARIABLE, Verb.UPDATE): "set the variable again: a set replaces its value",
    (Kind.VARIABLE, Verb.CREATE): "set the variable: a set creates it",
    (Kind.DEPLOYMENT, Verb.RESTART): "restart the service of this deployment",
    (Kind.DEPLOYMENT, Verb.STOP): "stop the service of this deployment",
    (Kind.DEPLOYMENT, Verb.START): "start the service of this deployment",
}
