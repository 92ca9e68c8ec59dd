"""What delivery measures about itself."""

from prometheus_client import CollectorRegistry, Counter

from kurto_service.metrics import zero_initialise


class DeliveryMetrics:
    """Metrics of delivery.

    Parameters
    ----------
    registry : CollectorRegistry
        Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        #: Counter: attempts to deliver a notification, by what came of them.
        self.attempts = Counter(
            "kurto_alerts_notification_attempts", "Attempts to deliver.", ["outcome"],
            registry=registry,
        )  # fmt: skip
        zero_initialise(self.attempts, outcome=("delivered", "failed"))
