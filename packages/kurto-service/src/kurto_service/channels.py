"""Channels to other kurto services, with this process's token on every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from grpc.aio import Channel

__all__ = ["AuthorizedChannel", "channel_options", "open_channel"]

Metadata = tuple[tuple[str, str | bytes], ...]
MultiCallable = Callable[..., Any]


def channel_options(max_message_bytes: int) -> list[tuple[str, int]]:
    """Return channel arguments of a long-lived channel between services.

    Parameters
    ----------
    max_message_bytes : int
        Largest message in either direction, in bytes.
    """
    return [
        ("grpc.max_receive_message_length", 2 * max_message_bytes),
        ("grpc.max_send_message_length", 2 * max_message_bytes),
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.ping_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # A peer that restarts is found again within a second, not within two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        # A transparent replay of a client stream would push samples twice.
        ("grpc.enable_retries", 0),
    ]


def open_channel(
    address: str, *, token: str | None = None, max_message_bytes: int = 4 * 1024 * 1024
) -> Channel:
    """Return a channel to `address` (``host:port``); with `token`, every call carries it."""
    channel = grpc.aio.insecure_channel(address, options=channel_options(max_message_bytes))
    return channel if token is None else AuthorizedChannel(channel, token)


class AuthorizedChannel(Channel):
    """Adds a bearer token to each call of `channel`.

    A client interceptor would put a queue between the caller and each message of a stream; this
    touches the start of a call only.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Does the work; closed with this one.
    token : str
        Sent as ``authorization: Bearer <token>`` unless the call brings its own authorization.
    """

    def __init__(self, channel: Channel, token: str) -> None:
        self._channel = channel
        self._authorization = ("authorization", f"Bearer {token}")

    def unary_unary(self, *args: Any, **kwargs: Any) -> Any:
        """Return a callable for one request and one response."""
        return self._authorized(self._channel.unary_unary(*args, **kwargs))

    def unary_stream(self, *args: Any, **kwargs: Any) -> Any:
        """Return a callable for one request and many responses."""
        return self._authorized(self._channel.unary_stream(*args, **kwargs))

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        """Return a callable for many requests and one response."""
        return self._authorized(self._channel.stream_unary(*args, **kwargs))

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        """Return a callable for many requests and many responses."""
        return self._authorized(self._channel.stream_stream(*args, **kwargs))

    def _authorized(self, multicallable: MultiCallable) -> MultiCallable:
        def call(*args: Any, metadata: Metadata | None = None, **kwargs: Any) -> Any:
            given = tuple(metadata or ())
            if all(key != "authorization" for key, _ in given):
                given = (*given, self._authorization)
            return multicallable(*args, metadata=given, **kwargs)

        return call

    async def __aenter__(self) -> AuthorizedChannel:
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._channel.__aexit__(*exc_info)

    async def close(self, grace: float | None = None) -> None:
        """Close the channel; calls in progress get `grace` seconds."""
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Return the state of the connection, and begin to connect if asked to."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait until the state differs from `last_observed_state`."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait until the channel is connected."""
        await self._channel.channel_ready()
