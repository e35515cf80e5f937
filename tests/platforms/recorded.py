"""Replies of real servers, as they were recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.platforms.loopback import Answer

FOLDER = Path(__file__).parent.parent / "recorded"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request and its reply. ``name`` is the file's, without its ending."""

    name: str
    method: str
    target: str
    status: int
    body: Any
    answer: Answer
    request_json: Any = None


def files(platform: str) -> list[str]:
    """The names of all files, without their endings."""
    return sorted(path.stem for path in (FOLDER / platform).glob("*.json"))


def sentences(platform: str) -> dict[str, tuple[str, str]]:
    """For each recorded refusal: which error it is, and what the user reads."""
    told = json.loads((Path(__file__).parent / "sentences.json").read_text())[platform]
    return {name: (kind, sentence) for name, (kind, sentence) in told.items()}


def load(platform: str, name: str) -> Recorded:
    record = json.loads((FOLDER / platform / f"{name}.json").read_text())
    (pair,) = record if isinstance(record, list) else [record]
    request, response = pair["request"], pair["response"]
    headers = {key.lower(): value for key, value in response["headers"].items()}
    body = response["body"]
    kind = headers.pop("content-type", "") or ""
    content = b"" if body in ("", None) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kept = {key: value for key, value in headers.items() if key.startswith(("x-ratelimit", "retry-after", "set-cookie", "www-auth"))}
    return Recorded(
        name=name,
        method=request["method"],
        target=request["target"],
        status=response["status"],
        body=body,
        request_json=_json(request.get("body")),
        answer=Answer(status=response["status"], body=content, content_type=kind, headers=kept),
    )


def _json(body: Any) -> Any:
    """What was sent, where it was JSON; a string is the JSON's text."""
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return None
