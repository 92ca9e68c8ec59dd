"""Messages of receivers to the domain, validated on the way, and back."""

import re
from datetime import timedelta

from kurto.alerts.v1 import notifications_pb2 as pb
from kurto_alerts.conversion import time_to_proto
from kurto_alerts.delivery.addresses import checked_host, checked_mail_address, checked_url
from kurto_alerts.delivery.policy import (
    DEFAULT_PORTS,
    Mail,
    MailSecurity,
    Receiver,
    SecretChanges,
    Secrets,
    Webhook,
)
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.request_fields import checked_text

MOST_ROUTES, MOST_INHIBITIONS, MOST_STEPS, MOST_RECEIVERS, MOST_NAMES = 200, 100, 10, 20, 1000
MOST_RECIPIENTS = 50
EQUAL_NAMES = frozenset({"machine", "site", "sensor", "channel", "rule", "feature"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HEADER = re.compile(r"[\x20-\x7e]*")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def checked_id(name: str, value: str) -> str:
    """Return an id of a receiver or a route."""
    if not _ID.fullmatch(value):
        raise FieldInvalid(f"{name} must be 1-128 characters of A-Z a-z 0-9 . _ -", field=name)
    return value


def receiver_from_proto(message: pb.Receiver) -> Receiver:
    """Return a receiver; FieldInvalid names the field that is wrong."""
    if message.version < 0:
        raise FieldInvalid("receiver.version must be >= 0", field="receiver.version")
    kind = message.WhichOneof("channel")
    if kind is None:
        raise FieldInvalid("receiver needs a webhook or a mail", field="receiver.webhook")
    channel: Webhook | Mail
    if kind == "webhook":
        channel = Webhook(url=checked_url(message.webhook.url, "receiver.webhook.url"))
    else:
        channel = _mail_from_proto(message.mail)
    return Receiver(
        receiver_id=checked_id("receiver.receiver_id", message.receiver_id),
        channel=channel,
        display_name=checked_text("receiver.display_name", message.display_name, most=200),
        disabled=message.disabled,
        version=message.version,
    )


def _mail_from_proto(mail: pb.Mail) -> Mail:
    field = "receiver.mail"
    security = MailSecurity(mail.security) if 1 <= mail.security <= 3 else MailSecurity.STARTTLS
    if not 0 <= mail.security <= 3:
        raise FieldInvalid(f"{field}.security has no such value", field=f"{field}.security")
    if not 0 <= mail.port <= 65535:
        raise FieldInvalid(f"{field}.port must be 1-65535, or 0", field=f"{field}.port")
    if not 1 <= len(mail.recipients) <= MOST_RECIPIENTS:
        raise FieldInvalid(
            f"{field}.recipients must be 1-{MOST_RECIPIENTS}", field=f"{field}.recipients"
        )
    if mail.user_name and security is MailSecurity.PLAIN:
        raise FieldInvalid(
            f"{field}.user_name needs STARTTLS or TLS: a password is never sent unencrypted",
            field=f"{field}.user_name",
        )
    recipients = [
        checked_mail_address(one, f"{field}.recipients[{number}]")
        for number, one in enumerate(mail.recipients)
    ]
    return Mail(
        host=checked_host(mail.host, f"{field}.host"),
        port=mail.port or DEFAULT_PORTS[security],
        security=security,
        user_name=checked_text(f"{field}.user_name", mail.user_name, most=500),
        sender=checked_mail_address(mail.sender, f"{field}.sender"),
        recipients=tuple(dict.fromkeys(recipients)),
    )


def secrets_from_proto(message: pb.Receiver) -> SecretChanges:
    """Return what a request says of secrets."""
    if message.WhichOneof("channel") == "mail":
        mail = message.mail
        password = mail.password if mail.HasField("password") else None
        return SecretChanges(password=_secret("receiver.mail.password", password, 0, 500))
    hook = message.webhook
    signing = hook.signing_secret if hook.HasField("signing_secret") else None
    authorization = hook.authorization if hook.HasField("authorization") else None
    field = "receiver.webhook.authorization"
    if authorization is not None and not _HEADER.fullmatch(authorization):
        raise FieldInvalid(f"{field} must be printable ASCII in one line", field=field)
    return SecretChanges(
        signing_secret=_secret("receiver.webhook.signing_secret", signing, 16, 500),
        authorization=_secret(field, authorization, 0, 2000),
    )


def _secret(field: str, value: str | None, least: int, most: int) -> str | None:
    if value and not least <= len(value) <= most:
        raise FieldInvalid(f"{field} must have {least}-{most} characters", field=field)
    return None if value is None else checked_text(field, value, most=most)


def receiver_to_proto(receiver: Receiver, secrets: Secrets) -> pb.Receiver:
    """Return a receiver as a message; of its secrets only whether there are any."""
    message = pb.Receiver(
        receiver_id=receiver.receiver_id,
        display_name=receiver.display_name,
        disabled=receiver.disabled,
        version=receiver.version,
        create_time=time_to_proto(receiver.create_time),
        update_time=time_to_proto(receiver.update_time),
        update_principal=receiver.update_principal,
    )
    channel = receiver.channel
    if isinstance(channel, Webhook):
        message.webhook.url = channel.url
        message.webhook.has_signing_secret = bool(secrets.signing_secret)
        message.webhook.has_authorization = bool(secrets.authorization)
        return message
    message.mail.CopyFrom(
        pb.Mail(
            host=channel.host,
            port=channel.port,
            security=pb.MailSecurity.Name(channel.security),
            user_name=channel.user_name,
            has_password=bool(secrets.password),
            sender=channel.sender,
            recipients=channel.recipients,
        )
    )
    return message
