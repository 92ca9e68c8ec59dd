import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MailSecurity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MAIL_SECURITY_UNSPECIFIED: _ClassVar[MailSecurity]
    MAIL_SECURITY_STARTTLS: _ClassVar[MailSecurity]
    MAIL_SECURITY_TLS: _ClassVar[MailSecurity]
    MAIL_SECURITY_PLAIN: _ClassVar[MailSecurity]

class NotificationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_KIND_UNSPECIFIED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_CHANGES: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_REPEAT: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_FLOOD: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_TEST: _ClassVar[NotificationKind]

class NotificationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_STATE_UNSPECIFIED: _ClassVar[NotificationState]
    NOTIFICATION_STATE_PENDING: _ClassVar[NotificationState]
    NOTIFICATION_STATE_DELIVERED: _ClassVar[NotificationState]
    NOTIFICATION_STATE_GIVEN_UP: _ClassVar[NotificationState]
    NOTIFICATION_STATE_CANCELLED: _ClassVar[NotificationState]
MAIL_SECURITY_UNSPECIFIED: MailSecurity
MAIL_SECURITY_STARTTLS: MailSecurity
MAIL_SECURITY_TLS: MailSecurity
MAIL_SECURITY_PLAIN: MailSecurity
NOTIFICATION_KIND_UNSPECIFIED: NotificationKind
NOTIFICATION_KIND_CHANGES: NotificationKind
NOTIFICATION_KIND_REPEAT: NotificationKind
NOTIFICATION_KIND_FLOOD: NotificationKind
NOTIFICATION_KIND_TEST: NotificationKind
NOTIFICATION_STATE_UNSPECIFIED: NotificationState
NOTIFICATION_STATE_PENDING: NotificationState
NOTIFICATION_STATE_DELIVERED: NotificationState
NOTIFICATION_STATE_GIVEN_UP: NotificationState
NOTIFICATION_STATE_CANCELLED: NotificationState

class Webhook(_message.Message):
    __slots__ = ("url", "has_signing_secret", "has_authorization", "signing_secret", "authorization")
    URL_FIELD_NUMBER: _ClassVar[int]
    HAS_SIGNING_SECRET_FIELD_NUMBER: _ClassVar[int]
    HAS_AUTHORIZATION_FIELD_NUMBER: _ClassVar[int]
    SIGNING_SECRET_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZATION_FIELD_NUMBER: _ClassVar[int]
    url: str
    has_signing_secret: bool
    has_authorization: bool
    signing_secret: str
    authorization: str
    def __init__(self, url: _Optional[str] = ..., has_signing_secret: _Optional[bool] = ..., has_authorization: _Optional[bool] = ..., signing_secret: _Optional[str] = ..., authorization: _Optional[str] = ...) -> None: ...

class Mail(_message.Message):
    __slots__ = ("host", "port", "security", "user_name", "has_password", "password", "sender", "recipients")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    SECURITY_FIELD_NUMBER: _ClassVar[int]
    USER_NAME_FIELD_NUMBER: _ClassVar[int]
    HAS_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    host: str
    port: int
    security: MailSecurity
    user_name: str
    has_password: bool
    password: str
    sender: str
    recipients: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, host: _Optional[str] = ..., port: _Optional[int] = ..., security: _Optional[_Union[MailSecurity, str]] = ..., user_name: _Optional[str] = ..., has_password: _Optional[bool] = ..., password: _Optional[str] = ..., sender: _Optional[str] = ..., recipients: _Optional[_Iterable[str]] = ...) -> None: ...

class Receiver(_message.Message):
    __slots__ = ("receiver_id", "display_name", "webhook", "mail", "disabled", "version", "create_time", "update_time", "update_principal")
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    MAIL_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    receiver_id: str
    display_name: str
    webhook: Webhook
    mail: Mail
    disabled: bool
    version: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    update_principal: str
    def __init__(self, receiver_id: _Optional[str] = ..., display_name: _Optional[str] = ..., webhook: _Optional[_Union[Webhook, _Mapping]] = ..., mail: _Optional[_Union[Mail, _Mapping]] = ..., disabled: _Optional[bool] = ..., version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_principal: _Optional[str] = ...) -> None: ...

class AlertMatcher(_message.Message):
    __slots__ = ("minimum_severity", "priorities", "kinds", "machine_ids", "site_ids", "sensor_ids", "rule_ids", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MINIMUM_SEVERITY_FIELD_NUMBER: _ClassVar[int]
    PRIORITIES_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_IDS_FIELD_NUMBER: _ClassVar[int]
    SITE_IDS_FIELD_NUMBER: _ClassVar[int]
    SENSOR_IDS_FIELD_NUMBER: _ClassVar[int]
    RULE_IDS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    minimum_severity: _alerts_pb2.Severity
    priorities: _containers.RepeatedScalarFieldContainer[_alerts_pb2.Priority]
    kinds: _containers.RepeatedScalarFieldContainer[_alerts_pb2.AlertKind]
    machine_ids: _containers.RepeatedScalarFieldContainer[str]
    site_ids: _containers.RepeatedScalarFieldContainer[str]
    sensor_ids: _containers.RepeatedScalarFieldContainer[str]
    rule_ids: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, str]
    def __init__(self, minimum_severity: _Optional[_Union[_alerts_pb2.Severity, str]] = ..., priorities: _Optional[_Iterable[_Union[_alerts_pb2.Priority, str]]] = ..., kinds: _Optional[_Iterable[_Union[_alerts_pb2.AlertKind, str]]] = ..., machine_ids: _Optional[_Iterable[str]] = ..., site_ids: _Optional[_Iterable[str]] = ..., sensor_ids: _Optional[_Iterable[str]] = ..., rule_ids: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class EscalationStep(_message.Message):
    __slots__ = ("unacknowledged_duration", "receiver_ids")
    UNACKNOWLEDGED_DURATION_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_IDS_FIELD_NUMBER: _ClassVar[int]
    unacknowledged_duration: _duration_pb2.Duration
    receiver_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, unacknowledged_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., receiver_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("route_id", "matcher", "receiver_ids", "escalation_steps", "group_wait_duration")
    ROUTE_ID_FIELD_NUMBER: _ClassVar[int]
    MATCHER_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_IDS_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_STEPS_FIELD_NUMBER: _ClassVar[int]
    GROUP_WAIT_DURATION_FIELD_NUMBER: _ClassVar[int]
    route_id: str
    matcher: AlertMatcher
    receiver_ids: _containers.RepeatedScalarFieldContainer[str]
    escalation_steps: _containers.RepeatedCompositeFieldContainer[EscalationStep]
    group_wait_duration: _duration_pb2.Duration
    def __init__(self, route_id: _Optional[str] = ..., matcher: _Optional[_Union[AlertMatcher, _Mapping]] = ..., receiver_ids: _Optional[_Iterable[str]] = ..., escalation_steps: _Optional[_Iterable[_Union[EscalationStep, _Mapping]]] = ..., group_wait_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Inhibition(_message.Message):
    __slots__ = ("source", "target", "equal")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    EQUAL_FIELD_NUMBER: _ClassVar[int]
    source: AlertMatcher
    target: AlertMatcher
    equal: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source: _Optional[_Union[AlertMatcher, _Mapping]] = ..., target: _Optional[_Union[AlertMatcher, _Mapping]] = ..., equal: _Optional[_Iterable[str]] = ...) -> None: ...

class NotificationPolicy(_message.Message):
    __slots__ = ("routes", "inhibitions", "group_interval_duration", "repeat_duration", "flood_machine_count", "flood_duration", "version", "update_time", "update_principal")
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    INHIBITIONS_FIELD_NUMBER: _ClassVar[int]
    GROUP_INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    REPEAT_DURATION_FIELD_NUMBER: _ClassVar[int]
    FLOOD_MACHINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FLOOD_DURATION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[Route]
    inhibitions: _containers.RepeatedCompositeFieldContainer[Inhibition]
    group_interval_duration: _duration_pb2.Duration
    repeat_duration: _duration_pb2.Duration
    flood_machine_count: int
    flood_duration: _duration_pb2.Duration
    version: int
    update_time: _timestamp_pb2.Timestamp
    update_principal: str
    def __init__(self, routes: _Optional[_Iterable[_Union[Route, _Mapping]]] = ..., inhibitions: _Optional[_Iterable[_Union[Inhibition, _Mapping]]] = ..., group_interval_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., repeat_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., flood_machine_count: _Optional[int] = ..., flood_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., version: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_principal: _Optional[str] = ...) -> None: ...

class NotificationAttempt(_message.Message):
    __slots__ = ("attempt_number", "start_time", "end_time", "delivered", "status_code", "error")
    ATTEMPT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    attempt_number: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    delivered: bool
    status_code: int
    error: str
    def __init__(self, attempt_number: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivered: _Optional[bool] = ..., status_code: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class NotifiedTransition(_message.Message):
    __slots__ = ("transition_number", "alert_id", "idempotency_key")
    TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    transition_number: int
    alert_id: str
    idempotency_key: str
    def __init__(self, transition_number: _Optional[int] = ..., alert_id: _Optional[str] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class Notification(_message.Message):
    __slots__ = ("notification_id", "receiver_id", "kind", "state", "idempotency_key", "machine_id", "severity", "summary", "transitions", "create_time", "next_attempt_time", "finish_time", "attempt_count", "attempts")
    NOTIFICATION_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    notification_id: int
    receiver_id: str
    kind: NotificationKind
    state: NotificationState
    idempotency_key: str
    machine_id: str
    severity: _alerts_pb2.Severity
    summary: str
    transitions: _containers.RepeatedCompositeFieldContainer[NotifiedTransition]
    create_time: _timestamp_pb2.Timestamp
    next_attempt_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    attempt_count: int
    attempts: _containers.RepeatedCompositeFieldContainer[NotificationAttempt]
    def __init__(self, notification_id: _Optional[int] = ..., receiver_id: _Optional[str] = ..., kind: _Optional[_Union[NotificationKind, str]] = ..., state: _Optional[_Union[NotificationState, str]] = ..., idempotency_key: _Optional[str] = ..., machine_id: _Optional[str] = ..., severity: _Optional[_Union[_alerts_pb2.Severity, str]] = ..., summary: _Optional[str] = ..., transitions: _Optional[_Iterable[_Union[NotifiedTransition, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempt_count: _Optional[int] = ..., attempts: _Optional[_Iterable[_Union[NotificationAttempt, _Mapping]]] = ...) -> None: ...

class DeliveryChange(_message.Message):
    __slots__ = ("change_number", "receiver_id", "version", "change", "definition_before", "definition_after", "secrets_changed", "change_time", "principal")
    CHANGE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_BEFORE_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_AFTER_FIELD_NUMBER: _ClassVar[int]
    SECRETS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    change_number: int
    receiver_id: str
    version: int
    change: str
    definition_before: str
    definition_after: str
    secrets_changed: bool
    change_time: _timestamp_pb2.Timestamp
    principal: str
    def __init__(self, change_number: _Optional[int] = ..., receiver_id: _Optional[str] = ..., version: _Optional[int] = ..., change: _Optional[str] = ..., definition_before: _Optional[str] = ..., definition_after: _Optional[str] = ..., secrets_changed: _Optional[bool] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...
