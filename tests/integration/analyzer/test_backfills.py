"""Samples from a sender's buffer: analysed in order like any others, and late from end to end."""

from __future__ import annotations

from dataclasses import replace

from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, hops_request, noise
from tests.integration.analyzer.sender import Sender, sender

from kurto.analyzer.v1 import analyzer_service_pb2 as windows_pb
from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureFrame

LIVE = Recording(samples=noise(seconds=3), sample_rate_hz=2560.0, epoch=1)
# Taken later than the live ones, by its sender's clock, and opened later: a higher number.
UPLOAD = replace(
    LIVE, samples=noise(seconds=4, seed=2), epoch=2, anchor_s=LIVE.anchor_s + 60,
    empty_hops={25: 1},
)  # fmt: skip


async def open_upload(ingest: Sender, recording: Recording, slot: int) -> None:
    """Open a recording as ingest does for a buffer."""
    message = recording.announcement(slot)
    message.backfill = True
    await ingest.call.write(windows_pb.AnalyzeWindowsRequest(open=message))
    while slot not in ingest.positions:
        await ingest.answer()


async def frames(room: Room, epoch: int) -> list[FeatureFrame]:
    """Return the stored frames of an epoch."""
    request = pb.ListFeaturesRequest(sensor_id=LIVE.sensor_id, epoch=epoch, after_window_index=-1)
    return list((await room.features.ListFeatures(request)).frames)


async def newest(room: Room) -> FeatureFrame:
    """Return the newest frame of the sensor."""
    request = pb.GetLatestFeaturesRequest(sensor_id=LIVE.sensor_id)
    return (await room.features.GetLatestFeatures(request)).frame


async def test_upload_beside_the_live_epoch(room: Room) -> None:
    async with sender(room.windows) as ingest:
        await ingest.send_all(LIVE, 1)
        await open_upload(ingest, UPLOAD, 2)
        for run in UPLOAD.runs(0, 5, slot=2):
            await ingest.send(run)
        await ingest.committed(UPLOAD.window_count, 2)
        late = await frames(room, 2)
        assert [frame.window_index for frame in late] == list(range(UPLOAD.window_count))
        assert all(frame.late for frame in late)
        assert [frame.window_index for frame in late if frame.empty_reason] == list(range(16, 26))
        assert not any(frame.late for frame in await frames(room, 1))
        assert (await newest(room)).epoch == 1
        spectrum = await room.features.GetSpectrum(
            pb.GetSpectrumRequest(sensor_id=LIVE.sensor_id, channel="channel0")
        )
        assert spectrum.spectrum.epoch == 1
        # A refill of the upload replaces its empty windows.
        await ingest.send(*[UPLOAD.run(k, 10, slot=2, late=True) for k in range(16, 26)])
        await ingest.call.write(hops_request(UPLOAD.run(39, 1, slot=2)))
        while any(frame.empty_reason for frame in await frames(room, 2)):
            await ingest.answer()
    assert (await newest(room)).epoch == 1


async def test_an_epoch_that_grows_old_on_the_way(room: Room) -> None:
    """Announced again as an upload: what comes from there on is late, and nothing is lost."""
    async with sender(room.windows) as ingest:
        await ingest.open(LIVE, 1)
        runs = list(LIVE.runs(0, 1, slot=1))
        for run in runs[:15]:
            await ingest.send(run)
        await ingest.committed(6, 1)
        message = LIVE.announcement(1)
        message.backfill = True
        await ingest.call.write(windows_pb.AnalyzeWindowsRequest(open=message))
        for run in runs[15:]:
            await ingest.send(run)
        await ingest.committed(LIVE.window_count, 1)
    assert [frame.late for frame in await frames(room, 1)] == [False] * 6 + [True] * 15
