"""Samples and the announcement of their sensor, as ingest would send them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.assets.v1 import assets_pb2
from kurto.signal.v1 import features_pb2, samples_pb2
from kurto_dsp import AccelerationUnit, RecordFeatures, WindowGeometry, record_features
from kurto_dsp.arrays import Float32Array

# Recent: features older than the retention are dropped.
ANCHOR_S = int(time.time()) - 3600


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Samples of one sensor.

    Attributes
    ----------
    samples : Float32Array [shape=(channels, samples)]
        A whole number of hops.
    """

    samples: Float32Array
    sample_rate_hz: float
    sensor_id: str = "pump-7"
    epoch: int = 1
    unit: str = "g"
    full_scale: float | None = None
    window_hops: int = 10
    hop_samples: int = 0
    anchor_s: int = ANCHOR_S
    empty_hops: dict[int, int] = field(default_factory=dict)

    @property
    def hop(self) -> int:
        return self.hop_samples or round(0.1 * self.sample_rate_hz)

    @property
    def hop_count(self) -> int:
        return int(self.samples.shape[1]) // self.hop

    @property
    def window_count(self) -> int:
        return self.hop_count - self.window_hops + 1

    @property
    def channels(self) -> list[str]:
        return [f"channel{number}" for number in range(len(self.samples))]

    def announcement(self, slot: int = 1, *, config_version: int = 1) -> pb.SensorOpen:
        channels = [
            assets_pb2.Channel(name=name, unit=self.unit, full_scale=self.full_scale)
            for name in self.channels
        ]
        return pb.SensorOpen(
            slot=slot,
            sensor_id=self.sensor_id,
            epoch=self.epoch,
            config=assets_pb2.SensorConfig(
                version=config_version, sample_rate_hz=self.sample_rate_hz, channels=channels
            ),
            encoding=samples_pb2.SampleEncoding.SAMPLE_ENCODING_F32LE,
            anchor_time=Timestamp(seconds=self.anchor_s),
            hop_samples=self.hop,
            window_hops=self.window_hops,
            shard=3,
        )

    def run(self, first: int, count: int, *, slot: int = 1, late: bool = False) -> pb.HopRun:
        """Return `count` hops; they must be all of one kind, empty or not."""
        reason = 0 if late else self.empty_hops.get(first, 0)
        part = self.samples[:, first * self.hop : (first + count) * self.hop]
        return pb.HopRun(
            slot=slot,
            hop_index=first,
            hop_count=count,
            planar=b"" if reason else np.ascontiguousarray(part).tobytes(),
            empty_reason=features_pb2.EmptyReason.Name(reason),
            late=late,
        )

    def runs(self, first: int, chunk: int = 1, *, slot: int = 1) -> Iterator[pb.HopRun]:
        """Yield all hops from `first` on in runs of at most `chunk`, each of one kind."""
        hop = first
        while hop < self.hop_count:
            kind, count = self.empty_hops.get(hop, 0), 1
            while (
                count < chunk
                and hop + count < self.hop_count
                and self.empty_hops.get(hop + count, 0) == kind
            ):
                count += 1
            yield self.run(hop, count, slot=slot)
            hop += count

    def offline(self) -> RecordFeatures:
        """Return what kurto_dsp computes of the whole recording."""
        return record_features(
            self.samples[:, : self.hop_count * self.hop],
            sample_rate_hz=self.sample_rate_hz,
            geometry=WindowGeometry(self.hop, self.window_hops),
            unit=AccelerationUnit(self.unit),
            full_scale=self.full_scale,
        )


def noise(
    *, seconds: float = 3.0, sample_rate_hz: float = 2560.0, channel_count: int = 2, seed: int = 1
) -> Float32Array:
    """Return a tone in noise."""
    generator = np.random.default_rng(seed)
    count = round(seconds * sample_rate_hz)
    tone = np.sin(2 * np.pi * 120.0 * np.arange(count) / sample_rate_hz)
    samples: Float32Array = (tone + generator.normal(0, 0.3, (channel_count, count))).astype(
        np.float32
    )
    return samples


def open_request(recording: Recording, slot: int = 1) -> pb.AnalyzeWindowsRequest:
    return pb.AnalyzeWindowsRequest(open=recording.announcement(slot))


def hops_request(*runs: pb.HopRun) -> pb.AnalyzeWindowsRequest:
    return pb.AnalyzeWindowsRequest(hops=pb.HopBatch(runs=runs))
