"""What a lossless encoding of stored blocks would save, and what it would cost.

Run it by itself: ``python -m benchmarks.block_encoding [--recordings DIR]``. Codecs whose package
is not installed are left out (``pip install zstandard lz4 blosc2`` for all of them).
"""

from __future__ import annotations

import argparse
import importlib
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings import read_recording
from kurto_dsp.synthesis import MachineModel, MachineSignal

RATE_HZ = 25_600.0
HOP = 2560
BLOCKS = 120
FULL_SCALE_G = 16.0
# The two-core budget of reliability's load: 100 sensors, ten blocks a second each.
BLOCKS_PER_S = 1000
CORES = 2

Samples = npt.NDArray[Any]


@dataclass(frozen=True)
class Codec:
    """A way to store a block.

    Parameters
    ----------
    name : str
        What it does.
    encode, decode : callable
        From samples (channels, n) to bytes, and back to the bytes of the samples.
    """

    name: str
    encode: Callable[[Samples], bytes]
    decode: Callable[[bytes, Samples], bytes]


def delta(samples: Samples) -> Samples:
    """Return differences of neighbours, in integers of the same width (they wrap around)."""
    integers = samples.view(f"<i{samples.itemsize}")
    return np.diff(integers, axis=1, prepend=np.zeros((len(integers), 1), integers.dtype))


def undo_delta(data: Samples) -> Samples:
    """Return what `delta` was given, as integers."""
    return np.cumsum(data, axis=1, dtype=data.dtype)


def shuffle(samples: Samples) -> bytes:
    """Return all first bytes of the samples, then all second ones, ..."""
    flat = np.ascontiguousarray(samples).view(np.uint8).reshape(-1, samples.itemsize)
    return flat.T.tobytes()


def unshuffle(data: bytes, like: Samples) -> Samples:
    """Return what `shuffle` was given, as integers of the shape of `like`."""
    flat = np.frombuffer(data, np.uint8).reshape(like.itemsize, -1)
    return np.ascontiguousarray(flat.T).view(f"<i{like.itemsize}").reshape(like.shape)


def filtered(
    name: str, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
) -> Iterator[Codec]:
    """Yield a byte compressor as it is, after byte-shuffle, and after delta and byte-shuffle."""
    yield Codec(name, lambda s: pack(s.tobytes()), lambda d, _: unpack(d))
    yield Codec(
        f"{name} + shuffle",
        lambda s: pack(shuffle(s)),
        lambda d, like: unshuffle(unpack(d), like).tobytes(),
    )
    yield Codec(
        f"{name} + delta + shuffle",
        lambda s: pack(shuffle(delta(s))),
        lambda d, like: undo_delta(unshuffle(unpack(d), like)).tobytes(),
    )


def codecs() -> Iterator[Codec]:
    """Yield all codecs whose packages are there."""
    yield from filtered("zlib 1", lambda d: zlib.compress(d, 1), zlib.decompress)
    if lz4 := optional("lz4.block"):
        yield from filtered("lz4", lz4.compress, lz4.decompress)
    if zstandard := optional("zstandard"):
        for level in (1, 3, 9):
            packer = zstandard.ZstdCompressor(level=level)
            unpacker = zstandard.ZstdDecompressor()
            yield from filtered(f"zstd {level}", packer.compress, unpacker.decompress)
    if blosc2 := optional("blosc2"):
        yield from blosc_codecs(blosc2)


def blosc_codecs(blosc2: Any) -> Iterator[Codec]:
    """Yield blosc2 on one thread, with its own filters."""
    blosc2.set_nthreads(1)
    for name, filters in (
        ("blosc2 lz4 + bitshuffle", [blosc2.Filter.BITSHUFFLE]),
        ("blosc2 zstd + delta + shuffle", [blosc2.Filter.DELTA, blosc2.Filter.SHUFFLE]),
    ):
        codec = blosc2.Codec.LZ4 if "lz4" in name else blosc2.Codec.ZSTD

        def encode(samples: Samples, codec: Any = codec, filters: Any = filters) -> bytes:
            packed = blosc2.compress2(
                samples.tobytes(), codec=codec, clevel=5, filters=filters, typesize=samples.itemsize
            )
            return bytes(packed)

        yield Codec(name, encode, lambda d, _: bytes(blosc2.decompress2(d)))


def optional(name: str) -> Any:
    """Return a module, or None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def blocks_of(signal: npt.NDArray[np.floating[Any]], full_scale: float) -> dict[str, list[Samples]]:
    """Return a signal cut in blocks, as floats and as steps of a 16-bit converter."""
    count = min(BLOCKS, signal.shape[1] // HOP)
    cut = [np.ascontiguousarray(signal[:, i * HOP : (i + 1) * HOP], "<f4") for i in range(count)]
    steps = [np.clip(np.rint(b / full_scale * 2**15), -(2**15), 2**15 - 1) for b in cut]
    return {"F32LE": cut, "I16LE": [step.astype("<i2") for step in steps]}


def simulated() -> npt.NDArray[np.float64]:
    """Return a healthy simulated machine."""
    model = MachineModel(seed=1, sample_rate_hz=RATE_HZ, channel_count=2, full_scale_g=FULL_SCALE_G)
    return np.asarray(MachineSignal(model).samples(0, BLOCKS * HOP))


def sources(recordings: Path | None) -> Iterator[tuple[str, dict[str, list[Samples]]]]:
    """Yield blocks of simulated and of recorded signals, by name and encoding."""
    yield "simulated", blocks_of(simulated(), FULL_SCALE_G)
    if recordings is None:
        return
    for name in ("pronostia/learning/Bearing1_1.npz", "mfpt/InnerRaceFault_vload_4.mat",
                 "cwru/105_IR007_0.mat"):  # fmt: skip
        samples = read_recording(recordings / name).samples[:, : BLOCKS * HOP]
        # What a recorder with some head-room would have: twice the largest value.
        yield name.split("/")[0], blocks_of(samples, 2 * float(np.abs(samples).max()))


def measure(codec: Codec, blocks: list[Samples]) -> tuple[float, float, float]:
    """Return size before over size after, and µs a block to encode and to decode.

    Raises
    ------
    ArithmeticError
        If a block does not come back bit by bit.
    """
    packed = [codec.encode(block) for block in blocks]
    for block, data in zip(blocks, packed, strict=True):
        if codec.decode(data, block) != block.tobytes():
            raise ArithmeticError(f"{codec.name} is not lossless")
    encode_us = best_us(lambda: [codec.encode(block) for block in blocks], len(blocks))
    pairs = list(zip(packed, blocks, strict=True))
    decode_us = best_us(lambda: [codec.decode(data, block) for data, block in pairs], len(blocks))
    return sum(b.nbytes for b in blocks) / sum(map(len, packed)), encode_us, decode_us


def best_us(work: Callable[[], object], count: int) -> float:
    """Return the time of one of `count` pieces of work, in µs: the best of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) / count * 1e6


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.block_encoding")
    parser.add_argument("--recordings", type=Path, help="directory with cwru, mfpt, pronostia")
    options = parser.parse_args()
    head = "| source | encoding | codec | ratio | encode µs | decode µs | of two cores at 1000/s |"
    print(head + "\n|---|---|---|---|---|---|---|")
    for source, encodings in sources(options.recordings):
        for encoding, blocks in encodings.items():
            for codec in codecs():
                ratio, encode_us, decode_us = measure(codec, blocks)
                share = encode_us * BLOCKS_PER_S / 1e6 / CORES
                print(
                    f"| {source} | {encoding} | {codec.name} | {ratio:.2f} | {encode_us:.0f}"
                    f" | {decode_us:.0f} | {share:.0%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
