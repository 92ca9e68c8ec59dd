"""Reflection in both versions that tools ask for: ``grpc.reflection.v1`` and ``v1alpha``.

The packaged servicer speaks v1alpha only, which newer tools try last and some no longer know. The
messages of the two are the same on the wire, so one servicer answers for both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

__all__ = ["add_v1", "add_v1alpha", "reflection_servicer"]

_ALPHA = "grpc.reflection.v1alpha"
_V1 = "grpc.reflection.v1"
_NAMES = (f"{_V1}.ServerReflection", reflection.SERVICE_NAME)


def reflection_servicer(services: Iterable[str]) -> Any:
    """Return a servicer of v1alpha that lists and describes `services` and itself.

    Parameters
    ----------
    services : iterable of str
        Full names, whose generated modules are imported.
    """
    names = (*services, *_NAMES)
    return _Servicer(names, _pool(names))


class _Servicer(reflection.aio.ReflectionServicer):
    def _file_containing_symbol(self, request: Any, fully_qualified_name: str) -> Any:
        """Find methods and fields too: the pool knows only what stands in a file by itself."""
        answer = super()._file_containing_symbol(request, fully_qualified_name)  # type: ignore[misc]
        owner = fully_qualified_name.rpartition(".")[0]
        if answer.HasField("error_response") and owner:
            found = super()._file_containing_symbol(request, owner)  # type: ignore[misc]
            return found if found.HasField("file_descriptor_response") else answer
        return answer


def add_v1(servicer: Any, server: Any) -> None:
    """Register a servicer of v1alpha under the name of v1."""
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = {"ServerReflectionInfo": handler}
    server.add_registered_method_handlers(f"{_V1}.ServerReflection", handlers)


def add_v1alpha(servicer: Any, server: Any) -> None:
    """Register a servicer of v1alpha under its own name."""
    register: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
    register(servicer, server)


def _pool(names: Iterable[str]) -> DescriptorPool:
    """Return a pool of its own with the files of `names`, so that v1 disturbs no other package."""
    default = descriptor_pool.Default()
    pool = DescriptorPool()
    added: set[str] = set()

    def add(file: FileDescriptor) -> None:
        if file.name in added:
            return
        added.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        pool.AddSerializedFile(file.serialized_pb)

    # What errors carry, so that tools can show it.
    add(error_details_pb2.DESCRIPTOR)
    for name in names:
        # A service without generated code is listed, but cannot be described.
        with contextlib.suppress(KeyError):
            add(default.FindFileContainingSymbol(name))
    pool.AddSerializedFile(_v1_file().SerializeToString())
    return pool


def _v1_file() -> FileDescriptorProto:
    text = reflection_pb2.DESCRIPTOR.serialized_pb
    file = FileDescriptorProto.FromString(text)
    file.name = "grpc/reflection/v1/reflection.proto"
    file.package = _V1
    file.ClearField("options")
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = field.type_name.replace(f".{_ALPHA}.", f".{_V1}.")
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(f".{_ALPHA}.", f".{_V1}.")
            method.output_type = method.output_type.replace(f".{_ALPHA}.", f".{_V1}.")
    return file
