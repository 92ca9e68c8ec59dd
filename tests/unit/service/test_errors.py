"""What callers get to know about each exception, and what they do not."""

import asyncio

import asyncpg
import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from kurto_service.errors import (
    DependencyUnavailable,
    InternalError,
    PoolExhausted,
    classify,
    error_info,
    rich_status,
    status_code,
)
from kurto_service.exceptions import Aborted, InvalidArgument, KurtoError

SECRET = "password authentication failed for user bob"


def upstream(code: grpc.StatusCode, status: Status | None = None) -> grpc.aio.AioRpcError:
    details = () if status is None else (("grpc-status-details-bin", status.SerializeToString()),)
    return grpc.aio.AioRpcError(
        code, grpc.aio.Metadata(), grpc.aio.Metadata(*details), details=SECRET
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.ConnectionDoesNotExistError(SECRET), DependencyUnavailable),
        (asyncpg.CannotConnectNowError(SECRET), DependencyUnavailable),
        (asyncpg.AdminShutdownError(SECRET), DependencyUnavailable),
        (asyncpg.TooManyConnectionsError(SECRET), DependencyUnavailable),
        (asyncpg.DiskFullError(SECRET), DependencyUnavailable),
        (asyncpg.ReadOnlySQLTransactionError(SECRET), DependencyUnavailable),
        (asyncpg.DeadlockDetectedError(SECRET), Aborted),
        (asyncpg.SerializationError(SECRET), Aborted),
        (asyncpg.QueryCanceledError(SECRET), PoolExhausted),
        (asyncpg.LockNotAvailableError(SECRET), PoolExhausted),
        (asyncpg.InterfaceError("connection is closed"), DependencyUnavailable),
        (asyncpg.InterfaceError("... has been released back to the pool"), DependencyUnavailable),
        (asyncpg.InterfaceError("another operation is in progress"), InternalError),
        (asyncpg.UniqueViolationError(SECRET), InternalError),
        (asyncpg.PostgresSyntaxError(SECRET), InternalError),
        (ValkeyConnectionError(SECRET), DependencyUnavailable),
        (ValkeyTimeoutError(SECRET), DependencyUnavailable),
        (ResponseError(SECRET), InternalError),
        (OutOfMemoryError(SECRET), DependencyUnavailable),
        (ConnectionRefusedError(SECRET), DependencyUnavailable),
        (TimeoutError(SECRET), PoolExhausted),
        (ValueError(SECRET), InternalError),
        (upstream(grpc.StatusCode.UNAVAILABLE), DependencyUnavailable),
        (upstream(grpc.StatusCode.DEADLINE_EXCEEDED), DependencyUnavailable),
        (upstream(grpc.StatusCode.UNIMPLEMENTED), InternalError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_drivers_words_never_reach_the_caller(error: Exception, expected: type[KurtoError]) -> None:
    known = classify(error)

    assert type(known) is expected
    assert SECRET not in rich_status(known).SerializeToString().decode("utf-8", "replace")


def test_an_error_of_the_domain_is_kept() -> None:
    error = InvalidArgument(field="rate")

    assert classify(error) is error


def test_a_rich_error_of_another_service_passes_through() -> None:
    status = rich_status(InvalidArgument("raise the rate", field="rate"))

    assert classify(upstream(grpc.StatusCode.INVALID_ARGUMENT, status)) == status


def test_details_of_a_foreign_server_do_not_pass_through() -> None:
    status = Status(code=3, message=SECRET)
    status.details.add().Pack(ErrorInfo(reason="X", domain="elsewhere"))

    known = classify(upstream(grpc.StatusCode.INVALID_ARGUMENT, status))

    assert isinstance(known, InternalError)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"])
def test_status_has_one_error_info_for_every_code(code: grpc.StatusCode) -> None:
    cls = type("AnyError", (KurtoError,), {"status": code.name, "reason": "INVALID_FIELD"})

    status = rich_status(cls("change this", field="rate", limit=3))

    assert status_code(code.name) is code
    assert (status.code, status.message) == (code.value[0], "change this")
    assert len(status.details) == 1
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("INVALID_FIELD", "kurto")
    assert dict(info.metadata) == {"field": "rate", "limit": "3"}
    assert error_info(upstream(code, status)) == info


def test_a_delay_adds_retry_info() -> None:
    status = rich_status(PoolExhausted(retry_after_s=1.25))

    retry = RetryInfo()
    names = [detail.TypeName() for detail in status.details]
    assert names == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToNanoseconds() == 1_250_000_000


def test_broken_details_are_no_error_info() -> None:
    metadata = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff\xff"))
    error = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), metadata)

    assert error_info(error) is None


def test_cancellation_is_not_an_error_of_ours() -> None:
    assert not issubclass(asyncio.CancelledError, Exception)
