"""The RPC that shows evidence."""

from typing import Any

import grpc

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alert_service_pb2_grpc as alert_grpc
from kurto.alerts.v1 import evidence_pb2 as pb
from kurto_alerts.evidence.moments import EvidenceState
from kurto_alerts.evidence.ports import EvidenceStore, FoundEvidence
from kurto_alerts.exceptions import NoEvidence
from kurto_alerts.request_fields import checked_text
from kurto_service.identity import requires

Context = grpc.aio.ServicerContext[Any, Any]

_PROBLEMS = {
    EvidenceState.PENDING: "it is being frozen, ask again in some seconds",
    EvidenceState.EXPIRED: "it was kept for as long, or as much, as the settings say",
}


class EvidenceMethods(alert_grpc.AlertServiceServicer):
    """The method of `kurto.alerts.v1.AlertService` that shows evidence.

    Parameters
    ----------
    evidence : EvidenceStore
        Keeps it.
    """

    def __init__(self, evidence: EvidenceStore) -> None:
        self._evidence = evidence

    @requires("viewer")
    async def GetEvidence(
        self, request: alert_pb.GetEvidenceRequest, context: Context
    ) -> alert_pb.GetEvidenceResponse:
        """Return what was frozen beside an alert, with the samples of one channel."""
        alert_id = checked_text("alert_id", request.alert_id)
        found = await self._evidence.find(alert_id, request.sensor_id, request.channel)
        return alert_pb.GetEvidenceResponse(evidence=_evidence(alert_id, found))


def _evidence(alert_id: str, found: FoundEvidence | None) -> pb.Evidence:
    if found is None:
        raise NoEvidence(
            alert_id=alert_id, state="none", problem="only alerts of vibration have evidence"
        )
    if found.summary is None:
        problem = _PROBLEMS.get(found.state) or found.problem
        raise NoEvidence(alert_id=alert_id, state=found.state.name.lower(), problem=problem)
    if found.part is None:
        raise NoEvidence(
            alert_id=alert_id,
            state="channel",
            problem="it has no such channel: leave sensor_id and channel out, `sources` names all",
        )
    # Of the repeated fields the remarks of the channel come first.
    evidence = pb.Evidence()
    evidence.CopyFrom(found.part)
    evidence.MergeFrom(found.summary)
    evidence.alert_id = alert_id
    for sensor_id, channel in found.sources:
        evidence.sources.add(sensor_id=sensor_id, channel=channel)
    return evidence
