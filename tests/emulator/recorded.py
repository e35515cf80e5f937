"""Recorded requests of real servers, sent again to the emulator, and the comparison of the two replies."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path
from typing import Any

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading certificates that nobody needs takes longer than a test."""
RECORDED = Path(__file__).parent.parent / "recorded"


FORMS = {
    "ULID": re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}"),
    "UUID": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "whole seconds": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "microseconds": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    "thousandths": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
}
"""How ids and moments are written, which a client has to understand."""


def names(platform: str) -> list[str]:
    return sorted(path.stem for path in (RECORDED / platform).glob("*.json"))


def load(platform: str, name: str) -> dict[str, Any]:
    """One pair of request and response."""
    found = json.loads((RECORDED / platform / f"{name}.json").read_text())
    return dict(found)


def send(base_url: str, request: dict[str, Any], headers: dict[str, str], target: str | None = None) -> httpx.Response:
    """Send it as it was sent, but for the headers that were redacted."""
    kept = {key: value for key, value in request["headers"].items() if key.lower() not in ("host", "content-length")}
    body = request.get("body")
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    with httpx.Client(verify=NO_TLS, trust_env=False, timeout=5) as client:
        wanted = client.build_request(request["method"], "http://x/", headers=kept | headers, content=content)
        wanted.url = httpx.URL(base_url).copy_with(raw_path=(target or request["target"]).encode())
        wanted.headers["host"] = wanted.url.netloc.decode()
        return client.send(wanted)


def shape(value: Any) -> Any:
    """Keys, types and how ids and moments are written, without values; of a list the shapes that occur in it."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json.loads(text) for text in sorted({json.dumps(shape(inner), sort_keys=True) for inner in value})]
    if isinstance(value, bool) or value is None:
        return "boolean" if value is not None else "null"
    if isinstance(value, int | float):
        return "milliseconds" if value > 1e11 else "number"
    return next((name for name, form in FORMS.items() if form.fullmatch(str(value))), "text")


def differences(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Where two shapes differ. A null fits anything, an empty list any list, and one of a list's shapes must fit."""
    if "null" in (ours, theirs) and path != "$":
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        missing = [f"{path}.{key} is missing" for key in theirs.keys() - ours.keys()]
        extra = [f"{path}.{key} is too much" for key in ours.keys() - theirs.keys()]
        return (
            missing + extra + [text for key in ours.keys() & theirs.keys() for text in differences(ours[key], theirs[key], f"{path}.{key}")]
        )
    if isinstance(ours, list) and isinstance(theirs, list):
        if not ours or not theirs:
            return []
        return [text for one in ours for text in min((differences(one, other, f"{path}[]") for other in theirs), key=len)]
    return [] if ours == theirs else [f"{path} is {ours!r}, not {theirs!r}"]
