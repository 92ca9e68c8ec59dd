"""Which failures pass by themselves, so that waiting and trying again is right."""

from redis.exceptions import RedisError

from kurto_service.errors import PoolExhausted, is_unavailable


def is_passing(error: Exception) -> bool:
    """Tell whether PostgreSQL, Valkey or a peer is away or busy for now."""
    return isinstance(error, TimeoutError | PoolExhausted | RedisError) or is_unavailable(error)
