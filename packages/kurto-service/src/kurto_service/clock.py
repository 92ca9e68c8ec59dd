"""Time as a dependency: services take a `Clock`, tests give them a fake one."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What a service may know about time."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary origin; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`; zero or less only yields to the event loop."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware in UTC."""
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)  # asked with every message: no call in between

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`; zero or less only yields to the event loop."""
        await asyncio.sleep(max(0.0, seconds))
