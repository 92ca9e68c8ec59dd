"""A sensor as a process of its own, which can be stopped and go on.

``python -m tests.faults.sensor_process host:port sensor-id seconds``: pushes the load of one
sensor at the pace of the clock, as a converter whose buffer went on filling meanwhile, and prints
what was acknowledged as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.rig.load import Load
from tests.faults.rig.pushed import Progress, Pushed

__all__ = ["SensorProcess", "sensor_process"]

_REPOSITORY = Path(__file__).resolve().parents[2]
_STOP_S = 60.0


@dataclass(frozen=True)
class SensorProcess:
    """The process of one sensor.

    Parameters
    ----------
    process : Popen
        The process.
    load : Load
        What it pushes; never run in this process.
    """

    process: subprocess.Popen[str]
    load: Load

    async def pushed(self) -> Pushed:
        """Wait until it has pushed everything, and return what was acknowledged."""
        output, _ = await asyncio.to_thread(self.process.communicate, timeout=_STOP_S)
        assert self.process.returncode == 0, "the sensor's process failed"
        told = json.loads(output)
        pushed = Pushed(self.load.sensor_ids[0], epoch=told["epoch"])
        pushed.note(Progress(0.0, told["pushed"], told["acknowledged"], told["reconnections"]))
        return pushed


@contextlib.contextmanager
def sensor_process(target: str, sensor_id: str, duration_s: float) -> Iterator[SensorProcess]:
    """Run a sensor until the block ends."""
    words = [sys.executable, "-m", "tests.faults.sensor_process", target, sensor_id]
    process = subprocess.Popen(
        [*words, str(duration_s)], stdout=subprocess.PIPE, text=True, cwd=_REPOSITORY
    )
    try:
        yield SensorProcess(process, Load(target, [sensor_id], duration_s))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def main() -> None:
    """Run the load named on the command line."""
    target, sensor_id, duration_s = sys.argv[1:]
    load = Load(target, [sensor_id], float(duration_s))
    (pushed,) = asyncio.run(load.run())
    told = {
        "epoch": pushed.epoch,
        "pushed": pushed.pushed_index,
        "acknowledged": pushed.acknowledged_index,
        "reconnections": pushed.reconnect_count,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
