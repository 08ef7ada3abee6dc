"""Counts of attempts, over all workers."""

from db.valkey.client import Valkey, translated

# The first attempt of a period begins it.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {count, redis.call('PTTL', KEYS[1])}
"""


async def made(store: Valkey, key: str) -> int:
    """How many attempts there were in this period (Unavailable)."""
    with translated():
        return int(await store.get(key) or 0)


async def count(store: Valkey, key: str, period_milliseconds: int) -> tuple[int, int]:
    """Count an attempt: how many there were in this period, and the milliseconds until it ends (Unavailable)."""
    with translated():
        made, left = await store.register_script(_COUNT)([key], [period_milliseconds])
    return int(made), int(left)
