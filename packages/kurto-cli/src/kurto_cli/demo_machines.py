"""`kurto demo-machines`: what `kurto up --demo` adds to the stack."""

from __future__ import annotations

import kurto
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

    async def work() -> None:
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            await prepare(client)
            await stream_machines(client, simulated_sensors(), duration_s=None)

    run(work())
