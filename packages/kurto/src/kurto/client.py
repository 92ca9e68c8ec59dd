"""The client: one connection to kurto."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import grpc

from kurto.alerts.v1 import (
    alert_service_pb2,
    alert_service_pb2_grpc,
    alerts_pb2,
    rule_service_pb2_grpc,
)
from kurto.analyzer.v1 import feature_service_pb2, feature_service_pb2_grpc
from kurto.assets.v1 import asset_service_pb2_grpc
from kurto.calls import answer
from kurto.credentials import Credentials, Metadata, Token
from kurto.encoding import EncodingName, SampleFormat
from kurto.frames import Frame, frame_from_proto
from kurto.gateway.v1 import live_service_pb2, live_service_pb2_grpc
from kurto.ingest.v1 import ingest_service_pb2_grpc, stream_control_service_pb2_grpc
from kurto.live import follow
from kurto.opening import StreamBuilder, StreamSettings
from kurto.progress import Progress
from kurto.reading import SampleReading
from kurto.sender_options import SenderOptions
from kurto.sensor_stream import Overflow, SensorStream
from kurto.sensors import Burst, SensorDeclaration


class Client(SampleReading):
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
        self.alerts = alert_service_pb2_grpc.AlertServiceStub(channel)
        self.live = live_service_pb2_grpc.LiveServiceStub(channel)

    @property
    def metadata(self) -> Metadata:
        """Metadata for a call of one's own, made now."""
        return self._credentials.metadata()

    @asynccontextmanager
    async def open_sensor(
        self,
        sensor_id: str,
        *,
        sample_rate_hz: float,
        channels: Sequence[str],
        unit: str,
        encoding: EncodingName = "f32",
        scale: float | None = None,
        machine_id: str = "",
        display_name: str = "",
        tags: Sequence[str] = (),
        full_scale: float | None = None,
        burst: Burst | None = None,
        start_time: datetime | None = None,
        boot_id: str | None = None,
        takeover: bool = False,
        buffer_s: float = 60.0,
        buffer_directory: Path | str | None = None,
        overflow: Overflow | None = None,
        close_timeout_s: float = 30.0,
        on_progress: Callable[[Progress], None] | None = None,
        options: SenderOptions | None = None,
    ) -> AsyncIterator[SensorStream]:
        """Open a sensor for pushing, created if it does not exist.

        Parameters
        ----------
        sensor_id : str
            Id of the sensor.
        sample_rate_hz : float
            Nominal sample rate in Hz.
        channels : sequence of str
            Channel names in the order of the rows that are pushed.
        unit : {"g", "m/s2"}
            Unit of the samples.
        encoding : {"f32", "i16", "i24"}
            How samples travel and are stored.
        scale : float, optional
            Unit per integer step, for the integer encodings.
        machine_id, display_name, tags, full_scale
            For a sensor that is created now; see :class:`SensorDeclaration`.
        burst : Burst, optional
            For sensors that sleep between bursts.
        start_time : datetime with a zone, optional
            Time of sample 0, for recordings; without it the epoch begins now.
        boot_id : str, optional
            Names one run of the converter; give the same to resume its epoch after a restart of
            this program. Without it a new epoch begins.
        takeover : bool
            Whether to replace another live sender of the sensor.
        buffer_s : float
            Seconds of samples kept in memory until they are acknowledged.
        buffer_directory : Path or str, optional
            Keeps samples in this directory too, until they are acknowledged: for hours offline,
            and through a crash of this program. What earlier runs left there is uploaded beside
            the live samples. The service need not be there when the sensor is opened.
        overflow : {"wait", "drop_oldest", "raise"}, optional
            What ``push`` does when the buffer is full; without it, it waits, and with a
            ``buffer_directory`` it drops the oldest samples.
        close_timeout_s : float
            How long leaving the block waits for the last acknowledgment, in seconds.
        on_progress : callable, optional
            Called with :class:`Progress` on the event loop when the state changes, and regularly.
        options : SenderOptions, optional
            Time and size limits of the connection and the buffers.

        Yields
        ------
        SensorStream
            Where to push. Leaving the block waits until all samples are durable.

        Raises
        ------
        CallError
            If the service refuses, such as ``SENSOR_IN_USE``.
        ConfigurationMismatchError
            If the sensor exists with another configuration.
        BufferDirectoryError
            If ``buffer_directory`` is in use by another stream or cannot be written.
        """
        builder = StreamBuilder(
            self.assets,
            self.ingest,
            credentials=self._credentials,
            sample_format=SampleFormat(encoding, scale),
            declaration=SensorDeclaration(
                sensor_id=sensor_id,
                sample_rate_hz=sample_rate_hz,
                channels=channels,
                unit=unit,
                machine_id=machine_id,
                display_name=display_name,
                tags=tags,
                full_scale=full_scale,
                burst=burst,
            ),
            settings=StreamSettings(
                start_time=start_time,
                boot_id=boot_id,
                takeover=takeover,
                buffer_s=buffer_s,
                buffer_directory=None if buffer_directory is None else Path(buffer_directory),
                overflow=overflow,
                close_timeout_s=close_timeout_s,
                on_progress=on_progress,
                options=options or SenderOptions(),
            ),
        )
        async with await builder.build() as stream:
            yield stream

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
        """Return the open alerts of a sensor, or of all, the most severe first."""
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
