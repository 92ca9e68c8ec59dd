"""Who watches what: rules applied to the channels of a sensor."""

from collections.abc import Iterable
from dataclasses import dataclass

from kurto_alerts.alert_state import Key, key_of
from kurto_alerts.conditions import Limits, limits_of
from kurto_alerts.frames import Layout, SensorProfile
from kurto_alerts.references.derived import derived_name
from kurto_alerts.rules import Measure, Rule, Scope
from kurto_alerts.units import ACCELERATION_UNITS, conversion_factor


@dataclass(frozen=True, slots=True)
class Watch:
    """What one condition of a sensor follows: a channel, or several of them together.

    Attributes
    ----------
    key : Key
        What the alert stands for.
    channel : str
        Name of the condition within the sensor: the channel, empty for all that are selected.
    rows : tuple of int
        Rows of the channels in a frame.
    scales : tuple of float
        What the values of these channels are multiplied by before they are compared.
    unit : str
        Unit of what is compared, in which accelerations differ.
    factor : float
        What limits in the rule's unit are multiplied by to be in `unit`.
    """

    key: Key
    rule: Rule
    channel: str
    rows: tuple[int, ...]
    scales: tuple[float, ...]
    unit: str
    factor: float
    limits: Limits

    @property
    def source(self) -> str:
        """The column that is read: a feature of the frame, or a derived value."""
        return derived_name(self.rule) or self.rule.feature

    @property
    def is_rate(self) -> bool:
        """True when the change of the source is compared, not the source."""
        return self.rule.measure is Measure.RATE_PER_MINUTE

    @property
    def is_group(self) -> bool:
        """True for the condition of a sensor."""
        return self.rule.scope is not Scope.CHANNEL


def watches_of(
    rules: Iterable[Rule], sensor_id: str, profile: SensorProfile | None, layout: Layout
) -> list[Watch]:
    """Return every condition of a sensor that is evaluated."""
    if profile is not None and profile.archived:
        return []
    tags = profile.tags if profile else frozenset()
    machine_id = profile.machine_id if profile else ""
    found: list[Watch] = []
    for rule in rules:
        if rule.disabled or not rule.selector.selects_sensor(sensor_id, tags, machine_id):
            continue
        rows = [
            row
            for row, channel in enumerate(layout.channels)
            if rule.selector.selects_channel(channel)
        ]
        if rule.scope is Scope.CHANNEL:
            found += [_channel_watch(rule, sensor_id, layout, row) for row in rows]
        elif rows:
            found.append(_sensor_watch(rule, sensor_id, machine_id, layout, rows))
    return found


def _channel_watch(rule: Rule, sensor_id: str, layout: Layout, row: int) -> Watch:
    channel, unit = layout.channels[row], layout.units[row]
    factor = _factor(rule, unit)
    key = Key(sensor_id, channel, rule.rule_id)
    return Watch(key, rule, channel, (row,), (1.0,), unit, factor, limits_of(rule, factor))


def _sensor_watch(
    rule: Rule, sensor_id: str, machine_id: str, layout: Layout, rows: list[int]
) -> Watch:
    """Return the watch over several channels, whose units may differ: compared in the rule's."""
    scales = tuple(1.0 / _factor(rule, layout.units[row]) for row in rows)
    key = key_of(
        rule.scope, rule_id=rule.rule_id, sensor_id=sensor_id, channel="", machine_id=machine_id
    )
    return Watch(key, rule, "", tuple(rows), scales, rule.unit, 1.0, limits_of(rule, 1.0))


def _factor(rule: Rule, channel_unit: str) -> float:
    """Return what limits must be multiplied by to be in the unit of the channel's feature."""
    # Only features in the channel's own unit differ between channels; Hz and mm/s never do.
    if {rule.unit, channel_unit} <= ACCELERATION_UNITS:
        return conversion_factor(source=rule.unit, target=channel_unit)
    return 1.0
