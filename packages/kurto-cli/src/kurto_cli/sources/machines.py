"""Stream simulated machines."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.sources.declared_bearing import declared_bearing
from kurto_cli.sources.delivery import CLOSE_TIMEOUT_S, Delivery, deliver
from kurto_cli.sources.pacing import Pacer
from kurto_dsp.synthesis import MachineModel, MachineSignal

CHUNK_S = 0.1
_CHANNEL_NAMES = ("horizontal", "vertical", "axial")
_I16_STEPS = 2**15
_LOAD = kurto.ProcessValueDefinition("load", "%", role="load", bin_width=10.0)
# In the middle of a bin: a machine at steady load, whose baseline holds for all of it.
_LOAD_MEAN, _LOAD_SWING, _LOAD_PERIOD_S = 80.0, 3.0, 60.0
_LOAD_INTERVAL_S = 1.0


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
    machine_class : str, optional
        By which limits the machine is graded.
    """

    sensor_id: str
    model: MachineModel
    machine_id: str = ""
    display_name: str = ""
    machine_class: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names: horizontal, vertical, axial, then numbers."""
        count = self.model.channel_count
        named = _CHANNEL_NAMES[:count]
        return named + tuple(f"channel_{k + 1}" for k in range(len(named), count))


async def stream_machines(
    client: kurto.Client,
    sensors: Sequence[SimulatedSensor],
    *,
    duration_s: float | None,
    stop: asyncio.Event,
) -> list[Delivery]:
    """Stream simulated machines side by side, at their own pace.

    Parameters
    ----------
    client : kurto.Client
        Where to.
    sensors : sequence of SimulatedSensor
        What.
    duration_s : float or None
        How long, in seconds; None: until stopped.
    stop : asyncio.Event
        Ends the machines; what they gave is still delivered.

    Raises
    ------
    kurto.KurtoError
        If the service refuses a sensor.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(stream_machine(client, sensor, duration_s=duration_s, stop=stop))
                for sensor in sensors
            ]
    except ExceptionGroup as failures:
        # One reason is enough for a command; the others are the same or its consequences.
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def stream_machine(
    client: kurto.Client,
    sensor: SimulatedSensor,
    *,
    duration_s: float | None,
    stop: asyncio.Event,
) -> Delivery:
    """Stream one simulated machine."""
    opening = client.open_sensor(
        sensor.sensor_id,
        sample_rate_hz=sensor.model.sample_rate_hz,
        channels=sensor.channels,
        unit="g",
        encoding="i16",
        scale=sensor.model.full_scale_g / _I16_STEPS,
        full_scale=sensor.model.full_scale_g,
        machine_id=sensor.machine_id,
        display_name=sensor.display_name,
        nominal_speed_rpm=60.0 * sensor.model.shaft_hz,
        bearing=declared_bearing(sensor.model.bearing),
        machine_class=sensor.machine_class,
        process_values=[_LOAD],
        reconfigure=True,
        takeover=True,
        close_timeout_s=CLOSE_TIMEOUT_S,
    )

    async def send(stream: kurto.SensorStream) -> None:
        next_load_s = position_s = 0.0
        async for samples in paced_samples(sensor.model, duration_s=duration_s):
            if position_s >= next_load_s:
                await stream.push_values({_LOAD.name: load_percent(position_s)})
                next_load_s += _LOAD_INTERVAL_S
            await stream.push(samples)
            position_s += samples.shape[1] / sensor.model.sample_rate_hz

    return await deliver(sensor.sensor_id, opening, send, stop=stop)


def load_percent(time_s: float) -> float:
    """Return the load of a simulated machine: steady, but for a slow swing within one bin."""
    return _LOAD_MEAN + _LOAD_SWING * math.sin(2.0 * math.pi * time_s / _LOAD_PERIOD_S)


async def paced_samples(
    model: MachineModel, *, duration_s: float | None
) -> AsyncIterator[npt.NDArray[np.float32]]:
    """Yield what a machine's converter would have taken, when it would have.

    Yields
    ------
    np.ndarray of float32 [shape=(channels, n)]
        A tenth of a second in g; the last one is as long as the duration asks.
    """
    signal = MachineSignal(model)
    length = max(1, round(CHUNK_S * model.sample_rate_hz))
    pacer = Pacer(interval_s=length / model.sample_rate_hz)
    end = None if duration_s is None else round(duration_s * model.sample_rate_hz)
    position = 0
    while end is None or position < end:
        count = length if end is None else min(length, end - position)
        await pacer.wait()
        yield signal.samples(position, count)
        position += count
