"""``kurto up`` for drills: ``python -m tests.faults.rig.launch PLAN.json``.

The same processes under the same supervisor, with three differences that the plan names: members
may be replaced (by `tests.faults.rig.failing_service`), have an environment of their own (such as a
database behind a fault proxy), and what ends is started again at once, however often it ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from kurto_cli.stack import ready_file
from kurto_cli.stack.assembly import assemble
from kurto_cli.stack.data_directory import locked
from kurto_cli.stack.logs import FileLog
from kurto_cli.stack.options import UpOptions
from kurto_cli.stack.process_spec import ProcessSpec
from kurto_cli.stack.restarts import RestartPolicy
from kurto_cli.stack.services import python_module
from kurto_cli.stack.supervisor import Supervisor

FAILING_SERVICE = "tests.faults.rig.failing_service"
RESTART_DELAY_S = 0.2


@dataclass(frozen=True)
class LaunchPlan:
    """What differs from ``kurto up``.

    Parameters
    ----------
    directory : str
        Holds data, logs and ``ready.json``.
    failing : list of str
        Services that get fail points.
    environment : dict of str to dict
        Further environment variables by member.
    restart_delay_s : float
        Wait before a member that ended is started again, in seconds.
    """

    directory: str
    failing: list[str] = field(default_factory=list)
    environment: dict[str, dict[str, str]] = field(default_factory=dict)
    restart_delay_s: float = RESTART_DELAY_S

    def as_json(self) -> str:
        """Return the plan as text."""
        return json.dumps(asdict(self))

    def changed(self, spec: ProcessSpec) -> ProcessSpec:
        """Return the process as the plan wants it."""
        command = spec.command
        if spec.name in self.failing:
            command = python_module(FAILING_SERVICE, spec.name)
        return replace(
            spec,
            command=command,
            environment={**spec.environment, **self.environment.get(spec.name, {})},
        )


async def launch(plan: LaunchPlan) -> None:
    """Run the stack until SIGTERM."""
    folder = Path(plan.directory)
    options = UpOptions(folder / "data", http_port=0, tls_port=0)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with locked(options.data_dir) as directory:
        stack = await assemble(options, directory, dict(os.environ))
        specs = tuple(plan.changed(spec) for spec in stack.specs)
        (folder / "logs").mkdir(exist_ok=True)
        external = {"postgres": None, "valkey": None}
        supervisor = Supervisor(
            specs,
            {spec.name: FileLog(folder / "logs" / f"{spec.name}.log") for spec in specs},
            policy=RestartPolicy(first_delay_s=plan.restart_delay_s, factor=1.0),
            report=lambda line: print(line, flush=True),  # noqa: T201
            on_all_ready=lambda pids: ready_file.write(
                folder / "ready.json", stack.endpoints, {**external, **pids}
            ),
        )
        await supervisor.run(stop, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(launch(LaunchPlan(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
