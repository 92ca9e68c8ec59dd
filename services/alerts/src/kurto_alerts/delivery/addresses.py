"""Checks of the addresses of receivers."""

import ipaddress
import re
from urllib.parse import urlsplit

from kurto_alerts.exceptions import FieldInvalid

LONGEST_URL = 2000
LONGEST_MAIL_ADDRESS = 254
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")


def checked_url(url: str, field: str) -> str:
    """Return an address that a webhook may have; FieldInvalid says what is wrong."""
    problem = _problem_of_url(url)
    if problem:
        raise FieldInvalid(f"{field} {problem}", field=field)
    return url


def _problem_of_url(url: str) -> str:
    if len(url) > LONGEST_URL:
        return f"must have at most {LONGEST_URL} characters"
    if any(not "!" <= character <= "~" for character in url):
        return "must consist of printable ASCII characters without spaces; encode others as %XX"
    return _problem_of_parts(url)


def _problem_of_parts(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "must be an address such as https://example.org/hook"
    if parts.scheme not in ("http", "https"):
        return "must begin with http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password: use `authorization`, which is never shown"
    if not host or port == 0 or not (is_address(host) or _HOST.fullmatch(host)):
        return "must name a host, and a port of 1-65535 if any"
    return ""


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address that is checked."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def checked_host(host: str, field: str) -> str:
    """Return a host name or IP address."""
    if not (is_address(host) or _HOST.fullmatch(host)):
        raise FieldInvalid(f"{field} must be a host name or an IP address", field=field)
    return host


def checked_mail_address(address: str, field: str) -> str:
    """Return a plain mail address: no name, no comment, nothing that could begin another header."""
    if len(address) > LONGEST_MAIL_ADDRESS or not _MAIL_ADDRESS.fullmatch(address):
        raise FieldInvalid(f"{field} must be an address such as name@example.org", field=field)
    return address


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Tell whether an IP address is anybody's: neither private, nor loopback, nor link-local."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    checked = mapped or parsed
    return bool(checked.is_global and not checked.is_multicast)
