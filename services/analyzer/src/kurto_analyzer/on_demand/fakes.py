"""Stored samples in memory, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kurto_analyzer.exceptions import UnknownChannel
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.on_demand.exceptions import NoSamples
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.selections import SampleSelection
from kurto_dsp import AccelerationUnit
from kurto_dsp.arrays import Float32Array

__all__ = ["FakeStoredSamples"]

_START_US = 1_767_225_600_000_000  # 2026-01-01


@dataclass
class FakeStoredSamples:
    """One sensor's samples; implements `StoredSamples`.

    Attributes
    ----------
    channels : dict of str to Float32Array [shape=(n,)]
        The samples by channel; the first one is the default.
    sample_rate_hz : float
        Their rate.
    speed_track : tuple of tuple of float
        Shaft speed as sent, (s, Hz).
    machine : MachineData
        What is declared.
    """

    channels: dict[str, Float32Array] = field(default_factory=dict)
    sample_rate_hz: float = 25_600.0
    speed_track: tuple[tuple[float, float], ...] = ()
    machine: MachineData = field(default_factory=MachineData)

    async def read(self, selection: SampleSelection) -> ChannelRecord:
        """Return the samples that a selection means; the first one was taken at 2026-01-01."""
        if not self.channels:
            raise NoSamples(sensor_id=selection.sensor_id)
        samples = self._channel(selection, selection.channel or next(iter(self.channels)))
        count = round(selection.duration_s(self.sample_rate_hz) * self.sample_rate_hz)
        first = max(0, len(samples) - count)
        if selection.start_us is not None:
            first = round((selection.start_us - _START_US) * 1e-6 * self.sample_rate_hz)
        chosen = slice(first, first + count)
        tacho = selection.tacho_channel
        return ChannelRecord(
            sensor_id=selection.sensor_id,
            channel=selection.channel or next(iter(self.channels)),
            epoch=1,
            first_index=first,
            start_us=_START_US + round(first / self.sample_rate_hz * 1e6),
            sample_rate_hz=self.sample_rate_hz,
            unit=AccelerationUnit.G,
            full_scale=None,
            samples=samples[chosen],
            tacho=self._channel(selection, tacho)[chosen] if tacho else None,
            speed_track=self.speed_track,
            machine=self.machine,
        )

    def _channel(self, selection: SampleSelection, name: str) -> Float32Array:
        if name not in self.channels:
            names = ", ".join(self.channels)
            raise UnknownChannel(sensor_id=selection.sensor_id, channel=name, channels=names)
        return self.channels[name].astype(np.float32)
