"""Samples that are pushed are durable when the answer comes, in order and once."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender


async def stored(stores: Stores, sender: Sender, first: int, end: int) -> NDArray[np.float32]:
    """Read samples back, NaN where there are none; a sample stored twice fails."""
    record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
    assert record is not None
    result = np.full((len(sender.channels), end - first), np.nan, dtype=np.float32)
    for row in await stores.samples.read(record.format, first, end):
        part = result[:, row.first - first : row.first + row.count - first]
        assert np.isnan(part).all()
        part[:] = record.format.view(row.data)
    return result


async def test_pushed_samples_are_stored(sender: Sender, stores: Stores) -> None:
    response = await sender.push(*[sender.batch(at, 250) for at in range(0, 2000, 250)])

    assert response.end_reason == pb.STREAM_END_REASON_HALF_CLOSED
    assert [result.next_index for result in response.results] == [2000]
    assert response.results[0].accepted_sample_count == 2000
    np.testing.assert_array_equal(await stored(stores, sender, 0, 2000), sender.samples(0, 2000))


async def test_windows_are_forwarded_exactly(
    sender: Sender, analyzer: FakeAnalyzer, running: RunningIngest
) -> None:
    await sender.push(*[sender.batch(at, 130) for at in range(0, 2600, 130)])

    key = (sender.sensor_id, 1)
    async with asyncio.timeout(60):
        while len(analyzer.windows[key]) < 17:
            await asyncio.sleep(0.01)
    assert sorted(analyzer.windows[key]) == list(range(17))
    for window, samples in analyzer.windows[key].items():
        assert samples is not None
        np.testing.assert_array_equal(samples, sender.samples(window * 100, 1000))
    assert analyzer.problems == []
