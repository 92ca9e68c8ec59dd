"""Between rows and domain objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import asyncpg

from kurto_ingest.assets.model import Burst, Channel, Coupling, Machine, Sensor, SensorConfig, Site
from kurto_ingest.ports import StreamRecord
from kurto_ingest.postgres.classes import class_from_row, policy_from_json
from kurto_ingest.postgres.machine_json import machine_data_from_json
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.quarantine import QuarantinePosition, grid_line
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import microseconds

__all__ = [
    "array_text",
    "channels_json",
    "config_from_row",
    "machine_from_row",
    "multirange_text",
    "sensor_from_row",
    "site_from_row",
    "stream_from_row",
]

Row: TypeAlias = asyncpg.Record


def site_from_row(row: Row) -> Site:
    """Return the site of a row of ``ingest.sites``."""
    return Site(
        site_id=row["site_id"],
        display_name=row["display_name"],
        archived=row["archived"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )


def machine_from_row(row: Row) -> Machine:
    """Return the machine of a row of ``ingest.machines``."""
    return Machine(
        machine_id=row["machine_id"],
        site_id=row["site_id"],
        display_name=row["display_name"],
        nominal_speed_rpm=row["nominal_speed_rpm"],
        archived=row["archived"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )


def sensor_from_row(row: Row) -> Sensor:
    """Return the sensor of a row of ``ingest.sensors`` joined with its configuration."""
    return Sensor(
        sensor_id=row["sensor_id"],
        sensor_key=row["sensor_key"],
        machine_id=row["machine_id"] or "",
        display_name=row["display_name"],
        tags=tuple(row["tags"]),
        retention=policy_from_json(row["retention"]),
        retention_class=class_from_row(row),
        monitored=row["monitored"],
        archived=row["archived"],
        config=config_from_row(row),
        revision=row["revision"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )


def config_from_row(row: Row) -> SensorConfig:
    """Return the configuration of a row of ``ingest.sensor_configs``."""
    burst = None
    if row["burst_length_samples"] is not None:
        burst = Burst(
            length_samples=row["burst_length_samples"], interval_s=row["burst_interval_s"]
        )
    return SensorConfig(
        version=row["version"],
        sample_rate_hz=row["sample_rate_hz"],
        channels=tuple(_channel(item) for item in json.loads(row["channels"])),
        burst=burst,
        machine=machine_data_from_json(row["machine_data"]),
    )


def _channel(item: Mapping[str, Any]) -> Channel:
    return Channel(
        name=item["name"],
        unit=item["unit"],
        full_scale=item["full_scale"],
        sensitivity_mv_per_unit=item["sensitivity_mv_per_unit"],
        coupling=Coupling(item["coupling"]),
        position=item["position"],
        bias_range=tuple(item["bias_range"]) if item.get("bias_range") else None,
    )


def channels_json(channels: Iterable[Channel]) -> str:
    """Return `channels` as the column holds them."""
    fields = (
        *("name", "unit", "full_scale", "sensitivity_mv_per_unit", "coupling", "position"),
        "bias_range",
    )
    return json.dumps([{name: getattr(item, name) for name in fields} for item in channels])


def stream_from_row(row: Row) -> StreamRecord:
    """Return the stream of a row of ``ingest.streams``."""
    stream_format = StreamFormat(
        sensor_id=row["sensor_id"],
        sensor_key=row["sensor_key"],
        epoch=row["epoch"],
        channels=tuple(row["channels"]),
        sample_rate_hz=row["sample_rate_hz"],
        encoding=Encoding(row["encoding"]),
        scales=tuple(row["scales"]),
        hop_samples=row["hop_samples"],
        window_hops=row["window_hops"],
        anchor_us=microseconds(row["anchor_time"]),
        burst_interval_us=row["burst_interval_us"],
    )
    position = StreamSequence(
        row["next_index"],
        _pairs(row["missing"]),
        _pairs(row["abandoned"]),
        gap_count=row["gap_count"],
        max_missing_ranges=_UNLIMITED,
    )
    return StreamRecord(
        format=stream_format,
        boot_id=row["boot_id"],
        fence=row["fence"],
        config_version=row["config_version"],
        position=position,
        commit_time=row["commit_time"],
        commit_token=row["commit_token"],
        analyzed_window=row["analyzed_window"],
        analysis_from_index=row["analysis_from_index"],
        late_windows=RangeSet(_pairs(row["late_windows"])),
        clock_offset_us=row["clock_offset_us"],
        backfill=row["backfill"],
        recorded=row["recorded"],
        superseded=row.get("superseded", False),
        correction_us=row.get("correction_us"),
        quarantine=_quarantine(row),
    )


def _quarantine(row: Row) -> QuarantinePosition | None:
    if row["quarantine_index"] is None:
        return None
    index, next_index = row["quarantine_index"], row["next_index"]
    if next_index > index:
        # It made way for samples that were in time; or an earlier release, without quarantine,
        # took them when their time had come.
        index = grid_line(next_index, row["hop_samples"])
    sequence = StreamSequence(
        row["quarantine_next_index"],
        _pairs(row["quarantine_missing"]),
        _pairs(row["quarantine_abandoned"]),
        max_missing_ranges=_UNLIMITED,
    )
    return QuarantinePosition(index, sequence)


_UNLIMITED = 2**63  # stored states were checked before they were stored


def _pairs(ranges: Iterable[Any]) -> list[tuple[int, int]]:
    return [(int(item.lower), int(item.upper)) for item in ranges]


def array_text(values: Iterable[int | str]) -> str:
    """Return numbers, or texts without quotes and backslashes, as the text of an array.

    Examples
    --------
    >>> array_text([3, -1])
    '{"3","-1"}'
    >>> array_text([multirange_text([]), multirange_text([(1, 5), (8, 9)])])
    '{"{}","{[1,5),[8,9)}"}'
    """
    content = '","'.join(map(str, values))
    return f'{{"{content}"}}' if content else "{}"


def multirange_text(ranges: Iterable[tuple[int, int]]) -> str:
    """Return `ranges` as the text of an ``int8multirange``.

    Examples
    --------
    >>> multirange_text([(1, 5), (8, 9)])
    '{[1,5),[8,9)}'
    """
    return "{" + ",".join(f"[{first},{end})" for first, end in ranges) + "}"
