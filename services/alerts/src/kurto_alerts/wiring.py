"""Builds the service; nothing else does."""

from collections.abc import Callable, Sequence

from kurto.alerts.v1 import alert_service_pb2_grpc, rule_service_pb2_grpc
from kurto_alerts.data_quality.silence import SilenceLimits
from kurto_alerts.data_quality.wiring import wire_data_quality
from kurto_alerts.delivery.wiring import wire_delivery
from kurto_alerts.diagnoses.peers import GrpcDiagnoses
from kurto_alerts.evaluation import EvaluationLimits
from kurto_alerts.evaluator import Evaluator, EvaluatorLimits, EvaluatorPorts
from kurto_alerts.evidence.wiring import wire_evidence
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.filling import FillTimes
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeper import Keeper, KeeperLimits
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.operators.wiring import wire_operators
from kurto_alerts.peers import (
    GrpcFeatureCatalogue,
    GrpcFeatureHistory,
    GrpcRegistry,
    GrpcSampleKeeper,
)
from kurto_alerts.postgres import (
    PostgresAlerts,
    PostgresEvaluationLock,
    PostgresKeepRequests,
    PostgresProfiles,
    PostgresPublication,
    PostgresRules,
)
from kurto_alerts.publisher import Publisher, watch_open_alerts
from kurto_alerts.references.wiring import wire_baselines, wire_day_one
from kurto_alerts.registry import RegistryFollower
from kurto_alerts.rule_servicer import RuleServicer
from kurto_alerts.session import SessionLimits
from kurto_alerts.settings import AlertsSettings
from kurto_alerts.trial_wiring import Sources, wire_trials
from kurto_alerts.trials import RuleTrials
from kurto_alerts.valkey import ValkeyConnection, ValkeyLiveFeatures, ValkeyTransitionStream
from kurto_service.postgres import Pool, create_pool, migrate, ping
from kurto_service.runtime import Runtime
from kurto_service.valkey import connect

SCHEMA = "alerts"
MIGRATIONS = "kurto_alerts:migrations"
AlertsRuntime = Runtime[AlertsSettings]


async def wire(settings: AlertsSettings, runtime: AlertsRuntime) -> None:
    """Construct everything and start it."""
    pool = await _connect_postgres(settings, runtime)
    valkey = ValkeyConnection(
        lambda: connect(
            settings.valkey_url, client_name="kurto-alerts", timeout_s=settings.valkey_timeout_s
        )
    )
    runtime.push_close(valkey.close)
    # Without Valkey alerts are evaluated late, from the history, but evaluated and shown.
    runtime.add_probe("valkey", valkey.ping, services=())
    metrics = AlertsMetrics(runtime.registry)
    publisher = _publisher(settings, runtime, pool, valkey, metrics)
    keeper = _keeper(settings, runtime, pool, metrics)
    tell = wire_delivery(settings, runtime, pool)

    def committed() -> None:
        publisher.wake()
        keeper.wake()
        tell()

    baselines = wire_baselines(settings, runtime, pool, metrics)
    diagnoses = GrpcDiagnoses(
        runtime.channel(settings.analyzer_address), timeout_s=settings.peer_timeout_s
    )
    sources = Sources(baselines, diagnoses)
    evaluator = _evaluator(settings, runtime, valkey, committed, metrics=metrics, sources=sources)
    trials = wire_trials(settings, runtime, pool, sources)
    _serve(settings, runtime, pool, evaluator, publisher, trials=trials)
    follower = _follower(settings, runtime, pool, evaluator, metrics)
    runtime.spawn("publisher", publisher.run())
    runtime.spawn("keeper", keeper.run())
    runtime.spawn("registry", follower.run())
    runtime.spawn("evaluator", evaluator.run())
    wire_data_quality(settings, runtime, evaluator)
    wire_evidence(settings, runtime, pool)
    gauges = watch_open_alerts(
        PostgresAlerts(pool), metrics, runtime.clock, interval_s=settings.gauge_interval_s
    )
    runtime.spawn("gauges", gauges)


async def _connect_postgres(settings: AlertsSettings, runtime: AlertsRuntime) -> Pool:
    """Bring the schema up to date and return a pool for the calls."""
    dsn = settings.postgres_dsn
    await runtime.connect("postgresql", lambda: migrate(dsn, SCHEMA, MIGRATIONS))
    pool = await runtime.connect(
        "postgresql",
        lambda: create_pool(
            dsn,
            application_name="kurto-alerts",
            max_size=settings.pool_size,
            acquire_timeout_s=settings.acquire_timeout_s,
            command_timeout_s=settings.query_timeout_s,
            statement_cache_size=settings.postgres_statement_cache_size,
            idle_transaction_timeout_s=settings.postgres_idle_transaction_timeout_s,
        ),
    )
    runtime.push_close(pool.close)
    runtime.add_probe("postgresql", lambda: ping(pool))
    return pool


def _publisher(
    settings: AlertsSettings,
    runtime: AlertsRuntime,
    pool: Pool,
    valkey: ValkeyConnection,
    metrics: AlertsMetrics,
) -> Publisher:
    stream = ValkeyTransitionStream(
        valkey,
        runtime.clock,
        retention_s=settings.live_retention_s,
        timeout_s=settings.valkey_timeout_s,
    )
    return Publisher(
        PostgresPublication(pool),
        stream,
        clock=runtime.clock,
        metrics=metrics,
        batch_size=settings.publish_batch_size,
        poll_s=settings.publish_poll_s,
    )


def _keeper(
    settings: AlertsSettings, runtime: AlertsRuntime, pool: Pool, metrics: AlertsMetrics
) -> Keeper:
    channel = runtime.channel(settings.ingest_address)
    return Keeper(
        PostgresKeepRequests(pool),
        GrpcSampleKeeper(channel, timeout_s=settings.peer_timeout_s),
        clock=runtime.clock,
        metrics=metrics,
        limits=KeeperLimits(
            batch_size=settings.keep_batch_size,
            poll_s=settings.keep_poll_s,
            first_pause_s=settings.keep_retry_s,
            longest_pause_s=settings.keep_retry_max_s,
            give_up_s=settings.keep_give_up_s,
        ),
    )


def _follower(
    settings: AlertsSettings,
    runtime: AlertsRuntime,
    pool: Pool,
    evaluator: Evaluator,
    metrics: AlertsMetrics,
) -> RegistryFollower:
    channel = runtime.channel(settings.ingest_address)
    look_for_machines = wire_day_one(settings, runtime, pool, evaluator.rules_changed)

    def changed(profiles: Sequence[SensorProfile]) -> None:
        evaluator.profiles_changed(profiles)
        look_for_machines()

    return RegistryFollower(
        GrpcRegistry(channel, silence_s=settings.registry_silence_s),
        PostgresProfiles(pool),
        changed,
        clock=runtime.clock,
        metrics=metrics,
        longest_pause_s=settings.registry_retry_max_s,
    )


def _evaluator(
    settings: AlertsSettings,
    runtime: AlertsRuntime,
    valkey: ValkeyConnection,
    committed: Callable[[], None],
    *,
    metrics: AlertsMetrics,
    sources: Sources,
) -> Evaluator:
    decoder = FrameDecoder()
    metrics.malformed.set_function(lambda: decoder.malformed_count)
    ports = EvaluatorPorts(
        lock=PostgresEvaluationLock(
            settings.postgres_dsn,
            connect_timeout_s=settings.acquire_timeout_s,
            command_timeout_s=settings.query_timeout_s,
        ),
        live=ValkeyLiveFeatures(
            valkey,
            decoder,
            block_ms=settings.read_block_ms,
            message_count=settings.read_message_count,
            timeout_s=settings.valkey_timeout_s,
        ),
        history=GrpcFeatureHistory(
            runtime.channel(settings.analyzer_address),
            decoder,
            page_size=settings.fill_page_size,
            timeout_s=settings.peer_timeout_s,
        ),
        streams=settings.feature_streams,
        committed=committed,
        tracks=sources.baselines.book.make_track,
        diagnoses=sources.diagnoses,
        prepare=sources.baselines.load,
    )
    return Evaluator(ports, evaluator_limits(settings), runtime.clock, metrics)


def evaluator_limits(settings: AlertsSettings) -> EvaluatorLimits:
    """Return the bounds of evaluation that the settings ask for."""
    return EvaluatorLimits(
        evaluation=EvaluationLimits(
            backfill_windows=settings.backfill_windows,
            waiting_frames=settings.waiting_frames,
            longest_hole_windows=settings.longest_hole_windows,
            profile_patience_s=settings.profile_patience_s,
            silence=SilenceLimits(
                recovery_s=settings.silence_recovery_s,
                nothing_s=settings.delivery_patience_s,
                longest_pause_s=settings.peer_timeout_s + 2 * settings.stream_poll_s,
            ),
        ),
        fill=FillTimes(
            retry_s=settings.fill_retry_s,
            poll_s=settings.poll_s,
            longest_poll_s=settings.longest_poll_s,
        ),
        session=SessionLimits(
            inbox_size=settings.inbox_size,
            commit_items=settings.commit_items,
            fill_concurrency=settings.fill_concurrency,
            checkpoint_interval_s=settings.checkpoint_interval_s,
            rules_interval_s=settings.rules_interval_s,
            tick_s=settings.tick_s,
            diagnosis_poll_s=settings.diagnosis_poll_s,
        ),
        standby_s=settings.standby_s,
        longest_restart_s=settings.restart_max_s,
    )


def _serve(
    settings: AlertsSettings,
    runtime: AlertsRuntime,
    pool: Pool,
    evaluator: Evaluator,
    publisher: Publisher,
    *,
    trials: RuleTrials,
) -> None:
    """Serve rules and alerts."""

    def rules_changed() -> None:
        evaluator.rules_changed()
        publisher.wake()

    catalogue = GrpcFeatureCatalogue(
        runtime.channel(settings.analyzer_address),
        runtime.clock,
        lifetime_s=settings.catalogue_lifetime_s,
        timeout_s=settings.peer_timeout_s,
    )
    rules = RuleServicer(
        PostgresRules(pool),
        catalogue,
        runtime.clock,
        trials,
        rules_changed,
    )
    alerts = wire_operators(settings, runtime, pool, publisher.wake)
    runtime.add_servicer(
        rule_service_pb2_grpc.add_RuleServiceServicer_to_server,
        rules,
        "kurto.alerts.v1.RuleService",
    )
    runtime.add_servicer(
        alert_service_pb2_grpc.add_AlertServiceServicer_to_server,
        alerts,
        "kurto.alerts.v1.AlertService",
    )
