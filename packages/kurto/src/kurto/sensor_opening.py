"""Open a sensor for pushing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from kurto.assets.v1 import asset_service_pb2_grpc
from kurto.credentials import Credentials
from kurto.encoding import EncodingName, SampleFormat
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.machine_data import Bearing, MachineData
from kurto.opening import StreamBuilder, StreamSettings
from kurto.process_values import ProcessValueDefinition
from kurto.progress import Progress
from kurto.sender_options import SenderOptions
from kurto.sensor_stream import Overflow, SensorStream
from kurto.sensors import Burst, SensorDeclaration


class SensorOpening:
    """The part of a client that opens sensors for pushing."""

    assets: asset_service_pb2_grpc.AssetServiceStub
    ingest: ingest_service_pb2_grpc.IngestServiceStub
    _credentials: Credentials

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
        nominal_speed_rpm: float | None = None,
        bearing: Bearing | None = None,
        machine_class: str | None = None,
        gears: Sequence[tuple[int, int]] = (),
        line_frequency_hz: float | None = None,
        demodulation_band_hz: tuple[float, float] | None = None,
        process_values: Sequence[ProcessValueDefinition] = (),
        reconfigure: bool = False,
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
        nominal_speed_rpm : float, optional
            Nameplate speed of the shaft in revolutions per minute, used where ``push`` gives no
            measured one.
        bearing : str, BearingGeometry or sequence of float, optional
            The bearing that the sensor watches: a designation such as ``"SKF 6205-2RS"``, or a
            geometry, also as ``(n, d, D)`` or ``(n, d, D, angle)`` in mm and degrees.
        machine_class : str, optional
            ``"group 1 rigid"`` to ``"group 2 flexible"`` (ISO 10816-3), or ``"class I"`` to
            ``"class IV"`` (ISO 10816-1).
        gears : sequence of (int, int)
            Teeth of the driving and the driven gear of each stage, from the shaft of the speed on.
        line_frequency_hz : float, optional
            Frequency of the mains in Hz.
        demodulation_band_hz : (float, float), optional
            Band in which the envelope is taken, in Hz.
        process_values : sequence of ProcessValueDefinition
            Slow values that ``push_values`` sends, such as the load.
        reconfigure : bool
            Whether to change a sensor that exists to what is declared here of its machine (speed,
            bearing, class, gears, mains, band, process values); needs the role engineer. Without it
            the sensor stays as it is, and a difference is logged as a warning.
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
        ValueError
            If bearing, class, gears or band are not written as described.
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
                machine=MachineData(
                    nominal_speed_rpm=nominal_speed_rpm,
                    bearing=bearing,
                    machine_class=machine_class,
                    gears=gears,
                    line_frequency_hz=line_frequency_hz,
                    demodulation_band_hz=demodulation_band_hz,
                    process_values=process_values,
                ),
                reconfigure=reconfigure,
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
