"""From samples to an alarm to its evidence: ingest, analyzer and alerts as they are, and killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import numpy as np
from tests.integration.alerts.test_evidence import (
    KEEPS,
    LOUD,
    create_machine,
    raised_alerts,
)
from tests.migrations.push import CHANNELS, samples
from tests.migrations.releases import Plant, Release, running
from tests.migrations.sending import RATE_HZ, create_rule, push_once

from kurto.alerts.v1 import alert_service_pb2, alert_service_pb2_grpc, alerts_pb2, evidence_pb2
from kurto.ingest.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from kurto_service.channels import open_channel

PATIENCE_S = 120.0
SCALE = 0.001


async def evidence_of(
    plant: Plant, alert_id: str, sensor_id: str = "", channel: str = ""
) -> evidence_pb2.Evidence | None:
    """Return evidence, None while there is none."""
    async with open_channel(plant.target("alerts")) as connection:
        stub = alert_service_pb2_grpc.AlertServiceStub(connection)
        request = alert_service_pb2.GetEvidenceRequest(
            alert_id=alert_id, sensor_id=sensor_id, channel=channel
        )
        try:
            return (await stub.GetEvidence(request, timeout=30.0)).evidence
        except grpc.aio.AioRpcError as error:
            pending = "being frozen" in str(error.details())
            if not pending and error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return None


async def anchor_us(plant: Plant, sensor_id: str) -> int:
    """Return the time of sample 0."""
    async with open_channel(plant.target()) as connection:
        stub = ingest_service_pb2_grpc.IngestServiceStub(connection)
        request = ingest_service_pb2.ReadSamplesRequest(sensor_id=sensor_id)
        async for message in stub.ReadSamples(request, timeout=30.0):
            return int(message.header.anchor_time.ToMicroseconds())
    raise AssertionError("no header")


async def alerts_when(plant: Plant, holds: Callable[[int], bool]) -> dict[str, alerts_pb2.Alert]:
    """Wait for a number of open alerts and return them."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(len(found := await raised_alerts(plant))):
            await asyncio.sleep(0.1)
    return found


async def test_evidence_is_what_was_sent_and_survives_kills(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    async with running(Release(None), postgres_dsn, valkey_url, tmp_path) as plant:
        await create_machine(plant)
        await create_rule(plant)
        pushing = asyncio.gather(*(push_once(plant, name, 6.0) for name in (LOUD, KEEPS)))
        await alerts_when(plant, lambda count: count > 0)
        # Before a sample behind the moment can have been read.
        await plant.kill("alerts")
        await plant.kill("analyzer")
        await plant.start("alerts")
        await pushing
        await plant.kill("ingest")
        await plant.start("ingest", "analyzer")
        raised = await alerts_when(plant, lambda count: count == 4)
        found: dict[str, evidence_pb2.Evidence] = {}
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while len(found) < len(raised):
            for alert_id in set(raised) - set(found):
                evidence = await evidence_of(plant, alert_id)
                if evidence is not None:
                    found[alert_id] = evidence
            said = (tmp_path / "alerts.log").read_text()[-3000:]
            assert asyncio.get_running_loop().time() < deadline, f"in vain; alerts said:\n{said}"
            await asyncio.sleep(0.2)
        for alert_id, evidence in found.items():
            await check(plant, raised[alert_id], evidence)
        sources = [(sensor_id, name) for sensor_id in (LOUD, KEEPS) for name in CHANNELS]
        for evidence in found.values():
            assert [(one.sensor_id, one.channel) for one in evidence.sources] == sources
        # Alerts of one moment share what was stored once.
        moments = {one.store_time.ToMicroseconds() for one in found.values()}
        rounds = {one.first_moment.ToMicroseconds() for one in found.values()}
        assert len(moments) == len(rounds) <= 2
        some = next(iter(found))
        for sensor_id, channel in sources:
            other = await evidence_of(plant, some, sensor_id, channel)
            assert other is not None
            assert (other.source.sensor_id, other.source.channel) == (sensor_id, channel)
            await check_samples(plant, other)


async def check(plant: Plant, alert: alerts_pb2.Alert, evidence: evidence_pb2.Evidence) -> None:
    """See that evidence belongs to the alert."""
    assert evidence.alert_id == alert.alert_id
    assert evidence.source.sensor_id == alert.sensor_id
    assert evidence.source.channel == alert.channel
    moment_us = alert.raise_time.ToMicroseconds()
    first_us, last_us = (
        evidence.first_moment.ToMicroseconds(),
        evidence.last_moment.ToMicroseconds(),
    )
    assert first_us <= moment_us <= last_us
    assert evidence.start_time.ToMicroseconds() == first_us - 2_000_000
    assert evidence.end_time.ToMicroseconds() == last_us + 2_000_000
    await check_samples(plant, evidence)


async def check_samples(plant: Plant, evidence: evidence_pb2.Evidence) -> None:
    """See that samples are those that were sent, from the first to the last of the range."""
    source, waveform = evidence.waveform.source, evidence.waveform
    assert (source.unit, source.sample_rate_hz, source.missing_sample_count) == ("g", RATE_HZ, 0)
    values = np.array(waveform.values, np.float32)
    assert len(values) == source.sample_count
    row = CHANNELS.index(source.channel)
    sent = samples(source.first_index, source.sample_count)[row] * SCALE
    assert values.tobytes() == sent.astype(np.float32).tobytes()
    zero_us = await anchor_us(plant, source.sensor_id)
    step_us = 1e6 / RATE_HZ
    start_us = zero_us + source.first_index * step_us
    assert abs(source.start_time.ToMicroseconds() - start_us) <= 1
    wanted_us = max(evidence.start_time.ToMicroseconds(), zero_us)
    assert abs(start_us - wanted_us) <= step_us
    end_us = start_us + source.sample_count * step_us
    assert abs(end_us - evidence.end_time.ToMicroseconds()) <= step_us
    spectrum = evidence.spectrum
    assert (spectrum.channel, spectrum.unit, spectrum.step_unit) == (source.channel, "g", "Hz")
    assert spectrum.first_index == source.first_index
    assert len(spectrum.lines) > 100
    assert max(spectrum.lines) > 0.1
    assert not evidence.HasField("baseline_spectrum")
    assert any("baseline" in remark for remark in evidence.remarks)
