import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import notifications_pb2 as _notifications_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateReceiverRequest(_message.Message):
    __slots__ = ("receiver",)
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    receiver: _notifications_pb2.Receiver
    def __init__(self, receiver: _Optional[_Union[_notifications_pb2.Receiver, _Mapping]] = ...) -> None: ...

class CreateReceiverResponse(_message.Message):
    __slots__ = ("receiver",)
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    receiver: _notifications_pb2.Receiver
    def __init__(self, receiver: _Optional[_Union[_notifications_pb2.Receiver, _Mapping]] = ...) -> None: ...

class GetReceiverRequest(_message.Message):
    __slots__ = ("receiver_id",)
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    receiver_id: str
    def __init__(self, receiver_id: _Optional[str] = ...) -> None: ...

class GetReceiverResponse(_message.Message):
    __slots__ = ("receiver",)
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    receiver: _notifications_pb2.Receiver
    def __init__(self, receiver: _Optional[_Union[_notifications_pb2.Receiver, _Mapping]] = ...) -> None: ...

class ListReceiversRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReceiversResponse(_message.Message):
    __slots__ = ("receivers", "next_page_token")
    RECEIVERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    receivers: _containers.RepeatedCompositeFieldContainer[_notifications_pb2.Receiver]
    next_page_token: str
    def __init__(self, receivers: _Optional[_Iterable[_Union[_notifications_pb2.Receiver, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateReceiverRequest(_message.Message):
    __slots__ = ("receiver",)
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    receiver: _notifications_pb2.Receiver
    def __init__(self, receiver: _Optional[_Union[_notifications_pb2.Receiver, _Mapping]] = ...) -> None: ...

class UpdateReceiverResponse(_message.Message):
    __slots__ = ("receiver",)
    RECEIVER_FIELD_NUMBER: _ClassVar[int]
    receiver: _notifications_pb2.Receiver
    def __init__(self, receiver: _Optional[_Union[_notifications_pb2.Receiver, _Mapping]] = ...) -> None: ...

class DeleteReceiverRequest(_message.Message):
    __slots__ = ("receiver_id",)
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    receiver_id: str
    def __init__(self, receiver_id: _Optional[str] = ...) -> None: ...

class DeleteReceiverResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TestReceiverRequest(_message.Message):
    __slots__ = ("receiver_id",)
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    receiver_id: str
    def __init__(self, receiver_id: _Optional[str] = ...) -> None: ...

class TestReceiverResponse(_message.Message):
    __slots__ = ("notification",)
    NOTIFICATION_FIELD_NUMBER: _ClassVar[int]
    notification: _notifications_pb2.Notification
    def __init__(self, notification: _Optional[_Union[_notifications_pb2.Notification, _Mapping]] = ...) -> None: ...

class GetNotificationPolicyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetNotificationPolicyResponse(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: _notifications_pb2.NotificationPolicy
    def __init__(self, policy: _Optional[_Union[_notifications_pb2.NotificationPolicy, _Mapping]] = ...) -> None: ...

class UpdateNotificationPolicyRequest(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: _notifications_pb2.NotificationPolicy
    def __init__(self, policy: _Optional[_Union[_notifications_pb2.NotificationPolicy, _Mapping]] = ...) -> None: ...

class UpdateNotificationPolicyResponse(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: _notifications_pb2.NotificationPolicy
    def __init__(self, policy: _Optional[_Union[_notifications_pb2.NotificationPolicy, _Mapping]] = ...) -> None: ...

class ListDeliveryChangesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeliveryChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_notifications_pb2.DeliveryChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_notifications_pb2.DeliveryChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListNotificationsRequest(_message.Message):
    __slots__ = ("alert_id", "receiver_id", "state", "start_time", "end_time", "page_size", "page_token")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    receiver_id: str
    state: _notifications_pb2.NotificationState
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, alert_id: _Optional[str] = ..., receiver_id: _Optional[str] = ..., state: _Optional[_Union[_notifications_pb2.NotificationState, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListNotificationsResponse(_message.Message):
    __slots__ = ("notifications", "next_page_token")
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    notifications: _containers.RepeatedCompositeFieldContainer[_notifications_pb2.Notification]
    next_page_token: str
    def __init__(self, notifications: _Optional[_Iterable[_Union[_notifications_pb2.Notification, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
