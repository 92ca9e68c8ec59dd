"""Forgets streams that nobody has fed for a while."""

from __future__ import annotations

from kurto_ingest.exceptions import StaleFence
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.pushing.registry import StreamRegistry
from kurto_ingest.pushing.session import Session
from kurto_service.clock import Clock

__all__ = ["forget_idle", "keep_house"]


async def keep_house(
    registry: StreamRegistry, forwarder: WindowForwarder, clock: Clock, *, idle_s: float
) -> None:
    """Forget idle streams, for ever."""
    while True:
        await clock.sleep(idle_s / 4)
        forget_idle(registry, forwarder, now_s=clock.monotonic(), idle_s=idle_s)


def forget_idle(
    registry: StreamRegistry, forwarder: WindowForwarder, *, now_s: float, idle_s: float
) -> int:
    """Forget streams without a call for `idle_s`; returns how many.

    Their senders may go on all the same: the stored row says everything.
    """
    idle = [session for session in registry if _is_idle(session, now_s, idle_s)]
    for session in idle:
        forwarder.detach(session)
        registry.remove(session, StaleFence(session.key[0], session.live.fence))
    return len(idle)


def _is_idle(session: Session, now_s: float, idle_s: float) -> bool:
    since_s = session.last_call_s
    if since_s is None:
        session.last_call_s = now_s  # opened, and never pushed to
        return False
    return not session.feeders and session.live.is_durable and now_s - since_s > idle_s
