"""Follow a file that another program appends samples to, and push what comes.

    python examples/file_tail.py localhost:8080 run42.csv --rate 25600 --channels axial,radial
    python examples/file_tail.py localhost:8080 run42.f32 --rate 25600 --channels axial,radial

A row holds one sample of each channel: a line of a CSV file (first lines that do not begin with a
number are headings), or little-endian 32-bit floats in any other file.

The file is the buffer. Row n is sample n of the epoch that is named after the file, so that after a
restart, however this program ended, it goes on with the first row that the service has not stored.
"""

import argparse
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

import kurto.sync

POLL_S = 0.1
BLOCK_ROWS = 4096
READ_BYTES = 256 * 1024
NUMBER_STARTS = frozenset(bytes([code]) for code in b"0123456789+-.")


def binary_rows(file: BinaryIO, first_row: int, channel_count: int) -> Iterator[np.ndarray]:
    """Yield complete rows from `first_row`, shape (rows, channels); empty when none have come."""
    row_bytes = 4 * channel_count
    file.seek(first_row * row_bytes)
    rest = b""
    while True:
        data = rest + file.read(BLOCK_ROWS * row_bytes - len(rest))
        whole = len(data) // row_bytes * row_bytes
        rest = data[whole:]
        yield np.frombuffer(data[:whole], dtype="<f4").reshape(-1, channel_count)


def csv_rows(file: BinaryIO, first_row: int, channel_count: int) -> Iterator[np.ndarray]:
    """Yield complete rows from `first_row`, shape (rows, channels); empty when none have come."""
    number, rest = 0, b""
    while True:
        *lines, rest = (rest + file.read(READ_BYTES)).split(b"\n")
        rows = []
        for line in filter(bytes.strip, lines):
            if number == 0 and line.strip()[:1] not in NUMBER_STARTS:
                continue  # a heading
            if number >= first_row:
                rows.append([float(field) for field in line.split(b",")[:channel_count]])
            number += 1
        yield np.array(rows, dtype=np.float32).reshape(-1, channel_count)


def run(arguments: argparse.Namespace) -> None:
    """Follow the file until interrupted, or until nothing has come for a time."""
    channels = arguments.channels.split(",")
    path: Path = arguments.file
    status = path.stat()
    # Another file under the same name is another epoch; give --boot-id if files are copied about.
    boot_id = arguments.boot_id or f"{path.name[:64]}-{status.st_dev:x}-{status.st_ino:x}"
    with (
        path.open("rb") as file,
        kurto.sync.connect(arguments.target, token=arguments.token) as client,
        client.open_sensor(
            arguments.sensor or path.stem,
            sample_rate_hz=arguments.rate,
            channels=channels,
            unit=arguments.unit,
            boot_id=boot_id,
            overflow="wait",
        ) as stream,
    ):
        logging.info("going on with row %d", stream.next_index)
        read = csv_rows if path.suffix.lower() == ".csv" else binary_rows
        idle_since = time.monotonic()
        for rows in read(file, stream.next_index, len(channels)):
            if len(rows):
                stream.push(rows.T)
                idle_since = time.monotonic()
            elif arguments.idle and time.monotonic() - idle_since > arguments.idle:
                break
            else:
                time.sleep(POLL_S)
    logging.info("%d rows are stored", stream.durable_index)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", help="host:port of kurto")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=float, required=True, help="rows per second")
    parser.add_argument("--channels", required=True, help="names, in the order of the columns")
    parser.add_argument("--unit", default="g", choices=["g", "m/s2"])
    parser.add_argument("--sensor", help="sensor id; without it, the name of the file")
    parser.add_argument("--boot-id", help="names the epoch; without it, made from the file")
    parser.add_argument("--token", help="bearer token with the role sensor")
    parser.add_argument("--idle", type=float, help="end after so many seconds without a new row")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        run(arguments)
    except KeyboardInterrupt:
        logging.info("stopped")


if __name__ == "__main__":
    main()
