"""Messages of the policy to the domain, validated on the way, and back."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from google.protobuf.timestamp_pb2 import Timestamp

from kurto.alerts.v1 import notifications_pb2 as pb
from kurto_alerts.alert_state import AlertKind
from kurto_alerts.conversion import duration_from_proto, duration_to_proto, time_to_proto
from kurto_alerts.delivery.policy import (
    DEFAULT_FLOOD,
    DEFAULT_FLOOD_MACHINES,
    DEFAULT_GROUP_INTERVAL,
    DEFAULT_GROUP_WAIT,
    DEFAULT_REPEAT,
    EscalationStep,
    Inhibition,
    Matcher,
    Policy,
    Route,
)
from kurto_alerts.delivery.receiver_conversion import checked_id
from kurto_alerts.delivery.routing import LABEL_PREFIX
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.request_fields import checked_text
from kurto_alerts.rules import Priority, Severity

MOST_ROUTES, MOST_INHIBITIONS, MOST_STEPS, MOST_RECEIVERS, MOST_NAMES = 200, 100, 10, 20, 1000
MOST_RECIPIENTS = 50
EQUAL_NAMES = frozenset({"machine", "site", "sensor", "channel", "rule", "feature"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HEADER = re.compile(r"[\x20-\x7e]*")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def policy_from_proto(message: pb.NotificationPolicy) -> Policy:
    """Return a policy; FieldInvalid names the field that is wrong."""
    if message.version < 0:
        raise FieldInvalid("policy.version must be >= 0", field="policy.version")
    _check_count("policy.routes", message.routes, MOST_ROUTES)
    _check_count("policy.inhibitions", message.inhibitions, MOST_INHIBITIONS)
    routes = tuple(
        _route_from_proto(route, f"policy.routes[{number}]")
        for number, route in enumerate(message.routes)
    )
    if len({route.route_id for route in routes}) < len(routes):
        raise FieldInvalid("policy.routes must have different ids", field="policy.routes")
    machines = message.flood_machine_count or DEFAULT_FLOOD_MACHINES
    if not 1 <= machines <= 10_000:
        field = "policy.flood_machine_count"
        raise FieldInvalid(f"{field} must be 1-10000, or 0", field=field)
    return Policy(
        routes=routes,
        inhibitions=tuple(
            _inhibition_from_proto(one, f"policy.inhibitions[{number}]")
            for number, one in enumerate(message.inhibitions)
        ),
        group_interval=_duration(
            message,
            "group_interval_duration",
            "policy",
            default=DEFAULT_GROUP_INTERVAL,
            least=timedelta(0),
            most=DAY,
        ),
        repeat=_duration(
            message,
            "repeat_duration",
            "policy",
            default=DEFAULT_REPEAT,
            least=MINUTE,
            most=30 * DAY,
        ),
        flood_machines=machines,
        flood=_duration(
            message,
            "flood_duration",
            "policy",
            default=DEFAULT_FLOOD,
            least=timedelta(seconds=10),
            most=60 * MINUTE,
        ),
        version=message.version,
    )


def _duration(
    message: pb.NotificationPolicy | pb.Route | pb.EscalationStep,
    name: str,
    where: str,
    *,
    default: timedelta | None,
    least: timedelta,
    most: timedelta,
) -> timedelta:
    field = f"{where}.{name}"
    if not message.HasField(name):
        if default is None:
            raise FieldInvalid(f"{field} is required", field=field)
        return default
    value = duration_from_proto(getattr(message, name))
    if not least <= value <= most:
        bounds = f"{least.total_seconds():g} s to {most.total_seconds():g} s"
        raise FieldInvalid(f"{field} must be {bounds}", field=field)
    return value


def _check_count(field: str, values: Sequence[object], most: int) -> None:
    if len(values) > most:
        raise FieldInvalid(f"{field} must be at most {most}", field=field)


def _route_from_proto(route: pb.Route, field: str) -> Route:
    _check_count(f"{field}.escalation_steps", route.escalation_steps, MOST_STEPS)
    steps = tuple(
        EscalationStep(
            unacknowledged=_duration(
                step,
                "unacknowledged_duration",
                f"{field}.escalation_steps[{number}]",
                default=None,
                least=MINUTE,
                most=7 * DAY,
            ),
            receiver_ids=_receiver_ids(
                step.receiver_ids, f"{field}.escalation_steps[{number}].receiver_ids"
            ),
        )
        for number, step in enumerate(route.escalation_steps)
    )
    for number, (one, other) in enumerate(pairwise(steps), 1):
        if other.unacknowledged <= one.unacknowledged:
            wrong = f"{field}.escalation_steps[{number}].unacknowledged_duration"
            raise FieldInvalid(f"{wrong} must be longer than that of the step before", field=wrong)
    named = _receiver_ids(route.receiver_ids, f"{field}.receiver_ids", least=0 if steps else 1)
    return Route(
        route_id=checked_id(f"{field}.route_id", route.route_id),
        matcher=_matcher_from_proto(route.matcher, f"{field}.matcher"),
        receiver_ids=named,
        escalation_steps=steps,
        group_wait=_duration(
            route,
            "group_wait_duration",
            field,
            default=DEFAULT_GROUP_WAIT,
            least=timedelta(0),
            most=60 * MINUTE,
        ),
    )


def _receiver_ids(values: Sequence[str], field: str, least: int = 1) -> tuple[str, ...]:
    if not least <= len(values) <= MOST_RECEIVERS:
        raise FieldInvalid(f"{field} must be {least}-{MOST_RECEIVERS} ids", field=field)
    return tuple(dict.fromkeys(checked_id(field, value) for value in values))


def _inhibition_from_proto(message: pb.Inhibition, field: str) -> Inhibition:
    source = _matcher_from_proto(message.source, f"{field}.source")
    if not message.source.minimum_severity:
        source = _matcher_from_proto(message.source, f"{field}.source", Severity.CRITICAL)
    if not 1 <= len(message.equal) <= 10:
        raise FieldInvalid(f"{field}.equal must be 1-10 names", field=f"{field}.equal")
    for name in message.equal:
        if name not in EQUAL_NAMES and not (
            name.startswith(LABEL_PREFIX) and len(name) > len(LABEL_PREFIX)
        ):
            choices = ", ".join(sorted(EQUAL_NAMES))
            raise FieldInvalid(
                f"{field}.equal must be one of {choices}, or label:NAME", field=f"{field}.equal"
            )
    return Inhibition(
        source=source,
        target=_matcher_from_proto(message.target, f"{field}.target"),
        equal=tuple(dict.fromkeys(message.equal)),
    )


def _matcher_from_proto(
    message: pb.AlertMatcher, field: str, default: Severity = Severity.NONE
) -> Matcher:
    names = {}
    for name in ("machine_ids", "site_ids", "sensor_ids", "rule_ids"):
        values = getattr(message, name)
        _check_count(f"{field}.{name}", values, MOST_NAMES)
        names[name] = frozenset(checked_text(f"{field}.{name}", one, most=128) for one in values)
    _check_count(f"{field}.labels", list(message.labels), 50)
    for key, value in message.labels.items():
        checked_text(f"{field}.labels", key + value, most=1000)
    try:
        return Matcher(
            minimum_severity=Severity(message.minimum_severity or default),
            priorities=frozenset(Priority(one) for one in message.priorities if one),
            kinds=frozenset(AlertKind(one) for one in message.kinds),
            **names,
            labels=dict(message.labels),
        )
    except ValueError as error:
        raise FieldInvalid(f"{field} holds a value that does not exist", field=field) from error


def policy_to_proto(policy: Policy) -> pb.NotificationPolicy:
    """Return a policy as a message, every default written out."""
    return pb.NotificationPolicy(
        routes=[
            pb.Route(
                route_id=route.route_id,
                matcher=_matcher_to_proto(route.matcher),
                receiver_ids=route.receiver_ids,
                escalation_steps=[
                    pb.EscalationStep(
                        unacknowledged_duration=duration_to_proto(step.unacknowledged),
                        receiver_ids=step.receiver_ids,
                    )
                    for step in route.escalation_steps
                ],
                group_wait_duration=duration_to_proto(route.group_wait),
            )
            for route in policy.routes
        ],
        inhibitions=[
            pb.Inhibition(
                source=_matcher_to_proto(one.source),
                target=_matcher_to_proto(one.target),
                equal=one.equal,
            )
            for one in policy.inhibitions
        ],
        group_interval_duration=duration_to_proto(policy.group_interval),
        repeat_duration=duration_to_proto(policy.repeat),
        flood_machine_count=policy.flood_machines,
        flood_duration=duration_to_proto(policy.flood),
        version=policy.version,
        update_time=_time(policy.update_time) if policy.version else None,
        update_principal=policy.update_principal,
    )


def _matcher_to_proto(matcher: Matcher) -> pb.AlertMatcher:
    message = pb.AlertMatcher(
        machine_ids=sorted(matcher.machine_ids),
        site_ids=sorted(matcher.site_ids),
        sensor_ids=sorted(matcher.sensor_ids),
        rule_ids=sorted(matcher.rule_ids),
        labels=matcher.labels,
    )
    message.minimum_severity = matcher.minimum_severity  # type: ignore[assignment]
    message.priorities.extend(sorted(matcher.priorities))  # type: ignore[arg-type]
    message.kinds.extend(sorted(matcher.kinds))  # type: ignore[arg-type]
    return message


def _time(time: datetime) -> Timestamp:
    return time_to_proto(time)
