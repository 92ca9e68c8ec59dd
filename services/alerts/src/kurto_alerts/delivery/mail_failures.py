"""Says of a mail that was not taken what went wrong, and what to change."""

import ssl

import aiosmtplib

from kurto_alerts.delivery.notices import Outcome
from kurto_alerts.delivery.policy import Mail, MailSecurity

__all__ = ["failed", "refused_recipients"]

_AUTHENTICATION = frozenset({530, 534, 535, 538})


def failed(error: Exception, channel: Mail) -> Outcome:
    """Return what became of a mail when the library raised `error`.

    Parameters
    ----------
    error : Exception
        Of aiosmtplib, of the connection, or of TLS.
    channel : Mail
        Where the mail was to go.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return refused_recipients(
            [(one.recipient, one.code, one.message) for one in error.recipients]
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"SMTP {error.code}: {' '.join(error.message.split())}"
        advice = _advice(error.code, channel)
        return Outcome(delivered=False, status_code=error.code, error=text + advice)
    return Outcome(delivered=False, error=_without_answer(error, channel))


def refused_recipients(recipients: list[tuple[str, int, str]]) -> Outcome:
    """Return that some were refused: all are tried again; who has it knows the Message-ID."""
    names = "; ".join(f"{name}: SMTP {code} {text}" for name, code, text in recipients)
    return Outcome(delivered=False, status_code=recipients[0][1], error=f"refused: {names}")


def _advice(code: int, channel: Mail) -> str:
    if code not in _AUTHENTICATION:
        return ""
    if channel.security is MailSecurity.PLAIN:
        return "; set security to STARTTLS or TLS: no password is sent without"
    if not channel.user_name:
        return "; give the receiver a user_name and a password"
    return "; correct the receiver's user_name and password"


def _without_answer(error: Exception, channel: Mail) -> str:
    place = f"{channel.host}:{channel.port}"
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {place} is not trusted ({cause.verify_message}); name its"
                " authority in KURTO_ALERTS_DELIVERY_CA_FILE, or correct the receiver's host"
            )
    if "STARTTLS" in str(error):
        return (
            f"{place} offers no STARTTLS; set the receiver's security to TLS, mostly with port 465"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"no TLS with {place}; check the receiver's port and security: TLS is mostly at port"
            " 465, STARTTLS at 587"
        )
    if any(isinstance(cause, OSError | aiosmtplib.SMTPConnectError) for cause in causes):
        return f"cannot reach {place} ({error}); check the receiver's host and port"
    return f"{type(error).__name__}: {error}"


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and what led to it, the last one first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
