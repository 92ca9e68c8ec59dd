"""Sends notifications as e-mail."""

import asyncio
import hashlib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from kurto_alerts.delivery.contents import html_body, text_body
from kurto_alerts.delivery.mail_failures import failed, refused_recipients
from kurto_alerts.delivery.notices import Notification, Outcome
from kurto_alerts.delivery.policy import Mail, MailSecurity
from kurto_alerts.delivery.ports import Delivery

LONGEST_SUBJECT = 200


def message_id_of(notification: Notification, sender: str) -> str:
    """Return the Message-ID: the same in each attempt, so that a doubled mail is known as one."""
    digest = hashlib.sha256(notification.idempotency_key.encode()).hexdigest()[:40]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def subject_of(notification: Notification) -> str:
    """Return the subject: one line, whatever names of machines and rules hold."""
    text = f"[{notification.severity.name}] {notification.summary}"
    if notification.kind.name == "TEST":
        text = notification.summary
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_SUBJECT]


def message_of(notification: Notification, channel: Mail) -> EmailMessage:
    """Return the mail that tells a notification, as text and as HTML."""
    message = EmailMessage()
    message["From"] = Address(display_name="kurto", addr_spec=channel.sender)
    message["To"] = [Address(addr_spec=one) for one in channel.recipients]
    message["Subject"] = subject_of(notification)
    message["Date"] = format_datetime(notification.create_time)
    message["Message-ID"] = message_id_of(notification, channel.sender)
    message["X-Kurto-Idempotency-Key"] = "".join(
        c if "!" <= c <= "~" else "_" for c in notification.idempotency_key
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text_body(notification.content))
    message.add_alternative(html_body(notification.content), subtype="html")
    return message


class MailSender:
    """Implements `ports.Sender` for e-mail.

    Parameters
    ----------
    timeout_s : float
        Seconds that one attempt may take.
    tls : ssl.SSLContext
        Which certificates are trusted.
    """

    def __init__(self, *, timeout_s: float, tls: ssl.SSLContext) -> None:
        self._timeout_s = timeout_s
        self._tls = tls

    async def send(self, delivery: Delivery) -> Outcome:
        """Try once; whatever goes wrong is in the outcome."""
        channel = delivery.receiver.channel
        assert isinstance(channel, Mail)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(delivery, channel)
        except TimeoutError:
            return Outcome(delivered=False, error=f"no answer within {self._timeout_s:g} s")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return failed(error, channel)

    async def _send(self, delivery: Delivery, channel: Mail) -> Outcome:
        client = aiosmtplib.SMTP(
            hostname=channel.host,
            port=channel.port,
            use_tls=channel.security is MailSecurity.TLS,
            start_tls=channel.security is MailSecurity.STARTTLS,
            tls_context=None if channel.security is MailSecurity.PLAIN else self._tls,
            timeout=self._timeout_s,
        )
        async with client:
            if channel.user_name and channel.security is not MailSecurity.PLAIN:
                await client.login(channel.user_name, delivery.secrets.password)
            refused, _ = await client.send_message(
                message_of(delivery.notification, channel),
                sender=channel.sender,
                recipients=list(channel.recipients),
            )
        if refused:
            return refused_recipients(
                [(name, answer.code, answer.message) for name, answer in refused.items()]
            )
        return Outcome(delivered=True, status_code=250)
