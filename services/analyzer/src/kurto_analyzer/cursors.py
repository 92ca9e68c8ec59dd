"""Page tokens of FeatureService: where the next page begins, bound to the request it continues."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from kurto.analyzer.v1.bearings_pb2 import ListBearingsRequest
from kurto.analyzer.v1.diagnoses_pb2 import ListDiagnosesRequest, ListLongFeaturesRequest
from kurto.analyzer.v1.feature_service_pb2 import (
    ListFeatureRollupsRequest,
    ListFeaturesRequest,
)
from kurto_analyzer.exceptions import InvalidCursor

__all__ = [
    "RowKey",
    "read_diagnosis_token",
    "read_page_token",
    "read_place_token",
    "read_rollup_token",
    "write_diagnosis_token",
    "write_page_token",
    "write_place_token",
    "write_rollup_token",
]

_Request = (
    ListFeaturesRequest
    | ListFeatureRollupsRequest
    | ListDiagnosesRequest
    | ListLongFeaturesRequest
    | ListBearingsRequest
)
RowKey = tuple[int, int, int]
"""Start time in microseconds, epoch, window index: the order of rows of one sensor."""

_TOKEN, _ROLLUP_TOKEN = struct.Struct(">BIqqq"), struct.Struct(">BIq")
_PLACE_TOKEN = struct.Struct(">BII")
_VERSION = 1


def write_page_token(request: ListFeaturesRequest | ListLongFeaturesRequest, last: RowKey) -> str:
    """Return the token for the page after the row `last`."""
    return base64.urlsafe_b64encode(_TOKEN.pack(_VERSION, _fingerprint(request), *last)).decode()


def read_page_token(request: ListFeaturesRequest | ListLongFeaturesRequest) -> RowKey | None:
    """Return the row after which the page begins, or None for the first page.

    Raises
    ------
    InvalidCursor
        When the token was not issued for this request.
    """
    key = _read(request, _TOKEN)
    return None if key is None else (key[0], key[1], key[2])


def write_rollup_token(request: ListFeatureRollupsRequest, last_us: int) -> str:
    """Return the token for the page after the interval that starts at `last_us`."""
    packed = _ROLLUP_TOKEN.pack(_VERSION, _fingerprint(request), last_us)
    return base64.urlsafe_b64encode(packed).decode()


def read_rollup_token(request: ListFeatureRollupsRequest) -> int | None:
    """Return the start of the interval after which the page begins, or None for the first page.

    Raises
    ------
    InvalidCursor
        When the token was not issued for this request.
    """
    key = _read(request, _ROLLUP_TOKEN)
    return None if key is None else key[0]


def write_diagnosis_token(request: ListDiagnosesRequest, last: tuple[int, int, int, str]) -> str:
    """Return the token for the page after the diagnosis `last`; its channel ends the token."""
    *key, channel = last
    packed = _TOKEN.pack(_VERSION, _fingerprint(request), *key) + channel.encode()
    return base64.urlsafe_b64encode(packed).decode()


def read_diagnosis_token(request: ListDiagnosesRequest) -> tuple[int, int, int, str] | None:
    """Return the diagnosis after which the page begins, or None for the first page.

    Raises
    ------
    InvalidCursor
        When the token was not issued for this request.
    """
    if not request.page_token:
        return None
    raw = _raw(request)
    key = _unpacked(request, _TOKEN, raw[: _TOKEN.size])
    try:
        channel = raw[_TOKEN.size :].decode()
    except UnicodeDecodeError:
        raise InvalidCursor(field="page_token") from None
    return key[0], key[1], key[2], channel


def write_place_token(request: ListBearingsRequest, place: int) -> str:
    """Return the token for the page that begins at a place of a list."""
    packed = _PLACE_TOKEN.pack(_VERSION, _fingerprint(request), place)
    return base64.urlsafe_b64encode(packed).decode()


def read_place_token(request: ListBearingsRequest) -> int | None:
    """Return the place at which the page begins, or None for the first page.

    Raises
    ------
    InvalidCursor
        When the token was not issued for this request.
    """
    key = _read(request, _PLACE_TOKEN)
    return None if key is None else key[0]


def _read(request: _Request, layout: struct.Struct) -> tuple[int, ...] | None:
    return _unpacked(request, layout, _raw(request)) if request.page_token else None


def _raw(request: _Request) -> bytes:
    try:
        return base64.urlsafe_b64decode(request.page_token.encode())
    except (binascii.Error, ValueError):
        raise InvalidCursor(field="page_token") from None


def _unpacked(request: _Request, layout: struct.Struct, raw: bytes) -> tuple[int, ...]:
    try:
        version, fingerprint, *key = layout.unpack(raw)
    except struct.error:
        raise InvalidCursor(field="page_token") from None
    if (version, fingerprint) != (_VERSION, _fingerprint(request)):
        raise InvalidCursor(field="page_token")
    return tuple(key)


def _fingerprint(request: _Request) -> int:
    asked = type(request)()
    asked.MergeFrom(request)  # type: ignore[arg-type]
    # The page may grow or shrink from one page to the next.
    asked.ClearField("page_token")
    asked.ClearField("page_size")
    return zlib.crc32(asked.SerializeToString(deterministic=True))
