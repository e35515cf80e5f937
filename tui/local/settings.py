"""What may stand in ``config.toml``: the settings, their types, defaults and meaning. Where a value came from is ``config``'s matter.

Every setting is one field with a description; the JSON Schema and the documentation are made from these structs.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from tui.model import Kind, Verb

VERSION: Final = 1
"""Of the file's format. A file without ``version`` is of this one."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Of a context or connection: it becomes part of references, file names and environment variables."""

Flavour = Literal["auto", "documented", "current"]
TokenStyle = Literal["auto", "query", "form", "basic"]


class App(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Encore application."""

    id: Annotated[str, Meta(description="The application's id, as in its address, for example shop-3p2i.", min_length=1)]
    environments: Annotated[tuple[str, ...], Meta(description="The environments to show.")] = ()
    client_id: Annotated[str, Meta(description="The id of this application's own client, where it is not the connection's.")] = ""
    health: Annotated[
        dict[str, str], Meta(description="Per environment the address of the deployed application, asked which revision is live.")
    ] = {}


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One platform with one account."""

    platform: Annotated[str, Meta(description="Which platform this is.")]
    base_url: Annotated[str, Meta(description="The API's address; the platform's own if left out.")] = ""
    apps: Annotated[tuple[App, ...], Meta(description="Encore: the applications to show, because its API has no list of them.")] = ()
    flavour: Annotated[Flavour, Meta(description="Which version of the API the server speaks; auto finds out.")] = "auto"
    refresh: Annotated[float, Meta(description="Seconds that must at least pass between two reads of the same thing.", ge=0, le=86400)] = (
        0.0
    )
    allow_insecure: Annotated[bool, Meta(description="Permit plain http to another machine. Credentials are then readable on the way.")] = (
        False
    )
    ca_file: Annotated[str, Meta(description="PEM file of further certificate authorities; relative to this file's folder.")] = ""
    token_command: Annotated[
        tuple[str, ...],
        Meta(description="A program and its arguments that prints the token, or a JSON object with client_id and client_secret."),
    ] = ()
    dashboard_url: Annotated[str, Meta(description="Encore: template of the rollout's page: {app}, {environment}, {id}.")] = ""
    token_style: Annotated[TokenStyle, Meta(description="Encore: how the client's credentials are sent; auto finds out.")] = "auto"  # noqa: S105 - the name of a style
    refresh_path: Annotated[str, Meta(description="dployr: path that renews a login.", pattern="^/")] = "/v1/auth/refresh"
    status_url: Annotated[str, Meta(description="The platform's own status page, named when most of its reads fail.")] = ""
    cluster: Annotated[str, Meta(description="dployr: id or name of the cluster to show, needed where an account has several.")] = ""


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Applications of several connections that are one thing under different names."""

    name: Annotated[str, Meta(description="What the joined thing is called.", min_length=1)]
    members: Annotated[tuple[str, ...], Meta(description="References CONNECTION/KIND/ID of what belongs together.", min_length=1)]


class AlertRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to call somebody."""

    name: Annotated[str, Meta(description="What the rule is called.", min_length=1)]
    kinds: Annotated[tuple[str, ...], Meta(description="Kinds (service, rollout, deployment, instance …) or connection.", min_length=1)]
    to: Annotated[
        tuple[str, ...],
        Meta(description="failed, degraded, …; a word of the platform or a conclusion; for connection down or signed-out.", min_length=1),
    ]
    after: Annotated[float, Meta(description="Seconds for which it must stay so.", ge=0, le=86400)] = 0.0
    names: Annotated[tuple[str, ...], Meta(description="Shell patterns of names, for example web-*; all if left out.")] = ()


class Alerts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody is called when something goes wrong."""

    enabled: Annotated[bool, Meta(description="Whether anything rings; what is wrong is still shown.")] = True
    bell: Annotated[bool, Meta(description="Ring the terminal's bell.")] = True
    notify: Annotated[
        Literal["auto", "osc9", "osc777", "osc99", "off"], Meta(description="How the terminal is asked to show a notification.")
    ] = "auto"
    title: Annotated[bool, Meta(description="Count what is unresolved in the terminal's title.")] = True
    command: Annotated[tuple[str, ...], Meta(description="A program and its arguments; it is given JSON on its standard input.")] = ()
    webhook: Annotated[str, Meta(description="An https address that is sent the same JSON, or the NAME of a variable, as $NAME.")] = ""
    rules: Annotated[tuple[AlertRule, ...], Meta(description="Replace the built-in rules.")] = ()


class Guardrail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule about verbs. What it leaves out fits all."""

    verbs: Annotated[tuple[Verb, ...], Meta(description="Verbs that it is about, for example stop; all if left out.")] = ()
    kinds: Annotated[tuple[Kind, ...], Meta(description="Kinds of things, for example service; all if left out.")] = ()
    names: Annotated[tuple[str, ...], Meta(description="Shell patterns of names or ids, for example payments*; all if left out.")] = ()
    refuse: Annotated[str, Meta(description="Refuse it, and say this: whom to ask, or what to do instead.")] = ""
    type_name: Annotated[bool, Meta(description="Ask for the name to be typed, as for what cannot be undone in production.")] = False
    at_most: Annotated[int, Meta(description="To how many marked things at once; 0 for any number.", ge=0)] = 0


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a tool asks a person for before it begins."""

    name: Annotated[str, Meta(description="What it is called; {input.NAME} stands for what was typed.", pattern="^[a-z][a-z0-9_]{0,29}$")]
    type: Annotated[Literal["string", "number", "bool", "choice"], Meta(description="What may be typed; a number is a whole one.")] = (
        "string"
    )
    help: Annotated[str, Meta(description="What is wanted, in a few words.")] = ""
    required: Annotated[bool, Meta(description="Whether it may not be left empty.")] = False
    default: Annotated[str, Meta(description="What stands there at first, as text.")] = ""
    choices: Annotated[tuple[str, ...], Meta(description="Of a choice: what may be picked.")] = ()
    yes: Annotated[str, Meta(description="Of a bool: what stands for yes, for example --dry-run.")] = "true"
    no: Annotated[str, Meta(description="Of a bool: what stands for no; empty leaves the argument out.")] = "false"
    variable: Annotated[
        str,
        Meta(
            description="The program's variable that is set to it, besides or instead of an argument.",
            pattern="^([A-Za-z_][A-Za-z0-9_]*)?$",
        ),
    ] = ""


class Tool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program or a page of the user's own for what is selected, in its menu and in the palette."""

    run: Annotated[
        tuple[str, ...],
        Meta(description="A program and its arguments, without a shell; {name}, {id}, {instance.address}, … are of what is selected."),
    ] = ()
    open: Annotated[str, Meta(description="Or an address, with the same placeholders: opened on a desktop, copied over SSH.")] = ""
    kinds: Annotated[tuple[Kind, ...], Meta(description="Kinds of things that it is for; all if left out.")] = ()
    help: Annotated[str, Meta(description="What it does, in a few words.")] = ""
    changes: Annotated[
        bool, Meta(description="It changes something: refused where everything is read-only; in production the name is asked for.")
    ] = False
    inputs: Annotated[tuple[Input, ...], Meta(description="What it asks for in a form before it begins.")] = ()


class Context(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named set of connections that are looked at together."""

    read_only: Annotated[bool, Meta(description="Refuse everything that changes something.")] = False
    production: Annotated[bool, Meta(description="Ask for the name to be typed before what cannot be undone.")] = False
    theme: Annotated[str, Meta(description="The colours while this context is shown.")] = ""
    keys: Annotated[dict[str, str], Meta(description="Keys by action id, for this context.")] = {}
    connections: Annotated[dict[Name, Connection], Meta(description="The connections by name.")] = {}
    alert_rules: Annotated[
        tuple[AlertRule, ...] | None, Meta(description="What rings in this context, instead of the rules of [alerts]; [] for nothing.")
    ] = None
    guardrails: Annotated[tuple[Guardrail, ...], Meta(description="Verbs that are refused here, or asked about more strictly.")] = ()
    tools: Annotated[dict[Name, Tool], Meta(description="Tools of this context beside those of all.")] = {}
    load_warning: Annotated[
        int, Meta(description="Percent of processor, memory or disk from which it is worth a warning.", ge=1, le=10_000)
    ] = 85
    load_alarm: Annotated[int, Meta(description="Percent from which it is worth an alarm.", ge=1, le=10_000)] = 95
    links: Annotated[tuple[Link, ...], Meta(description="Applications whose names differ between connections.")] = ()


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Annotated[int, Meta(description="The format of this file.", ge=1)] = VERSION
    default_context: Annotated[str, Meta(description="The context that is shown unless another is asked for.")] = ""
    theme: Annotated[str, Meta(description="The colours, by the name of a theme; without one as light or dark as the terminal.")] = ""
    glyphs: Annotated[
        Literal["auto", "unicode", "ascii"],
        Meta(description="Circles and blocks, or ASCII; auto knows terminals and locales that have only that."),
    ] = "auto"
    mouse: Annotated[bool, Meta(description="Whether the mouse is used; without it the terminal's own selection works.")] = True
    output: Annotated[
        Literal["auto", "plain"], Meta(description="auto sends only what differs, at the terminal's pace; plain writes as Textual does.")
    ] = "auto"
    keys: Annotated[dict[str, str], Meta(description="Keys by action id; several are separated by commas.")] = {}
    tools: Annotated[dict[Name, Tool], Meta(description="Programs and pages of your own for what is selected, by name.")] = {}
    aliases: Annotated[dict[str, str], Meta(description="Short words for what you would type into the palette.")] = {}
    alerts: Annotated[Alerts, Meta(description="How somebody is called when something goes wrong.")] = Alerts()
    contexts: Annotated[dict[Name, Context], Meta(description="The contexts by name.")] = {}


def schema() -> dict[str, Any]:
    """The JSON Schema of ``config.toml``."""
    made = msgspec.json.schema(Config)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rollwatch config.toml", **made}
