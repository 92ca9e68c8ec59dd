"""Builds the watch over the streams of sensors."""

from kurto_alerts.data_quality.stream_watch import GrpcStreams, StreamWatch
from kurto_alerts.evaluator import Evaluator
from kurto_alerts.settings import AlertsSettings
from kurto_service.runtime import Runtime


def wire_data_quality(
    settings: AlertsSettings, runtime: Runtime[AlertsSettings], evaluator: Evaluator
) -> None:
    """Keep the evaluator informed about which sensors send."""
    channel = runtime.channel(settings.ingest_address)
    watch = StreamWatch(
        GrpcStreams(channel, runtime.clock, timeout_s=settings.peer_timeout_s),
        evaluator.streams_changed,
        runtime.clock,
        interval_s=settings.stream_poll_s,
    )
    runtime.spawn("streams", watch.run())
