"""Settings: own and shared variables, and errors that name every wrong one."""

import os

import pytest
from pydantic import Field, SecretStr

from kurto_service.settings import (
    ServiceSettings,
    SettingsError,
    describe_settings,
    load_settings,
    masked_settings,
    service_config,
    unknown_variables,
)


class RoomSettings(ServiceSettings):
    model_config = service_config("room")

    grpc_port: int = Field(default=50099, ge=0, le=65535, description="TCP port of gRPC.")
    queue_size: int = Field(default=10, gt=0, description="Batches held per sensor.")
    linger_s: float = Field(default=0.02, gt=0, description="Seconds to wait for more.")
    key: SecretStr = Field(default=SecretStr("k"), description="A secret.")


class DoorSettings(ServiceSettings):
    model_config = service_config("door")

    name: str = Field(description="Has no default.")
    ingest_address: str = Field(default="127.0.0.1:1", description="Where ingest is.")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KURTO_")]:
        monkeypatch.delenv(name)


def test_defaults_hold_without_variables() -> None:
    settings = load_settings(RoomSettings)

    assert (settings.grpc_port, settings.queue_size) == (50099, 10)
    assert (settings.host, settings.max_message_bytes) == ("127.0.0.1", 4 * 1024 * 1024)


def test_own_fields_are_read_from_own_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KURTO_ROOM_QUEUE_SIZE", "20")
    monkeypatch.setenv("KURTO_LINGER_S", "9")

    settings = load_settings(RoomSettings)

    assert (settings.queue_size, settings.linger_s) == (20, 0.02)


def test_own_variable_wins_over_the_shared_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KURTO_POSTGRES_DSN", "postgresql://shared/kurto")
    monkeypatch.setenv("KURTO_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("KURTO_ROOM_LOG_LEVEL", "DEBUG")

    settings = load_settings(RoomSettings)

    assert settings.postgres_dsn == "postgresql://shared/kurto"
    assert settings.log_level == "DEBUG"


def test_where_another_service_is_may_be_told_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KURTO_INGEST_ADDRESS", "ingest:50051")
    assert load_settings(DoorSettings, name="d").ingest_address == "ingest:50051"

    monkeypatch.setenv("KURTO_DOOR_INGEST_ADDRESS", "other:1")
    assert load_settings(DoorSettings, name="d").ingest_address == "other:1"


def test_every_wrong_variable_is_named_with_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KURTO_ROOM_QUEUE_SIZE", "0")
    monkeypatch.setenv("KURTO_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("KURTO_ROOM_LINGER_S", "nan")
    monkeypatch.setenv("KURTO_POSTGRES_DSN", "mysql://me:secret@db/kurto")

    with pytest.raises(SettingsError) as caught:
        load_settings(RoomSettings)

    text = str(caught.value)
    assert "KURTO_ROOM_QUEUE_SIZE='0': Input should be greater than 0" in text
    assert "KURTO_LOG_LEVEL='LOUD': Input should be 'DEBUG', 'INFO'" in text
    assert "KURTO_ROOM_LINGER_S='nan'" in text
    assert "KURTO_POSTGRES_DSN=***: String should match pattern '^postgres" in text


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="KURTO_DOOR_NAME is not set: Has no default"):
        load_settings(DoorSettings)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RoomSettings().queue_size = 3


def test_rows_describe_every_field() -> None:
    rows = {row.field: row for row in describe_settings(RoomSettings)}

    assert set(rows) == set(RoomSettings.model_fields)
    assert all(row.description.endswith(".") for row in rows.values())
    assert rows["queue_size"].env == "KURTO_ROOM_QUEUE_SIZE"
    assert (rows["queue_size"].type, rows["queue_size"].default) == ("int", "10")
    assert rows["log_level"].env == "KURTO_LOG_LEVEL"
    assert rows["grpc_port"].env == "KURTO_ROOM_GRPC_PORT"
    assert rows["tokens_file"].default is None
    assert rows["tokens_file"].type == "Path | None"
    assert {name for name, row in rows.items() if row.secret} == {
        "key",
        "postgres_dsn",
        "service_token",
        "valkey_url",
    }
    assert rows["key"].default == "**********"
    assert not rows["queue_size"].shared
    assert rows["log_level"].shared


def test_secrets_are_masked() -> None:
    settings = RoomSettings(
        postgres_dsn="postgresql://me:secret@db:5432/kurto?sslmode=require",
        valkey_url="redis://:secret@cache:6379/0",
        service_token=SecretStr("secret"),
        key=SecretStr("secret"),
    )

    masked = masked_settings(settings)

    assert masked["postgres_dsn"] == "postgresql://me:***@db:5432/kurto?sslmode=require"
    assert masked["valkey_url"] == "redis://:***@cache:6379/0"
    assert "secret" not in str(masked)
    assert "secret" not in repr(settings)


def test_a_password_with_reserved_characters_is_masked_whole() -> None:
    masked = masked_settings(RoomSettings(postgres_dsn="postgresql://me:se@cr/et@db/kurto"))

    assert "cr" not in masked["postgres_dsn"]
    assert "et@" not in masked["postgres_dsn"]


def test_a_password_in_the_query_is_masked() -> None:
    masked = masked_settings(RoomSettings(postgres_dsn="postgresql://db/kurto?password=secret&a=b"))

    assert masked["postgres_dsn"] == "postgresql://db/kurto?password=***&a=b"


def test_a_misspelt_variable_is_found() -> None:
    environ = {"KURTO_ROOM_QUEUE_SIZ": "1", "KURTO_ROOM_HOST": "x", "KURTO_DOOR_X": "1"}

    assert unknown_variables(RoomSettings, environ) == ["KURTO_ROOM_QUEUE_SIZ"]
