"""Constructs the gateway: the only place that does."""

from __future__ import annotations

import asyncio
import logging

import grpc

from kurto.gateway.v1 import session_service_pb2_grpc
from kurto_gateway.contract import Owner, owner_of, public_services
from kurto_gateway.delivery import Delivery, observe_queues
from kurto_gateway.http_server import create_app, serve_http
from kurto_gateway.live.fanout import Fanout
from kurto_gateway.live.feature_log import FeatureLog
from kurto_gateway.live.outbox import OutboxLimits
from kurto_gateway.live.stream_board import StreamBoard
from kurto_gateway.live.transition_log import TransitionLog
from kurto_gateway.metrics import GatewayMetrics
from kurto_gateway.peer_health import PeerHealth
from kurto_gateway.peers import GrpcAlertSource, GrpcStateSource
from kurto_gateway.ports import AlertSource, StateSource
from kurto_gateway.readers import Feed, ReadIntervals
from kurto_gateway.servicer import (
    LIVE_SERVICE,
    SESSION_SERVICE,
    LiveServicer,
    SessionServicer,
    add_live_service,
)
from kurto_gateway.settings import GatewaySettings
from kurto_gateway.sse import LiveEvents
from kurto_gateway.static_files import Dashboard
from kurto_gateway.subscription import SubscriptionFactory
from kurto_gateway.valkey import ValkeyStreams
from kurto_service.access import authenticator_for
from kurto_service.runtime import Runtime

__all__ = ["wire"]

_LOG = logging.getLogger(__name__)
Channels = dict[Owner, grpc.aio.Channel]


async def wire(settings: GatewaySettings, runtime: Runtime[GatewaySettings]) -> None:
    """Build the gateway; nothing that it depends on has to be up."""
    channels: Channels = {
        "ingest": runtime.channel(settings.ingest_address),
        "analyzer": runtime.channel(settings.analyzer_address),
        "alerts": runtime.channel(settings.alerts_address),
    }
    streams = ValkeyStreams(settings.valkey_url)
    runtime.push_close(streams.aclose)
    runtime.add_probe("valkey", streams.ping, [LIVE_SERVICE])
    alerts = GrpcAlertSource(
        channels["alerts"], timeout_s=settings.peer_timeout_s, max_alerts=settings.max_sensors
    )
    states = GrpcStateSource(
        channels["ingest"], timeout_s=settings.peer_timeout_s, max_sensors=settings.max_sensors
    )
    metrics = GatewayMetrics(runtime.registry)
    fanout = _fanout(settings)
    _feed(
        settings=settings, runtime=runtime, fanout=fanout, streams=streams, alerts=alerts,
        states=states, metrics=metrics,
    )  # fmt: skip
    delivery = _delivery(
        settings=settings, runtime=runtime, fanout=fanout, streams=streams, alerts=alerts,
        metrics=metrics,
    )  # fmt: skip
    await _serve(settings, runtime, delivery)
    _answer_for_peers(runtime, channels)

    async def drain() -> None:
        fanout.drain()

    runtime.on_drain(drain)


def _fanout(settings: GatewaySettings) -> Fanout:
    return Fanout(
        features=FeatureLog(
            max_bytes=settings.recent_feature_bytes, max_sensors=settings.max_sensors
        ),
        transitions=TransitionLog(
            max_bytes=settings.recent_transition_bytes,
            max_snapshot_alerts=settings.max_snapshot_alerts,
        ),
        streams=StreamBoard(max_sensors=settings.max_sensors),
        max_subscribers=settings.max_subscribers,
    )


def _feed(
    *,
    settings: GatewaySettings,
    runtime: Runtime[GatewaySettings],
    fanout: Fanout,
    streams: ValkeyStreams,
    alerts: AlertSource,
    states: StateSource,
    metrics: GatewayMetrics,
) -> None:
    intervals = ReadIntervals(
        alerts=settings.alert_check_interval_s,
        states=settings.state_refresh_interval_s,
        degraded=settings.degraded_poll_interval_s,
    )
    feed = Feed(
        fanout=fanout,
        streams=streams,
        alerts=alerts,
        states=states,
        intervals=intervals,
        metrics=metrics,
        clock=runtime.clock,
    )
    for name, run in feed.tasks().items():
        runtime.spawn(name, run())
    runtime.spawn("queue observer", observe_queues(fanout, metrics, runtime.clock))


def _delivery(
    *,
    settings: GatewaySettings,
    runtime: Runtime[GatewaySettings],
    fanout: Fanout,
    streams: ValkeyStreams,
    alerts: AlertSource,
    metrics: GatewayMetrics,
) -> Delivery:
    subscriptions = SubscriptionFactory(
        fanout=fanout,
        streams=streams,
        alerts=alerts,
        clock=runtime.clock,
        limits=OutboxLimits(
            feature_bytes=settings.queue_feature_bytes,
            transition_bytes=settings.queue_transition_bytes,
            event_bytes=settings.event_bytes,
        ),
        heartbeat_interval_s=settings.heartbeat_interval_s,
        max_missed_transitions=settings.max_missed_transitions,
        replays=asyncio.Semaphore(settings.max_parallel_replays),
        on_conflated=metrics.conflated_frames.inc,
        on_overflow=metrics.overflowed_streams.inc,
    )
    return Delivery(
        subscriptions=subscriptions,
        metrics=metrics,
        clock=runtime.clock,
        write_timeout_s=settings.write_timeout_s,
    )


async def _serve(
    settings: GatewaySettings, runtime: Runtime[GatewaySettings], delivery: Delivery
) -> None:
    authenticator = authenticator_for(settings, runtime.clock)
    runtime.add_servicer(add_live_service, LiveServicer(delivery, authenticator), LIVE_SERVICE)
    runtime.add_servicer(
        session_service_pb2_grpc.add_SessionServiceServicer_to_server,
        SessionServicer(),
        SESSION_SERVICE,
    )
    app = create_app(
        live=LiveEvents(delivery, authenticator),
        dashboard=Dashboard(settings.dashboard_directory),
        health=runtime.health,
    )
    port = await runtime.enter(serve_http(app, settings.host, settings.http_port))
    extra = {"action": "listen_http", "host": settings.host, "http_port": port}
    _LOG.info("Listening for HTTP", extra=extra)


def _answer_for_peers(runtime: Runtime[GatewaySettings], channels: Channels) -> None:
    """List the services of the other processes by reflection, and answer for their health."""
    for descriptor in public_services():
        name = descriptor.full_name
        owner = owner_of(name)
        if owner not in channels:
            continue
        runtime.add_servicer(_served_elsewhere, None, name)
        peer = PeerHealth(channels[owner], name, runtime.clock)
        runtime.add_probe(name, peer.check, [name])
        runtime.spawn(f"health of {name}", peer.run())


def _served_elsewhere(_: object, server: object) -> None:
    """Register nothing: Envoy sends the calls to their owner."""
