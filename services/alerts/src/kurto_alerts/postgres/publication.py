"""Which transitions were published, on PostgreSQL."""

from collections.abc import Awaitable, Callable, Sequence

from kurto_alerts.alert_state import Transition
from kurto_alerts.postgres.rows import SELECT_TRANSITIONS, transition_from_row
from kurto_service.postgres import Pool


class PostgresPublication:
    """Implements `ports.PublicationStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def publish_next(
        self, send: Callable[[Sequence[Transition]], Awaitable[None]], *, limit: int
    ) -> int:
        """Send the next unpublished transitions and remember that; return how many."""
        async with self._pool.acquire() as session, session.transaction():
            published = await session.fetchval(
                "SELECT transition_number FROM alerts.publication FOR UPDATE SKIP LOCKED"
            )
            if published is None:
                return 0  # another process is sending
            rows = await session.fetch(
                f"{SELECT_TRANSITIONS} WHERE t.transition_number > $1"
                " ORDER BY t.transition_number LIMIT $2",
                published,
                limit,
            )
            if not rows:
                return 0
            transitions = [transition_from_row(row) for row in rows]
            await send(transitions)
            await session.execute(
                "UPDATE alerts.publication SET transition_number = $1", transitions[-1].number
            )
        return len(transitions)
