"""Evidence in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kurto.alerts.v1 import evidence_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_alerts.alert_state import ConditionChange, Transition
from kurto_alerts.evidence.moments import (
    EvidenceState,
    SharedMoment,
    choose_source,
    moments_of,
    share_moments,
)
from kurto_alerts.evidence.ports import FoundEvidence, FreezeJob, FrozenEvidence
from kurto_alerts.exceptions import AlertNotFound
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.frames import SensorProfile


@dataclass
class MemoryMoment:
    """A moment and what became of it."""

    moment: SharedMoment
    create_time: datetime
    next_attempt_time: datetime
    attempts: int = 0
    problem: str = ""
    frozen: FrozenEvidence | None = None
    store_time: datetime | None = None


@dataclass
class MemoryEvidence:
    """Implements `EvidenceStore`, and notes moments as a commit does."""

    database: MemoryDatabase
    moments: list[MemoryMoment] = field(default_factory=list)
    links: dict[str, int] = field(default_factory=dict)
    baselines: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    spectra: dict[int, dict[str, spectrum_pb2.Spectrum]] = field(default_factory=dict)

    def note(
        self,
        transitions: Sequence[Transition],
        changes: Sequence[ConditionChange],
        now: datetime,
    ) -> None:
        """Note what is to be frozen."""
        useful = (EvidenceState.PENDING, EvidenceState.STORED)
        moments = [
            moment
            for moment in moments_of(transitions, changes)
            if moment.alert_id not in self.links
            or self._of(self.links[moment.alert_id]).moment.state not in useful
        ]
        known = [one.moment for one in self.moments if one.moment.state in useful]
        shared, links = share_moments(moments, known)
        numbers = []
        for moment in shared:
            number = moment.evidence_id or len(self.moments) + 1
            numbered = replace(moment, evidence_id=number)
            if moment.evidence_id:
                self._of(number).moment = numbered
            else:
                self.moments.append(MemoryMoment(numbered, now, now))
            numbers.append(number)
        self.links |= {alert_id: numbers[at] for alert_id, at in links}

    def _of(self, evidence_id: int) -> MemoryMoment:
        return self.moments[evidence_id - 1]

    async def take_due(
        self, *, now: datetime, settle_s: float, limit: int, lease_s: float
    ) -> list[FreezeJob]:
        """Return moments that are to be frozen, and put their next attempt off."""
        settled = now - timedelta(seconds=settle_s)
        due = [
            one
            for one in self.moments
            if one.moment.state is EvidenceState.PENDING
            and one.next_attempt_time <= now
            and one.create_time <= settled
        ]
        due.sort(key=lambda one: one.next_attempt_time)
        for one in due[:limit]:
            one.attempts += 1
            one.next_attempt_time = now + timedelta(seconds=lease_s)
        return [FreezeJob(one.moment, one.create_time, one.attempts) for one in due[:limit]]

    async def store(self, job: FreezeJob, frozen: FrozenEvidence, *, now: datetime) -> bool:
        """Store evidence once; False if its moment has changed since, or it is stored already."""
        one = self._of(job.moment.evidence_id)
        if one.moment != job.moment:
            return False
        one.moment = replace(one.moment, state=EvidenceState.STORED)
        one.frozen, one.store_time, one.problem = frozen, now, ""
        return True

    async def postpone(self, job: FreezeJob, time: datetime) -> None:
        """Note when the next attempt is due."""
        self._of(job.moment.evidence_id).next_attempt_time = time

    async def fail(self, job: FreezeJob, problem: str) -> None:
        """Note that there will be no evidence."""
        one = self._of(job.moment.evidence_id)
        if one.moment.state is EvidenceState.PENDING:
            one.moment = replace(one.moment, state=EvidenceState.FAILED)
            one.problem = problem

    async def profiles_of(self, place: str) -> Sequence[SensorProfile]:
        """Return the sensors of a machine, or the one sensor, that are not archived."""
        return sorted(
            (
                profile
                for profile in self.database.profiles.values()
                if not profile.archived
                and place in (f"/{profile.machine_id or '/'}", profile.sensor_id)
            ),
            key=lambda profile: profile.sensor_id,
        )

    async def expire(self, *, before: datetime, total_bytes: int, limit: int) -> int:
        """Forget old evidence, and the oldest while there is too much; return how many."""
        stored = [one for one in self.moments if one.frozen is not None and one.store_time]
        stored.sort(key=lambda one: (one.store_time, one.moment.evidence_id), reverse=True)
        newer_bytes, old = 0, []
        for one in stored:
            assert one.frozen is not None
            assert one.store_time is not None
            newer_bytes += one.frozen.byte_count
            if one.store_time < before or newer_bytes > total_bytes:
                old.append(one)
        for one in old[::-1][:limit]:
            one.moment = replace(one.moment, state=EvidenceState.EXPIRED)
            one.frozen = None
        return min(len(old), limit)

    async def find(self, alert_id: str, sensor_id: str, channel: str) -> FoundEvidence | None:
        """Return the evidence of an alert; None if none was ever to be stored."""
        alert = self.database.alerts.get(alert_id)
        if alert is None:
            raise AlertNotFound(alert_id=alert_id)
        if alert_id not in self.links:
            return None
        one = self._of(self.links[alert_id])
        if one.frozen is None:
            return FoundEvidence(one.moment.state, one.problem)
        sources = [(p.source.sensor_id, p.source.channel) for p in one.frozen.parts]
        chosen = choose_source(sources, (sensor_id, channel), (alert.sensor_id, alert.channel))
        summary = pb.Evidence()
        summary.CopyFrom(one.frozen.summary)
        if one.store_time is not None:
            summary.store_time.FromDatetime(one.store_time)
        part = None if chosen is None else one.frozen.parts[sources.index(chosen)]
        return FoundEvidence(one.moment.state, "", summary, part, sources)

    async def baseline_at(self, sensor_id: str, time: datetime) -> tuple[int, datetime] | None:
        """Return number and time of freezing of the baseline in force, None if there is none."""
        found = self.baselines.get(sensor_id)
        return found if found is not None and found[1] <= time else None

    async def new_baselines(self, after: datetime, limit: int) -> list[tuple[int, str, datetime]]:
        """Return number, sensor and time of freezing of baselines without any spectrum."""
        found = [
            (number, sensor_id, freeze_time)
            for sensor_id, (number, freeze_time) in self.baselines.items()
            if freeze_time > after and number not in self.spectra
        ]
        return sorted(found)[:limit]

    async def baseline_spectra(self, baseline_id: int) -> Mapping[str, spectrum_pb2.Spectrum]:
        """Return the spectra of a baseline by channel."""
        return self.spectra.get(baseline_id, {})

    async def save_baseline_spectrum(
        self, baseline_id: int, spectrum: spectrum_pb2.Spectrum
    ) -> None:
        """Keep the spectrum of a baseline's channel, if there is none yet."""
        self.spectra.setdefault(baseline_id, {}).setdefault(spectrum.channel, spectrum)
