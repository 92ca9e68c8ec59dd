"""Messages as the other services publish them."""

import struct
from collections.abc import Sequence

from kurto.alerts.v1 import alerts_pb2
from kurto.ingest.v1 import stream_status_pb2
from kurto.signal.v1 import features_pb2

FEATURES = ("rms", "kurtosis", "peak")
CHANNELS = ("horizontal", "vertical")
RAISED = alerts_pb2.TRANSITION_KIND_RAISED
RESOLVED = alerts_pb2.TRANSITION_KIND_RESOLVED


def packed(
    sensor_id: str,
    window_index: int,
    *,
    epoch: int = 1,
    late: bool = False,
    values: Sequence[float] | None = None,
    masks: Sequence[int] = (0, 0),
) -> features_pb2.PackedFeatureFrame:
    """Return a frame whose values are its window index unless given."""
    count = len(FEATURES) * len(CHANNELS)
    numbers = [float(window_index)] * count if values is None else values
    start_us = 1_760_000_000_000_000 + window_index * 100_000
    return features_pb2.PackedFeatureFrame(
        sensor_id=sensor_id,
        epoch=epoch,
        window_index=window_index,
        first_index=window_index * 2560,
        sample_count=25600,
        start_time_us=start_us,
        end_time_us=start_us + 1_000_000,
        config_version=3,
        late=late,
        channels=CHANNELS,
        units=["g", "g"],
        values_f32le=struct.pack(f"<{count}f", *numbers),
        quality_masks=masks,
    )


def empty(sensor_id: str, window_index: int) -> features_pb2.PackedFeatureFrame:
    """Return a frame without values."""
    return features_pb2.PackedFeatureFrame(
        sensor_id=sensor_id,
        epoch=1,
        window_index=window_index,
        empty_reason=features_pb2.EMPTY_REASON_GAP,
        channels=CHANNELS,
        units=["g", "g"],
    )


def batch(*frames: features_pb2.PackedFeatureFrame) -> features_pb2.FeatureBatch:
    """Return a batch as the analyzer publishes it."""
    return features_pb2.FeatureBatch(feature_names=FEATURES, frames=frames)


def alert(alert_id: str, *, is_open: bool = True) -> alerts_pb2.Alert:
    """Return an alert."""
    state = alerts_pb2.CONDITION_STATE_ACTIVE if is_open else alerts_pb2.CONDITION_STATE_NORMAL
    return alerts_pb2.Alert(alert_id=alert_id, state=state, severity=alerts_pb2.SEVERITY_WARNING)


def transition(
    number: int, alert_id: str = "a", *, is_open: bool = True
) -> alerts_pb2.AlertTransition:
    """Return a transition with this number."""
    kind = RAISED if is_open else RESOLVED
    return alerts_pb2.AlertTransition(
        transition_number=number, kind=kind, alert=alert(alert_id, is_open=is_open)
    )


def status(sensor_id: str, next_index: int = 0) -> stream_status_pb2.SensorStatus:
    """Return the state of a stream."""
    return stream_status_pb2.SensorStatus(sensor_id=sensor_id, next_index=next_index)


def alerts_batch(*transitions: alerts_pb2.AlertTransition) -> alerts_pb2.AlertTransitionBatch:
    """Return a batch as alerts publishes it."""
    return alerts_pb2.AlertTransitionBatch(transitions=transitions)
