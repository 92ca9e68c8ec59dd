"""A launcher with real data stores and stand-in services, to be killed by a test.

Usage: ``launch_standins.py DIRECTORY``; the process ids appear in ``DIRECTORY/pids.json``.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from kurto_cli.stack import postgres, valkey
from kurto_cli.stack.logs import FileLog
from kurto_cli.stack.parent_death import tie_to_parent
from kurto_cli.stack.ports import free_ports
from kurto_cli.stack.postgres import Postgres
from kurto_cli.stack.probes import always, postgres_accepts, valkey_answers
from kurto_cli.stack.process_spec import ProcessSpec
from kurto_cli.stack.restarts import RestartPolicy
from kurto_cli.stack.supervisor import Supervisor
from kurto_cli.stack.valkey import Valkey

# Deaf to every polite signal: only the kernel's own ends it.
DEAF = """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def specs(directory: Path) -> list[ProcessSpec]:
    first, second = free_ports("127.0.0.1", 2)
    database = Postgres(directory / "postgres", first, "test")
    database.initialise(durable=False)
    cache = Valkey(directory / "valkey", second, "test")
    cache.initialise()
    deaf = tie_to_parent([sys.executable, "-c", DEAF], death_signal=signal.SIGKILL)
    return [
        ProcessSpec(
            "postgres",
            tuple(database.command()),
            postgres_accepts(database.dsn(), database.status_file),
            postgres.environment(),
            stop_signal=postgres.STOP_SIGNAL,
        ),
        ProcessSpec(
            "valkey",
            tuple(cache.command()),
            valkey_answers("127.0.0.1", second, "test"),
            dict(os.environ),
            stop_signal=valkey.STOP_SIGNAL,
        ),
        ProcessSpec("deaf", tuple(deaf), always, dict(os.environ), after=("postgres", "valkey")),
    ]


async def main(directory: Path) -> None:
    def write(pids: Mapping[str, int]) -> None:
        draft = directory / "pids.new"
        draft.write_text(json.dumps(dict(pids)))
        draft.replace(directory / "pids.json")

    processes = specs(directory)
    supervisor = Supervisor(
        processes,
        {spec.name: FileLog(directory / f"{spec.name}.log") for spec in processes},
        policy=RestartPolicy(),
        report=print,
        on_all_ready=write,
    )
    await supervisor.run(asyncio.Event(), asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
