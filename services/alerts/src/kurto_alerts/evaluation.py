"""What the evaluator knows and decides, without any input or output of its own."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kurto_alerts.alert_state import ConditionChange, TransitionKind, Withdrawal
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.data_quality.silence import SilenceLimits, StreamReport, with_profiles
from kurto_alerts.data_quality.watch import DataQuality
from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.engine import TrackFactory
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.keeping import keep_requests
from kurto_alerts.ports import EvaluationBatch, EvaluationState, LiveMessage
from kurto_alerts.rule_engines import RuleEngines
from kurto_alerts.rules import Severity
from kurto_alerts.sequences import HistoryPage, SensorSequence


@dataclass(frozen=True, kw_only=True)
class EvaluationLimits:
    """Bounds of what evaluation holds.

    Attributes
    ----------
    backfill_windows : int
        Windows before the first one seen of a sensor without a checkpoint.
    waiting_frames : int
        Live frames kept per sensor while a hole is filled.
    longest_hole_windows : int
        Windows of a sensor that are read from the history at most to close a hole.
    profile_patience_s : float
        Seconds for which the frames of a sensor that the registry hasn't named yet are put off,
        so that rules which ask for its tags don't miss its first windows.
    silence : SilenceLimits
        When sensors that fall silent are an alarm.
    """

    backfill_windows: int
    waiting_frames: int
    longest_hole_windows: int
    profile_patience_s: float
    silence: SilenceLimits = field(default_factory=SilenceLimits)


class Evaluation:
    """Positions and conditions of all sensors, from one checkpoint to the next.

    Parameters
    ----------
    state : EvaluationState
        Where to begin.
    limits : EvaluationLimits
        Bounds.
    tracks : callable or None
        Makes what follows the references of a sensor; without it, rules that compare with
        references are never broken.

    Attributes
    ----------
    sequences : dict of str to SensorSequence
        Position of every sensor that has one, by id.
    counts : Counter
        Live frames by what became of them, "filled" frames of the history, and "skipped" windows
        that have no frame or were given up.
    """

    def __init__(
        self,
        state: EvaluationState,
        limits: EvaluationLimits,
        tracks: TrackFactory | None = None,
    ) -> None:
        self._limits = limits
        self._rules_revision = state.rules_revision
        self._profiles = dict(state.profiles)
        self._engine = RuleEngines(state.rules, state.profiles, tracks)
        self._message_ids = dict(state.message_ids)
        self._changes: list[ConditionChange] = []
        self._dirty: set[str] = set()
        self._first_seen_s: dict[str, float] = {}
        self._worst = {alert.alert_id: alert.worst_value for alert in state.open_alerts.values()}
        self._delivered = False
        self.counts: Counter[str] = Counter()
        self.sequences: dict[str, SensorSequence] = {}
        self._withdrawals: list[Withdrawal] = []
        self._quality = DataQuality(state.open_problems, self._profiles, limits.silence)
        for checkpoint in self._engine.restore(state):
            self._quality.restore(checkpoint.sensor_id, checkpoint.data_quality)
            if checkpoint.window_index >= -1:
                self._begin(checkpoint.sensor_id, checkpoint.epoch, checkpoint.window_index)
        self._latched = {
            key: alert.alert_id for key, alert in state.open_alerts.items() if alert.latched
        }
        self.withdraw_unwatched()

    @property
    def engine(self) -> RuleEngines:
        """The engines, for their figures."""
        return self._engine

    @property
    def rules_revision(self) -> int:
        """Revision of the rules under which everything is decided."""
        return self._rules_revision

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that any rule reads, itself or through references."""
        return self._engine.features

    @property
    def message_ids(self) -> Mapping[str, str]:
        """The newest message taken of each live stream."""
        return self._message_ids

    @property
    def has_changes(self) -> bool:
        """True while decisions wait to be stored."""
        return bool(self._changes or self._withdrawals)

    def profile_ids(self) -> Iterable[str]:
        """Return the sensors that the registry has named and not archived."""
        return (key for key, profile in self._profiles.items() if not profile.archived)

    def set_profile(self, profile: SensorProfile) -> None:
        """Take what the registry says about a sensor."""
        self._profiles[profile.sensor_id] = profile
        self._engine.set_profile(profile)
        if profile.archived:
            self._quality.forget(profile.sensor_id)
            self._take_problems()

    def withdraw_unwatched(self) -> None:
        """Withdraw the alerts of channels that no rule watches any more."""
        self._withdrawals += self._engine.withdraw_unwatched()
        unwatched = [key for key in self._latched if not self._engine.is_watched(key)]
        self._withdrawals += [Withdrawal(self._latched.pop(key)) for key in unwatched]

    def take_message(self, message: LiveMessage, *, now_s: float) -> None:
        """Evaluate the frames of a live message that are next in their sequence."""
        ready: list[Frame] = []
        for frame in message.frames:
            sequence = self.sequences.get(frame.sensor_id)
            # What comes from a buffer says nothing about where the sensor stands.
            if sequence is None and not frame.late:
                sequence = self._meet(frame, now_s)
            if sequence is None:
                self.counts["late" if frame.late else "put_off"] += 1
                continue
            skipped = sequence.skipped_count
            outcome, frames = sequence.offer(frame)
            self.counts[outcome.value] += 1
            self.counts["skipped"] += sequence.skipped_count - skipped
            ready += frames
        self._message_ids[message.stream] = message.message_id
        self._evaluate(ready)

    def _meet(self, frame: Frame, now_s: float) -> SensorSequence | None:
        """Return the sequence of a sensor seen for the first time, None to put it off."""
        if frame.sensor_id not in self._profiles:
            first_s = self._first_seen_s.setdefault(frame.sensor_id, now_s)
            if now_s - first_s < self._limits.profile_patience_s:
                return None
        self._first_seen_s.pop(frame.sensor_id, None)
        before = max(frame.window_index - 1 - self._limits.backfill_windows, -1)
        return self._begin(frame.sensor_id, frame.epoch, before)

    def _begin(self, sensor_id: str, epoch: int, window_index: int) -> SensorSequence:
        sequence = SensorSequence(
            sensor_id,
            epoch,
            window_index,
            capacity=self._limits.waiting_frames,
            longest_hole=self._limits.longest_hole_windows,
        )
        self.sequences[sensor_id] = sequence
        return sequence

    def take_newest(self, sensor_id: str, epoch: int, window_index: int) -> None:
        """Learn that the history of a sensor reaches up to a window that never came live."""
        sequence = self.sequences.get(sensor_id)
        if sequence is None:
            before = max(window_index - self._limits.backfill_windows, -1)
            sequence = self._begin(sensor_id, epoch, before)
        if (epoch, window_index) > (sequence.epoch, sequence.window_index):
            sequence.expect(epoch)

    def take_page(self, page: HistoryPage) -> int:
        """Evaluate a page of history and return how many frames were new."""
        sequence = self.sequences.get(page.sensor_id)
        if sequence is None:
            return 0
        before = (sequence.epoch, sequence.window_index)
        skipped = sequence.skipped_count
        ready = sequence.fill(page)
        self.counts["skipped"] += sequence.skipped_count - skipped
        if (sequence.epoch, sequence.window_index) != before:
            self._dirty.add(page.sensor_id)
        self.counts["filled"] += len(ready)
        self._evaluate(ready)
        return len(ready)

    def diagnosis_positions(self) -> dict[str, int]:
        """Return the sensors whose diagnoses are wanted, each with the end to ask behind."""
        return self._engine.diagnoses.positions()

    def take_diagnoses(self, page: DiagnosisPage) -> None:
        """Evaluate the diagnoses of a sensor that are new."""
        if page.sensor_id in self.sequences:
            self._dirty.add(page.sensor_id)
            self._take_changes(self._engine.take_diagnoses(page.windows))

    def take_streams(self, reports: Sequence[StreamReport] | None, *, now_us: int) -> None:
        """Judge which sensors have fallen silent; None while ingest says nothing."""
        known = None if reports is None else with_profiles(reports, self._profiles)
        self._quality.look(known, now_us=now_us, delivered=self._delivered)
        self._delivered = False
        self._take_problems()

    def _take_problems(self) -> None:
        """Take what was found about data, and how it marks the alerts that are open now."""
        for found in self._quality.take_changes(self._engine.open_alert_ids):
            if isinstance(found, Withdrawal):
                self._withdrawals.append(found)
            else:
                self._changes.append(found)

    def _evaluate(self, frames: list[Frame]) -> None:
        self._dirty.update(frame.sensor_id for frame in frames)
        self._delivered = self._delivered or bool(frames)
        trusted: list[Frame] = []
        for frame in frames:
            kept = self._quality.take(frame)
            if self._quality.has_changes:
                # Marks go to the alerts that are open just before this frame, however it is cut.
                self._evaluate_trusted(trusted)
                self._take_problems()
                trusted = []
            trusted.append(kept)
        self._evaluate_trusted(trusted)

    def _evaluate_trusted(self, frames: list[Frame]) -> None:
        self._take_changes(self._engine.evaluate(frames))

    def _take_changes(self, changes: Iterable[ConditionChange]) -> None:
        for change in changes:
            self._changes.append(change)
            if change.kind is TransitionKind.RAISED:
                self._latched.pop(change.key, None)
            elif change.kind is TransitionKind.RESOLVED and change.rule.latches(Severity.CRITICAL):
                self._latched[change.key] = change.alert_id

    def take_batch(self, *, complete: bool) -> EvaluationBatch:
        """Return what is to be stored now, and regard it as stored.

        Parameters
        ----------
        complete : bool
            True for a whole checkpoint; else only what the decisions that wait need.
        """
        sensors = {change.sensor_id or change.key.sensor_id for change in self._changes}
        sensors |= self._machine_mates(sensors) & self._dirty
        sensors &= self.sequences.keys()
        if complete:
            sensors |= self._dirty
        self._dirty -= sensors
        batch = EvaluationBatch(
            rules_revision=self._rules_revision,
            changes=self._changes,
            withdrawals=self._withdrawals,
            checkpoints=[self._checkpoint(sensor_id) for sensor_id in sorted(sensors)],
            message_ids=dict(self._message_ids) if complete else {},
            worst_values=self._new_worst_values() if complete else {},
            keep_requests=keep_requests(self._changes, self._profiles),
        )
        self._changes, self._withdrawals = [], []
        return batch

    def _machine_mates(self, sensor_ids: set[str]) -> set[str]:
        """Return the sensors that may keep an alert open together with others."""
        profiles = self._profiles
        machines = {profiles[one].machine_id for one in sensor_ids if one in profiles} - {""}
        return {key for key, one in profiles.items() if machines and one.machine_id in machines}

    def _checkpoint(self, sensor_id: str) -> SensorCheckpoint:
        sequence = self.sequences[sensor_id]
        checkpoint = self._engine.checkpoint(
            sensor_id, epoch=sequence.epoch, window_index=sequence.window_index
        )
        return replace(checkpoint, data_quality=self._quality.state(sensor_id))

    def _new_worst_values(self) -> dict[str, float]:
        """Return the worst values that have changed since they were last asked for."""
        worst = self._engine.worst_values()
        changed = {key: value for key, value in worst.items() if self._worst.get(key) != value}
        self._worst = worst
        return changed
