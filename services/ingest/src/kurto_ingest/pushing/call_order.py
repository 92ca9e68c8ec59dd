"""Which Push call of a sender may be read: two connections must not look like a gap."""

from __future__ import annotations

__all__ = ["CallOrder"]


class CallOrder:
    """Follows the calls of one stream, numbered 1, 2, ... by the sender.

    Call n may be read once all calls before it have ended, or were waited for in vain.
    """

    __slots__ = ("_ended", "_floor")

    def __init__(self) -> None:
        self._floor = 0  # all calls up to this one have ended
        self._ended: set[int] = set()

    def may_read(self, number: int) -> bool:
        """Tell whether call `number` may be read; 0 stands for a call without a number."""
        return number <= self._floor + 1

    def end(self, number: int) -> None:
        """Note that nothing more will be read of call `number`."""
        if number > self._floor:
            self._ended.add(number)
            self._advance()

    def give_up_before(self, number: int) -> None:
        """Don't wait any longer for calls before `number`."""
        if number - 1 > self._floor:
            self._floor = number - 1
            self._ended = {other for other in self._ended if other > self._floor}
            self._advance()

    def _advance(self) -> None:
        while self._floor + 1 in self._ended:
            self._floor += 1
            self._ended.remove(self._floor)
