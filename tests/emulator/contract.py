"""The documents as OpenAPI: what the seeds say of every endpoint, and nothing that they do not. Written by hand from the seeds."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def obj(required: Schema, optional: Schema | None = None) -> Schema:
    return {"type": "object", "required": list(required), "properties": required | (optional or {})}


def enum(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
MAYBE_TIME: Schema = {"anyOf": [TIME, {"type": "null"}]}
TIMES = {"queued_at": MAYBE_TIME, "started_at": MAYBE_TIME, "completed_at": MAYBE_TIME}


def phase(statuses: tuple[str, ...], conclusions: tuple[str, ...]) -> Schema:
    return obj({"id": TEXT, "status": enum(*statuses), "conclusion": enum(*conclusions), **TIMES})


ENDS = ("unknown", "canceled", "failure", "success")
ROLLOUT = obj(
    {
        "id": TEXT,
        "status": enum("pending", "queued", "running", "completed"),
        "conclusion": enum("pending", "canceled", "failure", "success"),
        **TIMES,
        "build": phase(("queued", "running", "completed"), ENDS),
        "infra": phase(("pending", "proposed", "queued", "running", "completed"), (*ENDS, "rejected")),
        "deploy": phase(("queued", "running", "completed"), ENDS),
    }
)
TOKEN = obj({"access_token": TEXT, "expires_in": {"const": 3600}, "actor": TEXT, "token_type": {"const": "Bearer"}})
TRIPLE = obj({"access_token": TEXT, "refresh_token": TEXT, "expires_in": {"type": "integer"}})
DPLOYR_ERROR = obj({"error": obj({"code": TEXT, "message": TEXT}, {"details": obj({"field": TEXT, "issue": TEXT})})})
APP = obj({"id": TEXT, "name": TEXT, "description": TEXT, "sseEnabled": {"type": "boolean"}, "createdAt": TIME, "updatedAt": TIME})
STAGE_NAME: Schema = {"type": "string", "pattern": r"^[a-zA-Z0-9_\-]{1,64}$"}
STAGE = obj(
    {
        "id": TEXT,
        "name": STAGE_NAME,
        "envType": enum("dev", "staging", "prod", "custom"),
        "index": {"type": "integer"},
        "createdAt": TIME,
        "updatedAt": TIME,
    }
)
RATE = {
    name: {"required": True, "schema": {"type": "integer"}} for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
}
ANY_OBJECT: Schema = {"type": "object"}


def listed(key: str) -> Schema:
    return obj({key: {"type": "array", "items": obj({"id": TEXT}) if key != "variables" else ANY_OBJECT}, "total": {"type": "integer"}})


def reply(schema: Schema | None, headers: Schema | None = None, media: str = "application/json") -> Schema:
    return {"description": "as documented", "headers": headers or {}} | ({} if schema is None else {"content": {media: {"schema": schema}}})


class Document:
    """One OpenAPI document in the making."""

    def __init__(self, title: str, error: Schema | None, headers: Schema | None = None, statuses: str = "400 401 403 404 405 409") -> None:
        self._headers = headers
        self._errors = {status: reply(error, headers) for status in statuses.split()}
        self.paths: dict[str, Any] = {}
        self._head = {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "security": [{"bearer": []}]}

    def add(self, method: str, path: str, good: str, answer: Schema | None, body: Schema | None = None, **more: Any) -> None:
        ids = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": more.pop(name, {"type": "string", "minLength": 1})} for name in ids
        ]
        for name, schema in more.pop("query", {}).items():
            parameters.append({"name": name, "in": "query", "required": schema.pop("required", False), "schema": schema})
        operation: Schema = {
            "parameters": parameters,
            "responses": {good: reply(answer, self._headers), **self._errors},
            **more,
        }
        if body is not None:
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        self.paths.setdefault(path, {})[method.lower()] = operation

    def done(self) -> Schema:
        return {**self._head, "paths": self.paths, "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}}


def encore(app: str, environments: list[str], client_id: str, client_secret: str) -> Schema:
    """Error bodies and statuses are not documented, so any JSON will do there."""
    document = Document("Encore", None)
    pair = {"client_id": {"const": client_id, "required": True}, "client_secret": {"const": client_secret, "required": True}}
    document.add("POST", "/api/oauth/token", "200", TOKEN, query=pair, security=[])
    sha = obj({"sha": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}) | {"not": {"required": ["branch"]}}
    branch = obj({"branch": {"type": "string", "pattern": "^[a-z0-9]+$"}}) | {"not": {"required": ["sha"]}}
    document.add(
        "POST", "/api/apps/{app}/envs/{env}/rollouts", "200", ROLLOUT, {"oneOf": [sha, branch]}, app=enum(app), env=enum(*environments)
    )
    return document.done()


def dployr(email: str, password: str, service: str) -> Schema:
    """Shapes of objects and lists are not documented, errors and the three headers are."""
    document = Document("dployr", DPLOYR_ERROR, RATE, "400 401 403 404 405 429")
    one = obj({"id": TEXT})
    document.add("POST", "/v1/auth/login", "200", TRIPLE, obj({"email": enum(email), "password": enum(password)}), security=[])
    created = obj(
        {
            "name": {"type": "string", "pattern": "^[a-z0-9]{1,63}$"},
            "source": {"const": "remote"},
            "runtime": enum("nodejs"),
            "version": enum("20", "22"),
            "remote": {"const": "https://github.com/user/repo"},
            "branch": TEXT,
            "build_cmd": TEXT,
            "run_cmd": TEXT,
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        }
    )
    env = {"type": "object", "additionalProperties": TEXT, "propertyNames": {"pattern": "^[A-Z_][A-Z0-9_]*$", "maxLength": 200}}
    document.add("POST", "/v1/deployments", "201", one, created)
    document.add("GET", "/v1/deployments", "200", listed("deployments"))
    document.add("GET", "/v1/deployments/{id}", "200", one)
    document.add("PUT", "/v1/deployments/{id}", "200", one, obj({"version": enum("22"), "env": env}))
    document.add("DELETE", "/v1/deployments/{id}", "204", None)
    document.add("GET", "/v1/services", "200", listed("services"))
    document.add("GET", "/v1/services/{id}/status", "200", obj({"id": TEXT, "status": TEXT}))
    for verb in ("start", "stop", "restart"):
        document.add("POST", f"/v1/services/{{id}}/{verb}", "202", one)
    tail = {"type": "integer", "minimum": 0, "maximum": 500}
    document.add(
        "GET", "/v1/services/{id}/logs", "200", {"type": "array", "items": ANY_OBJECT}, query={"tail": tail, "follow": enum("false")}
    )
    document.add("GET", "/v1/instances", "200", listed("instances"))
    document.add("GET", "/v1/instances/{id}", "200", one)
    document.add("GET", "/v1/instances/{id}/metrics", "200", ANY_OBJECT)
    document.add("GET", "/v1/proxy/routes", "200", listed("routes"))
    domain = {"type": "string", "pattern": r"^[a-z]{3,10}\.[a-z]{2,5}$"}
    port = {"type": "integer", "minimum": 1, "maximum": 65535}
    document.add("POST", "/v1/proxy/routes", "201", one, obj({"domain": domain, "service_id": enum(service), "port": port}))
    document.add("DELETE", "/v1/proxy/routes/{id}", "204", None)
    document.add("GET", "/v1/projects", "200", listed("projects"))
    name = {"type": "string", "pattern": "^[a-z]{8,20}$"}
    document.add("POST", "/v1/projects", "201", one, obj({"name": name, "description": TEXT}))
    document.add("DELETE", "/v1/projects/{id}", "204", None)
    document.add("GET", "/v1/services/{id}/env", "200", listed("variables"))
    key = {"type": "string", "pattern": "^[A-Z_][A-Z0-9_]{0,80}$"}
    document.add("POST", "/v1/services/{id}/env", "2XX", ANY_OBJECT, obj({"key": key, "value": TEXT}))
    document.add("DELETE", "/v1/services/{id}/env/{key}", "204", None)
    events = {"type": "array", "minItems": 1, "items": enum("deployment.created", "deployment.failed")}
    document.add(
        "POST", "/v1/webhooks", "201", one, obj({"url": {"const": "https://example.com/webhook"}, "events": events, "secret": TEXT})
    )
    document.add("GET", "/v1/webhooks", "200", listed("webhooks"))
    return document.done()


def phase_api(app: str) -> Schema:
    """Error bodies are not documented."""
    document = Document("Phase", None)
    name = {"type": "string", "minLength": 1, "maxLength": 64}
    optional = {"description": {"type": "string", "maxLength": 10000}}
    document.add("GET", "/v1/apps/", "200", {"type": "array", "items": APP})
    stages = {"environments": {"type": "array", "minItems": 1, "maxItems": 1, "items": STAGE_NAME}}
    document.add("POST", "/v1/apps/", "200", APP, obj({"name": name}, optional | stages))
    document.add("GET", "/v1/apps/{id}/", "200", APP)
    document.add("PUT", "/v1/apps/{id}/", "200", APP, obj({"name": name}, optional))
    document.add("DELETE", "/v1/apps/{id}/", "204", None)
    query = {"app_id": {"type": "string", "enum": [app], "required": True}}
    document.add("GET", "/v1/environments/", "200", {"type": "array", "items": STAGE}, query={**query, "app_id": dict(query["app_id"])})
    document.add("POST", "/v1/environments/", "200", STAGE, obj({"name": STAGE_NAME}), query={"app_id": dict(query["app_id"])})
    document.add("GET", "/v1/environments/{id}/", "200", STAGE)
    document.add("PUT", "/v1/environments/{id}/", "200", STAGE, obj({"name": STAGE_NAME}))
    document.add("DELETE", "/v1/environments/{id}/", "204", None)
    return document.done()
