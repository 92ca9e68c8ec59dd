"""Opaque page tokens and cursors."""

from __future__ import annotations

import base64
import binascii

from kurto_ingest.exceptions import InvalidCursor, InvalidField

__all__ = [
    "MAX_PAGE_SIZE",
    "cursor_from_revision",
    "page_limit",
    "page_start",
    "page_token",
    "revision_from_cursor",
]

MAX_PAGE_SIZE = 1000


def page_limit(page_size: int, default: int) -> int:
    """Return how many items a page may have; 0 means `default`.

    Raises
    ------
    InvalidField
        If `page_size` is negative or above 1000.
    """
    if not 0 <= page_size <= MAX_PAGE_SIZE:
        raise InvalidField(
            f"page_size must be 1 to {MAX_PAGE_SIZE}, or 0 for {default}, not {page_size}.",
            field="page_size",
        )
    return page_size or default


def page_token(last_id: str) -> str:
    """Return the token of the page after `last_id`."""
    return base64.urlsafe_b64encode(b"1:" + last_id.encode()).decode()


def page_start(token: str) -> str:
    """Return the id after which a page begins; empty for the first page.

    Raises
    ------
    InvalidCursor
        If `token` is not one that `page_token` made.
    """
    if not token:
        return ""
    try:
        plain = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if not plain.startswith("1:") or "\x00" in plain:
        raise InvalidCursor
    return plain[2:]


def cursor_from_revision(revision: int) -> str:
    """Return the cursor after which changes above `revision` follow."""
    return f"r1-{revision}"


def revision_from_cursor(cursor: str, newest: int) -> int:
    """Return the revision that `cursor` stands for; 0 for an empty one.

    Raises
    ------
    InvalidCursor
        If it was not made here, or by a service with more changes than there are (`newest`).
    """
    if not cursor:
        return 0
    prefix, _, digits = cursor.partition("-")
    if prefix != "r1" or not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
        raise InvalidCursor
    revision = int(digits)
    if revision > newest:
        raise InvalidCursor
    return revision
