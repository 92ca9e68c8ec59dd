"""Answers of FeatureService: newest frames, stored frames, spectra, definitions."""

from __future__ import annotations

import asyncio

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1 import features_pb2, spectrum_pb2
from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto_analyzer.cursors import read_page_token, write_page_token
from kurto_analyzer.exceptions import (
    InvalidField,
    LiveStreamUnavailable,
    NoFeaturesYet,
    UnknownChannel,
    UnknownFeature,
)
from kurto_analyzer.frames import (
    Frame,
    bound_us,
    fill_message,
    frame_message,
    timestamp,
    unpack_frames,
)
from kurto_analyzer.open_sensors import OpenSensor, OpenSensors
from kurto_analyzer.ports import FeatureStore, FrameQuery, LiveFeatures
from kurto_analyzer.sensor_spec import SensorSpec, is_identifier
from kurto_dsp import (
    AccelerationUnit,
    Quantity,
    Spectrum,
    SpectrumKind,
    compute_spectrum,
    feature_catalogue,
)
from kurto_service.clock import Clock

__all__ = ["FeatureReader"]

_DEFAULT_PAGE, _LARGEST_PAGE = 600, 6000
_LARGEST_EPOCH = 2**31 - 1  # as stored
_FRAMES_PER_TURN = 100  # built into messages without a pause
_SCALING = spectrum_pb2.SpectrumScaling
_KINDS = {
    _SCALING.SPECTRUM_SCALING_UNSPECIFIED: SpectrumKind.PEAK,
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK: SpectrumKind.PEAK,
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_RMS: SpectrumKind.RMS,
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK_TO_PEAK: SpectrumKind.PEAK_TO_PEAK,
    _SCALING.SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY: SpectrumKind.POWER_DENSITY,
}


class FeatureReader:
    """Reads features from memory, Valkey and the store, in this order.

    Parameters
    ----------
    sensors : OpenSensors
        What is being analysed here.
    live : LiveFeatures
        Newest frames, also of other analyzers.
    store : FeatureStore
        All frames.
    clock : Clock
        Tells the time to those who judge the age of a frame.
    """

    def __init__(
        self, sensors: OpenSensors, live: LiveFeatures, store: FeatureStore, clock: Clock
    ) -> None:
        self._sensors = sensors
        self._live = live
        self._store = store
        self._clock = clock
        self._definitions = _definitions()
        self._names = frozenset(definition.name for definition in self._definitions)

    async def latest(self, sensor_id: str) -> pb.GetLatestFeaturesResponse:
        """Return the newest frame of a sensor.

        Raises
        ------
        NoFeaturesYet
            Before the first window.
        """
        _require_sensor_id(sensor_id)
        frame = await self._newest(sensor_id)
        if frame is None:
            raise NoFeaturesYet(sensor_id=sensor_id)
        now = Timestamp()
        now.FromDatetime(self._clock.now())
        return pb.GetLatestFeaturesResponse(frame=frame_message(frame), server_time=now)

    async def list_page(self, request: pb.ListFeaturesRequest) -> pb.ListFeaturesResponse:
        """Return one page of stored frames.

        Raises
        ------
        InvalidField, UnknownFeature, InvalidCursor
            When the request cannot be answered.
        """
        self._check(request)
        size = request.page_size or _DEFAULT_PAGE
        query = FrameQuery(
            sensor_id=request.sensor_id,
            limit=size + 1,
            start_us=bound_us(request.start_time) if request.HasField("start_time") else None,
            end_us=bound_us(request.end_time) if request.HasField("end_time") else None,
            epoch=request.epoch,
            after_window_index=(
                request.after_window_index if request.HasField("after_window_index") else None
            ),
            after=read_page_token(request),
        )
        response = pb.ListFeaturesResponse()
        if request.epoch:
            # Read before the frames: whatever lies below it is then among them, if it exists.
            response.next_window_index = await self._store.next_window_index(
                request.sensor_id, request.epoch
            )
        frames = await self._store.list_frames(query)
        if len(frames) > size:
            last = frames[size - 1]
            key = (last.start_us, last.epoch, last.window_index)
            response.next_page_token = write_page_token(request, key)
        await self._fill(response, frames[:size], frozenset(request.feature_names) or None)
        return response

    def spectrum(self, request: pb.GetSpectrumRequest) -> spectrum_pb2.Spectrum:
        """Return the spectrum of a channel over the newest window.

        Raises
        ------
        NoFeaturesYet, UnknownChannel, InvalidField
            When there is no such window or channel.
        """
        _require_sensor_id(request.sensor_id)
        if request.scaling not in _KINDS:
            raise InvalidField(
                "Unknown scaling: allowed is AMPLITUDE_PEAK, AMPLITUDE_RMS, "
                "AMPLITUDE_PEAK_TO_PEAK or POWER_SPECTRAL_DENSITY.",
                field="scaling",
            )
        sensor = self._sensors.newest_epoch(request.sensor_id)
        if sensor is None:
            raise NoFeaturesYet(
                f"Sensor {request.sensor_id} is not being analysed here: check its id, and that "
                "it is sending and monitored.",
                sensor_id=request.sensor_id,
            )
        return _spectrum(sensor, request)

    def definitions(self) -> tuple[features_pb2.FeatureDefinition, ...]:
        """Return the features that exist, in the order of frames' columns."""
        return self._definitions

    async def _newest(self, sensor_id: str) -> Frame | None:
        sensor = self._sensors.newest_epoch(sensor_id)
        if sensor is not None and sensor.newest is not None and not sensor.newest.late:
            return sensor.newest
        try:
            cached = await self._live.latest(sensor_id)
        except LiveStreamUnavailable:
            cached = None  # the store has it too
        if cached is not None:
            return unpack_frames(FeatureBatch.FromString(cached))[0]
        return await self._store.newest_frame(sensor_id)

    def _check(self, request: pb.ListFeaturesRequest) -> None:
        _require_sensor_id(request.sensor_id)
        if not 0 <= request.page_size <= _LARGEST_PAGE:
            raise InvalidField(
                f"page_size must be 0 to {_LARGEST_PAGE}, got {request.page_size}.",
                field="page_size",
            )
        if not 0 <= request.epoch <= _LARGEST_EPOCH:
            raise InvalidField(
                f"epoch must be 0 to {_LARGEST_EPOCH}, got {request.epoch}.", field="epoch"
            )
        if request.HasField("after_window_index") and not request.epoch:
            raise InvalidField(
                "after_window_index counts the windows of one epoch: name the epoch too.",
                field="epoch",
            )
        for name in request.feature_names:
            if name not in self._names:
                raise UnknownFeature(feature=name)

    async def _fill(
        self, response: pb.ListFeaturesResponse, frames: list[Frame], wanted: frozenset[str] | None
    ) -> None:
        for first in range(0, len(frames), _FRAMES_PER_TURN):
            part = frames[first : first + _FRAMES_PER_TURN]
            for frame in part:
                fill_message(response.frames.add(), frame, wanted)
            await asyncio.sleep(0)


def _spectrum(sensor: OpenSensor, request: pb.GetSpectrumRequest) -> spectrum_pb2.Spectrum:
    spec = sensor.track.spec
    row = _channel_row(spec, request.channel)
    newest = sensor.track.newest_samples()
    if newest is None:
        raise NoFeaturesYet(
            f"Sensor {spec.sensor_id} has no complete window without gap at the moment: "
            "ask again in a second.",
            sensor_id=spec.sensor_id,
        )
    window_index, samples = newest
    kind = _KINDS[request.scaling]
    spectrum = compute_spectrum(
        samples[row], sample_rate_hz=spec.geometry.sample_rate_hz, kind=kind
    )
    return spectrum_pb2.Spectrum(
        sensor_id=spec.sensor_id,
        channel=spec.channels[row],
        epoch=spec.epoch,
        window_index=window_index,
        start_time=timestamp(spec.geometry.window_start_us(window_index)),
        frequency_step_hz=spectrum.resolution_hz,
        scaling=request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK,
        unit=kind.unit(spec.units[row]),
        window_function="hann",
        lines=_lines(spec, row, spectrum),
        kind=spectrum_pb2.SPECTRUM_KIND_VIBRATION,
        step=spectrum.resolution_hz,
        step_unit="Hz",
        average_count=1,
        first_index=window_index * spec.geometry.hop_samples,
        sample_count=samples.shape[1],
        sample_rate_hz=spec.geometry.sample_rate_hz,
    )


def _channel_row(spec: SensorSpec, channel: str) -> int:
    if not channel:
        return 0
    if channel not in spec.channels:
        names = ", ".join(spec.channels)
        raise UnknownChannel(sensor_id=spec.sensor_id, channel=channel, channels=names)
    return spec.channels.index(channel)


def _lines(spec: SensorSpec, row: int, spectrum: Spectrum) -> list[float]:
    lines = spectrum.values[0].astype(np.float32)
    if not np.isfinite(lines).all():
        channel = spec.channels[row]
        raise NoFeaturesYet(
            f"Channel {channel} of sensor {spec.sensor_id} has no spectrum: its newest window is "
            "too short or holds samples that are not finite.",
            sensor_id=spec.sensor_id,
            channel=channel,
        )
    return [float(line) for line in lines.tolist()]


def _definitions() -> tuple[features_pb2.FeatureDefinition, ...]:
    return tuple(
        features_pb2.FeatureDefinition(
            name=definition.name,
            unit=(
                "acceleration"
                if definition.quantity is Quantity.ACCELERATION
                else definition.unit(AccelerationUnit.G) or "1"
            ),
            description=definition.description,
        )
        for definition in feature_catalogue()
    )


def _require_sensor_id(sensor_id: str) -> None:
    if not is_identifier(sensor_id):
        raise InvalidField(
            "sensor_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", field="sensor_id"
        )
