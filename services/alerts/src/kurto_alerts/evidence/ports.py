"""What evidence needs from the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kurto.alerts.v1 import evidence_pb2 as pb
from kurto.analyzer.v1 import diagnoses_pb2
from kurto.signal.v1 import spectrum_pb2
from kurto_alerts.evidence.moments import EvidenceState, SharedMoment
from kurto_alerts.evidence.ranges import SensorRecord
from kurto_alerts.frames import SensorProfile


@dataclass(frozen=True, slots=True)
class FreezeJob:
    """A moment that is to be frozen; attempts count from 1."""

    moment: SharedMoment
    create_time: datetime
    attempt: int


@dataclass(frozen=True)
class FrozenEvidence:
    """What is stored of a moment.

    Attributes
    ----------
    summary : Evidence
        Range, diagnoses and remarks; without samples.
    parts : sequence of Evidence
        Of each channel its samples and spectra.
    """

    summary: pb.Evidence
    parts: Sequence[pb.Evidence] = ()

    @property
    def byte_count(self) -> int:
        """Size as stored."""
        return self.summary.ByteSize() + sum(part.ByteSize() for part in self.parts)


@dataclass(frozen=True)
class FoundEvidence:
    """What there is of an alert's evidence."""

    state: EvidenceState
    problem: str = ""
    summary: pb.Evidence | None = None
    part: pb.Evidence | None = None
    sources: Sequence[tuple[str, str]] = field(default_factory=tuple)


class EvidenceStore(Protocol):
    """Keeps evidence."""

    async def take_due(
        self, *, now: datetime, settle_s: float, limit: int, lease_s: float
    ) -> list[FreezeJob]:
        """Return moments that are to be frozen, and put their next attempt off by `lease_s`.

        None that was noted less than `settle_s` seconds ago.
        """

    async def store(self, job: FreezeJob, frozen: FrozenEvidence, *, now: datetime) -> bool:
        """Store evidence once; False if its moment has changed since, or it is stored already."""

    async def postpone(self, job: FreezeJob, time: datetime) -> None:
        """Note when the next attempt is due."""

    async def fail(self, job: FreezeJob, problem: str) -> None:
        """Note that there will be no evidence."""

    async def profiles_of(self, place: str) -> Sequence[SensorProfile]:
        """Return the sensors of a machine, or the one sensor, that are not archived."""

    async def expire(self, *, before: datetime, total_bytes: int, limit: int) -> int:
        """Forget old evidence, and the oldest while there is too much; return how many."""

    async def find(self, alert_id: str, sensor_id: str, channel: str) -> FoundEvidence | None:
        """Return the evidence of an alert; None if none was ever to be stored.

        AlertNotFound if there is no such alert. `part` is None if there is no such channel.
        """

    async def baseline_at(self, sensor_id: str, time: datetime) -> tuple[int, datetime] | None:
        """Return number and time of freezing of the baseline in force, None if there is none."""

    async def new_baselines(self, after: datetime, limit: int) -> list[tuple[int, str, datetime]]:
        """Return number, sensor and time of freezing of baselines without any spectrum.

        Those that were frozen after a time, by number.
        """

    async def baseline_spectra(self, baseline_id: int) -> Mapping[str, spectrum_pb2.Spectrum]:
        """Return the spectra of a baseline by channel."""

    async def save_baseline_spectrum(
        self, baseline_id: int, spectrum: spectrum_pb2.Spectrum
    ) -> None:
        """Keep the spectrum of a baseline's channel, if there is none yet."""


class SampleSource(Protocol):
    """Reads stored samples."""

    async def read(
        self, sensor_id: str, start_time: datetime, end_time: datetime, *, moment: datetime
    ) -> tuple[SensorRecord | None, bool]:
        """Return what is there, and whether it reaches the end of the range."""


class SignalSource(Protocol):
    """What the analyzer says about stored samples."""

    async def spectrum(
        self, sensor_id: str, channel: str, start_us: int, duration_us: int, lines: int
    ) -> spectrum_pb2.Spectrum:
        """Return an amplitude spectrum; SignalRefused if there is none for good."""

    async def diagnoses(
        self, sensor_id: str, start_time: datetime, end_time: datetime
    ) -> Sequence[diagnoses_pb2.Diagnosis]:
        """Return the newest diagnosis of each channel in a range."""


class SignalRefused(Exception):
    """What was asked for cannot be, however often it is asked for."""
