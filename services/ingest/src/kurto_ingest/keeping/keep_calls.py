"""Answers KeepSamples and ListKeptSamples."""

from __future__ import annotations

from datetime import timedelta

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.assets.conversion import timestamp, us_from_timestamp
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.assets.retention_messages import seconds_from
from kurto_ingest.assets.validation import check_id, require_sensor_id
from kurto_ingest.exceptions import InvalidCursor, InvalidField
from kurto_ingest.keeping.keep_store import KeepStore, KeptQuery
from kurto_ingest.keeping.kept import KeepReason, KeepRequest, KeptRange, noted_range
from kurto_ingest.paging import page_limit, page_start, page_token
from kurto_ingest.streams.timing import datetime_from_us
from kurto_service.clock import Clock

__all__ = ["KeepCalls"]

_PAGE_SIZE = 100
_MAX_NOTE = 500
_LONGEST = timedelta(hours=1)
_AHEAD = timedelta(minutes=10)
_KEEP_S = (1.0, 100 * 366 * 86400.0)


class KeepCalls:
    """Takes note of what is to be kept.

    Parameters
    ----------
    store : KeepStore
        Holds the ranges.
    sensors : SensorStore
        Knows the sensors' policies.
    clock : Clock
        Tells how far in the future a range ends.
    """

    def __init__(self, store: KeepStore, sensors: SensorStore, clock: Clock) -> None:
        self._store = store
        self._sensors = sensors
        self._clock = clock

    async def keep(self, message: pb.KeepSamplesRequest) -> pb.KeepSamplesResponse:
        """Note a range.

        Raises
        ------
        InvalidField, UnknownSensor, KeepIdTaken
        """
        request = self._request(message)
        sensor = await self._sensors.get_sensor(request.sensor_id)
        kept = noted_range(request, sensor.retention, self._clock.now())
        return pb.KeepSamplesResponse(kept=_kept_message(await self._store.note(kept)))

    def _request(self, message: pb.KeepSamplesRequest) -> KeepRequest:
        check_id("keep_id", message.keep_id)
        require_sensor_id(message.sensor_id)
        if len(message.note) > _MAX_NOTE or "\x00" in message.note:
            raise InvalidField(
                f"note may have {_MAX_NOTE} characters, and no NUL: shorten it.", field="note"
            )
        keep_for_s = None
        if message.HasField("keep_for"):
            keep_for_s = seconds_from("keep_for", message.keep_for, *_KEEP_S)
        asked = message.time_range
        if not (asked.HasField("start_time") and asked.HasField("end_time")):
            raise InvalidField("time_range must have a start and an end.", field="time_range")
        request = KeepRequest(
            sensor_id=message.sensor_id,
            keep_id=message.keep_id,
            start=datetime_from_us(us_from_timestamp("time_range.start_time", asked.start_time)),
            end=datetime_from_us(us_from_timestamp("time_range.end_time", asked.end_time)),
            reason=_reason(message.reason),
            note=message.note,
            keep_for_s=keep_for_s,
        )
        self._check_times(request)
        return request

    def _check_times(self, request: KeepRequest) -> None:
        if not request.start < request.end <= request.start + _LONGEST:
            raise InvalidField(
                "time_range must end after it starts, at most one hour later: ask for several"
                " ranges, each with a keep_id of its own.",
                field="time_range.end_time",
            )
        if request.end > self._clock.now() + _AHEAD:
            raise InvalidField(
                "time_range must end at most ten minutes from now: ask again later.",
                field="time_range.end_time",
            )

    async def list(self, message: pb.ListKeptSamplesRequest) -> pb.ListKeptSamplesResponse:
        """Return ranges.

        Raises
        ------
        InvalidField, InvalidCursor, UnknownSensor
        """
        limit = page_limit(message.page_size, _PAGE_SIZE)
        if message.sensor_id:
            require_sensor_id(message.sensor_id)
            await self._sensors.get_sensor(message.sensor_id)
        start = end = None
        if message.time_range.HasField("start_time"):
            given = message.time_range.start_time
            start = datetime_from_us(us_from_timestamp("time_range.start_time", given))
        if message.time_range.HasField("end_time"):
            given = message.time_range.end_time
            end = datetime_from_us(us_from_timestamp("time_range.end_time", given))
        query = KeptQuery(
            sensor_id=message.sensor_id,
            start=start,
            end=end,
            below=_number(message.page_token),
            limit=limit + 1,
        )
        found = await self._store.find(query)
        more = len(found) > limit
        return pb.ListKeptSamplesResponse(
            kept=[_kept_message(item) for item in found[:limit]],
            next_page_token=page_token(str(found[limit - 1].number)) if more else "",
        )


def _reason(value: int) -> KeepReason:
    if value == KeepReason.UNSPECIFIED:
        return KeepReason.REQUEST
    if value in {KeepReason.ALARM, KeepReason.REQUEST}:
        return KeepReason(value)
    raise InvalidField(
        "reason must be ALARM or REQUEST: snapshots are taken by the sensor's retention policy.",
        field="reason",
    )


def _number(token: str) -> int | None:
    text = page_start(token)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidCursor
    return int(text)


def _kept_message(kept: KeptRange) -> pb.KeptSamples:
    request = kept.request
    return pb.KeptSamples(
        keep_id=request.keep_id,
        sensor_id=request.sensor_id,
        time_range=pb.TimeRange(start_time=timestamp(kept.start), end_time=timestamp(kept.end)),
        reason=pb.KeepReason.Name(request.reason),
        note=request.note,
        expire_time=timestamp(kept.expire_time),
        sample_count=kept.sample_count,
        complete=kept.complete,
        create_time=timestamp(kept.create_time),
    )
