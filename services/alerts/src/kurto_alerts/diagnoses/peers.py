"""The analyzer's diagnoses, over gRPC."""

import itertools
import math
from collections.abc import Iterable

import grpc

from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto_alerts.diagnoses.families import FAMILIES, NO_FAULT, UNCERTAIN
from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.diagnoses.scores import DiagnosedWindow, Finding

PAGE_SIZE = 1000  # more than any sensor has channels, so that a page holds one window at least
_VERDICTS = {
    pb.BEARING_FAULT_NONE: NO_FAULT,
    **dict(zip(
        (pb.BEARING_FAULT_OUTER_RACE, pb.BEARING_FAULT_INNER_RACE, pb.BEARING_FAULT_BALL),
        FAMILIES, strict=True,
    )),
}  # fmt: skip


class GrpcDiagnoses:
    """Implements `DiagnosisSource` by the analyzer's FeatureService.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Leads to the analyzer.
    timeout_s : float
        Seconds that an answer may take.
    page_size : int
        Diagnoses of one channel in a page at most, more than a sensor has channels.
    """

    def __init__(
        self, channel: grpc.aio.Channel, *, timeout_s: float, page_size: int = PAGE_SIZE
    ) -> None:
        self._stub = FeatureServiceStub(channel)
        self._timeout_s = timeout_s
        self._page_size = page_size

    async def page(
        self, sensor_id: str, *, after_us: int, until_us: int | None = None
    ) -> DiagnosisPage:
        """Return the next stored diagnoses of a sensor."""
        request = pb.ListDiagnosesRequest(sensor_id=sensor_id, page_size=self._page_size)
        request.start_time.FromMicroseconds(after_us)
        if until_us is not None:
            request.end_time.FromMicroseconds(until_us)
        try:
            answer = await self._stub.ListDiagnoses(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return DiagnosisPage(sensor_id, [], complete=True)  # it never had anything of it
            raise
        windows = windows_of(answer.diagnoses)
        complete = not answer.next_page_token
        if not complete and len(windows) > 1:
            del windows[-1]  # some of its channels may be on the next page
        return DiagnosisPage(sensor_id, windows, complete)


def windows_of(diagnoses: Iterable[pb.Diagnosis]) -> list[DiagnosedWindow]:
    """Return diagnoses by window; those of one window follow each other."""
    groups = itertools.groupby(diagnoses, lambda one: (one.window.epoch, one.window.window_index))
    return [_window(list(group)) for _, group in groups]


def _window(diagnoses: list[pb.Diagnosis]) -> DiagnosedWindow:
    window = diagnoses[0].window
    return DiagnosedWindow(
        sensor_id=window.sensor_id,
        epoch=window.epoch,
        window_index=window.window_index,
        first_index=window.first_index,
        sample_count=window.sample_count,
        start_us=window.start_time.ToMicroseconds(),
        end_us=window.end_time.ToMicroseconds(),
        shaft_speed_hz=window.shaft_speed_hz if window.HasField("shaft_speed_hz") else math.nan,
        findings=tuple(_finding(one) for one in diagnoses),
    )


def _finding(message: pb.Diagnosis) -> Finding:
    return Finding(
        channel=message.channel,
        verdict=_VERDICTS.get(message.fault, UNCERTAIN),
        scores={
            _VERDICTS[one.fault]: one.score for one in message.scores if one.fault in _VERDICTS
        },
        growth=message.growth if message.HasField("growth") else math.nan,
    )
