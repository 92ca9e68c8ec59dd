"""Envoy's configuration serves the contract as it is."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from kurto_gateway.contract import FILES, owner_of, public_services
from kurto_gateway.envoy import descriptor_set, render_config

PORTS = {
    "http_port": 1, "tls_port": 2, "admin_port": 3, "ingest": 4, "analyzer": 5, "alerts": 6,
    "gateway": 7, "gateway_http": 8,
}  # fmt: skip


def render(**changes: Any) -> dict[str, Any]:
    given = {
        "host": "127.0.0.1", "descriptor_set": Path("/d/set.binpb"), "certificate": Path("/c.crt"),
        "private_key": Path("/c.key"), **PORTS, **changes,
    }  # fmt: skip
    loaded = yaml.safe_load(render_config(**given))
    assert isinstance(loaded, dict)
    return loaded


def manager(config: dict[str, Any]) -> dict[str, Any]:
    listener = config["static_resources"]["listeners"][0]
    found = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert isinstance(found, dict)
    return found


def routes(config: dict[str, Any]) -> list[dict[str, Any]]:
    found = manager(config)["route_config"]["virtual_hosts"][0]["routes"]
    assert isinstance(found, list)
    return found


def route_of(config: dict[str, Any], method: MethodDescriptor) -> dict[str, Any]:
    path = f"/{method.containing_service.full_name}/{method.name}"
    for route in routes(config):
        match = route["match"]
        if match.get("path") == path or path.startswith(match.get("prefix", "\0")):
            return route
    raise AssertionError(path)


METHODS = [method for service in public_services() for method in service.methods]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.full_name))
def test_each_method_reaches_its_owner_with_the_right_limits(method: MethodDescriptor) -> None:
    route = route_of(render(), method)["route"]
    assert route["cluster"] == owner_of(method.containing_service.full_name)
    streams = method.client_streaming or method.server_streaming
    assert (route["timeout"] == "0s") == streams
    if method.client_streaming:
        assert "retry_policy" not in route  # the sender alone knows where to resume
    if "retry_policy" in route:
        conditions = set(route["retry_policy"]["retry_on"].split(","))
        assert conditions <= {"connect-failure", "refused-stream", "reset-before-request"}


def test_every_service_with_rest_addresses_is_transcoded() -> None:
    filters = {one["name"]: one["typed_config"] for one in manager(render())["http_filters"]}
    transcoder = filters["envoy.filters.http.grpc_json_transcoder"]
    with_rest = {
        method.containing_service.full_name
        for method in METHODS
        if method.GetOptions().HasExtension(cast("Any", annotations_pb2.http))
    }
    assert set(transcoder["services"]) == with_rest
    assert list(filters)[-1] == "envoy.filters.http.router"


def test_both_ports_serve_the_same() -> None:
    plain, tls = render()["static_resources"]["listeners"]
    assert plain["filter_chains"][0]["filters"] == tls["filter_chains"][0]["filters"]
    context = tls["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    assert context["alpn_protocols"] == ["h2", "http/1.1"]


def test_upstreams_may_stand_elsewhere() -> None:
    config = render(ingest_host="ingest", gateway_host="gateway", host="0.0.0.0")
    found = {}
    for cluster in config["static_resources"]["clusters"]:
        endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        address = endpoint["address"]["socket_address"]
        found[cluster["name"]] = (address["address"], address["port_value"])
    assert found == {
        "ingest": ("ingest", 4),
        "analyzer": ("127.0.0.1", 5),
        "alerts": ("127.0.0.1", 6),
        "gateway": ("gateway", 7),
        "gateway_http": ("gateway", 8),
    }
    assert config["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"


def test_names_cannot_change_the_structure() -> None:
    path = Path('/tmp/it\'s "odd": {x}, #y\n- z')
    config = render(descriptor_set=path, certificate=path)
    filters = {one["name"]: one["typed_config"] for one in manager(config)["http_filters"]}
    assert filters["envoy.filters.http.grpc_json_transcoder"]["proto_descriptor"] == str(path)


def test_the_access_log_is_off_unless_asked_for() -> None:
    assert manager(render())["access_log"] == []
    (log,) = manager(render(access_log=Path("/var/log/x")))["access_log"]
    assert log["typed_config"]["path"] == "/var/log/x"


def test_unknown_addresses_are_told_in_json() -> None:
    answers = [one for one in routes(render()) if one["match"].get("prefix") == "/api/"]
    body = json.loads(answers[0]["direct_response"]["body"]["inline_string"])
    assert body["code"] == 5
    assert body["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"


def test_the_descriptor_set_is_complete() -> None:
    files = FileDescriptorSet.FromString(descriptor_set()).file
    pool = DescriptorPool()
    for file in files:  # fails when a file comes before one that it imports
        pool.Add(file)  # type: ignore[no-untyped-call, unused-ignore]
    for name in ("google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.Status"):
        pool.FindMessageTypeByName(name)
    for service in public_services():
        assert pool.FindServiceByName(service.full_name).methods_by_name.keys() == (
            service.methods_by_name.keys()
        )


def test_every_service_of_the_protos_is_known(repository: Path) -> None:
    declared = {
        path.relative_to(repository / "protos").as_posix()
        for path in (repository / "protos" / "kurto").rglob("*_service.proto")
    }
    assert declared == {file.name for file in FILES if file.services_by_name}
