"""The log of notifications in memory."""

from dataclasses import dataclass, field

from kurto_alerts.delivery.grouping import Draft
from kurto_alerts.delivery.notices import Notification
from kurto_alerts.delivery.ports import NotificationFilter


@dataclass
class MemoryLog:
    """Keeps notifications, with the drafts they were made of and the alerts they tell."""

    notifications: dict[int, Notification] = field(default_factory=dict)
    members: dict[int, tuple[Draft, tuple[str, ...]]] = field(default_factory=dict)

    async def get(self, notification_id: int) -> Notification:
        """Return a notification with its attempts."""
        return self.notifications[notification_id]

    async def list_notifications(
        self, chosen: NotificationFilter, *, before_id: int | None, limit: int
    ) -> list[Notification]:
        """Return notifications with a lower id, the newest first, with their attempts."""
        found = [
            one
            for one in reversed(self.notifications.values())
            if (before_id is None or one.notification_id < before_id)
            and chosen.receiver_id in ("", one.receiver_id)
            and chosen.state in (None, one.state)
            and (not chosen.alert_id or chosen.alert_id in self.members[one.notification_id][1])
            and (chosen.start_time is None or one.create_time >= chosen.start_time)
            and (chosen.end_time is None or one.create_time < chosen.end_time)
        ]
        return found[:limit]
