"""Alerts with fail points around its outbox; run as ``python -m tests...failing_delivery``.

=================== =====================================================================
outbox.before_plan  transitions and outbox are committed, and nothing is decided
outbox.after_plan   notifications are committed, and none is taken
outbox.after_take   one is taken, and nothing is sent
outbox.after_send   the receiver has answered, and that is not stored
outbox.after_finish it is stored
=================== =====================================================================
"""

from __future__ import annotations

from typing import Any

from tests.faults.rig.fail_points import reach

from kurto_alerts.delivery import postgres_notifications, postgres_planning

POINTS = (
    "outbox.before_plan",
    "outbox.after_plan",
    "outbox.after_take",
    "outbox.after_send",
    "outbox.after_finish",
)


class FailingPlanning(postgres_planning.PostgresPlanning):
    """Passes a fail point before and after each plan."""

    async def plan_receiver(self, *arguments: Any, **options: Any) -> int:
        await reach("outbox.before_plan")
        made = await super().plan_receiver(*arguments, **options)
        if made:
            await reach("outbox.after_plan")
        return made


class FailingNotifications(postgres_notifications.PostgresNotifications):
    """Passes a fail point after each notification is taken, sent and finished."""

    async def take_due(self, *arguments: Any, **options: Any) -> Any:
        due = await super().take_due(*arguments, **options)
        if due:
            await reach("outbox.after_take")
        return due

    async def finish(self, *arguments: Any, **options: Any) -> None:
        await reach("outbox.after_send")
        await super().finish(*arguments, **options)
        await reach("outbox.after_finish")


def main() -> None:
    """Run alerts."""
    postgres_planning.PostgresPlanning = FailingPlanning  # type: ignore[misc]
    postgres_notifications.PostgresNotifications = FailingNotifications  # type: ignore[misc]
    from kurto_alerts.settings import AlertsSettings  # noqa: PLC0415
    from kurto_alerts.wiring import wire  # noqa: PLC0415
    from kurto_service.runtime import main as run  # noqa: PLC0415

    run("alerts", AlertsSettings, wire)


if __name__ == "__main__":
    main()
