"""Page tokens of ListFeatures: where the next page begins, bound to the request it continues."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from kurto.analyzer.v1.feature_service_pb2 import ListFeaturesRequest
from kurto_analyzer.exceptions import InvalidCursor

__all__ = ["RowKey", "read_page_token", "write_page_token"]

RowKey = tuple[int, int, int]
"""Start time in microseconds, epoch, window index: the order of rows of one sensor."""

_TOKEN = struct.Struct(">BIqqq")
_VERSION = 1


def write_page_token(request: ListFeaturesRequest, last: RowKey) -> str:
    """Return the token for the page after the row `last`."""
    return base64.urlsafe_b64encode(_TOKEN.pack(_VERSION, _fingerprint(request), *last)).decode()


def read_page_token(request: ListFeaturesRequest) -> RowKey | None:
    """Return the row after which the page begins, or None for the first page.

    Raises
    ------
    InvalidCursor
        When the token was not issued for this request.
    """
    if not request.page_token:
        return None
    try:
        raw = base64.urlsafe_b64decode(request.page_token.encode())
        version, fingerprint, start_us, epoch, window_index = _TOKEN.unpack(raw)
    except (binascii.Error, struct.error, ValueError):
        raise InvalidCursor(field="page_token") from None
    if (version, fingerprint) != (_VERSION, _fingerprint(request)):
        raise InvalidCursor(field="page_token")
    return start_us, epoch, window_index


def _fingerprint(request: ListFeaturesRequest) -> int:
    asked = ListFeaturesRequest()
    asked.CopyFrom(request)
    # The page may grow or shrink from one page to the next.
    asked.ClearField("page_token")
    asked.ClearField("page_size")
    return zlib.crc32(asked.SerializeToString(deterministic=True))
