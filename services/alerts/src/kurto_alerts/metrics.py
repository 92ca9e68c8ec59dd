"""What alerts measures about itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kurto_alerts.alert_state import TransitionKind
from kurto_alerts.evaluation import Evaluation
from kurto_alerts.rules import Severity
from kurto_alerts.sequences import Offer
from kurto_service.metrics import zero_initialise

_LAG_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 600.0)
_COMMIT_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class AlertsMetrics:
    """Metrics of one alerts service.

    Parameters
    ----------
    registry : CollectorRegistry
        Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        #: Counter: values compared with the limits of a rule.
        self.evaluations = Counter(
            "kurto_alerts_evaluations", "Values compared with a rule.", registry=registry
        )
        #: Counter: frames, by what became of them.
        self.frames = Counter(
            "kurto_alerts_frames", "Frames of features.", ["outcome"], registry=registry
        )
        #: Counter: transitions that the evaluator stored, by kind.
        self.transitions = Counter(
            "kurto_alerts_transitions", "Transitions stored.", ["kind"], registry=registry
        )
        #: Gauge: open alerts, by severity.
        self.open_alerts = Gauge(
            "kurto_alerts_open_alerts", "Open alerts.", ["severity"], registry=registry
        )
        #: Histogram: seconds from the end of a window to its evaluation.
        self.lag_s = Histogram(
            "kurto_alerts_feature_lag_seconds", "Age of windows when evaluated.",
            registry=registry, buckets=_LAG_BUCKETS_S,
        )  # fmt: skip
        #: Histogram: seconds of a transaction of the evaluator.
        self.commit_s = Histogram(
            "kurto_alerts_commit_seconds", "Duration of a transaction.", registry=registry,
            buckets=_COMMIT_BUCKETS_S,
        )  # fmt: skip
        #: Gauge: when the last whole checkpoint was stored, in seconds since 1970.
        self.checkpoint_time = Gauge(
            "kurto_alerts_checkpoint_timestamp_seconds", "Time of the last whole checkpoint.",
            registry=registry,
        )  # fmt: skip
        #: Gauge: frames and messages since the start that could not be decoded.
        self.malformed = Gauge(
            "kurto_alerts_malformed_frames", "Frames that could not be decoded.", registry=registry
        )
        #: Gauge: sensors of which windows are missing at present.
        self.open_holes = Gauge(
            "kurto_alerts_open_holes", "Sensors with missing windows.", registry=registry
        )
        #: Gauge: (channel, rule) pairs that are evaluated.
        self.watches = Gauge(
            "kurto_alerts_watches", "Channels times rules evaluated.", registry=registry
        )
        #: Gauge: 1 while this process evaluates, 0 while another one does or nothing can be stored.
        self.evaluating = Gauge(
            "kurto_alerts_evaluating", "1 while this process evaluates.", registry=registry
        )
        #: Counter: failed reads, by source.
        self.read_failures = Counter(
            "kurto_alerts_read_failures", "Failed reads.", ["source"], registry=registry
        )
        #: Counter: evaluation begun again, by reason.
        self.restarts = Counter(
            "kurto_alerts_evaluation_restarts", "Evaluation begun again.", ["reason"],
            registry=registry,
        )  # fmt: skip
        #: Counter: transitions put on the live stream.
        self.published = Counter(
            "kurto_alerts_transitions_published", "Transitions published.", registry=registry
        )
        #: Counter: requests to keep samples around alarms, by what became of them.
        self.keep_requests = Counter(
            "kurto_alerts_keep_requests", "Requests to keep samples.", ["outcome"],
            registry=registry,
        )  # fmt: skip
        zero_initialise(self.keep_requests, outcome=("kept", "retried", "given_up"))
        zero_initialise(
            self.frames, outcome=[*(offer.value for offer in Offer), "filled", "skipped", "put_off"]
        )
        zero_initialise(self.transitions, kind=[kind.name for kind in TransitionKind])
        zero_initialise(self.open_alerts, severity=[level.name for level in Severity if level])
        sources = ("baselines", "diagnoses", "live", "history", "registry", "publish")
        zero_initialise(self.read_failures, source=sources)
        zero_initialise(self.restarts, reason=("store", "rules"))

    def count_evaluation(self, evaluation: Evaluation) -> None:
        """Add what an evaluation has done since the last call."""
        for outcome, count in evaluation.counts.items():
            self.frames.labels(outcome).inc(count)
        evaluation.counts.clear()
        engines = evaluation.engine.engines
        for engine in engines:
            self.evaluations.inc(engine.evaluation_count)
            engine.evaluation_count = 0
        self.watches.set(sum(engine.watch_count for engine in engines))
