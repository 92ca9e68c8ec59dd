"""How a process identifies its callers, decided once at start."""

from __future__ import annotations

from kurto_service.clock import Clock
from kurto_service.settings import ServiceSettings
from kurto_service.tokens import AnonymousAccess, Authenticator, TokenFile, is_loopback

__all__ = ["StartRefused", "authenticator_for"]


class StartRefused(Exception):
    """The process must not start as it is configured."""


def authenticator_for(settings: ServiceSettings, clock: Clock) -> Authenticator:
    """Return how callers are identified.

    Raises
    ------
    StartRefused
        When other machines could call without a token.
    TokenFileError
        When the tokens file cannot be used.
    """
    if settings.tokens_file is not None:
        return TokenFile(settings.tokens_file, clock)
    if is_loopback(settings.host):
        return AnonymousAccess()
    raise StartRefused(
        f"KURTO_HOST={settings.host} lets other machines call without a token: set "
        "KURTO_TOKENS_FILE to a tokens file, or KURTO_HOST=127.0.0.1"
    )
