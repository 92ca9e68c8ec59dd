"""`kurto demo-machines`: what `kurto up --demo` adds to the stack."""

from __future__ import annotations

import asyncio

import kurto
from kurto_cli.sources.delivery import require_durable, run_until
from kurto_cli.sources.demo_plant import prepare, simulated_sensors
from kurto_cli.sources.machines import stream_machines
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, run


def demo_machines(
    *,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Stream four simulated machines, one of which fails within two minutes."""

    async def work(stop: asyncio.Event) -> None:
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            await run_until(stop, prepare(client))
            if not stop.is_set():
                sensors = simulated_sensors()
                require_durable(await stream_machines(client, sensors, duration_s=None, stop=stop))

    run(work)
