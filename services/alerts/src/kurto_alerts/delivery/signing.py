"""Signatures of webhooks: HMAC-SHA256 over time and body."""

import hashlib
import hmac

VERSION = "v1"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header Kurto-Signature.

    Parameters
    ----------
    secret : str
        Key, as UTF-8.
    timestamp : int
        Value of the header Kurto-Timestamp, in seconds since 1970-01-01T00:00:00Z.
    body : bytes
        Body as it is sent.
    """
    signed = str(timestamp).encode() + b"." + body
    return f"{VERSION}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
