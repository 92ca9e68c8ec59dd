"""Answers of FeatureService about long windows: diagnoses and features, stored and on request."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto_analyzer.cursors import (
    read_diagnosis_token,
    read_page_token,
    write_diagnosis_token,
    write_page_token,
)
from kurto_analyzer.exceptions import InvalidField, NoDiagnosisYet, NoLongWindow, UnknownFeature
from kurto_analyzer.frames import bound_us
from kurto_analyzer.long_windows.analysis import bearing_problem, machine_of, what_is_missing
from kurto_analyzer.long_windows.messages import FAULTS, diagnosis_message, long_features_message
from kurto_analyzer.long_windows.ports import LongResultStore
from kurto_analyzer.long_windows.results import DiagnosisQuery, LongFeatureQuery
from kurto_analyzer.long_windows.worker import LongWindowWorker
from kurto_analyzer.open_sensors import OpenSensor, OpenSensors
from kurto_analyzer.sensor_spec import is_identifier
from kurto_dsp.diagnosis import LONG_WINDOW_NAMES
from kurto_service.clock import Clock

__all__ = ["DiagnosisReader"]

_DEFAULT_DIAGNOSES, _MOST_DIAGNOSES = 100, 1000
_DEFAULT_WINDOWS, _MOST_WINDOWS = 600, 6000
_BY_NUMBER = {int(number): fault for fault, number in FAULTS.items()}
_ListRequest = pb.ListDiagnosesRequest | pb.ListLongFeaturesRequest


class DiagnosisReader:
    """Reads diagnoses and features of long windows, and has them made on request.

    Parameters
    ----------
    sensors : OpenSensors
        What is being analysed here.
    store : LongResultStore
        All results.
    worker : LongWindowWorker
        Makes new ones.
    clock : Clock
        Tells the time to those who judge the age of a diagnosis.
    """

    def __init__(
        self, sensors: OpenSensors, store: LongResultStore, worker: LongWindowWorker, clock: Clock
    ) -> None:
        self._sensors = sensors
        self._store = store
        self._worker = worker
        self._clock = clock

    async def newest(self, sensor_id: str) -> pb.GetDiagnosisResponse:
        """Return the newest diagnosis of each channel.

        Raises
        ------
        InvalidField
            When the id cannot be one.
        NoDiagnosisYet
            With what to do.
        """
        _require_sensor_id(sensor_id)
        diagnoses = await self._store.newest_diagnoses(sensor_id)
        if not diagnoses:
            raise NoDiagnosisYet(sensor_id=sensor_id, problem=self._problem(sensor_id))
        now = Timestamp()
        now.FromDatetime(self._clock.now())
        messages = [diagnosis_message(one) for one in diagnoses]
        sensor = self._sensors.newest_epoch(sensor_id)
        return pb.GetDiagnosisResponse(
            diagnoses=messages,
            server_time=now,
            problem="" if sensor is None else _hindrance(sensor),
        )

    async def request(self, sensor_id: str) -> pb.RequestDiagnosisResponse:
        """Have the newest long window diagnosed now, and return what it says.

        Raises
        ------
        InvalidField
            When the id cannot be one.
        NoLongWindow
            With what to do.
        TooManyRequests
            When too many wait already.
        """
        _require_sensor_id(sensor_id)
        sensor = self._sensors.newest_epoch(sensor_id)
        problem = self._problem(sensor_id)
        if sensor is None or _missing(sensor):
            raise NoLongWindow(
                f"Sensor {sensor_id} cannot be diagnosed: {problem}.",
                sensor_id=sensor_id,
                problem=problem,
            )
        result = await self._worker.request(sensor)
        messages = [diagnosis_message(one) for one in result.diagnoses]
        return pb.RequestDiagnosisResponse(diagnoses=messages)

    async def list_diagnoses(self, request: pb.ListDiagnosesRequest) -> pb.ListDiagnosesResponse:
        """Return one page of stored diagnoses.

        Raises
        ------
        InvalidField, InvalidCursor
            When the request cannot be answered.
        """
        _check(request, _MOST_DIAGNOSES)
        for number in request.faults:
            if number not in _BY_NUMBER:
                raise InvalidField("Unknown fault: see BearingFault.", field="faults")
        size = request.page_size or _DEFAULT_DIAGNOSES
        after_us, until_us = _range(request)
        query = DiagnosisQuery(
            sensor_id=request.sensor_id,
            limit=size + 1,
            after_us=after_us,
            until_us=until_us,
            channels=tuple(request.channels),
            faults=tuple(_BY_NUMBER[number] for number in request.faults),
            after=read_diagnosis_token(request),
        )
        found = await self._store.list_diagnoses(query)
        token = write_diagnosis_token(request, found[size - 1].order) if len(found) > size else ""
        messages = [diagnosis_message(one) for one in found[:size]]
        return pb.ListDiagnosesResponse(diagnoses=messages, next_page_token=token)

    async def list_features(
        self, request: pb.ListLongFeaturesRequest
    ) -> pb.ListLongFeaturesResponse:
        """Return one page of stored features.

        Raises
        ------
        InvalidField, UnknownFeature, InvalidCursor
            When the request cannot be answered.
        """
        _check(request, _MOST_WINDOWS)
        _require_features(request.feature_names)
        size = request.page_size or _DEFAULT_WINDOWS
        after_us, until_us = _range(request)
        query = LongFeatureQuery(
            sensor_id=request.sensor_id,
            limit=size + 1,
            after_us=after_us,
            until_us=until_us,
            after=read_page_token(request),
        )
        found = await self._store.list_features(query)
        token = write_page_token(request, found[size - 1].window.order) if len(found) > size else ""
        wanted = frozenset(request.feature_names) or None
        messages = [long_features_message(one, wanted) for one in found[:size]]
        return pb.ListLongFeaturesResponse(features=messages, next_page_token=token)

    def _problem(self, sensor_id: str) -> str:
        sensor = self._sensors.newest_epoch(sensor_id)
        if sensor is None:
            return "it is not being analysed here: check its id, and that it is sending"
        missing = _missing(sensor)
        if missing:
            return missing
        window = sensor.track.history.window()
        return sensor.track.history.shortfall if window is None else "the first one comes soon"


def _missing(sensor: OpenSensor) -> str:
    """Return what to declare before the sensor can be diagnosed, as far as can be told."""
    spec, window = sensor.track.spec, sensor.track.history.window()
    if window is not None:
        return what_is_missing(window.spec, machine_of(window))
    # Whether its speed is measured shows with the first window.
    return "" if spec.bearing is not None else bearing_problem(spec)


def _hindrance(sensor: OpenSensor) -> str:
    """Return why no new diagnoses come; empty when they do, or will once there are samples."""
    history = sensor.track.history
    return _missing(sensor) or (history.shortfall if history.denied else "")


def _range(request: _ListRequest) -> tuple[int | None, int | None]:
    return (
        bound_us(request.start_time) if request.HasField("start_time") else None,
        bound_us(request.end_time) if request.HasField("end_time") else None,
    )


def _check(request: _ListRequest, most: int) -> None:
    _require_sensor_id(request.sensor_id)
    if not 0 <= request.page_size <= most:
        raise InvalidField(
            f"page_size must be 0 to {most}, got {request.page_size}.", field="page_size"
        )


def _require_features(names: Sequence[str]) -> None:
    for name in names:
        if name not in LONG_WINDOW_NAMES:
            raise UnknownFeature(
                f"There is no long-window feature {name}: there are "
                f"{', '.join(LONG_WINDOW_NAMES)}.",
                feature=name,
            )


def _require_sensor_id(sensor_id: str) -> None:
    if not is_identifier(sensor_id):
        raise InvalidField(
            "sensor_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", field="sensor_id"
        )
