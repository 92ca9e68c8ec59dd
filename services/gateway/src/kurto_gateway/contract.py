"""The services of the contract: who serves them, and what they look like on the wire.

One list, from which the descriptor set of the REST transcoder, reflection and health are made. A
service that is not listed here cannot be reached by reflection; a test holds the list and the
protos equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from google.api import annotations_pb2
from google.protobuf import any_pb2
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from google.rpc import code_pb2, error_details_pb2, status_pb2

from kurto.alerts.v1 import (
    alert_service_pb2,
    notification_service_pb2,
    rule_service_pb2,
)
from kurto.analyzer.v1 import analyzer_service_pb2, feature_service_pb2
from kurto.assets.v1 import asset_service_pb2
from kurto.errors.v1 import errors_pb2
from kurto.gateway.v1 import live_service_pb2, session_service_pb2
from kurto.ingest.v1 import ingest_service_pb2, stream_control_service_pb2

__all__ = ["FILES", "OWNERS", "Owner", "owner_of", "public_services", "with_dependencies"]

Owner = Literal["ingest", "analyzer", "alerts", "gateway"]
OWNERS: dict[str, Owner] = {
    "kurto.assets.v1": "ingest",
    "kurto.ingest.v1": "ingest",
    "kurto.analyzer.v1": "analyzer",
    "kurto.alerts.v1": "alerts",
    "kurto.gateway.v1": "gateway",
}
#: Files with services, and the ones that only error bodies need.
FILES: tuple[FileDescriptor, ...] = (
    asset_service_pb2.DESCRIPTOR,
    ingest_service_pb2.DESCRIPTOR,
    stream_control_service_pb2.DESCRIPTOR,
    analyzer_service_pb2.DESCRIPTOR,
    feature_service_pb2.DESCRIPTOR,
    alert_service_pb2.DESCRIPTOR,
    rule_service_pb2.DESCRIPTOR,
    notification_service_pb2.DESCRIPTOR,
    live_service_pb2.DESCRIPTOR,
    session_service_pb2.DESCRIPTOR,
    errors_pb2.DESCRIPTOR,
    annotations_pb2.DESCRIPTOR,
    any_pb2.DESCRIPTOR,
    code_pb2.DESCRIPTOR,
    error_details_pb2.DESCRIPTOR,
    status_pb2.DESCRIPTOR,
)


def public_services() -> list[ServiceDescriptor]:
    """Return every service of kurto, by full name."""
    found = [service for file in FILES for service in file.services_by_name.values()]
    return sorted(found, key=lambda service: service.full_name)


def owner_of(service: str) -> Owner:
    """Return the name of the process that serves the service with this full name.

    Raises
    ------
    KeyError
        If no process does.
    """
    return OWNERS[service.rpartition(".")[0]]


def with_dependencies(files: Iterable[FileDescriptor]) -> Iterator[FileDescriptor]:
    """Yield each file once, after the files that it imports."""
    seen: set[str] = set()

    def visit(file: FileDescriptor) -> Iterator[FileDescriptor]:
        if file.name not in seen:
            seen.add(file.name)
            for dependency in file.dependencies:
                yield from visit(dependency)
            yield file

    for file in files:
        yield from visit(file)
