"""Page tokens of the lists of delivery: opaque to the caller, a number in one list to us."""

import base64
import binascii

from kurto_alerts.exceptions import PageTokenInvalid

LONGEST_TOKEN = 100
LARGEST_NUMBER = 2**63 - 1


def encode_number(number: int, kind: str) -> str:
    """Return the token of a place in a list."""
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode()


def decode_number(token: str, kind: str) -> int | None:
    """Return the number that a token stands for; None for the empty token."""
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token[: LONGEST_TOKEN + 1].encode()).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise PageTokenInvalid from error
    name, _, number = text.partition(":")
    if name != kind or not number.isdigit() or len(number) > 19:
        raise PageTokenInvalid
    return min(int(number), LARGEST_NUMBER)
