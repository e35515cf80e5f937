"""``rollwatch emulate``: the three platforms on loopback, in the foreground."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from tui.emulator import Options, announce_json, read_flavours, read_now, run, scenarios
from tui.errors import UsageError
from tui.local.spelling import meant


def emulate(args: Namespace) -> int:
    """Serve until stopped. Exit 0 when stopped, 2 when a port is taken or the command line names what does not exist."""
    if args.scenario not in scenarios():
        raise UsageError(f"there is no scenario {args.scenario!r}", hint=meant(args.scenario, scenarios()))
    if args.port_base is not None and not 1 <= args.port_base <= 65533:
        raise UsageError(f"--port-base {args.port_base} leaves no three ports", hint="choose one from 1 to 65533")
    try:
        options = Options(
            scenario=args.scenario,
            flavours=read_flavours(",".join(args.flavour)),
            port_base=args.port_base or 0,
            seed=args.seed,
            now=read_now(args.now) if args.now else None,
            frozen=args.frozen,
            until_eof=args.until_stdin_closes,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    return run(options, announce_json if args.json else _tell)


def _tell(info: dict[str, Any]) -> None:
    for line in told(info):
        print(line, flush=True)


def told(info: dict[str, Any]) -> Iterator[str]:
    """The announcement for a person: addresses, and the variables that point a console at them."""
    encore, dployr, phase = info["encore"], info["dployr"], info["phase"]
    apps = " ".join(f"{app['id']}:{','.join(app['environments'])}" for app in encore["apps"][:8])
    yield f"scenario {info['scenario']}; serving until interrupted"
    yield ""
    for name, platform in (("encore", encore), ("dployr", dployr), ("phase", phase)):
        yield f"  {name:<8}{platform['base_url']}  {info['flavours'][name]}"
    yield ""
    yield "a console on them, from another terminal:"
    yield ""
    values = {
        "ENCORE_PLATFORM": "encore",
        "ENCORE_BASE_URL": encore["base_url"],
        "ENCORE_APPS": apps,
        "ENCORE_CLIENT_ID": encore["client_id"],
        "ENCORE_CLIENT_SECRET": encore["client_secret"],
        "DPLOYR_PLATFORM": "dployr",
        "DPLOYR_BASE_URL": dployr["base_url"],
        "DPLOYR_TOKEN": dployr["token"],
        "DPLOYR_CLUSTER": next((cluster["name"] for cluster in dployr.get("clusters", ())), ""),
        "PHASE_PLATFORM": "phase",
        "PHASE_BASE_URL": phase["base_url"],
        "PHASE_TOKEN": phase["token"],
    }
    for variable, value in values.items():
        if value:
            yield f"  export ROLLWATCH_{variable}='{value}'"
    yield "  rollwatch"
