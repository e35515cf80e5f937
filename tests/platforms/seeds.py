"""What the documents print: every request with its path, query, headers and body, and every reply. Parsed, not retyped."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SEEDS = Path(__file__).parent.parent / "seeds"


@dataclass(frozen=True, kw_only=True)
class Documented:
    """One documented request. ``target`` is path and query as printed; ``reply`` the printed bytes, None where none are printed."""

    platform: str
    method: str
    path: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    reply: bytes | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.method, self.path

    def __str__(self) -> str:
        return f"{self.platform} {self.method} {self.path}"


def text(name: str) -> str:
    return (SEEDS / f"{name}.txt").read_text()


def dployr() -> Iterator[Documented]:
    """The HTTP blocks; a JSON block right after one and the word Response is its reply."""
    blocks = list(re.finditer(r"```(\w*)\n(.*?)```", text("dployr"), re.DOTALL))
    whole = text("dployr")
    for index, block in enumerate(blocks):
        lines = block[2].strip("\n").split("\n")
        first = re.fullmatch(r"(GET|POST|PUT|DELETE) (/\S+)", lines[0])
        if first is None:
            continue
        blank = lines.index("") if "" in lines else len(lines)
        headers = dict(line.split(": ", 1) for line in lines[1:blank])
        body = "\n".join(lines[blank:]).strip()
        reply = None
        if index + 1 < len(blocks) and whole[block.end() : blocks[index + 1].start()].strip() == "Response:":
            reply = blocks[index + 1][2].strip("\n").encode()
        yield Documented(
            platform="dployr",
            method=first[1],
            path=first[2].partition("?")[0],
            target=first[2],
            headers=headers,
            body=json.loads(body) if body else None,
            reply=reply,
        )


def dployr_error() -> bytes:
    """The error body that the document prints."""
    return re.findall(r"All errors follow this format:\s*```json\n(.*?)\n```", text("dployr"), re.DOTALL)[0].encode()


def dployr_rate_headers() -> dict[str, str]:
    """The rate limit headers that the document prints."""
    block = re.findall(r"headers are included in all responses:\s*```\n(.*?)\n```", text("dployr"), re.DOTALL)[0]
    return dict(line.split(": ", 1) for line in block.split("\n"))


def phase() -> Iterator[Documented]:
    """The curl commands, each with the heading before it and the reply after it."""
    for name in ("phase-apps", "phase-environments"):
        whole = text(name)
        for part in re.split(r"\n(?=(?:GET|POST|PUT|DELETE)/v1/)", whole)[1:]:
            heading = re.match(r"(GET|POST|PUT|DELETE)(/v1/\S+)", part)
            command = re.search(r"^curl .*?(?=\n\n)", part, re.DOTALL | re.MULTILINE)
            reply = re.search(r"\nResponse\n\n(.*)\Z", part, re.DOTALL)
            assert None not in (heading, command, reply), part
            words = shlex.split(command[0].replace("\\\n", " "))
            headers, body, method, url = {}, None, "GET", ""
            rest = iter(words[1:])
            for word in rest:
                if word == "-X":
                    method = next(rest)
                elif word == "-H":
                    key, value = next(rest).split(": ", 1)
                    headers[key] = value
                elif word == "-d":
                    body = json.loads(next(rest))
                else:
                    url = word
            assert method == heading[1]
            printed = reply[1]
            if printed.startswith("204"):
                content = b""
            else:
                _, end = json.JSONDecoder().raw_decode(printed)
                content = printed[:end].encode()
            parts = urlsplit(url)
            yield Documented(
                platform="phase",
                method=method,
                path=heading[2],
                target=parts.path + (f"?{parts.query}" if parts.query else ""),
                headers=headers,
                body=body,
                reply=content,
            )


def encore(name: str = "encore-dev") -> Iterator[Documented]:
    """Method and path of each call; its query parameters stand in ``target`` as ``name=`` pairs."""
    whole = text(name)
    found = re.finditer(r"\*?\*?Method\*?\*?: `?(\w+)`?.*?\n\*?\*?Path\*?\*?: `?(\S+?)`?\n(.*?)(?=\n#* ?Response\n)", whole, re.DOTALL)
    for call in found:
        after = call[3]
        query = re.split(r"Query Parameters", after)
        names = re.findall(r"^\|? ?\*?\*?([a-z_]+)\*?\*? +\|", query[1], re.MULTILINE) if len(query) > 1 else []
        names = [each for each in names if each != "parameter"]
        yield Documented(
            platform="encore",
            method=call[1],
            path=call[2],
            target=call[2] + ("?" + "&".join(f"{each}=" for each in names) if names else ""),
            headers={} if "oauth" in call[2] else {"Authorization": "Bearer ${ACCESS_TOKEN}"},
            body=re.findall(r'"(\w+)": string;', after) or None,
        )


def encore_base_url(name: str) -> str:
    found = re.search(r"The Base URL for the Encore (?:Platform|Cloud) API is `?(https://[a-z.]+[a-z])", text(name))
    assert found is not None
    return found[1]


def encore_words(name: str) -> dict[str, tuple[str, ...]]:
    """The words of each status and conclusion: ``{"BuildStatus": ("queued", …), …}``."""
    return {each[1]: tuple(re.findall(r'"(\w+)"', each[2])) for each in re.finditer(r"^type (\w+) = (\"[^;]*);", text(name), re.MULTILINE)}


def everything() -> list[Documented]:
    """All 38."""
    return [*encore(), *dployr(), *phase()]
