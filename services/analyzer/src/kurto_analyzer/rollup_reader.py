"""Answers of FeatureService.ListFeatureRollups."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto_analyzer.cursors import read_rollup_token, write_rollup_token
from kurto_analyzer.exceptions import InvalidField, UnknownFeature
from kurto_analyzer.frames import bound_us, set_time
from kurto_analyzer.ports import RollupHistory
from kurto_analyzer.quality import mask_flags
from kurto_analyzer.rollups import Rollup, RollupInterval, RollupQuery
from kurto_analyzer.sensor_spec import is_identifier
from kurto_dsp import feature_catalogue

__all__ = ["RollupReader"]

_DEFAULT_PAGE, _LARGEST_PAGE = 600, 6000
_INTERVALS_PER_TURN = 50  # built into messages without a pause
_INTERVALS = {
    pb.ROLLUP_INTERVAL_UNSPECIFIED: RollupInterval.MINUTE,
    pb.ROLLUP_INTERVAL_ONE_SECOND: RollupInterval.SECOND,
    pb.ROLLUP_INTERVAL_ONE_MINUTE: RollupInterval.MINUTE,
}


class RollupReader:
    """Reads roll-ups.

    Parameters
    ----------
    history : RollupHistory
        All roll-ups.
    """

    def __init__(self, history: RollupHistory) -> None:
        self._history = history
        self._names = frozenset(definition.name for definition in feature_catalogue())

    async def list_page(
        self, request: pb.ListFeatureRollupsRequest
    ) -> pb.ListFeatureRollupsResponse:
        """Return one page of roll-ups.

        Raises
        ------
        InvalidField, UnknownFeature, InvalidCursor
            When the request cannot be answered.
        """
        self._check(request)
        size = request.page_size or _DEFAULT_PAGE
        rollups = await self._history.list_rollups(_query(request, size + 1))
        groups = [list(rows) for _, rows in itertools.groupby(rollups, lambda r: r.start_us)]
        response = pb.ListFeatureRollupsResponse()
        if len(groups) > size:
            response.next_page_token = write_rollup_token(request, groups[size - 1][0].start_us)
        features, channels = set(request.feature_names), set(request.channels)
        for number, group in enumerate(groups[:size]):
            _fill(response.rollups.add(), group, features, channels)
            if number % _INTERVALS_PER_TURN == 0:
                await asyncio.sleep(0)
        return response

    def _check(self, request: pb.ListFeatureRollupsRequest) -> None:
        if not is_identifier(request.sensor_id):
            raise InvalidField(
                "sensor_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", field="sensor_id"
            )
        if request.interval not in _INTERVALS:
            raise InvalidField(
                "Unknown interval: allowed are ONE_SECOND and ONE_MINUTE.", field="interval"
            )
        if not 0 <= request.page_size <= _LARGEST_PAGE:
            raise InvalidField(
                f"page_size must be 0 to {_LARGEST_PAGE}, got {request.page_size}.",
                field="page_size",
            )
        for name in request.feature_names:
            if name not in self._names:
                raise UnknownFeature(feature=name)


def _query(request: pb.ListFeatureRollupsRequest, limit: int) -> RollupQuery:
    interval = _INTERVALS[request.interval]
    start_us = bound_us(request.start_time) if request.HasField("start_time") else None
    last_us = read_rollup_token(request)
    return RollupQuery(
        sensor_id=request.sensor_id,
        interval=interval,
        limit=limit,
        start_us=start_us if last_us is None else last_us + interval.length_us,
        end_us=bound_us(request.end_time) if request.HasField("end_time") else None,
    )


def _fill(
    message: pb.FeatureRollup, group: list[Rollup], features: set[str], channels: set[str]
) -> None:
    """Write the roll-ups of one interval, of one layout each, into an empty message."""
    set_time(message.start_time, group[0].start_us)
    message.window_count = sum(rollup.window_count for rollup in group)
    message.empty_window_count = sum(rollup.empty_window_count for rollup in group)
    entries: dict[tuple[str, str], pb.ChannelRollup] = {}
    masks: dict[tuple[str, str], int] = {}
    for rollup in group:
        for row, key in _channels(rollup, channels):
            entry = entries.get(key)
            if entry is None:
                entry = entries[key] = message.channels.add(channel=key[0], unit=key[1])
            masks[key] = masks.get(key, 0) | rollup.quality[row]
            _fill_channel(entry, rollup, row, features)
    for key, mask in masks.items():
        entries[key].quality_flags.extend(mask_flags(mask))  # type: ignore[arg-type]


def _channels(rollup: Rollup, channels: set[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    if rollup.mean is None:
        return
    names = zip(rollup.layout.channels, rollup.layout.units, strict=True)
    for row, (channel, unit) in enumerate(names):
        if not channels or channel in channels:
            yield row, (channel, unit)


def _fill_channel(entry: pb.ChannelRollup, rollup: Rollup, row: int, wanted: set[str]) -> None:
    for name, minimum, mean, maximum, count in _values(rollup, row):
        if not count or (wanted and name not in wanted):
            continue
        summary = entry.features[name]
        before = summary.value_count
        if before:  # another layout of the same channel within the interval
            summary.minimum = min(minimum, summary.minimum)
            summary.maximum = max(maximum, summary.maximum)
            summary.mean += (mean - summary.mean) * count / (before + count)
        else:
            summary.minimum, summary.mean, summary.maximum = minimum, mean, maximum
        summary.value_count = before + count


def _values(rollup: Rollup, row: int) -> Iterable[tuple[str, float, float, float, int]]:
    arrays = (rollup.minimum, rollup.mean, rollup.maximum, rollup.value_counts)
    columns = (np.asarray(array)[row].tolist() for array in arrays)
    return zip(rollup.layout.feature_names, *columns, strict=True)
