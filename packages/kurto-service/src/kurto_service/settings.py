"""Settings from the environment, typed, with one error that lists every wrong variable."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import PydanticUndefined
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

__all__ = [
    "ServiceSettings",
    "SettingRow",
    "SettingsError",
    "describe_settings",
    "load_settings",
    "masked_settings",
    "service_config",
    "unknown_variables",
]

_PREFIX = "KURTO_"
# Up to the last @, since a password may hold one unescaped; and as a parameter of the query.
_PASSWORD = re.compile(r"(?<=://)([^:@/\s]*):(\S*)@")
_PASSWORD_PARAMETER = re.compile(r"(?<=[?&]password=)[^&\s]*")
# Where the services are is told once for all of them: a service that calls another declares the
# field, such as ``analyzer_address``, and it is read from KURTO_ANALYZER_ADDRESS.
_PEER_ADDRESSES = frozenset(
    {"ingest_address", "analyzer_address", "alerts_address", "gateway_address"}
)
SettingsT = TypeVar("SettingsT", bound="ServiceSettings")


class SettingsError(Exception):
    """One or more environment variables hold values that cannot be used."""


def service_config(service: str) -> SettingsConfigDict:
    """Return the `model_config` of a service's settings.

    A service's own field ``queue_size`` is read from ``KURTO_<SERVICE>_QUEUE_SIZE``. A shared field
    such as ``log_level`` is read from ``KURTO_<SERVICE>_LOG_LEVEL``, else from ``KURTO_LOG_LEVEL``.
    """
    return SettingsConfigDict(
        env_prefix=f"{_PREFIX}{service.upper()}_",
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
    )


class ServiceSettings(BaseSettings):
    """What every kurto process can be told."""

    model_config = service_config("service")

    host: str = Field(default="127.0.0.1", description="Address that gRPC and metrics listen on.")
    grpc_port: int = Field(
        default=0, ge=0, le=65535, description="TCP port of gRPC; 0 picks a free one."
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port of the Prometheus endpoint; 0 picks a free one.",
    )
    postgres_dsn: str = Field(
        default="postgresql://kurto@127.0.0.1:5432/kurto",
        pattern=r"^postgres(ql)?://",
        repr=False,
        description="PostgreSQL (15 or newer) to use, as a URL.",
    )
    postgres_statement_cache_size: int = Field(
        default=100,
        ge=0,
        description="Prepared statements kept per connection; 0 behind pgbouncer.",
    )
    postgres_idle_transaction_timeout_s: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="Seconds after which PostgreSQL ends a transaction in which nothing is asked:"
        " the locks of a machine that is gone last no longer. 0 leaves it to the server: behind"
        " pgbouncer, which refuses what it does not know.",
    )
    valkey_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        pattern=r"^(redis|rediss|unix)://",
        repr=False,
        description="Valkey or Redis (7.2 or newer) to use.",
    )
    tokens_file: Path | None = Field(
        default=None,
        description="TOML file of token hashes; without it callers are anonymous, loopback only.",
    )
    service_token: SecretStr | None = Field(
        default=None, description="Bearer token that this process sends to other services."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log records that are written."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Form of log lines; auto is text on a terminal, else JSON."
    )
    grace_period_s: float = Field(
        default=5.0, gt=0, le=6, description="Seconds that running calls get to end at shutdown."
    )
    startup_timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds to wait at start for each dependency that is not up yet.",
    )
    probe_interval_s: float = Field(
        default=1.0, gt=0, description="Seconds between two checks of the dependencies."
    )
    probe_timeout_s: float = Field(
        default=1.0, gt=0, description="Seconds after which a dependency check has failed."
    )
    max_message_bytes: int = Field(
        default=4 * 1024 * 1024,
        gt=0,
        description="Largest gRPC message that is accepted, in bytes.",
    )
    max_concurrent_calls: int = Field(
        default=4096, gt=0, description="Calls in progress beyond which new ones are refused."
    )
    max_concurrent_queries: int = Field(
        default=2, gt=0, description="Queries answered at a time; others stand in line."
    )
    query_patience_s: float = Field(
        default=2.0, gt=0, description="Seconds after which a query that stands in line is refused."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the service's own variable first, then the shared one."""
        return init_settings, env_settings, _SharedSource(settings_cls, env_prefix=_PREFIX)


class _SharedSource(EnvSettingsSource):
    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        return {name: value for name, value in found.items() if name in _shared_fields()}


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting as documentation shows it."""

    env: str
    field: str
    type: str
    default: str | None
    description: str
    secret: bool
    shared: bool


def load_settings(settings_cls: type[SettingsT], **values: object) -> SettingsT:
    """Build settings from the environment.

    Raises
    ------
    SettingsError
        With one line per wrong variable: its name, its value (unless secret) and the rule.
    """
    try:
        return settings_cls(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_problem(settings_cls, dict(item)) for item in error.errors()]
        raise SettingsError("\n".join(["Wrong settings:", *lines])) from None


def describe_settings(settings_cls: type[ServiceSettings]) -> list[SettingRow]:
    """Return one row per field of `settings_cls`, in the order of declaration."""
    shared = _shared_fields()
    return [
        SettingRow(
            env=_variable(settings_cls, name),
            field=name,
            type=_type_name(field.annotation),
            default=_default_text(field.get_default(call_default_factory=True)),
            description=field.description or "",
            secret=_is_secret(name, field.annotation),
            shared=name in shared,
        )
        for name, field in settings_cls.model_fields.items()
    ]


def masked_settings(settings: ServiceSettings) -> dict[str, str]:
    """Return every setting as text with passwords and tokens masked, fit for a log line."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {name: _masked(str(value)) for name, value in values.items()}


def _masked(text: str) -> str:
    return _PASSWORD_PARAMETER.sub("***", _PASSWORD.sub(r"\1:***@", text))


def unknown_variables(
    settings_cls: type[ServiceSettings], environ: Mapping[str, str] | None = None
) -> list[str]:
    """Return variables with this service's prefix that no field reads: probably misspelt."""
    prefix = str(settings_cls.model_config.get("env_prefix", ""))
    known = {f"{prefix}{name.upper()}" for name in settings_cls.model_fields}
    names = os.environ if environ is None else environ
    return sorted(name for name in names if name.startswith(prefix) and name not in known)


def _shared_fields() -> frozenset[str]:
    return frozenset(ServiceSettings.model_fields) | _PEER_ADDRESSES


def _variable(settings_cls: type[ServiceSettings], name: str) -> str:
    field = settings_cls.model_fields[name]
    base = ServiceSettings.model_fields.get(name)
    # A field that the service declares again (such as its port) is documented under its own prefix.
    shared = name in _PEER_ADDRESSES or (base is not None and field.default == base.default)
    prefix = _PREFIX if shared else str(settings_cls.model_config.get("env_prefix", ""))
    return prefix + name.upper()


def _is_secret(name: str, annotation: object) -> bool:
    return "SecretStr" in str(annotation) or name in {"postgres_dsn", "valkey_url"}


def _type_name(annotation: object) -> str:
    text = getattr(annotation, "__name__", None) if isinstance(annotation, type) else None
    return text or re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(annotation))


def _default_text(default: object) -> str | None:
    return None if default is None or default is PydanticUndefined else str(default)


def _problem(settings_cls: type[ServiceSettings], item: Mapping[str, Any]) -> str:
    name = str(item["loc"][0]) if item["loc"] else "settings"
    if name not in settings_cls.model_fields:
        return f"  {name}: {item['msg']}"
    annotation = settings_cls.model_fields[name].annotation
    value = "***" if _is_secret(name, annotation) else repr(item["input"])
    own, shared = _own_variable(settings_cls, name), f"{_PREFIX}{name.upper()}"
    if item["type"] == "missing":
        return f"  {own} is not set: {settings_cls.model_fields[name].description}"
    used = own if own in os.environ or name not in _shared_fields() else shared
    return f"  {used}={value}: {item['msg']}"


def _own_variable(settings_cls: type[ServiceSettings], name: str) -> str:
    return str(settings_cls.model_config.get("env_prefix", "")) + name.upper()
