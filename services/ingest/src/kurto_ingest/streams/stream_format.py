"""What is fixed for an epoch: rate, channels, encoding, and the grid of hops."""

from __future__ import annotations

from dataclasses import dataclass, field

from kurto_ingest.streams.encoding import Encoding, Planar, planar_view
from kurto_ingest.streams.timing import span_us

__all__ = ["HOP_S", "WINDOW_HOPS", "StreamFormat", "hop_length"]

HOP_S = 0.1
WINDOW_HOPS = 10


def hop_length(sample_rate_hz: float) -> int:
    """Return the samples per channel in a hop of a continuous sensor: round(0.1 * rate)."""
    return round(HOP_S * sample_rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFormat:
    """The immutable properties of one (sensor, epoch).

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    sensor_key : int
        Its short number in stored rows.
    epoch : int
        Epoch of the sample index.
    channels : tuple of str
        Names in the order in which samples are sent.
    sample_rate_hz : float
        Nominal rate.
    encoding : Encoding
        Form of the samples.
    scales : tuple of float
        Unit per integer step: one for all channels, or one each; empty for F32LE.
    hop_samples : int
        Samples per channel in a hop: also the pitch of the block grid.
    window_hops : int
        Hops in a window.
    anchor_us : int
        Time of sample 0 in microseconds since 1970-01-01T00:00:00Z.
    burst_interval_us : int
        For burst sensors, whose hop is a burst: time from one burst to the next in microseconds.
        0 for continuous ones.
    key : tuple of (str, int)
        Identity: (sensor_id, epoch).
    frame_bytes, hop_bytes : int
        Bytes of one sample, and of one hop, of all channels.
    """

    sensor_id: str
    sensor_key: int
    epoch: int
    channels: tuple[str, ...]
    sample_rate_hz: float
    encoding: Encoding
    scales: tuple[float, ...]
    hop_samples: int
    window_hops: int
    anchor_us: int
    burst_interval_us: int = 0
    # Asked for with every batch: worked out once.
    key: tuple[str, int] = field(init=False, repr=False, compare=False)
    frame_bytes: int = field(init=False, repr=False, compare=False)
    hop_bytes: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what follows from the rest."""
        frame_bytes = len(self.channels) * self.encoding.sample_bytes
        object.__setattr__(self, "key", (self.sensor_id, self.epoch))
        object.__setattr__(self, "frame_bytes", frame_bytes)
        object.__setattr__(self, "hop_bytes", self.hop_samples * frame_bytes)

    def time_us(self, index: int) -> int:
        """Return the time of sample `index` in microseconds since 1970-01-01T00:00:00Z."""
        bursts = 0
        if self.burst_interval_us:
            bursts, index = divmod(index, self.hop_samples)
        burst_us = bursts * self.burst_interval_us
        return self.anchor_us + burst_us + span_us(index, self.sample_rate_hz)

    def index_at(self, time_us: int) -> int:
        """Return the index of the sample that was taken at a time, to within a hop."""
        elapsed_us = time_us - self.anchor_us
        if self.burst_interval_us:
            return elapsed_us // self.burst_interval_us * self.hop_samples
        return int(elapsed_us * self.sample_rate_hz / 1e6)

    def view(self, data: bytes) -> Planar:
        """Return planar `data` as an array of this format, without copying."""
        return planar_view(data, self.encoding, len(self.channels))
