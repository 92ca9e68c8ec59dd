"""What a site, machine, sensor or configuration must be like."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from kurto_ingest.assets.machine_validation import check_machine_data
from kurto_ingest.assets.model import (
    Burst,
    Channel,
    Coupling,
    Machine,
    Sensor,
    SensorConfig,
    Site,
)
from kurto_ingest.exceptions import InvalidField, UnknownSensor

__all__ = ["check_id", "check_machine", "check_sensor", "check_site", "require_sensor_id"]

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_UNITS = ("g", "m/s2")
_RATE_HZ = (100.0, 102_400.0)
_MAX_CHANNELS = 32
_MAX_NAME = 256
_MAX_TAGS = 64
# A burst travels to the analyzer in one message.
_MAX_BURST_VALUES = 500_000


def check_id(field: str, value: str) -> None:
    """Raise unless `value` may be an id.

    Raises
    ------
    InvalidField
        If it is empty, too long, or has other characters than A-Z a-z 0-9 . _ : -
    """
    if not _ID.fullmatch(value):
        raise InvalidField(
            f"{field} must have 1 to 128 characters of A-Z a-z 0-9 . _ : -, not {value[:140]!r}.",
            field=field,
        )


def require_sensor_id(sensor_id: str) -> None:
    """Raise `UnknownSensor` if no sensor can have this id."""
    if not _ID.fullmatch(sensor_id):
        raise UnknownSensor(sensor_id[:140])


def _check_text(field: str, value: str) -> None:
    if len(value) > _MAX_NAME:
        raise InvalidField(f"{field} may have {_MAX_NAME} characters: shorten it.", field=field)
    if "\x00" in value:
        raise InvalidField(f"{field} must not hold the character NUL: remove it.", field=field)


def _check_positive(field: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InvalidField(
            f"{field} must be a finite number > 0, or absent, not {value}.", field=field
        )


def check_site(site: Site) -> None:
    """Raise `InvalidField` unless `site` may be stored."""
    check_id("site.site_id", site.site_id)
    _check_text("site.display_name", site.display_name)


def check_machine(machine: Machine) -> None:
    """Raise `InvalidField` unless `machine` may be stored."""
    check_id("machine.machine_id", machine.machine_id)
    check_id("machine.site_id", machine.site_id)
    _check_text("machine.display_name", machine.display_name)
    _check_positive("machine.nominal_speed_rpm", machine.nominal_speed_rpm)


def check_sensor(sensor: Sensor) -> None:
    """Raise `InvalidField` unless `sensor` may be stored."""
    check_id("sensor.sensor_id", sensor.sensor_id)
    if sensor.machine_id:
        check_id("sensor.machine_id", sensor.machine_id)
    _check_text("sensor.display_name", sensor.display_name)
    _check_tags(sensor.tags)
    _check_config(sensor.config)


def _check_tags(tags: Iterable[str]) -> None:
    words = list(tags)
    if len(words) > _MAX_TAGS:
        raise InvalidField(
            f"sensor.tags may have {_MAX_TAGS} entries: drop some.", field="sensor.tags"
        )
    for word in words:
        _check_text("sensor.tags", word)
        if not word:
            raise InvalidField("sensor.tags must not hold an empty word.", field="sensor.tags")


def _check_config(config: SensorConfig) -> None:
    rate = config.sample_rate_hz
    low, high = _RATE_HZ
    if not (math.isfinite(rate) and low <= rate <= high):
        raise InvalidField(
            f"sensor.config.sample_rate_hz must be a finite number from {low:.0f} to {high:.0f} Hz,"
            f" not {rate}.",
            field="sensor.config.sample_rate_hz",
        )
    _check_channels(config.channels)
    if config.burst is not None:
        _check_burst(config.burst, len(config.channels), rate)
    check_machine_data(config.machine, rate)


def _check_channels(channels: tuple[Channel, ...]) -> None:
    field = "sensor.config.channels"
    if not 1 <= len(channels) <= _MAX_CHANNELS:
        raise InvalidField(
            f"{field} must have 1 to {_MAX_CHANNELS} channels, not {len(channels)}:"
            " spread more over several sensors.",
            field=field,
        )
    names = [channel.name for channel in channels]
    if len(set(names)) != len(names):
        raise InvalidField(f"{field} must have different names, not {names}.", field=field)
    for index, channel in enumerate(channels):
        _check_channel(f"{field}[{index}]", channel)


def _check_channel(field: str, channel: Channel) -> None:
    check_id(f"{field}.name", channel.name)
    if channel.unit not in _UNITS:
        raise InvalidField(
            f'{field}.unit must be "g" or "m/s2", not {channel.unit[:40]!r}.', field=f"{field}.unit"
        )
    _check_positive(f"{field}.full_scale", channel.full_scale)
    _check_positive(f"{field}.sensitivity_mv_per_unit", channel.sensitivity_mv_per_unit)
    _check_text(f"{field}.position", channel.position)
    if channel.bias_range is not None:
        _check_bias_range(f"{field}.bias_range", channel.bias_range, channel.coupling)


def _check_bias_range(field: str, bias_range: tuple[float, float], coupling: Coupling) -> None:
    lower, upper = bias_range
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise InvalidField(
            f"{field} must have finite limits, lower below upper, not {lower} to {upper}.",
            field=field,
        )
    if coupling is not Coupling.DC:
        raise InvalidField(
            f"{field} needs a coupling of DC: the mean of other channels tells nothing."
            " Declare the coupling, or leave the range out.",
            field=field,
        )


def _check_burst(burst: Burst, channel_count: int, rate: float) -> None:
    field = "sensor.config.acquisition.burst"
    most = _MAX_BURST_VALUES // channel_count
    if not 1 <= burst.length_samples <= most:
        raise InvalidField(
            f"{field}.length_samples must be 1 to {most} with {channel_count} channels,"
            f" not {burst.length_samples}.",
            field=f"{field}.length_samples",
        )
    if not (math.isfinite(burst.interval_s) and burst.interval_s > 0):
        raise InvalidField(
            f"{field}.interval must be > 0, not {burst.interval_s} s.", field=f"{field}.interval"
        )
    if burst.interval_s < burst.length_samples / rate * 0.999:
        raise InvalidField(
            f"{field}.interval must not be shorter than the burst itself"
            f" ({burst.length_samples / rate:g} s).",
            field=f"{field}.interval",
        )
