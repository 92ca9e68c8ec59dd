"""Errors of delivery that callers can act on."""

from kurto_service.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound


class UnknownReceiver(NotFound):
    """There is no receiver {receiver_id}: ListReceivers names those that exist."""

    reason = "UNKNOWN_RECEIVER"


class ReceiverExists(AlreadyExists):
    """There is a receiver {receiver_id} already: change it with UpdateReceiver."""

    reason = "ALREADY_EXISTS"


class ReceiverInUse(FailedPrecondition):
    """Route {route_id} names receiver {receiver_id}: take it out of the policy first."""

    reason = "RECEIVER_IN_USE"


class DeliveryVersionMismatch(Aborted):
    """It has version {version} by now: read it again and repeat the change."""

    reason = "CONCURRENT_CHANGE"
