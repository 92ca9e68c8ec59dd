"""Stream simulated machines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import kurto
from kurto_cli.sources.pacing import Pacer
from kurto_dsp.synthesis import MachineModel, MachineSignal

CHUNK_S = 0.1
_CHANNEL_NAMES = ("horizontal", "vertical", "axial")
_I16_STEPS = 2**15


@dataclass(frozen=True)
class SimulatedSensor:
    """A sensor and the machine that it listens to.

    Parameters
    ----------
    sensor_id : str
        Id of the sensor; made if it does not exist.
    model : MachineModel
        The machine.
    machine_id, display_name : str
        For a sensor that is made now.
    """

    sensor_id: str
    model: MachineModel
    machine_id: str = ""
    display_name: str = ""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names: horizontal, vertical, axial, then numbers."""
        count = self.model.channel_count
        named = _CHANNEL_NAMES[:count]
        return named + tuple(f"channel_{k + 1}" for k in range(len(named), count))


@dataclass(frozen=True)
class Sent:
    """What became of one sensor's samples.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    sample_count, durable_index : int
        Samples per channel that were pushed, and that are durable.
    reconnect_count : int
        How often the connection was lost and made again.
    """

    sensor_id: str
    sample_count: int
    durable_index: int
    reconnect_count: int


async def stream_machines(
    client: kurto.Client, sensors: Sequence[SimulatedSensor], *, duration_s: float | None
) -> list[Sent]:
    """Stream simulated machines side by side, at their own pace.

    Parameters
    ----------
    client : kurto.Client
        Where to.
    sensors : sequence of SimulatedSensor
        What.
    duration_s : float or None
        How long, in seconds; None: until cancelled.

    Raises
    ------
    kurto.KurtoError
        If the service refuses a sensor, or not everything is acknowledged at the end.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(stream_machine(client, sensor, duration_s=duration_s))
                for sensor in sensors
            ]
    except ExceptionGroup as failures:
        # One reason is enough for a command; the others are the same or its consequences.
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def stream_machine(
    client: kurto.Client, sensor: SimulatedSensor, *, duration_s: float | None
) -> Sent:
    """Stream one simulated machine."""
    model, signal = sensor.model, MachineSignal(sensor.model)
    length = max(1, round(CHUNK_S * model.sample_rate_hz))
    pacer = Pacer(interval_s=length / model.sample_rate_hz)
    end = None if duration_s is None else round(duration_s * model.sample_rate_hz)
    position = 0
    async with client.open_sensor(
        sensor.sensor_id,
        sample_rate_hz=model.sample_rate_hz,
        channels=sensor.channels,
        unit="g",
        encoding="i16",
        scale=model.full_scale_g / _I16_STEPS,
        full_scale=model.full_scale_g,
        machine_id=sensor.machine_id,
        display_name=sensor.display_name,
        takeover=True,
    ) as stream:
        while end is None or position < end:
            count = length if end is None else min(length, end - position)
            await pacer.wait()
            await stream.push(signal.samples(position, count))
            position += count
    return Sent(sensor.sensor_id, position, stream.durable_index, stream.reconnect_count)
