"""The client: one connection to kurto."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import grpc

from kurto.alerts.v1 import (
    alert_service_pb2,
    alert_service_pb2_grpc,
    alerts_pb2,
    notification_service_pb2_grpc,
    rule_service_pb2_grpc,
)
from kurto.analyzer.v1 import feature_service_pb2, feature_service_pb2_grpc
from kurto.assets.v1 import asset_service_pb2_grpc
from kurto.calls import answer
from kurto.credentials import Credentials, Metadata, Token
from kurto.frames import Frame, frame_from_proto
from kurto.gateway.v1 import live_service_pb2, live_service_pb2_grpc
from kurto.ingest.v1 import ingest_service_pb2_grpc, stream_control_service_pb2_grpc
from kurto.live import follow
from kurto.reading import SampleReading
from kurto.sensor_opening import SensorOpening


class Client(SampleReading, SensorOpening):
    """Calls kurto's services over one channel; made by :func:`connect`.

    The generated stubs are attributes, for everything that has no helper here.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Where to call; not closed by the client.
    token : str or callable, optional
        Bearer token sent with every helper's calls, or a function that returns the present one.
    """

    def __init__(self, channel: grpc.aio.Channel, *, token: Token | None = None) -> None:
        self._credentials = Credentials(token)
        self.assets = asset_service_pb2_grpc.AssetServiceStub(channel)
        self.ingest = ingest_service_pb2_grpc.IngestServiceStub(channel)
        self.stream_control = stream_control_service_pb2_grpc.StreamControlServiceStub(channel)
        self.features = feature_service_pb2_grpc.FeatureServiceStub(channel)
        self.rules = rule_service_pb2_grpc.RuleServiceStub(channel)
        self.notifications = notification_service_pb2_grpc.NotificationServiceStub(channel)
        self.alerts = alert_service_pb2_grpc.AlertServiceStub(channel)
        self.live = live_service_pb2_grpc.LiveServiceStub(channel)

    @property
    def metadata(self) -> Metadata:
        """Metadata for a call of one's own, made now."""
        return self._credentials.metadata()

    async def latest_features(self, sensor_id: str, *, timeout_s: float = 5.0) -> Frame:
        """Return the newest frame of a sensor.

        Raises
        ------
        CallError
            ``NOT_FOUND`` with reason ``UNKNOWN_SENSOR`` or ``NO_FEATURES_YET``, or a broken
            connection.
        """
        request = feature_service_pb2.GetLatestFeaturesRequest(sensor_id=sensor_id)
        response = await answer(
            self.features.GetLatestFeatures(request, metadata=self.metadata, timeout=timeout_s)
        )
        return frame_from_proto(response.frame)

    async def list_features(
        self,
        sensor_id: str,
        *,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        feature_names: Sequence[str] = (),
        timeout_s: float = 30.0,
    ) -> AsyncIterator[Frame]:
        """Yield stored frames of a sensor, oldest first.

        Parameters
        ----------
        sensor_id : str
            Sensor in question.
        start_time, end_time : datetime with a zone, optional
            Windows that start at or after the first and before the second.
        feature_names : sequence of str
            Features that frames shall hold; empty: all.
        timeout_s : float
            How long one page may take, in seconds.
        """
        request = feature_service_pb2.ListFeaturesRequest(
            sensor_id=sensor_id, feature_names=feature_names, page_size=1000
        )
        if start_time is not None:
            request.start_time.FromDatetime(start_time)
        if end_time is not None:
            request.end_time.FromDatetime(end_time)
        while True:
            page = await answer(
                self.features.ListFeatures(request, metadata=self.metadata, timeout=timeout_s)
            )
            for proto in page.frames:
                yield frame_from_proto(proto)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def active_alerts(
        self, sensor_id: str = "", *, timeout_s: float = 5.0
    ) -> list[alerts_pb2.Alert]:
        """Return the open alerts of a sensor, or of all, the most severe first.

        Those that are shelved, suppressed by design or out of service are left out; ask
        ``client.alerts.ListActiveAlerts`` with ``set_aside`` for them.
        """
        request = alert_service_pb2.ListActiveAlertsRequest(sensor_id=sensor_id, page_size=1000)
        alerts: list[alerts_pb2.Alert] = []
        while True:
            page = await answer(
                self.alerts.ListActiveAlerts(request, metadata=self.metadata, timeout=timeout_s)
            )
            alerts.extend(page.alerts)
            if not page.next_page_token:
                return alerts
            request.page_token = page.next_page_token

    async def acknowledge_alert(
        self,
        alert_id: str,
        *,
        user: str,
        comment: str = "",
        revision: int = 0,
        timeout_s: float = 5.0,
    ) -> alerts_pb2.Alert:
        """Acknowledge an open alert and return it.

        Raises
        ------
        CallError
            ``ABORTED`` if somebody was faster or the alert has changed since ``revision``.
        """
        request = alert_service_pb2.AcknowledgeAlertRequest(
            alert_id=alert_id, user=user, comment=comment, revision=revision
        )
        response = await answer(
            self.alerts.AcknowledgeAlert(request, metadata=self.metadata, timeout=timeout_s)
        )
        return response.alert

    def subscribe(
        self,
        *,
        sensor_ids: Sequence[str] = (),
        feature_names: Sequence[str] = (),
        alerts: bool = True,
        stream_status: bool = False,
        cursor: str = "",
    ) -> AsyncIterator[live_service_pb2.SubscribeResponse]:
        """Yield live events for ever; reconnects and resumes by cursor.

        Heartbeats are left out. See ``LiveService.Subscribe`` for the events.
        """
        request = live_service_pb2.SubscribeRequest(
            sensor_ids=sensor_ids,
            feature_names=feature_names,
            include_alerts=alerts,
            include_stream_status=stream_status,
            cursor=cursor,
        )
        return follow(self.live, request, self._credentials)
