"""Fills the places of `envoy.yaml` in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

__all__ = ["LOCAL_ORIGINS", "render_config"]

#: Web pages on this machine, whatever their port: a dashboard under development.
LOCAL_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?"
_AWAY = "A service does not answer: it is starting or has stopped. Retry in a moment."
_TOO_LARGE = "The body is too large: send at most 4 MiB."
_ENVOYS_OWN = "%LOCAL_REPLY_BODY%"
_UNAVAILABLE, _INVALID, _LARGE = "DEPENDENCY_UNAVAILABLE", "INVALID_FIELD", "MESSAGE_TOO_LARGE"
_NO_ADDRESS = "There is no such address: docs/reference/rest.md lists them, with their methods."


def render_config(
    *,
    host: str,
    http_port: int,
    tls_port: int,
    admin_port: int,
    ingest: int,
    analyzer: int,
    alerts: int,
    gateway: int,
    gateway_http: int,
    descriptor_set: Path,
    certificate: Path,
    private_key: Path,
    admin_host: str = "127.0.0.1",
    ingest_host: str = "127.0.0.1",
    analyzer_host: str = "127.0.0.1",
    alerts_host: str = "127.0.0.1",
    gateway_host: str = "127.0.0.1",
    cors_origins: str = LOCAL_ORIGINS,
    access_log: Path | None = None,
) -> str:
    """Return Envoy's configuration as YAML.

    Parameters
    ----------
    host : str
        Address that both public ports listen on.
    http_port, tls_port, admin_port : int
        Ports of the plain listener, the TLS listener and Envoy's own administration.
    ingest, analyzer, alerts, gateway : int
        gRPC ports of the services.
    gateway_http : int
        Port of the gateway's dashboard and server-sent events.
    descriptor_set : Path
        File that holds `kurto_gateway.envoy.descriptor_set()`.
    certificate, private_key : Path
        PEM files for the TLS port.
    admin_host, ingest_host, analyzer_host, alerts_host, gateway_host : str
        Where the administration listens and where the services are: addresses or DNS names.
    cors_origins : str
        Regular expression of web origins, besides kurto's own, whose pages may call kurto.
    access_log : Path, optional
        Where to write one line a request; nothing is written by default.

    Returns
    -------
    str
        The whole configuration.
    """
    numbers = {
        "http_port": http_port, "tls_port": tls_port, "admin_port": admin_port, "ingest": ingest,
        "analyzer": analyzer, "alerts": alerts, "gateway": gateway, "gateway_http": gateway_http,
    }  # fmt: skip
    texts = {
        "host": host, "admin_host": admin_host, "ingest_host": ingest_host,
        "analyzer_host": analyzer_host, "alerts_host": alerts_host, "gateway_host": gateway_host,
        "descriptor_set": str(descriptor_set), "certificate": str(certificate),
        "private_key": str(private_key),
    }  # fmt: skip
    # JSON is YAML: quoted, no name or path can change the structure.
    values: dict[str, str] = {name: str(int(value)) for name, value in numbers.items()}
    values |= {name: json.dumps(text) for name, text in texts.items()}
    values |= {
        "cors_origins": json.dumps(cors_origins)[1:-1],
        "access_log": json.dumps(_access_log(access_log)),
        "not_found": json.dumps(_rest(code_pb2.NOT_FOUND, _NO_ADDRESS, _INVALID)),
        "rest_invalid": json.dumps(_rest(code_pb2.INVALID_ARGUMENT, _ENVOYS_OWN, _INVALID)),
        "rest_too_large": json.dumps(_rest(code_pb2.RESOURCE_EXHAUSTED, _TOO_LARGE, _LARGE)),
        "rest_unavailable": json.dumps(_rest(code_pb2.UNAVAILABLE, _AWAY, _UNAVAILABLE)),
        "unavailable_details": _unavailable_details(),
    }
    return _template().substitute(values)


def _template() -> Template:
    return Template(resources.files(__package__).joinpath("envoy.yaml").read_text("utf-8"))


def _access_log(path: Path | None) -> list[Mapping[str, object]]:
    if path is None:
        return []
    fields = {
        "time": "%START_TIME%",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "status": "%RESPONSE_CODE%",
        "grpc_status": "%GRPC_STATUS%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "duration_ms": "%DURATION%",
        "upstream": "%UPSTREAM_HOST%",
        "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    }
    kind = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
    config = {"@type": kind, "path": str(path), "log_format": {"json_format": fields}}
    return [{"name": "file", "typed_config": config}]


def _rest(code: int, message: str, reason: str) -> dict[str, object]:
    kind = f"type.googleapis.com/{ErrorInfo.DESCRIPTOR.full_name}"
    info = {"@type": kind, "reason": reason, "domain": "kurto", "metadata": {}}
    return {"code": code, "message": message, "details": [info]}


def _unavailable_details() -> str:
    detail = Any()
    detail.Pack(ErrorInfo(reason=_UNAVAILABLE, domain="kurto"))
    status = Status(code=code_pb2.UNAVAILABLE, message=_AWAY, details=[detail])
    # Binary metadata travels as base64 without padding.
    return base64.b64encode(status.SerializeToString()).decode("ascii").rstrip("=")
