"""Receivers and policy as JSON documents, without secrets."""

from datetime import datetime, timedelta
from typing import Any

from kurto_alerts.alert_state import AlertKind
from kurto_alerts.delivery.policy import (
    EscalationStep,
    Inhibition,
    Mail,
    MailSecurity,
    Matcher,
    Policy,
    Receiver,
    Route,
    Secrets,
    Webhook,
)
from kurto_alerts.rules import Priority, Severity

_NAMES = ("machine_ids", "site_ids", "sensor_ids", "rule_ids")


def receiver_to_document(receiver: Receiver) -> dict[str, Any]:
    """Return what a caller may change of a receiver, secrets apart."""
    document: dict[str, Any] = {
        "display_name": receiver.display_name,
        "disabled": receiver.disabled,
    }
    channel = receiver.channel
    if isinstance(channel, Webhook):
        document["webhook"] = {"url": channel.url}
    else:
        document["mail"] = {
            "host": channel.host,
            "port": channel.port,
            "security": int(channel.security),
            "user_name": channel.user_name,
            "sender": channel.sender,
            "recipients": list(channel.recipients),
        }
    return document


def receiver_from_document(
    receiver_id: str,
    document: dict[str, Any],
    *,
    version: int,
    create_time: datetime,
    update_time: datetime,
    update_principal: str,
) -> Receiver:
    """Return the receiver whose `receiver_to_document` gave `document`."""
    channel: Webhook | Mail
    if "webhook" in document:
        channel = Webhook(url=document["webhook"]["url"])
    else:
        mail = document["mail"]
        channel = Mail(
            host=mail["host"],
            port=mail["port"],
            security=MailSecurity(mail["security"]),
            user_name=mail["user_name"],
            sender=mail["sender"],
            recipients=tuple(mail["recipients"]),
        )
    return Receiver(
        receiver_id=receiver_id,
        channel=channel,
        display_name=document["display_name"],
        disabled=document["disabled"],
        version=version,
        create_time=create_time,
        update_time=update_time,
        update_principal=update_principal,
    )


def secrets_to_document(secrets: Secrets) -> dict[str, str]:
    """Return the secrets that there are; for their own table only."""
    every = {
        "signing_secret": secrets.signing_secret,
        "authorization": secrets.authorization,
        "password": secrets.password,
    }
    return {name: value for name, value in every.items() if value}


def secrets_from_document(document: dict[str, str]) -> Secrets:
    """Return the secrets whose `secrets_to_document` gave `document`."""
    return Secrets(**document)


def policy_to_document(policy: Policy) -> dict[str, Any]:
    """Return what a caller may change of the policy."""
    return {
        "routes": [_route_to_document(route) for route in policy.routes],
        "inhibitions": [
            {
                "source": _matcher_to_document(one.source),
                "target": _matcher_to_document(one.target),
                "equal": list(one.equal),
            }
            for one in policy.inhibitions
        ],
        "group_interval_s": policy.group_interval.total_seconds(),
        "repeat_s": policy.repeat.total_seconds(),
        "flood_machines": policy.flood_machines,
        "flood_s": policy.flood.total_seconds(),
    }


def policy_from_document(
    document: dict[str, Any], *, version: int, update_time: datetime, update_principal: str
) -> Policy:
    """Return the policy whose `policy_to_document` gave `document`; the default one if empty."""
    parts: dict[str, Any] = {}
    if document:
        parts = {
            "routes": tuple(_route_from_document(route) for route in document["routes"]),
            "inhibitions": tuple(
                Inhibition(
                    source=_matcher_from_document(one["source"]),
                    target=_matcher_from_document(one["target"]),
                    equal=tuple(one["equal"]),
                )
                for one in document["inhibitions"]
            ),
            "group_interval": timedelta(seconds=document["group_interval_s"]),
            "repeat": timedelta(seconds=document["repeat_s"]),
            "flood_machines": document["flood_machines"],
            "flood": timedelta(seconds=document["flood_s"]),
        }
    return Policy(
        **parts, version=version, update_time=update_time, update_principal=update_principal
    )


def _route_to_document(route: Route) -> dict[str, Any]:
    return {
        "route_id": route.route_id,
        "matcher": _matcher_to_document(route.matcher),
        "receiver_ids": list(route.receiver_ids),
        "escalation_steps": [
            {
                "unacknowledged_s": step.unacknowledged.total_seconds(),
                "receiver_ids": list(step.receiver_ids),
            }
            for step in route.escalation_steps
        ],
        "group_wait_s": route.group_wait.total_seconds(),
    }


def _route_from_document(document: dict[str, Any]) -> Route:
    return Route(
        route_id=document["route_id"],
        matcher=_matcher_from_document(document["matcher"]),
        receiver_ids=tuple(document["receiver_ids"]),
        escalation_steps=tuple(
            EscalationStep(
                unacknowledged=timedelta(seconds=step["unacknowledged_s"]),
                receiver_ids=tuple(step["receiver_ids"]),
            )
            for step in document["escalation_steps"]
        ),
        group_wait=timedelta(seconds=document["group_wait_s"]),
    )


def _matcher_to_document(matcher: Matcher) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if matcher.minimum_severity:
        document["minimum_severity"] = int(matcher.minimum_severity)
    for name in ("priorities", "kinds", *_NAMES):
        if values := getattr(matcher, name):
            document[name] = sorted(values)
    if matcher.labels:
        document["labels"] = dict(matcher.labels)
    return document


def _matcher_from_document(document: dict[str, Any]) -> Matcher:
    return Matcher(
        minimum_severity=Severity(document.get("minimum_severity", Severity.NONE)),
        priorities=frozenset(Priority(value) for value in document.get("priorities", ())),
        kinds=frozenset(AlertKind(value) for value in document.get("kinds", ())),
        **{name: frozenset(document.get(name, ())) for name in _NAMES},
        labels=document.get("labels", {}),
    )
