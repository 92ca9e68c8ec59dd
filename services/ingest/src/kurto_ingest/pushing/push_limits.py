"""What a Push call may do."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PushLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits:
    """What a call may do.

    Attributes
    ----------
    max_batch_samples : int
        Samples per channel of a batch.
    max_age_s : float
        Age at which a call is ended, for the sender to open the next one.
    order_patience_s : float
        How long a call waits for the one before it.
    ack_patience_s : float
        How long the answer waits for samples to become durable.
    room_patience_s : float
        How long a call waits for memory.
    """

    max_batch_samples: int
    max_age_s: float
    order_patience_s: float
    ack_patience_s: float
    room_patience_s: float
