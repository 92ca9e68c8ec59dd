"""The registry of sites, machines and sensors."""

from dataclasses import replace
from typing import Any

import pytest

from kurto_ingest.assets.machine_data import (
    BearingGeometry,
    FrequencyBand,
    GearStage,
    GeneralMachineClass,
    IndustrialMachine,
    MachineData,
    MachineGroup,
    MachineSupport,
)
from kurto_ingest.assets.model import Burst, Channel, Coupling, Machine, Sensor, SensorConfig, Site
from kurto_ingest.exceptions import (
    Archived,
    ConcurrentChange,
    IdTaken,
    NotEmpty,
    UnknownMachine,
    UnknownSensor,
    UnknownSite,
)
from kurto_ingest.stores import Stores

CONFIG = SensorConfig(
    version=0,
    sample_rate_hz=25600.5,
    channels=(
        Channel(
            name="horizontal",
            unit="g",
            full_scale=50.0,
            sensitivity_mv_per_unit=100.0,
            coupling=Coupling.AC,
            position="drive end",
        ),
        Channel(name="vertical", unit="m/s2", coupling=Coupling.DC, bias_range=(9.5, 10.25)),
    ),
)

MACHINE = MachineData(
    nominal_speed_rpm=1480.5,
    bearing=BearingGeometry(
        element_count=9, element_diameter_mm=7.94, pitch_diameter_mm=39.04, contact_angle_deg=15.0
    ),
    machine_class=IndustrialMachine(group=MachineGroup.GROUP_2, support=MachineSupport.FLEXIBLE),
    gears=(GearStage(driving_teeth=20, driven_teeth=57),),
    line_frequency_hz=50.0,
    demodulation_band=FrequencyBand(low_hz=2000.0, high_hz=8000.25),
)


def sensor(sensor_id: str = "s-1", **changes: object) -> Sensor:
    return replace(Sensor(sensor_id=sensor_id, config=CONFIG), **changes)  # type: ignore[arg-type]


async def test_site_is_created_changed_and_archived(stores: Stores) -> None:
    made = await stores.places.create_site(Site(site_id="north", display_name="North"))
    assert (made.site_id, made.display_name, made.archived) == ("north", "North", False)
    assert made.create_time is not None
    assert await stores.places.get_site("north") == made
    changed = await stores.places.update_site(Site(site_id="north", display_name="N"))
    assert changed.display_name == "N"
    assert changed.create_time == made.create_time
    assert (await stores.places.archive_site("north")).archived
    assert (await stores.places.archive_site("north")).archived


async def test_site_that_is_unknown_or_taken(stores: Stores) -> None:
    with pytest.raises(UnknownSite):
        await stores.places.get_site("nowhere")
    with pytest.raises(UnknownSite):
        await stores.places.update_site(Site(site_id="nowhere"))
    with pytest.raises(UnknownSite):
        await stores.places.archive_site("nowhere")
    await stores.places.create_site(Site(site_id="north"))
    with pytest.raises(IdTaken):
        await stores.places.create_site(Site(site_id="north"))


async def test_lists_are_in_order_of_bytes_and_paged(stores: Stores) -> None:
    for site_id in ("b", "B", "a-1", "a.1", "a"):
        await stores.places.create_site(Site(site_id=site_id))
    await stores.places.archive_site("a")
    names = [site.site_id for site in await stores.places.list_sites("", 9, include_archived=True)]
    assert names == ["B", "a", "a-1", "a.1", "b"]
    page = await stores.places.list_sites("B", 2, include_archived=False)
    assert [site.site_id for site in page] == ["a-1", "a.1"]


async def test_machine_needs_a_site_that_is_not_archived(stores: Stores) -> None:
    machine = Machine(machine_id="m-1", site_id="north", nominal_speed_rpm=1480.0)
    with pytest.raises(UnknownSite):
        await stores.places.create_machine(machine)
    await stores.places.create_site(Site(site_id="north"))
    made = await stores.places.create_machine(machine)
    assert made.nominal_speed_rpm == 1480.0
    with pytest.raises(IdTaken):
        await stores.places.create_machine(machine)
    with pytest.raises(NotEmpty):
        await stores.places.archive_site("north")
    await stores.places.archive_machine("m-1")
    await stores.places.archive_site("north")
    with pytest.raises(Archived):
        await stores.places.create_machine(replace(machine, machine_id="m-2"))


async def test_machine_is_changed_and_listed_by_site(stores: Stores) -> None:
    for site_id in ("north", "south"):
        await stores.places.create_site(Site(site_id=site_id))
    await stores.places.create_machine(Machine(machine_id="m-1", site_id="north"))
    moved = await stores.places.update_machine(
        Machine(machine_id="m-1", site_id="south", display_name="Fan", nominal_speed_rpm=990.0)
    )
    assert (moved.site_id, moved.display_name, moved.nominal_speed_rpm) == ("south", "Fan", 990.0)
    assert await stores.places.get_machine("m-1") == moved
    with pytest.raises(UnknownSite):
        await stores.places.update_machine(Machine(machine_id="m-1", site_id="west"))
    with pytest.raises(UnknownMachine):
        await stores.places.update_machine(Machine(machine_id="m-9", site_id="south"))
    for site_id, count in (("north", 0), ("south", 1), ("", 1)):
        found = await stores.places.list_machines("", 9, site_id=site_id, include_archived=False)
        assert len(found) == count


async def test_sensor_comes_back_as_stored(stores: Stores) -> None:
    made = await stores.sensors.create_sensor(
        sensor(display_name="Pump 7", tags=("a", "b"), monitored=False)
    )
    assert made.config == replace(CONFIG, version=1)
    assert (made.monitored, made.archived, made.tags) == (True, False, ("a", "b"))
    assert made.machine_id == ""
    assert await stores.sensors.get_sensor("s-1") == made
    assert await stores.sensors.get_config("s-1", 1) == made.config


async def test_burst_sensor_comes_back_as_stored(stores: Stores) -> None:
    config = replace(CONFIG, burst=Burst(length_samples=2560, interval_s=10.0))
    made = await stores.sensors.create_sensor(sensor(config=config))
    assert made.config.burst == Burst(length_samples=2560, interval_s=10.0)
    assert (made.config.hop_samples, made.config.window_hops) == (2560, 1)


async def test_sensor_needs_a_machine_that_is_not_archived(stores: Stores) -> None:
    with pytest.raises(UnknownMachine):
        await stores.sensors.create_sensor(sensor(machine_id="m-1"))
    await stores.places.create_site(Site(site_id="north"))
    await stores.places.create_machine(Machine(machine_id="m-1", site_id="north"))
    await stores.sensors.create_sensor(sensor(machine_id="m-1"))
    with pytest.raises(NotEmpty):
        await stores.places.archive_machine("m-1")
    await stores.sensors.archive_sensor("s-1")
    await stores.places.archive_machine("m-1")
    with pytest.raises(Archived):
        await stores.sensors.create_sensor(sensor("s-2", machine_id="m-1"))


async def test_sensor_that_is_unknown_or_taken(stores: Stores) -> None:
    with pytest.raises(UnknownSensor):
        await stores.sensors.get_sensor("nobody")
    with pytest.raises(UnknownSensor):
        await stores.sensors.update_sensor(sensor("nobody"))
    with pytest.raises(UnknownSensor):
        await stores.sensors.archive_sensor("nobody")
    with pytest.raises(UnknownSensor):
        await stores.sensors.get_config("nobody", 1)
    await stores.sensors.create_sensor(sensor())
    with pytest.raises(IdTaken):
        await stores.sensors.create_sensor(sensor())
    # A refused creation leaves no hole in the revisions.
    assert await stores.sensors.revision() == 1


async def test_only_a_changed_configuration_gets_the_next_version(stores: Stores) -> None:
    await stores.sensors.create_sensor(sensor())
    renamed = await stores.sensors.update_sensor(sensor(display_name="Pump"))
    assert (renamed.config.version, renamed.display_name) == (1, "Pump")
    faster = replace(CONFIG, sample_rate_hz=51200.0)
    changed = await stores.sensors.update_sensor(sensor(config=replace(faster, version=1)))
    assert (changed.config.version, changed.config.sample_rate_hz) == (2, 51200.0)
    assert (await stores.sensors.get_config("s-1", 1)).sample_rate_hz == 25600.5
    with pytest.raises(ConcurrentChange):
        await stores.sensors.update_sensor(sensor(config=replace(CONFIG, version=1)))


async def test_machine_data_comes_back_as_stored(stores: Stores) -> None:
    made = await stores.sensors.create_sensor(sensor(config=replace(CONFIG, machine=MACHINE)))
    assert made.config.machine == MACHINE
    assert (await stores.sensors.get_sensor("s-1")).config == made.config
    assert (await stores.sensors.get_config("s-1", 1)).machine == MACHINE
    (listed,) = await stores.sensors.list_sensors("", 9, machine_id="", include_archived=False)
    (changed,) = await stores.sensors.changes(0, 9)
    assert listed.config == changed.config == made.config


@pytest.mark.parametrize(
    "changes",
    [
        {"nominal_speed_rpm": 1470.0},
        {"bearing": "SKF 6205-2RS"},
        {"bearing": None},
        {"machine_class": GeneralMachineClass.II},
        {"gears": ()},
        {"line_frequency_hz": None},
        {"demodulation_band": FrequencyBand(low_hz=2000.0, high_hz=9000.0)},
    ],
)
async def test_changed_machine_data_is_the_next_version(
    stores: Stores, changes: dict[str, Any]
) -> None:
    config = replace(CONFIG, machine=MACHINE)
    await stores.sensors.create_sensor(sensor(config=config))
    same = await stores.sensors.update_sensor(sensor(config=config))
    assert (same.config.version, same.revision) == (1, 2)
    other = replace(MACHINE, **changes)
    changed = await stores.sensors.update_sensor(sensor(config=replace(config, machine=other)))
    assert (changed.config.version, changed.config.machine) == (2, other)
    assert (await stores.sensors.get_config("s-1", 1)).machine == MACHINE


async def test_switches_are_idempotent_and_count_as_changes(stores: Stores) -> None:
    await stores.sensors.create_sensor(sensor())
    off = await stores.sensors.set_monitored("s-1", monitored=False)
    assert (off.monitored, off.revision) == (False, 2)
    assert await stores.sensors.set_monitored("s-1", monitored=False) == off
    gone = await stores.sensors.archive_sensor("s-1")
    assert (gone.archived, gone.revision) == (True, 3)
    assert await stores.sensors.archive_sensor("s-1") == gone
    listed = await stores.sensors.list_sensors("", 9, machine_id="", include_archived=False)
    assert listed == []


async def test_changes_come_in_order_each_sensor_once(stores: Stores) -> None:
    for sensor_id in ("a", "b", "c"):
        await stores.sensors.create_sensor(sensor(sensor_id))
    await stores.sensors.set_monitored("a", monitored=False)
    changes = await stores.sensors.changes(0, 10)
    assert [(item.sensor_id, item.revision) for item in changes] == [("b", 2), ("c", 3), ("a", 4)]
    assert [item.sensor_id for item in await stores.sensors.changes(2, 1)] == ["c"]
    assert await stores.sensors.changes(4, 10) == []
    assert await stores.sensors.revision() == 4
