"""The RPCs of delivery: decode, one call of the domain, encode."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from kurto.alerts.v1 import notification_service_pb2 as service_pb
from kurto.alerts.v1 import notification_service_pb2_grpc as service_grpc
from kurto_alerts.conversion import time_from_proto
from kurto_alerts.cursors import decode_rule, encode_rule, page_limit
from kurto_alerts.delivery.cursors import decode_number, encode_number
from kurto_alerts.delivery.notices import Outcome, State
from kurto_alerts.delivery.notification_conversion import change_to_proto, notification_to_proto
from kurto_alerts.delivery.policy_conversion import policy_from_proto, policy_to_proto
from kurto_alerts.delivery.ports import (
    ConfigurationStore,
    Delivery,
    NotificationFilter,
    NotificationStore,
)
from kurto_alerts.delivery.receiver_conversion import (
    receiver_from_proto,
    receiver_to_proto,
    secrets_from_proto,
)
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.request_fields import checked_text
from kurto_service.clock import Clock
from kurto_service.identity import current_principal, requires

Context = grpc.aio.ServicerContext[Any, Any]


class NotificationServicer(service_grpc.NotificationServiceServicer):
    """Serves `kurto.alerts.v1.NotificationService`.

    Parameters
    ----------
    configuration : ConfigurationStore
        Keeps receivers and policy.
    notifications : NotificationStore
        Keeps what receivers were told.
    attempt : callable
        Tries a delivery once and stores what came of it.
    clock : Clock
        Gives the times of changes.
    """

    def __init__(
        self,
        configuration: ConfigurationStore,
        notifications: NotificationStore,
        attempt: Callable[[Delivery], Awaitable[Outcome]],
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._notifications = notifications
        self._attempt = attempt
        self._clock = clock

    @requires("engineer")
    async def CreateReceiver(
        self, request: service_pb.CreateReceiverRequest, context: Context
    ) -> service_pb.CreateReceiverResponse:
        """Create a receiver."""
        stored, secrets = await self._configuration.create_receiver(
            receiver_from_proto(request.receiver),
            secrets_from_proto(request.receiver),
            principal=current_principal().name,
            now=self._clock.now(),
        )
        return service_pb.CreateReceiverResponse(receiver=receiver_to_proto(stored, secrets))

    @requires("engineer")
    async def GetReceiver(
        self, request: service_pb.GetReceiverRequest, context: Context
    ) -> service_pb.GetReceiverResponse:
        """Return a receiver."""
        receiver_id = checked_text("receiver_id", request.receiver_id)
        found = await self._configuration.get_receiver(receiver_id)
        return service_pb.GetReceiverResponse(receiver=receiver_to_proto(*found))

    @requires("engineer")
    async def ListReceivers(
        self, request: service_pb.ListReceiversRequest, context: Context
    ) -> service_pb.ListReceiversResponse:
        """List receivers."""
        limit = page_limit(request.page_size)
        found = await self._configuration.list_receivers(
            after_receiver_id=decode_rule(request.page_token), limit=limit + 1
        )
        page = found[:limit]
        more = len(found) > limit
        return service_pb.ListReceiversResponse(
            receivers=[receiver_to_proto(*one) for one in page],
            next_page_token=encode_rule(page[-1][0].receiver_id) if more else "",
        )

    @requires("engineer")
    async def UpdateReceiver(
        self, request: service_pb.UpdateReceiverRequest, context: Context
    ) -> service_pb.UpdateReceiverResponse:
        """Replace a receiver."""
        stored, secrets = await self._configuration.update_receiver(
            receiver_from_proto(request.receiver),
            secrets_from_proto(request.receiver),
            principal=current_principal().name,
            now=self._clock.now(),
        )
        return service_pb.UpdateReceiverResponse(receiver=receiver_to_proto(stored, secrets))

    @requires("engineer")
    async def DeleteReceiver(
        self, request: service_pb.DeleteReceiverRequest, context: Context
    ) -> service_pb.DeleteReceiverResponse:
        """Delete a receiver."""
        await self._configuration.delete_receiver(
            checked_text("receiver_id", request.receiver_id),
            principal=current_principal().name,
            now=self._clock.now(),
        )
        return service_pb.DeleteReceiverResponse()

    @requires("engineer")
    async def TestReceiver(
        self, request: service_pb.TestReceiverRequest, context: Context
    ) -> service_pb.TestReceiverResponse:
        """Send a test message now, once."""
        receiver_id = checked_text("receiver_id", request.receiver_id)
        delivery = await self._notifications.add_test(receiver_id, self._clock.now())
        await self._attempt(delivery)
        done = await self._notifications.get(delivery.notification.notification_id)
        return service_pb.TestReceiverResponse(notification=notification_to_proto(done))

    @requires("engineer")
    async def GetNotificationPolicy(
        self, request: service_pb.GetNotificationPolicyRequest, context: Context
    ) -> service_pb.GetNotificationPolicyResponse:
        """Return the policy."""
        policy = await self._configuration.get_policy()
        return service_pb.GetNotificationPolicyResponse(policy=policy_to_proto(policy))

    @requires("engineer")
    async def UpdateNotificationPolicy(
        self, request: service_pb.UpdateNotificationPolicyRequest, context: Context
    ) -> service_pb.UpdateNotificationPolicyResponse:
        """Replace the policy."""
        if not request.HasField("policy"):
            raise FieldInvalid("policy is required", field="policy")
        stored = await self._configuration.update_policy(
            policy_from_proto(request.policy),
            principal=current_principal().name,
            now=self._clock.now(),
        )
        return service_pb.UpdateNotificationPolicyResponse(policy=policy_to_proto(stored))

    @requires("engineer")
    async def ListDeliveryChanges(
        self, request: service_pb.ListDeliveryChangesRequest, context: Context
    ) -> service_pb.ListDeliveryChangesResponse:
        """List who changed receivers and policy."""
        limit = page_limit(request.page_size)
        found = await self._configuration.list_changes(
            before=decode_number(request.page_token, "changes"), limit=limit + 1
        )
        page = found[:limit]
        more = len(found) > limit
        return service_pb.ListDeliveryChangesResponse(
            changes=[change_to_proto(one) for one in page],
            next_page_token=encode_number(page[-1].change_number, "changes") if more else "",
        )

    @requires("viewer")
    async def ListNotifications(
        self, request: service_pb.ListNotificationsRequest, context: Context
    ) -> service_pb.ListNotificationsResponse:
        """List what receivers were told."""
        limit = page_limit(request.page_size)
        found = await self._notifications.list_notifications(
            notification_filter(request),
            before_id=decode_number(request.page_token, "notifications"),
            limit=limit + 1,
        )
        page = found[:limit]
        last = page[-1].notification_id if len(found) > limit else None
        return service_pb.ListNotificationsResponse(
            notifications=[notification_to_proto(one) for one in page],
            next_page_token="" if last is None else encode_number(last, "notifications"),
        )


def notification_filter(request: service_pb.ListNotificationsRequest) -> NotificationFilter:
    """Return which notifications a request asks for."""
    if request.state and int(request.state) not in {int(one) for one in State}:
        raise FieldInvalid("state has no such value", field="state")
    start = request.start_time if request.HasField("start_time") else None
    end = request.end_time if request.HasField("end_time") else None
    return NotificationFilter(
        alert_id=checked_text("alert_id", request.alert_id),
        receiver_id=checked_text("receiver_id", request.receiver_id),
        state=State(request.state) if request.state else None,
        start_time=time_from_proto(start, "start_time") if start else None,
        end_time=time_from_proto(end, "end_time") if end else None,
    )
