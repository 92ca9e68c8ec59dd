"""`kurto simulate`: machines that do not exist."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

import kurto
from kurto_cli.sources.delivery import require_durable
from kurto_cli.sources.machines import SimulatedSensor, stream_machines
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, run
from kurto_dsp.synthesis import Fault, MachineModel, SeverityRamp

Sensors = Annotated[int, typer.Option(min=1, max=10_000, help="How many.")]
Channels = Annotated[int, typer.Option(min=1, max=32, help="Channels of each sensor.")]
SampleRate = Annotated[float, typer.Option(metavar="HZ", min=100, max=102_400)]
FaultOption = Annotated[Fault, typer.Option(help="What is wrong with the machines.")]
Severity = Annotated[float, typer.Option(min=0, max=1, help="How bad: 0 healthy, 1 stops it.")]
GrowS = Annotated[float, typer.Option(min=0, help="Seconds in which the severity grows from 0.")]
Duration = Annotated[
    float | None, typer.Option(metavar="S", min=0.1, help="Default: until Ctrl-C.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same samples.")]
Prefix = Annotated[str, typer.Option(help="Sensor ids are PREFIX-001, PREFIX-002, ...")]


def simulate(
    *,
    sensors: Sensors = 1,
    channels: Channels = 2,
    sample_rate: SampleRate = 25_600.0,
    fault: FaultOption = Fault.NONE,
    severity: Severity = 0.5,
    grow: GrowS = 0.0,
    duration: Duration = None,
    seed: Seed = 0,
    prefix: Prefix = "sim",
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Stream simulated machines with a known fault."""
    ramp = SeverityRamp(0.0, severity, 0.0, grow) if grow else SeverityRamp.constant(severity)
    machines = [
        SimulatedSensor(
            f"{prefix}-{k + 1:03d}",
            MachineModel(
                fault=fault,
                severity=ramp,
                seed=seed + k,
                sample_rate_hz=sample_rate,
                channel_count=channels,
            ),
        )
        for k in range(sensors)
    ]

    async def work(stop: asyncio.Event) -> None:
        typer.echo(
            f"sensors: {sensors}, channels of each: {channels}, at {sample_rate:g} Hz → {target}"
        )
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            deliveries = await stream_machines(client, machines, duration_s=duration, stop=stop)
        for delivery in deliveries:
            typer.echo(f"{delivery.sensor_id}: {delivery.summary}")
        require_durable(deliveries)

    run(work)
