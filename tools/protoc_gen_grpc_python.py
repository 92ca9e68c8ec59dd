"""Plugin for buf: the gRPC Python generator that grpcio-tools carries inside its protoc."""

import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc


def generate(request: plugin_pb2.CodeGeneratorRequest) -> plugin_pb2.CodeGeneratorResponse:
    """Answer one request of the compiler.

    Parameters
    ----------
    request : CodeGeneratorRequest
        The descriptors and the names of the files to generate.

    Returns
    -------
    CodeGeneratorResponse
        One ``_pb2_grpc.py`` for each file, or the error.
    """
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as directory:
        descriptors = Path(directory) / "descriptors.binpb"
        output = Path(directory) / "output"
        output.mkdir()
        files = descriptor_pb2.FileDescriptorSet(file=request.proto_file)
        descriptors.write_bytes(files.SerializeToString())
        options = f"{request.parameter}:" if request.parameter else ""
        words = ["protoc", f"--descriptor_set_in={descriptors}"]
        words += [f"--grpc_python_out={options}{output}", *request.file_to_generate]
        code = protoc.main(words)
        if code != 0:
            response.error = f"the grpc_python generator exited with {code}"
        for path in sorted(output.rglob("*.py")):
            name = path.relative_to(output).as_posix()
            response.file.add(name=name, content=path.read_text(encoding="utf-8"))
    return response


if __name__ == "__main__":
    asked = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(asked).SerializeToString())
