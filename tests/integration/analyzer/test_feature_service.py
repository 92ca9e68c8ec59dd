"""FeatureService over a real PostgreSQL and a real Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import numpy as np
import pytest
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, noise
from tests.integration.analyzer.sender import sender

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureFrame
from kurto_analyzer.frames import timestamp
from kurto_analyzer.partitions import feature_table
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.settings import AnalyzerSettings
from kurto_analyzer.valkey import ValkeyLiveFeatures
from kurto_dsp import SpectrumKind, compute_spectrum, feature_names
from kurto_service import valkey
from kurto_service.clock import SystemClock
from kurto_service.errors import error_info
from kurto_service.postgres import create_pool
from kurto_service.settings import load_settings

RECORDING = Recording(
    samples=noise(seconds=6, sample_rate_hz=2560.0), sample_rate_hz=2560.0, empty_hops={30: 1}
)
SENSOR = RECORDING.sensor_id


@pytest.fixture
async def real_room(analyzer_dsn: str, valkey_url: str) -> AsyncIterator[Room]:
    pool = await create_pool(analyzer_dsn, max_size=4)
    clock = SystemClock()
    store = PostgresFeatureStore(pool, pool, PartitionKeeper(pool, clock, feature_table(7)))
    live = ValkeyLiveFeatures(
        lambda: valkey.connect(valkey_url), clock, retention_s=600, latest_ttl_s=60, timeout_s=20.0
    )
    room = Room(store, live, load_settings(AnalyzerSettings, commit_interval_s=0.01))
    async with room.open():
        yield room
    await live.close()
    await pool.close()


def listing(**values: object) -> pb.ListFeaturesRequest:
    return pb.ListFeaturesRequest(sensor_id=SENSOR, **values)  # type: ignore[arg-type]


async def refusal(call: object) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    info = error_info(caught.value)
    assert info is not None
    return caught.value.code().name, info.reason


def rms(frames: list[FeatureFrame]) -> list[float]:
    return [frame.channels[0].values["rms"] for frame in frames if frame.channels]


async def test_pages_hold_every_window_once(real_room: Room) -> None:
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(RECORDING)
    frames: list[FeatureFrame] = []
    request = listing(page_size=7)
    while True:
        page = await real_room.features.ListFeatures(request)
        assert len(page.frames) <= 7
        frames += page.frames
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert [frame.window_index for frame in frames] == list(range(RECORDING.window_count))
    offline = RECORDING.offline()
    for frame in frames:
        assert frame.config_version == 1
        assert frame.first_index == frame.window_index * RECORDING.hop
        assert frame.start_time.seconds >= RECORDING.anchor_s
        if 21 <= frame.window_index <= 30:
            assert frame.empty_reason == 1
            assert not frame.channels
            continue
        assert [channel.channel for channel in frame.channels] == RECORDING.channels
        for channel, row in zip(frame.channels, offline.values[frame.window_index], strict=True):
            wanted = {n: v for n, v in zip(offline.names, row, strict=True) if not np.isnan(v)}
            assert dict(channel.values) == pytest.approx(wanted, rel=0, abs=0)


async def test_reader_that_follows_an_epoch(real_room: Room) -> None:
    features = real_room.features
    before = await features.ListFeatures(listing(epoch=1, after_window_index=-1))
    assert (len(before.frames), before.next_window_index) == (0, 0)
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(RECORDING)
    page = await features.ListFeatures(listing(epoch=1, after_window_index=47))
    assert [frame.window_index for frame in page.frames] == [48, 49, 50]
    assert page.next_window_index == RECORDING.window_count
    far = await features.ListFeatures(listing(epoch=1, after_window_index=2**63 - 1))
    assert not far.frames
    everything = await features.ListFeatures(listing(epoch=1, after_window_index=-1))
    assert len(everything.frames) == RECORDING.window_count


async def test_time_range_and_chosen_features(real_room: Room) -> None:
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(RECORDING)
    start_us = RECORDING.anchor_s * 1_000_000
    page = await real_room.features.ListFeatures(
        listing(
            start_time=timestamp(start_us + 100_000),
            end_time=timestamp(start_us + 500_000),
            feature_names=["rms", "kurtosis"],
        )
    )
    assert [frame.window_index for frame in page.frames] == [1, 2, 3, 4]
    for frame in page.frames:
        assert set(frame.channels[1].values) == {"rms", "kurtosis"}


async def test_newest_frame_from_memory_valkey_and_postgresql(
    real_room: Room, valkey_url: str
) -> None:
    request = pb.GetLatestFeaturesRequest(sensor_id=SENSOR)
    newest = RECORDING.window_count - 1
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(RECORDING)
        from_memory = await real_room.features.GetLatestFeatures(request)
        await ingest.call.done_writing()
        with pytest.raises(EOFError):
            while True:
                await ingest.answer()
    assert not len(real_room.analyzer.sensors)
    from_valkey = await real_room.features.GetLatestFeatures(request)
    client = await valkey.connect(valkey_url)
    assert 0 < await client.ttl(f"kurto:latest:{SENSOR}") <= 60
    await client.flushall()
    await client.aclose()
    from_store = await real_room.features.GetLatestFeatures(request)
    for response in (from_memory, from_valkey, from_store):
        assert response.frame.window_index == newest
        assert response.frame == from_memory.frame
        assert response.HasField("server_time")


@pytest.mark.parametrize(
    ("scaling", "kind", "unit"),
    [
        (0, SpectrumKind.PEAK, "g"),
        (2, SpectrumKind.RMS, "g"),
        (3, SpectrumKind.POWER_DENSITY, "g2/Hz"),
    ],
)
async def test_spectrum_of_the_newest_window(
    real_room: Room, scaling: int, kind: SpectrumKind, unit: str
) -> None:
    whole = replace(RECORDING, empty_hops={})
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(whole)
        response = await real_room.features.GetSpectrum(
            pb.GetSpectrumRequest(sensor_id=SENSOR, channel="channel1", scaling=scaling)  # type: ignore[arg-type]
        )
    spectrum = response.spectrum
    wanted = compute_spectrum(whole.samples[1, -2560:], sample_rate_hz=2560.0, kind=kind)
    assert spectrum.lines == pytest.approx(wanted.values[0].astype(np.float32).tolist(), rel=1e-6)
    assert (spectrum.unit, spectrum.window_function) == (unit, "hann")
    assert spectrum.frequency_step_hz == 1.0
    assert spectrum.window_index == whole.window_count - 1
    assert spectrum.scaling == (scaling or 1)


async def test_definitions_are_the_columns(real_room: Room) -> None:
    response = await real_room.features.ListFeatureDefinitions(pb.ListFeatureDefinitionsRequest())
    assert tuple(one.name for one in response.features) == feature_names()
    units = {one.name: one.unit for one in response.features}
    assert units["rms"] == "acceleration"
    assert units["velocity_rms"] == "mm/s"
    assert units["displacement_rms"] == "um"
    assert units["kurtosis"] == "1"
    assert all(one.description for one in response.features)


async def test_bad_requests_say_what_to_change(real_room: Room) -> None:
    features = real_room.features
    wrong = ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert await refusal(features.ListFeatures(pb.ListFeaturesRequest())) == wrong
    nul = pb.ListFeaturesRequest(sensor_id="pump\x00")
    assert await refusal(features.ListFeatures(nul)) == wrong
    assert await refusal(features.ListFeatures(listing(page_size=6001))) == wrong
    assert await refusal(features.ListFeatures(listing(epoch=-1))) == wrong
    assert await refusal(features.ListFeatures(listing(epoch=2**31))) == wrong
    assert await refusal(features.ListFeatures(listing(after_window_index=3))) == wrong
    unknown = features.ListFeatures(listing(feature_names=["rms", "loudness"]))
    assert await refusal(unknown) == ("INVALID_ARGUMENT", "UNKNOWN_FEATURE")
    for token in ("x", "§", "AAAA"):
        bad = features.ListFeatures(listing(page_token=token))
        assert await refusal(bad) == ("INVALID_ARGUMENT", "INVALID_CURSOR")


async def test_page_token_belongs_to_its_request(real_room: Room) -> None:
    async with sender(real_room.windows) as ingest:
        await ingest.send_all(RECORDING)
    page = await real_room.features.ListFeatures(listing(page_size=5))
    other = listing(page_size=5, feature_names=["rms"], page_token=page.next_page_token)
    refused = await refusal(real_room.features.ListFeatures(other))
    assert refused == ("INVALID_ARGUMENT", "INVALID_CURSOR")


async def test_what_is_not_there_is_not_found(real_room: Room) -> None:
    features = real_room.features
    none_yet = ("NOT_FOUND", "NO_FEATURES_YET")
    latest = features.GetLatestFeatures(pb.GetLatestFeaturesRequest(sensor_id=SENSOR))
    assert await refusal(latest) == none_yet
    spectrum = pb.GetSpectrumRequest(sensor_id=SENSOR)
    assert await refusal(features.GetSpectrum(spectrum)) == none_yet
    async with sender(real_room.windows) as ingest:
        await ingest.open(RECORDING)
        assert await refusal(features.GetSpectrum(spectrum)) == none_yet
        await ingest.send(RECORDING.run(0, 12))
        await ingest.committed(3)
        assert len((await features.GetSpectrum(spectrum)).spectrum.lines) == 1281
        spectrum.channel = "axial"
        assert await refusal(features.GetSpectrum(spectrum)) == ("NOT_FOUND", "UNKNOWN_CHANNEL")


async def test_nothing_is_listed_of_an_unknown_sensor(real_room: Room) -> None:
    page = await real_room.features.ListFeatures(pb.ListFeaturesRequest(sensor_id="nobody"))
    assert not page.frames
    assert not page.next_page_token
