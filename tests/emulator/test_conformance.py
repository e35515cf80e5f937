"""The emulator held to the documents: every endpoint, with good and bad data, over real sockets; and nothing documented is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tests.emulator import contract
from tests.emulator.conftest import Desk

SEEDS = Path(__file__).parent.parent / "seeds"
EXAMPLES = {"encore": 8, "dployr": 3, "phase": 4}
"""Requests per endpoint and kind of data: always the same ones, so that a slow machine tests no less."""


def seeded() -> dict[str, set[tuple[str, str]]]:
    """The method and path pairs that the documents name."""
    encore = SEEDS / "encore-dev.txt"
    pairs = re.findall(r"\*\*Method\*\*: `(\w+)` <br/>\n\*\*Path\*\*: `([^`]+)`", encore.read_text())
    cloud = re.findall(r"Method: (\w+)\nPath: (\S+)", (SEEDS / "encore-cloud.txt").read_text())
    assert pairs == cloud
    dployr = re.findall(r"```bash\n(\w+) (/v1/[^\s?]+)", (SEEDS / "dployr.txt").read_text())
    phase = [
        pair
        for name in ("apps", "environments")
        for pair in re.findall(r"\n(GET|POST|PUT|DELETE)(/v1/\S+)\n", (SEEDS / f"phase-{name}.txt").read_text())
    ]
    return {"encore": set(pairs), "dployr": set(dployr), "phase": set(phase)}


def shape(path: str) -> str:
    """A path with its ids made alike."""
    return re.sub(r":\w+|\$?\{\w+\}", "{}", path).rstrip("/")


def document(one: Desk, platform: str) -> dict[str, Any]:
    info = one.info
    app = info["encore"]["apps"][0]
    service = one.dployr.get("/v1/services").json()["services"][0]["id"]
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "encore": lambda: contract.encore(app["id"], app["environments"], info["encore"]["client_id"], info["encore"]["client_secret"]),
        "dployr": lambda: contract.dployr(info["dployr"]["email"], info["dployr"]["password"], service),
        "phase": lambda: contract.phase_api(one.phase.get("/v1/apps/").json()[0]["id"]),
    }
    return made[platform]()


def test_the_documents_name_38_endpoints_and_the_emulator_serves_them_and_no_more(desk: Callable[..., Desk]) -> None:
    one, named = desk(), seeded()
    assert {platform: len(pairs) for platform, pairs in named.items()} == {"encore": 2, "dployr": 26, "phase": 10}
    for platform, pairs in named.items():
        wanted = {(method, shape(path)) for method, path in pairs}
        served = one.emulator.do(lambda control, platform=platform: control.platforms.endpoints(platform))
        assert {(method, shape(path)) for method, path in served} - wanted == (
            {("POST", "/v1/auth/refresh")} if platform == "dployr" else set()
        )
        assert wanted <= {(method, shape(path)) for method, path in served}
        written = {(method.upper(), shape(path)) for path, row in document(one, platform)["paths"].items() for method in row}
        assert written == wanted


# These know nothing of what is unique, deleted or possible once; and most of what the documents leave open they call forbidden.
LEFT_OUT = [
    checks.positive_data_acceptance,
    checks.negative_data_rejection,
    checks.ensure_resource_availability,
    checks.use_after_free,
    checks.unsupported_method,
]
GOOD, BAD = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


def tried(one: Desk, platform: str, operation: Any, mode: Any, known: list[str]) -> list[int]:
    """Ask one endpoint with generated data; the statuses it answered. Every reply is checked."""
    token = one.encore.headers["Authorization"] if platform == "encore" else f"Bearer {one.info[platform]['token']}"
    statuses: list[int] = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[platform],
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asked(case: schemathesis.Case) -> None:
        if known and "id" in case.path_parameters and len(statuses) % 3 != 2:
            case.path_parameters["id"] = known[len(statuses) % len(known)]
        reply = case.call_and_validate(
            base_url=one.info[platform]["base_url"], headers={"Authorization": token}, excluded_checks=LEFT_OUT, timeout=5
        )
        statuses.append(reply.status_code)

    asked()
    return statuses


@pytest.mark.parametrize("mode", [GOOD, BAD], ids=["good-data", "bad-data"])
@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
def test_every_reply_is_as_documented(desk: Callable[..., Desk], platform: str, mode: schemathesis.GenerationMode) -> None:
    one = desk(scenario="calm", hourly=10**9, hourly_anonymous=10**9)
    schema = schemathesis.openapi.from_dict(document(one, platform))
    kinds = ("deployments", "services", "instances")
    ids = {kind: [row["id"] for row in one.dployr.get(f"/v1/{kind}").json()[kind]] for kind in kinds}
    ids["apps"] = [row["id"] for row in one.phase.get("/v1/apps/").json()]
    ids["environments"] = [row["id"] for row in one.phase.get("/v1/environments/", params={"app_id": ids["apps"][0]}).json()]
    found = [result.ok() for result in schema.get_all_operations()]
    operations = sorted(found, key=lambda one: (one.method == "delete", -len(one.path)))
    answered = {}
    for operation in operations:
        known = ids.get(operation.path.split("/")[2], []) if platform != "encore" else []
        if operation.method == "delete":
            one.advance(60)  # what was just deployed may not be deleted
        answered[operation.label] = tried(one, platform, operation, mode, known)
    if mode is GOOD:
        silent = {label for label, statuses in answered.items() if not any(status < 300 for status in statuses)}
        gone = {"DELETE /v1/proxy/routes/{id}", "DELETE /v1/projects/{id}", "DELETE /v1/services/{id}/env/{key}"}
        assert silent - gone == set()
    else:
        assert any(status >= 400 for statuses in answered.values() for status in statuses)
