"""What a call says about who calls."""

from __future__ import annotations

from collections.abc import Callable

Token = str | Callable[[], str]
Metadata = tuple[tuple[str, str], ...]


class Credentials:
    """Makes the metadata of calls.

    Parameters
    ----------
    token : str or callable, optional
        Bearer token, or a function that returns the present one; it is called for every call and
        must answer at once.
    """

    def __init__(self, token: Token | None = None) -> None:
        self._token = token

    @property
    def refreshable(self) -> bool:
        """Whether a refused token may be followed by a good one."""
        return callable(self._token)

    def metadata(self) -> Metadata:
        """Return the metadata for a call made now."""
        token = self._token() if callable(self._token) else self._token
        return (("authorization", f"Bearer {token}"),) if token else ()
