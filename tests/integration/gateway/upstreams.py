"""Stands in for ingest, analyzer and alerts: answers every method of the contract.

Answers are defaults, but for what the live stream and large bodies need. The initial metadata of
each hold the method and the request, which Envoy turns into headers of a REST answer. A request
for the sensor ``unknown`` is refused as a service refuses it. AcknowledgeAlert stores a transition
that is published nowhere.
"""

import base64
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kurto.alerts.v1 import alert_service_pb2, alerts_pb2
from kurto.analyzer.v1 import feature_service_pb2
from kurto.ingest.v1 import ingest_service_pb2, stream_control_service_pb2, stream_status_pb2
from kurto_gateway.contract import owner_of, public_services
from kurto_gateway.fakes import FakeAlerts
from kurto_service.exceptions import NotFound
from kurto_service.identity import requires
from kurto_service.runtime import Runtime, main
from kurto_service.settings import ServiceSettings, service_config

RAISED = alerts_pb2.TRANSITION_KIND_RAISED
Answer = Callable[[Any], Any]


class UpstreamSettings(ServiceSettings):
    """Settings of the stand-in."""

    model_config = service_config("upstream")


class UnknownSensor(NotFound):
    """No sensor is called {sensor_id}: create it with CreateSensor."""

    reason = "UNKNOWN_SENSOR"


class Answers:
    """What some methods answer with, by name."""

    def __init__(self) -> None:
        self.alerts = FakeAlerts()

    async def ListActiveAlerts(self, _: object) -> Message:
        opened, number = await self.alerts.list_open()
        return alert_service_pb2.ListActiveAlertsResponse(alerts=opened, transition_number=number)

    async def ListTransitions(self, request: Any) -> Message:
        page = await self.alerts.list_transitions(
            request.after_transition_number, count=request.page_size or 100
        )
        return alert_service_pb2.ListTransitionsResponse(
            transitions=page.transitions, newest_transition_number=page.newest_number
        )

    async def AcknowledgeAlert(self, request: Any) -> Message:
        alert = alerts_pb2.Alert(alert_id=request.alert_id, state=alerts_pb2.CONDITION_STATE_ACTIVE)
        self.alerts.commit(alert, RAISED)
        return alert_service_pb2.AcknowledgeAlertResponse(alert=alert)

    async def ListStreams(self, _: object) -> Message:
        state = stream_status_pb2.SensorStatus(sensor_id="pump-7", next_index=2**40)
        return stream_control_service_pb2.ListStreamsResponse(streams=[state])

    async def ListFeatures(self, request: Any) -> Message:
        response = feature_service_pb2.ListFeaturesResponse()
        for k in range(request.page_size):
            frame = response.frames.add(sensor_id=request.sensor_id, window_index=k)
            for name in ("horizontal", "vertical"):
                values = {f"feature_{n}": n + k / 7 for n in range(16)}
                frame.channels.add(channel=name, unit="g").values.update(values)
        return response

    async def Push(self, requests: AsyncIterator[Any]) -> Message:
        count = 0
        async for request in requests:
            count += len(request.batch.batch.planar)
        result = ingest_service_pb2.SensorPushResult(accepted_sample_count=count)
        return ingest_service_pb2.PushResponse(results=[result])


def add_service(service: ServiceDescriptor, answers: Answers, server: Any) -> None:
    """Register a handler for each method of `service`."""
    handlers = {method.name: handler_of(method, answers) for method in service.methods}
    server.add_registered_method_handlers(service.full_name, handlers)


def handler_of(method: MethodDescriptor, answers: Answers) -> Any:
    """Return a handler of the method's arity."""
    response_class: Any = GetMessageClass(method.output_type)
    answer: Answer | None = getattr(answers, method.name, None)

    @requires("viewer", "sensor")
    async def one(request: Any, context: Any) -> Any:
        if getattr(request, "sensor_id", "") == "unknown":
            raise UnknownSensor(sensor_id="unknown")
        if not method.client_streaming:
            await context.send_initial_metadata(told(method, request, context))
        return response_class() if answer is None else await answer(request)

    @requires("viewer", "sensor")
    async def many(request: Any, context: Any) -> AsyncIterator[Any]:
        yield response_class()

    make: Any = {
        (False, False): partial(grpc.unary_unary_rpc_method_handler, one),
        (False, True): partial(grpc.unary_stream_rpc_method_handler, many),
        (True, False): partial(grpc.stream_unary_rpc_method_handler, one),
        (True, True): partial(grpc.stream_stream_rpc_method_handler, many),
    }[bool(method.client_streaming), bool(method.server_streaming)]
    request_class: Any = GetMessageClass(method.input_type)
    return make(
        request_deserializer=request_class.FromString,
        response_serializer=response_class.SerializeToString,
    )


def told(method: MethodDescriptor, request: Message, context: Any) -> tuple[tuple[str, str], ...]:
    """Return the call as metadata."""
    given = dict(context.invocation_metadata())
    return (
        ("x-called", str(method.full_name)),
        ("x-request", base64.b64encode(request.SerializeToString()).decode()),
        ("x-authorization", str(given.get("authorization", ""))),
        ("x-client", str(given.get("x-forwarded-for", ""))),
    )


async def wire(settings: UpstreamSettings, runtime: Runtime[UpstreamSettings]) -> None:
    """Serve whatever the gateway does not."""
    answers = Answers()
    for service in public_services():
        if owner_of(service.full_name) != "gateway":

            def add(_: object, server: Any, service: ServiceDescriptor = service) -> None:
                add_service(service, answers, server)

            runtime.add_servicer(add, None, service.full_name)


if __name__ == "__main__":
    main("upstream", UpstreamSettings, wire)
