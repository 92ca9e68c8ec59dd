"""Which samples are kept as evidence of an alarm."""

from kurto_alerts.engine import Engine
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import keep_requests
from kurto_alerts.testing import HOP_US, START_US, make_frame, make_rule

PROFILES = {
    profile.sensor_id: profile
    for profile in (
        SensorProfile("pump-7", machine_id="pump"),
        SensorProfile("pump-8", machine_id="pump", keeps_around_alarms=True),
        SensorProfile("pump-9", machine_id="pump", keeps_around_alarms=True, archived=True),
        SensorProfile("fan-1", machine_id="fan", keeps_around_alarms=True),
        SensorProfile("alone", keeps_around_alarms=True),
        SensorProfile("lonely", keeps_around_alarms=True),
        SensorProfile("plain"),
    )
}


def kept(sensor_id: str, *values: float) -> list[tuple[str, int, int]]:
    frames = [make_frame(k, value, sensor_id=sensor_id) for k, value in enumerate(values)]
    changes = Engine([make_rule()], PROFILES).evaluate(frames)
    return [
        (
            one.sensor_id,
            round(one.start_time.timestamp() * 1e6),
            round(one.end_time.timestamp() * 1e6),
        )
        for one in keep_requests(changes, PROFILES)
    ]


def test_sensors_of_the_machine_that_keep_around_alarms() -> None:
    start_us = START_US + 2 * HOP_US
    assert kept("pump-7", 0.5, 0.5, 1.5) == [("pump-8", start_us, start_us + 10 * HOP_US)]
    assert [one[0] for one in kept("fan-1", 1.5)] == ["fan-1"]


def test_a_sensor_without_a_machine_stands_for_itself() -> None:
    assert [one[0] for one in kept("alone", 1.5)] == ["alone"]
    assert kept("plain", 1.5) == []
    assert kept("unheard-of", 1.5) == []


def test_only_what_is_raised_is_kept() -> None:
    assert len(kept("fan-1", 1.5, 0.5)) == 1
    assert len(kept("fan-1", 1.5, 0.5, 1.5)) == 2
