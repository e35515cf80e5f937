"""The control plane's three shapes of an error, and which of its parts uses which. No state."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui.emulator.web import Json, Refusal


def nested(status: int, message: str, code: str, *, stored: bool = False) -> Refusal:
    """What a route's own code says."""
    return Refusal(status, {"success": False, "error": {"message": message, "code": code}}, stored=stored)


def flat(status: int, message: str, code: str) -> Refusal:
    """What is said before a route's own code: sign-in, role, cluster and service lookup, two factors."""
    return Refusal(status, {"error": message, "code": code})


def bad(message: str) -> Refusal:
    return nested(400, message, "request.bad_request")


def invalid(field: str, text: str) -> Refusal:
    return bad(f"Validation failed: {field}: {text}")


def offline(tag: str) -> Refusal:
    return nested(503, f"Instance {tag} is not connected", "runtime.node_not_connected")


def role_required(role: str) -> Refusal:
    return flat(403, f"Insufficient permissions. {role.title()} role is required", f"permission.{role}_role_required")


def unhandled() -> Refusal:
    return Refusal(500, "Internal Server Error", {"content-type": "text/plain; charset=UTF-8"})


def no_such_route() -> Response:
    """Unknown path, wrong method, trailing slash: all the same."""
    return Response("404 Not Found", 404, {"content-type": "text/plain; charset=UTF-8"})


def good(data: Any, status: int = 200, message: str = "") -> Response:
    """``{"success":true,"data":…}``"""
    return Json({"success": True, "data": data} | ({"message": message} if message else {}), status)
