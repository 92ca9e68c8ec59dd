"""Messages that are wrong in every way: bytes that are none, and fields that make no sense."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor, message, message_factory

from kurto.alerts.v1 import alert_service_pb2, rule_service_pb2
from kurto.analyzer.v1 import analyzer_service_pb2, feature_service_pb2
from kurto.assets.v1 import asset_service_pb2
from kurto.gateway.v1 import live_service_pb2, session_service_pb2
from kurto.ingest.v1 import ingest_service_pb2, stream_control_service_pb2

__all__ = ["Method", "junk", "methods", "odd_message"]

Field = Any  # a descriptor; the stubs of its two implementations disagree
_FILES = {
    "ingest": (ingest_service_pb2, stream_control_service_pb2, asset_service_pb2),
    "analyzer": (analyzer_service_pb2, feature_service_pb2),
    "alerts": (alert_service_pb2, rule_service_pb2),
    "gateway": (live_service_pb2, session_service_pb2),
}
_DEPTH = 3
_TEXTS = ["", "x", "pump-7", "\x00", "../etc/passwd", "ü" * 50, "'; DROP TABLE x; --", "9" * 5000]
_NUMBERS = [0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, float("inf"), float("nan"), 25600.0]
_INTEGERS = {
    32: [0, 1, -1, 7, 100, 2**31 - 1, -(2**31)],
    64: [0, 1, -1, 7, 100, 2**31, 2**63 - 1, -(2**63)],
}


@dataclass(frozen=True)
class Method:
    """One method of one service.

    Parameters
    ----------
    service : str
        Process that serves it, as in the ready file.
    path : str
        ``/package.Service/Method``.
    request : Descriptor
        Its request.
    streams_requests, streams_responses : bool
        Its arity.
    """

    service: str
    path: str
    request: descriptor.Descriptor
    streams_requests: bool
    streams_responses: bool


def methods() -> Iterator[Method]:
    """Yield every method of every service of the contract."""
    for process, modules in _FILES.items():
        for module in modules:
            for service in module.DESCRIPTOR.services_by_name.values():
                for one in service.methods:
                    yield Method(
                        process,
                        f"/{service.full_name}/{one.name}",
                        one.input_type,
                        one.client_streaming,
                        one.server_streaming,
                    )


def junk(chance: random.Random, request: descriptor.Descriptor) -> bytes:
    """Return bytes that are no message of this kind, whatever decodes them."""
    empty = message_factory.GetMessageClass(request)
    while True:
        found = chance.randbytes(chance.randint(1, 400))
        try:
            empty.FromString(found)
        except message.DecodeError:
            return found


def odd_message(chance: random.Random, request: descriptor.Descriptor) -> bytes:
    """Return a well-formed message whose fields are random and mostly make no sense."""
    return _fill(chance, message_factory.GetMessageClass(request)(), _DEPTH).SerializeToString()


def _fill(chance: random.Random, into: message.Message, depth: int) -> message.Message:
    for field in into.DESCRIPTOR.fields:
        if chance.random() < 0.4:
            continue
        if field.message_type is None:
            _set(chance, into, field)
        elif depth and not field.message_type.GetOptions().map_entry:
            inside = getattr(into, field.name)
            for _ in range(chance.randint(1, 3) if field.is_repeated else 1):
                inner = inside.add() if field.is_repeated else inside
                inner.SetInParent()
                _fill(chance, inner, depth - 1)
    return into


def _set(chance: random.Random, into: message.Message, field: Field) -> None:
    make = _maker(chance, field)
    if field.is_repeated:
        getattr(into, field.name).extend(make() for _ in range(chance.randint(0, 4)))
    else:
        setattr(into, field.name, make())


def _maker(chance: random.Random, field: Field) -> Callable[[], object]:
    kind = field.cpp_type
    if kind == field.CPPTYPE_STRING:
        if field.type == field.TYPE_BYTES:
            return lambda: chance.randbytes(chance.choice([0, 1, 3, 4, 40, 4000]))
        return lambda: chance.choice(_TEXTS)
    if kind == field.CPPTYPE_BOOL:
        return lambda: chance.random() < 0.5
    if kind in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
        return lambda: chance.choice(_NUMBERS)
    if kind == field.CPPTYPE_ENUM:
        return lambda: chance.choice([0, 1, 2, 99])
    bits = 64 if kind in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64) else 32
    return lambda: chance.choice(_INTEGERS[bits])
