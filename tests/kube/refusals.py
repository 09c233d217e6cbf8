"""What an API server says where it refuses."""

from typing import Any

from aiohttp import web

Json = dict[str, Any]


def status(code: int, reason: str = "", message: str = "") -> Json:
    return {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message or reason,
    }


def refusal(code: int, reason: str, message: str) -> web.Response:
    return web.json_response(status(code, reason, message), status=code)
