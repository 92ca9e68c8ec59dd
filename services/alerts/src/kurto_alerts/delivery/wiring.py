"""Builds delivery; called by the wiring of the service."""

import ssl
from collections.abc import Callable

from kurto.alerts.v1 import notification_service_pb2_grpc
from kurto_alerts.delivery.dispatcher import Dispatcher, DispatchLimits, sweep
from kurto_alerts.delivery.listener import listen
from kurto_alerts.delivery.mail import MailSender
from kurto_alerts.delivery.metrics import DeliveryMetrics
from kurto_alerts.delivery.policy import Mail, Webhook
from kurto_alerts.delivery.ports import Patience
from kurto_alerts.delivery.postgres_configuration import PostgresConfiguration
from kurto_alerts.delivery.postgres_notifications import PostgresNotifications
from kurto_alerts.delivery.postgres_planning import PostgresPlanning
from kurto_alerts.delivery.postgres_sites import PostgresSites
from kurto_alerts.delivery.servicer import NotificationServicer
from kurto_alerts.delivery.sites import follow_sites
from kurto_alerts.delivery.webhook import WebhookSender
from kurto_alerts.settings import AlertsSettings
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime

SWEEP_ROWS = 1000
SITES_S = 60.0


def wire_delivery(
    settings: AlertsSettings, runtime: Runtime[AlertsSettings], pool: Pool
) -> Callable[[], None]:
    """Start delivery and serve its RPCs; return what wakes it."""
    notifications = PostgresNotifications(pool)
    dispatcher = _dispatcher(settings, runtime, pool, notifications)
    servicer = NotificationServicer(
        PostgresConfiguration(pool), notifications, dispatcher.attempt, runtime.clock
    )
    runtime.add_servicer(
        notification_service_pb2_grpc.add_NotificationServiceServicer_to_server,
        servicer,
        "kurto.alerts.v1.NotificationService",
    )
    runtime.spawn("delivery", dispatcher.run())
    listening = listen(
        settings.postgres_dsn,
        dispatcher.wake,
        runtime.clock,
        timeout_s=settings.query_timeout_s,
        pause_s=settings.delivery_poll_s,
    )
    runtime.spawn("outbox listener", listening)
    sweeping = sweep(
        notifications,
        runtime.clock,
        interval_s=settings.notification_sweep_s,
        keep_s=settings.notification_keep_s,
        limit=SWEEP_ROWS,
    )
    runtime.spawn("notification log", sweeping)
    sites = follow_sites(
        runtime.channel(settings.ingest_address),
        PostgresSites(pool),
        runtime.clock,
        interval_s=SITES_S,
        timeout_s=settings.peer_timeout_s,
    )
    runtime.spawn("sites", sites)
    return dispatcher.wake


def _dispatcher(
    settings: AlertsSettings,
    runtime: Runtime[AlertsSettings],
    pool: Pool,
    notifications: PostgresNotifications,
) -> Dispatcher:
    tls = ssl.create_default_context()
    if settings.delivery_ca_file is not None:
        tls.load_verify_locations(settings.delivery_ca_file)
    webhooks = WebhookSender(
        runtime.clock,
        timeout_s=settings.delivery_timeout_s,
        private_addresses=settings.webhook_private_addresses,
        tls=tls,
    )
    runtime.push_close(webhooks.close)
    return Dispatcher(
        PostgresPlanning(pool),
        notifications,
        {Webhook: webhooks, Mail: MailSender(timeout_s=settings.delivery_timeout_s, tls=tls)},
        clock=runtime.clock,
        metrics=DeliveryMetrics(runtime.registry),
        limits=DispatchLimits(
            poll_s=settings.delivery_poll_s,
            concurrency=settings.delivery_concurrency,
            per_receiver=settings.delivery_per_receiver,
            lease_s=settings.delivery_timeout_s * 2 + settings.query_timeout_s,
            patience=Patience(
                first_pause_s=settings.delivery_retry_s,
                longest_pause_s=settings.delivery_retry_max_s,
                alarm_attempts=settings.delivery_alarm_attempts,
                give_up_s=settings.delivery_give_up_s,
            ),
        ),
    )
