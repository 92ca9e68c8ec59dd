"""Errors of the gateway's own HTTP addresses, in the form that REST errors have."""

from __future__ import annotations

from aiohttp import web
from google.protobuf import json_format

from kurto_service.errors import rich_status
from kurto_service.exceptions import KurtoError

__all__ = ["error_response"]

_HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
}


def error_response(error: KurtoError) -> web.Response:
    """Return `error` as ``google.rpc.Status`` in JSON, with its ErrorInfo."""
    body = json_format.MessageToJson(
        rich_status(error), preserving_proto_field_name=True, indent=None, ensure_ascii=False
    )
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return web.Response(
        status=_HTTP_STATUS.get(error.status, 500),
        body=body.encode(),
        headers=headers,
    )
