"""Errors carry a status, a reason, a message that says what to change, and metadata."""

import importlib
import pkgutil
from collections.abc import Iterator

import grpc
import pytest

import kurto_service
from kurto.errors.v1 import errors_pb2
from kurto_service.exceptions import InvalidArgument, KurtoError, NotFound


class RoomNotFound(NotFound):
    """Room {room_id} does not exist:
    create it first.

    More for the reader of the code.
    """

    reason = "UNKNOWN_SENSOR"


def all_errors() -> Iterator[type[KurtoError]]:
    for module in pkgutil.iter_modules(kurto_service.__path__, "kurto_service."):
        importlib.import_module(module.name)
    waiting = [KurtoError]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if cls.__module__.startswith("kurto_service"):
            yield cls


@pytest.mark.parametrize("cls", sorted(all_errors(), key=str))
def test_every_error_names_a_status_and_a_reason_of_the_contract(cls: type[KurtoError]) -> None:
    assert cls.status in grpc.StatusCode.__members__
    assert f"ERROR_REASON_{cls.reason}" in errors_pb2.ErrorReason.keys()  # noqa: SIM118 (no dict)
    assert cls().message.strip()


def test_the_docstring_is_the_default_message() -> None:
    error = RoomNotFound(room_id=7)

    assert str(error) == error.message == "Room 7 does not exist: create it first."
    assert error.metadata == {"room_id": "7"}
    assert (error.status, error.reason) == ("NOT_FOUND", "UNKNOWN_SENSOR")


def test_a_missing_value_does_not_hide_the_error() -> None:
    assert str(RoomNotFound()) == "Room {room_id} does not exist: create it first."


def test_a_given_message_wins_and_is_not_a_template() -> None:
    error = InvalidArgument("use {braces}", field="text", retry_after_s=2.0)

    assert error.message == "use {braces}"
    assert error.retry_after_s == 2.0
