"""Freezes the moment of an alert: reads what there is, and says what there is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kurto.alerts.v1 import evidence_pb2 as pb
from kurto.signal.v1 import spectra_pb2
from kurto_alerts.evidence.ports import (
    EvidenceStore,
    FreezeJob,
    FrozenEvidence,
    SampleSource,
    SignalRefused,
    SignalSource,
)
from kurto_alerts.evidence.ranges import FrozenSpan, SensorRecord, line_count
from kurto_alerts.frames import SensorProfile

DIAGNOSIS_AGE = timedelta(minutes=10)
LONGEST_SPECTRUM_US = 60_000_000


class SamplesOutstanding(Exception):
    """Samples behind the moment have not come yet."""


@dataclass(frozen=True, kw_only=True)
class FreezeLimits:
    """Bounds of one moment.

    Attributes
    ----------
    span : FrozenSpan
        How much of each channel.
    channel_count : int
        Channels of the machine at most.
    byte_count : int
        Bytes of samples at most.
    """

    span: FrozenSpan
    channel_count: int
    byte_count: int


@dataclass
class _Room:
    """What is left of the bounds."""

    channels: int
    bytes: int

    def takes(self, size: int) -> bool:
        if self.channels < 1 or self.bytes < size:
            return False
        self.channels, self.bytes = self.channels - 1, self.bytes - size
        return True


class Freezer:
    """Puts together the evidence of a moment.

    Parameters
    ----------
    store : EvidenceStore
        Knows sensors and baselines.
    samples : SampleSource
        Gives samples.
    signals : SignalSource
        Gives spectra and diagnoses.
    limits : FreezeLimits
        Bounds.
    """

    def __init__(
        self,
        store: EvidenceStore,
        samples: SampleSource,
        signals: SignalSource,
        limits: FreezeLimits,
    ) -> None:
        self._store = store
        self._samples = samples
        self._signals = signals
        self._limits = limits

    async def freeze(self, job: FreezeJob, *, patient: bool) -> FrozenEvidence:
        """Return the evidence of a moment.

        Parameters
        ----------
        job : FreezeJob
            The moment.
        patient : bool
            Whether to wait for samples that have not come.

        Raises
        ------
        SamplesOutstanding
            If they have not, and it is.
        """
        profiles = await self._store.profiles_of(job.moment.place)
        records, start_time, end_time = await self._records(job, profiles, patient=patient)
        summary = pb.Evidence()
        summary.first_moment.FromDatetime(job.moment.first)
        summary.last_moment.FromDatetime(job.moment.last)
        summary.start_time.FromDatetime(start_time)
        summary.end_time.FromDatetime(end_time)
        parts: list[pb.Evidence] = []
        room = _Room(self._limits.channel_count, self._limits.byte_count)
        for profile in profiles:
            await self._add_diagnoses(summary, profile.sensor_id, end_time)
            record = records.get(profile.sensor_id)
            if record is None:
                summary.remarks.append(f"Sensor {profile.sensor_id} has no samples there.")
                continue
            parts += await self._parts(record, job.moment.last, room, summary)
        if not profiles:
            summary.remarks.append("No sensor of the machine is registered any more.")
        return FrozenEvidence(summary, parts)

    async def _records(
        self, job: FreezeJob, profiles: Sequence[SensorProfile], *, patient: bool
    ) -> tuple[dict[str, SensorRecord], datetime, datetime]:
        """Read all sensors, over a longer range if the measured speed asks for it."""
        nominal = [one.nominal_speed_hz for one in profiles if one.nominal_speed_hz]
        speed_hz = min(nominal, default=None)
        while True:
            start_time, end_time = self._limits.span.around(
                job.moment.first, job.moment.last, speed_hz
            )
            records: dict[str, SensorRecord] = {}
            for profile in profiles[: self._limits.channel_count]:
                from_time = start_time
                if profile.burst_interval_us:
                    interval = timedelta(microseconds=profile.burst_interval_us)
                    from_time = min(start_time, job.moment.first - interval)
                record, complete = await self._samples.read(
                    profile.sensor_id, from_time, end_time, moment=job.moment.last
                )
                if patient and not complete:
                    raise SamplesOutstanding(profile.sensor_id)
                if record is not None:
                    records[profile.sensor_id] = record
            measured = [one.speed_hz for one in records.values() if one.speed_hz]
            slowest = min([*measured, *nominal], default=None)
            again = self._limits.span.around(job.moment.first, job.moment.last, slowest)
            if slowest == speed_hz or again[0] >= start_time:
                return records, start_time, end_time
            speed_hz = slowest

    async def _parts(
        self, record: SensorRecord, moment: datetime, room: _Room, summary: pb.Evidence
    ) -> list[pb.Evidence]:
        header = record.header
        baseline = await self._store.baseline_at(header.sensor_id, moment)
        parts = []
        for row, channel in enumerate(header.channels):
            if not room.takes(record.samples[row].nbytes):
                summary.remarks.append(
                    f"Channel {channel} of {header.sensor_id} is left out: it is too much."
                )
                continue
            part = pb.Evidence(
                source=pb.EvidenceSource(sensor_id=header.sensor_id, channel=channel),
                waveform=_waveform(record, row),
            )
            await self._add_spectrum(part, record)
            await self._add_baseline(part, baseline, record)
            parts.append(part)
        return parts

    async def _add_spectrum(self, part: pb.Evidence, record: SensorRecord) -> None:
        try:
            spectrum = await self._signals.spectrum(
                part.source.sensor_id,
                part.source.channel,
                record.start_us,
                min(record.duration_us, LONGEST_SPECTRUM_US),
                line_count(record.samples.shape[1]),
            )
        except SignalRefused as error:
            part.remarks.append(f"No spectrum: {error}")
        else:
            part.spectrum.CopyFrom(spectrum)

    async def _add_baseline(
        self, part: pb.Evidence, baseline: tuple[int, datetime] | None, record: SensorRecord
    ) -> None:
        if baseline is None:
            part.remarks.append("No spectrum of a baseline: none was in force at the moment.")
            return
        part.baseline_id, freeze_time = baseline
        known = await self._store.baseline_spectra(part.baseline_id)
        spectrum = known.get(part.source.channel)
        if spectrum is None:
            duration_us = min(record.duration_us, LONGEST_SPECTRUM_US)
            start_time = freeze_time - timedelta(microseconds=duration_us)
            try:
                spectrum = await self._signals.spectrum(
                    part.source.sensor_id,
                    part.source.channel,
                    round(start_time.timestamp() * 1e6),
                    duration_us,
                    line_count(record.samples.shape[1]),
                )
            except SignalRefused as error:
                part.remarks.append(
                    f"No spectrum of the baseline, whose samples are no longer stored: {error}"
                )
                return
            await self._store.save_baseline_spectrum(part.baseline_id, spectrum)
        part.baseline_spectrum.CopyFrom(spectrum)

    async def _add_diagnoses(
        self, summary: pb.Evidence, sensor_id: str, end_time: datetime
    ) -> None:
        try:
            found = await self._signals.diagnoses(sensor_id, end_time - DIAGNOSIS_AGE, end_time)
        except SignalRefused as error:
            summary.remarks.append(f"No diagnosis of sensor {sensor_id}: {error}")
            return
        summary.diagnoses.extend(found)
        if not found:
            summary.remarks.append(f"No diagnosis of sensor {sensor_id} was made by then.")


def _waveform(record: SensorRecord, row: int) -> spectra_pb2.Waveform:
    header = record.header
    waveform = spectra_pb2.Waveform(samples_per_point=1, values=record.samples[row].tolist())
    source = waveform.source
    source.sensor_id, source.channel = header.sensor_id, header.channels[row]
    source.epoch, source.first_index = header.epoch, record.first_index
    source.sample_count = record.samples.shape[1]
    source.missing_sample_count = record.missing_count
    source.start_time.FromMicroseconds(record.start_us)
    source.sample_rate_hz, source.unit = header.sample_rate_hz, header.units[row]
    return waveform
