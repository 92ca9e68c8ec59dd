"""The analyzer's baselines, over gRPC."""

import math
from collections.abc import Sequence

import grpc
import numpy as np

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.ports import BaselineNews
from kurto_dsp.condition import (
    Baseline,
    OperatingBin,
    OperatingBins,
    ReferenceLayout,
    ReferenceLevels,
    log_levels,
)

PAGE_SIZE = 100


class GrpcBaselines:
    """Implements `BaselineSource` by the analyzer's FeatureService."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float) -> None:
        self._stub = FeatureServiceStub(channel)
        self._timeout_s = timeout_s

    async def news(self, after_number: int) -> Sequence[BaselineNews]:
        """Return the next events behind one, oldest first; none for now if empty."""
        request = pb.ListBaselineEventsRequest(after_number=after_number, page_size=PAGE_SIZE)
        answer = await self._stub.ListBaselineEvents(request, timeout=self._timeout_s)
        return [
            BaselineNews(event.event_number, event.sensor_id, event.baseline_id)
            for event in answer.events
        ]

    async def get(self, sensor_id: str, baseline_id: int) -> BaselineVersion | None:
        """Return a baseline; None unless it is frozen."""
        request = pb.GetBaselineRequest(sensor_id=sensor_id, baseline_id=baseline_id)
        answer = await self._stub.GetBaseline(request, timeout=self._timeout_s)
        return version_from_proto(answer.baseline)


def version_from_proto(message: pb.Baseline) -> BaselineVersion | None:
    """Return a baseline as rules compare with it; None unless it is frozen."""
    if not message.HasField("freeze_time"):
        return None
    ended = message.HasField("end_time")
    return BaselineVersion(
        message.baseline_id,
        message.sensor_id,
        message.freeze_time.ToMicroseconds(),
        message.end_time.ToMicroseconds() if ended else None,
        _baseline(message),
    )


def _baseline(message: pb.Baseline) -> Baseline:
    channels = {c.channel: c.unit for one in message.bins for c in one.channels}
    names = {name for one in message.bins for c in one.channels for name in c.features}
    layout = ReferenceLayout(tuple(channels), tuple(channels.values()), tuple(sorted(names)))
    bins = {
        OperatingBin.from_label(one.operating_bin): _levels(one, layout) for one in message.bins
    }
    cuts = OperatingBins(
        message.reference_speed_hz if message.HasField("reference_speed_hz") else None,
        load_step=message.load_bin_width if message.HasField("load_bin_width") else None,
    )
    return Baseline(layout, bins, cuts)


def _levels(message: pb.BaselineBin, layout: ReferenceLayout) -> ReferenceLevels:
    medians = np.full(layout.shape, math.nan)
    mads = np.full(layout.shape, math.nan)
    counts = np.zeros(layout.shape, np.int64)
    for channel in message.channels:
        row = layout.channels.index(channel.channel)
        for column, name in enumerate(layout.features):
            if name in channel.features:
                found = channel.features[name]
                medians[row, column] = found.median
                mads[row, column] = found.mad_neper
                counts[row, column] = found.value_count
    return ReferenceLevels(log_levels(medians), mads, counts, message.window_count)
