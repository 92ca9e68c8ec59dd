"""Bearer tokens: a TOML file of hashes, read again when it changes.

::

    [[tokens]]
    sha256 = "2bb80d53..."          # python -m kurto_service.tokens < token.txt
    principal = "alice"
    roles = ["operator"]
    expires = 2027-01-01T00:00:00Z  # optional
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from kurto_service.clock import Clock
from kurto_service.exceptions import Unauthenticated
from kurto_service.identity import ANONYMOUS, ROLES, Principal

__all__ = [
    "AnonymousAccess",
    "Authenticator",
    "TokenFile",
    "TokenFileError",
    "hash_token",
    "is_loopback",
]

_LOG = logging.getLogger(__name__)
_CHECK_INTERVAL_S = 1.0  # how often a call may look whether the file changed
_HOW_TO = "send the metadata 'authorization: Bearer <token>'"


class TokenFileError(Exception):
    """The tokens file cannot be used."""


class Authenticator(Protocol):
    """Turns call metadata into a principal."""

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the caller, or raise `Unauthenticated` with what to do."""
        ...


class AnonymousAccess:
    """Everybody is the anonymous principal with every role; for loopback only."""

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the anonymous principal, whatever the call carries."""
        return ANONYMOUS


def is_loopback(host: str) -> bool:
    """Tell whether binding to `host` is reachable from this machine alone."""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def hash_token(token: str) -> str:
    """Return what the tokens file stores for `token`: its SHA-256, hexadecimal.

    A plain hash suffices because tokens are long random strings, not passwords.
    """
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Entry:
    sha256: str
    principal: Principal
    expires: datetime | None


class TokenFile:
    """Principals by token, from a TOML file that may change while the process runs.

    Parameters
    ----------
    path : Path
        The file; see the module's docstring for its form.
    clock : Clock
        Decides expiry and how often the file is looked at.

    Raises
    ------
    TokenFileError
        When the file is missing or wrong at construction. A later bad edit is logged and the last
        good version stays in force.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._entries = _read(path)
        self._stamp = _stamp(path)
        self._checked_at = clock.monotonic()

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the principal of the bearer token, or raise `Unauthenticated`."""
        self._reload_if_changed()
        if authorization is None:
            raise Unauthenticated(f"The call carries no token: {_HOW_TO}.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated(f"The authorization metadata is not a bearer token: {_HOW_TO}.")
        entry = self._find(hash_token(token.strip()))
        if entry is None:
            raise Unauthenticated(
                "The token is not known: check that it is complete and that its hash is listed "
                "in the tokens file (KURTO_TOKENS_FILE)."
            )
        if entry.expires is not None and entry.expires <= self._clock.now():
            raise Unauthenticated(
                f"The token of {entry.principal.name!r} expired at {entry.expires.isoformat()}: "
                "have a new one issued."
            )
        return entry.principal

    def _find(self, digest: str) -> _Entry | None:
        found = None
        for entry in self._entries:  # no early exit: the time taken tells nothing
            if hmac.compare_digest(entry.sha256, digest):
                found = entry
        return found

    def _reload_if_changed(self) -> None:
        now = self._clock.monotonic()
        if now - self._checked_at < _CHECK_INTERVAL_S:
            return
        self._checked_at = now
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._entries = _read(self._path)
        except TokenFileError as error:
            extra = {"action": "tokens_rejected", "problem": str(error)}
            _LOG.error("Tokens file is wrong; the previous one stays in force", extra=extra)
        else:
            extra = {"action": "tokens_loaded", "token_count": str(len(self._entries))}
            _LOG.info("Tokens file was read again", extra=extra)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(path: Path) -> tuple[_Entry, ...]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TokenFileError(f"cannot read the tokens file {path}: {error}") from error
    rows = document.get("tokens", [])
    if not isinstance(rows, list) or not rows:
        raise TokenFileError(f"{path} lists no [[tokens]]: add at least one entry")
    return tuple(_entry(path, number, row) for number, row in enumerate(rows, start=1))


def _entry(path: Path, number: int, row: object) -> _Entry:
    where = f"{path}, token {number}"
    if not isinstance(row, dict):
        raise TokenFileError(f"{where}: an entry must be a table: write [[tokens]]")
    sha256, name, roles = row.get("sha256"), row.get("principal"), row.get("roles")
    expires = row.get("expires")
    if not (isinstance(sha256, str) and len(sha256) == 64 and _is_hexadecimal(sha256)):
        raise TokenFileError(f"{where}: sha256 must be 64 hexadecimal digits")
    if not isinstance(name, str) or not name:
        raise TokenFileError(f"{where}: principal must be a name")
    if not isinstance(roles, list) or not roles or not all(role in ROLES for role in roles):
        raise TokenFileError(f"{where}: roles must list one or more of {', '.join(ROLES)}")
    if expires is not None and not (isinstance(expires, datetime) and expires.tzinfo):
        raise TokenFileError(f"{where}: expires must be a date-time with an offset, e.g. ...Z")
    expiry = expires.astimezone(UTC) if isinstance(expires, datetime) else None
    principal = Principal(name=name, roles=frozenset(roles), expire_time=expiry)
    return _Entry(sha256=sha256.lower(), principal=principal, expires=expiry)


def _is_hexadecimal(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)


def main(arguments: Sequence[str]) -> int:
    """Print the hash of the token on standard input."""
    if arguments:
        sys.stderr.write("usage: python -m kurto_service.tokens < token.txt\n")
        return 2
    sys.stdout.write(hash_token(sys.stdin.readline().strip()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
