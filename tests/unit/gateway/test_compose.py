"""The compose file fits the code, as far as can be told without Docker."""

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kurto_alerts.settings import AlertsSettings
from kurto_analyzer.settings import AnalyzerSettings
from kurto_gateway.envoy.settings import EnvoySettings
from kurto_gateway.settings import GatewaySettings
from kurto_ingest.settings import IngestSettings
from kurto_service.settings import ServiceSettings, describe_settings

SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "analyzer": AnalyzerSettings,
    "alerts": AlertsSettings,
    "gateway": GatewaySettings,
}
OURS = (*SETTINGS, "envoy")
ADDRESSES = {f"KURTO_{name.upper()}_ADDRESS" for name in SETTINGS}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[3] / "deploy" / "compose.yaml"
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def envoy_variables() -> set[str]:
    known = set()
    for name, field in EnvoySettings.model_fields.items():
        alias: Any = field.validation_alias
        known.add(f"KURTO_ENVOY_{name.upper()}" if alias is None else alias.choices[-1])
    return known


def test_there_is_one_container_for_each_process(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgres", "valkey"}


@pytest.mark.parametrize("name", [*OURS, "postgres", "valkey"])
def test_each_container_is_checked_and_restarted(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])
    assert set(service["networks"]) <= set(compose["networks"])
    assert set(service.get("secrets", ())) <= set(compose["secrets"])
    for volume in service.get("volumes", ()):
        assert volume.partition(":")[0] in compose["volumes"]


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_containers_runs_an_existing_module(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    python, flag, module = service["command"]
    assert (python, flag) == ("python", "-m")
    assert importlib.util.find_spec(f"{module}.__main__") is not None
    check = service["healthcheck"]["test"]
    assert check[:3] == ["CMD", "python", "-c"]
    ast.parse(check[3])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", SETTINGS)
def test_variables_are_settings_of_the_service(compose: dict[str, Any], name: str) -> None:
    given = compose["services"][name]["environment"]
    rows = {row.env: row for row in describe_settings(SETTINGS[name])}
    own = {variable for variable in given if variable.startswith(f"KURTO_{name.upper()}_")}
    assert own - ADDRESSES <= set(rows)
    assert set(given) - own <= set(rows) | ADDRESSES
    port = given[f"KURTO_{name.upper()}_GRPC_PORT"]
    assert given[f"KURTO_{name.upper()}_ADDRESS"] == f"{name}:{port}"
    metrics = given[f"KURTO_{name.upper()}_METRICS_PORT"]
    assert f"127.0.0.1:{metrics}/metrics" in compose["services"][name]["healthcheck"]["test"][3]


def test_variables_of_envoy_are_settings(compose: dict[str, Any]) -> None:
    given = compose["services"]["envoy"]["environment"]
    assert set(given) <= envoy_variables()
    gateway = compose["services"]["gateway"]["environment"]
    for variable in (*ADDRESSES, "KURTO_GATEWAY_HTTP_PORT"):
        assert given[variable] == gateway[variable]


def test_only_envoy_is_reachable_and_only_from_this_machine(compose: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert set(published) == {"envoy"}
    plain, tls = published["envoy"]
    assert plain.startswith("127.0.0.1:")
    assert tls.startswith("${KURTO_PUBLISH_ADDRESS:-127.0.0.1}:")
    assert compose["networks"]["inside"]["internal"] is True
    for name, service in compose["services"].items():
        assert (service["networks"] == ["inside"]) == (name != "envoy")


def test_services_that_others_reach_ask_for_tokens(compose: dict[str, Any]) -> None:
    for name in SETTINGS:
        service = compose["services"][name]
        assert service["environment"]["KURTO_HOST"] == "0.0.0.0"
        assert service["environment"]["KURTO_TOKENS_FILE"] == "/run/secrets/tokens"
        assert "tokens" in service["secrets"]


def test_secrets_come_from_outside_and_are_required(repository: Path) -> None:
    text = (repository / "deploy" / "compose.yaml").read_text()
    for variable in re.findall(r"\$\{(KURTO_[A-Z_]*(?:PASSWORD|TOKEN))([^}]*)\}", text):
        assert variable[1].startswith(":?"), variable
    asked = set(re.findall(r"\$\{(KURTO_[A-Z_]*(?:PASSWORD|TOKEN))", text))
    example = (repository / "deploy" / "env.example").read_text()
    assert asked == set(re.findall(r"^(KURTO_\w+)=$", example, flags=re.MULTILINE))


def test_the_guide_names_every_setting_of_envoy(repository: Path) -> None:
    guide = (repository / "docs" / "how-to" / "deploy-compose.md").read_text()
    for variable in envoy_variables():
        assert f"`{variable}`" in guide


def test_the_analyzer_can_use_and_add_to_the_compiled_loops_of_the_image(
    compose: dict[str, Any],
) -> None:
    image = (Path(__file__).resolve().parents[3] / "deploy" / "Dockerfile").read_text()
    (directory,) = re.findall(r"NUMBA_CACHE_DIR=(\S+)", image)
    targets = [one.partition(":")[2] for one in compose["services"]["analyzer"]["volumes"]]
    assert targets == [directory]
