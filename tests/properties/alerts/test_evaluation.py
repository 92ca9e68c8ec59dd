"""Whatever is lost, doubled or killed, the transitions are those of an undisturbed run."""

import asyncio
from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kurto_alerts.engine import Engine
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.fakes import MemoryDatabase, MemoryEvaluation
from kurto_alerts.frames import Frame
from kurto_alerts.ports import LiveMessage
from kurto_alerts.rules import Severity
from kurto_alerts.sequences import HistoryPage
from kurto_alerts.testing import make_frame, make_rule

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = EvaluationLimits(
    backfill_windows=10_000, waiting_frames=4, longest_hole_windows=10_000, profile_patience_s=0.0
)
RULES = [
    make_rule("slow", levels={Severity.WARNING: 1.0, Severity.CRITICAL: 2.0}, pending_s=0.3,
              recovery_s=0.4),
    make_rule("quick", levels={Severity.INFO: 1.5}),
]  # fmt: skip
SENSORS = ("fan-1", "pump-7")
VALUES = st.one_of(st.sampled_from([0.5, 0.95, 1.25, 1.75, 2.5]), st.none())


class Disturbed(RuleBasedStateMachine):
    """Sensors that measure, a lossy live stream, a history, and an evaluator that is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.database = MemoryDatabase(rules={rule.rule_id: rule for rule in RULES})
        self.measured: dict[str, list[Frame]] = {sensor: [] for sensor in SENSORS}
        self.epochs = dict.fromkeys(SENSORS, 1)
        self.committed: set[tuple[str, int, int]] = set()
        self.message_count = 0
        self.evaluation = self.begin()

    def begin(self) -> Evaluation:
        state = asyncio.run(MemoryEvaluation(self.database).load())
        return Evaluation(state, LIMITS)

    @initialize()
    def first_windows(self) -> None:
        """The history of a sensor begins with what somebody heard of it."""
        for sensor in SENSORS:
            frame = self.measure(sensor, 0.5)
            self.deliver([frame])
            self.commit_features(sensor)
        self.store(complete=True)

    def measure(self, sensor: str, value: float | None) -> Frame:
        epoch = self.epochs[sensor]
        index = sum(frame.epoch == epoch for frame in self.measured[sensor])
        frame = make_frame(index, value, sensor_id=sensor, epoch=epoch)
        self.measured[sensor].append(frame)
        return frame

    def deliver(self, frames: list[Frame]) -> None:
        self.message_count += 1
        message = LiveMessage("stream", f"{self.message_count}-0", frames)
        self.evaluation.take_message(message, now_s=0.0)

    def commit_features(self, sensor: str) -> None:
        self.committed |= {
            (sensor, frame.epoch, frame.window_index) for frame in self.measured[sensor]
        }

    def store(self, *, complete: bool) -> None:
        batch = self.evaluation.take_batch(complete=complete)
        asyncio.run(MemoryEvaluation(self.database).commit(batch, now=NOW))

    def page(self, sensor: str, size: int) -> HistoryPage | None:
        sequence = self.evaluation.sequences.get(sensor)
        if sequence is None:
            return None
        epoch, after = sequence.epoch, sequence.window_index
        frames = [
            frame
            for frame in self.measured[sensor]
            if (sensor, frame.epoch, frame.window_index) in self.committed
            and frame.epoch == epoch
            and frame.window_index > after
        ]
        stored = [k for name, e, k in self.committed if (name, e) == (sensor, epoch)]
        next_index = max(stored, default=-1) + 1
        return HistoryPage(sensor, epoch, after, frames[:size], next_index, len(frames) <= size)

    @rule(sensor=st.sampled_from(SENSORS), values=st.lists(VALUES, min_size=1, max_size=8),
          lost=st.integers(0, 8), copies=st.integers(1, 2))  # fmt: skip
    def run_on(self, sensor: str, values: list[float | None], lost: int, copies: int) -> None:
        """Windows are computed; one of them may not come live, others come twice."""
        frames = [self.measure(sensor, value) for value in values]
        heard = [frame for at, frame in enumerate(frames) if at != lost]
        for _ in range(copies):
            self.deliver(heard)

    @rule(sensor=st.sampled_from(SENSORS))
    def sensor_restarts(self, sensor: str) -> None:
        """The analyzer has committed an epoch by the time the next one comes."""
        self.commit_features(sensor)
        self.epochs[sensor] += 1
        self.measure(sensor, 1.25)

    @rule(sensor=st.sampled_from(SENSORS))
    def features_are_committed(self, sensor: str) -> None:
        self.commit_features(sensor)

    @rule(sensor=st.sampled_from(SENSORS), size=st.integers(1, 5))
    def history_is_read(self, sensor: str, size: int) -> None:
        page = self.page(sensor, size)
        if page is not None:
            self.evaluation.take_page(page)

    @rule(complete=st.booleans())
    def decisions_are_stored(self, complete: bool) -> None:
        self.store(complete=complete)

    @rule()
    def evaluator_is_killed(self) -> None:
        self.evaluation = self.begin()

    @rule()
    def evaluator_is_killed_in_commit(self) -> None:
        """The transaction went through, but nobody was left to hear it."""
        self.store(complete=False)
        self.evaluation = self.begin()

    @invariant()
    def at_most_one_alert_is_open(self) -> None:
        keys = [
            (alert.sensor_id, alert.channel, alert.rule_id) for alert in self.database.open_alerts()
        ]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        """In the end all is committed and read, and nothing was lost or decided twice."""
        for sensor in SENSORS:
            self.commit_features(sensor)
            if not self.measured[sensor]:
                continue  # not even begun
            last = self.measured[sensor][-1]
            for _ in range(2 * self.epochs[sensor] + 2):
                page = self.page(sensor, 10_000)
                assert page is not None
                self.evaluation.take_page(page)
                if not page.frames:
                    self.evaluation.take_newest(sensor, last.epoch, last.window_index)
            sequence = self.evaluation.sequences[sensor]
            assert (sequence.epoch, sequence.window_index) == (last.epoch, last.window_index)
            assert not sequence.filling
        self.store(complete=True)
        found = [
            (one.alert.sensor_id, one.alert.rule_id, one.window_index, one.kind.name)
            for one in self.database.transitions
        ]
        undisturbed = Engine(RULES, {})
        expected = [
            (change.key.sensor_id, change.key.rule_id, change.window_index, change.kind.name)
            for sensor in SENSORS
            for change in undisturbed.evaluate(self.measured[sensor])
        ]
        assert sorted(found) == sorted(expected)


TestDisturbed = Disturbed.TestCase
TestDisturbed.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
