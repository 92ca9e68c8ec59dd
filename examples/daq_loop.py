"""A data acquisition loop: read blocks from a device, push them, survive what may come.

    python examples/daq_loop.py localhost:8080 --sensor pump-7 --buffer-directory /var/lib/daq

Samples go to disk before they are sent, so hours without a network and a crash cost nothing, a
power cut the last second: the next start uploads what is left, beside the new samples. Replace
`SimulatedDevice` with your device; the rest stays.
"""

import argparse
import logging
import time
from pathlib import Path

import numpy as np

import kurto
import kurto.sync

SAMPLE_RATE_HZ = 25_600
CHANNELS = ("horizontal", "vertical")
BLOCK_SAMPLES = SAMPLE_RATE_HZ // 10
FULL_SCALE_G = 50.0
STEP_G = FULL_SCALE_G / 2**15


class SimulatedDevice:
    """REPLACE THIS with your device: something with a blocking `read`.

    It behaves as a 16-bit converter: samples are taken at a fixed rate, whether they are read or
    not, and `read` blocks until there are enough. Each sample depends on its index only.
    """

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._taken = 0

    def read(self, count: int) -> np.ndarray:
        """Return the next samples of all channels as integer steps, shape (channels, count)."""
        indexes = np.arange(self._taken, self._taken + count)
        self._taken += count
        ready_s = self._started_s + self._taken / SAMPLE_RATE_HZ
        time.sleep(max(0.0, ready_s - time.monotonic()))
        shaft = np.sin(2 * np.pi * 24.5 * indexes / SAMPLE_RATE_HZ)
        blades = np.sin(2 * np.pi * 171.5 * indexes / SAMPLE_RATE_HZ)
        acceleration_g = np.array([1.5 * shaft + 0.4 * blades, 1.1 * shaft - 0.3 * blades])
        return np.rint(acceleration_g / STEP_G).astype(np.int16)


def report(progress: kurto.Progress) -> None:
    """Say how it goes: here to the log, in your program perhaps with a lamp."""
    disk = progress.disk or kurto.DiskUsage(0, 0)
    logging.info(
        "%s: pushed %d, durable %d, %.1f s buffered, %.1f MB on disk, %d samples of earlier runs"
        " left%s",
        progress.state,
        progress.next_index,
        progress.durable_index,
        progress.buffered_s,
        disk.size_bytes / 1e6,
        disk.older_sample_count,
        f"; {disk.error or progress.last_error}" if progress.state == "offline" else "",
    )


def run(arguments: argparse.Namespace) -> None:
    """Read and push until interrupted, or for a time."""
    with (
        kurto.sync.connect(arguments.target, token=arguments.token) as client,
        client.open_sensor(
            arguments.sensor,
            sample_rate_hz=SAMPLE_RATE_HZ,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=STEP_G,
            full_scale=FULL_SCALE_G,
            buffer_directory=arguments.buffer_directory,
            on_progress=report,
            options=kurto.SenderOptions(
                max_buffer_bytes=arguments.max_buffer_mb * 1_000_000, progress_interval_s=5.0
            ),
        ) as stream,
    ):
        device = SimulatedDevice()
        end_s = time.monotonic() + arguments.duration if arguments.duration else float("inf")
        while time.monotonic() < end_s:
            stream.push(device.read(BLOCK_SAMPLES))


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", help="host:port of kurto")
    parser.add_argument("--sensor", default="daq-1", help="sensor id")
    parser.add_argument("--token", help="bearer token with the role sensor")
    parser.add_argument("--buffer-directory", type=Path, default=Path("daq-buffer"))
    parser.add_argument("--max-buffer-mb", type=int, default=2000, help="size of the buffer")
    parser.add_argument("--duration", type=float, help="seconds; without it, until Ctrl-C")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        run(arguments)
    except KeyboardInterrupt:
        logging.info("stopped")


if __name__ == "__main__":
    main()
