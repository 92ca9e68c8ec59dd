"""The contract as the binary descriptor set that Envoy's transcoder reads."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from kurto_gateway.contract import FILES, with_dependencies

__all__ = ["descriptor_set"]


def descriptor_set() -> bytes:
    """Return a serialised ``FileDescriptorSet`` of the contract and all that it imports.

    It is made from the installed stubs, so it cannot differ from what the services speak. The
    types of ``google.rpc`` are in it: without them Envoy leaves error bodies empty.
    """
    files = FileDescriptorSet()
    for file in with_dependencies(FILES):
        files.file.append(FileDescriptorProto.FromString(file.serialized_pb))
    return files.SerializeToString(deterministic=True)
