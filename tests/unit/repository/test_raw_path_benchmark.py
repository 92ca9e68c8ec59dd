"""The load of the raw path's benchmark is what it says it is."""

from types import MappingProxyType

import pytest
from benchmarks.raw.messages import HOP, VARIANTS, SensorMessages, payloads
from benchmarks.raw.watch import Watch

from kurto.ingest.v1 import ingest_service_pb2 as pb


@pytest.mark.parametrize("hop", [0, 1, 49, 50, 12345, 10**9])
@pytest.mark.parametrize("slot", [0, 1, 200])
def test_messages_made_by_hand_are_what_protobuf_would_write(hop: int, slot: int) -> None:
    message = pb.PushRequest.FromString(SensorMessages("raw-1", slot).batch(hop))
    assert message.WhichOneof("kind") == "batch"
    assert message.batch.slot == slot
    assert message.batch.batch.first_index == hop * HOP
    assert message.batch.batch.planar == payloads("raw-1")[hop % VARIANTS]


def test_a_lag_that_grows_is_noticed() -> None:
    watch = Watch("http://nowhere")
    watch.commit_lags_s = [0.1 + 0.05 * k for k in range(30)]
    assert watch.lag_grew
    watch.commit_lags_s = [0.1, 0.3] * 15
    assert not watch.lag_grew


def test_quantiles_lie_between_the_bounds_of_their_bucket() -> None:
    watch = Watch("http://nowhere")
    counts = {"0.1": 50.0, "0.2": 99.0, "+Inf": 100.0}
    name = 'kurto_ingest_commit_seconds_bucket{le="%s"}'
    watch._after = MappingProxyType({name % bound: count for bound, count in counts.items()})
    assert watch.commit_ms(0.5) == pytest.approx(100.0)
    assert 100.0 < watch.commit_ms(0.75) < 200.0
    assert watch.commit_ms(0.99) == pytest.approx(200.0)
