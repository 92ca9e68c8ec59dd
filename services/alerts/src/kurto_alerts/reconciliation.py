"""Makes checkpoints agree with the alerts that are open; the alerts are the truth."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kurto_alerts.alert_state import Key
from kurto_alerts.checkpoints import ConditionRecord, SensorCheckpoint
from kurto_alerts.ports import OpenAlert
from kurto_alerts.rules import SEVERITY_COUNT

UNSTARTED_VERSION = 0  # no stored rule has it: counts begin anew


def reconciled(
    checkpoints: Iterable[SensorCheckpoint], open_alerts: Mapping[Key, OpenAlert]
) -> list[SensorCheckpoint]:
    """Return checkpoints whose conditions agree with the alerts that are open.

    An alert that was withdrawn meanwhile leaves a NORMAL condition, and so does one that is
    latched. One that no condition keeps open is given to the sensor that raised it.
    """
    active = {key: alert for key, alert in open_alerts.items() if not alert.latched}
    found: set[Key] = set()
    result = []
    for checkpoint in checkpoints:
        kept = []
        for record in checkpoint.conditions:
            key = record.key(checkpoint.sensor_id)
            alert = active.get(key)
            if not record.alert_id:
                kept.append(record)
            elif alert is not None and alert.alert_id == record.alert_id:
                kept.append(record)
                found.add(key)
        result.append(replace(checkpoint, conditions=tuple(kept)))
    known = {checkpoint.sensor_id: at for at, checkpoint in enumerate(result)}
    for key, alert in active.items():
        if key in found:
            continue
        sensor_id = alert.sensor_id or key.sensor_id
        at = known.setdefault(sensor_id, len(result))
        if at == len(result):
            result.append(_without_position(sensor_id))
        record = _record_of(key, alert)
        others = [
            other
            for other in result[at].conditions
            if (other.channel, other.rule_id) != (record.channel, record.rule_id)
        ]
        result[at] = replace(result[at], conditions=(*others, record))
    return result


def _without_position(sensor_id: str) -> SensorCheckpoint:
    return SensorCheckpoint(
        sensor_id=sensor_id,
        epoch=-1,
        window_index=-2,
        interval_us=None,
        interval_epoch=-1,
        conditions=(),
    )


def _record_of(key: Key, alert: OpenAlert) -> ConditionRecord:
    return ConditionRecord(
        channel=key.channel,
        rule_id=key.rule_id,
        rule_version=UNSTARTED_VERSION,
        beyond=(0,) * SEVERITY_COUNT,
        inside=(0,) * SEVERITY_COUNT,
        severity=alert.severity,
        recovering=alert.recovering,
        worst_value=alert.worst_value,
        unit=alert.unit,
        alert_id=alert.alert_id,
        machine_id=key.machine_id,
        suppression=alert.suppression,
    )
