"""Counts of attempts, shared by all workers."""

from db.valkey.client import Valkey, translated

_MOST_DIGITS = 9

# The first attempt begins a period. A value that is not a count is replaced, and every count expires.
_COUNT = """
local count = redis.pcall('INCR', KEYS[1])
if type(count) ~= 'number' then
  redis.call('SET', KEYS[1], 1)
  count = 1
end
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {count, redis.call('PTTL', KEYS[1])}
"""


async def made(store: Valkey, key: str) -> int:
    """How many attempts there were in this period (Unavailable)."""
    with translated():
        [held] = await store.mget([key])  # unlike GET, it does not fail on a key of another type
    return int(held) if held and held.isdigit() and len(held) <= _MOST_DIGITS else 0


async def count(store: Valkey, key: str, period_milliseconds: int) -> tuple[int, int]:
    """Count an attempt: how many there were in this period, and the milliseconds until it ends (Unavailable)."""
    with translated():
        made, left = await store.register_script(_COUNT)([key], [period_milliseconds])
    return int(made), int(left)
