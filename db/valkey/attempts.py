"""Counts of attempts, shared by all workers."""

from db.valkey.client import Valkey, translated

_MOST_DIGITS = 9

# A count whose period ends later than now begun, or never, was not made by these scripts: it counts as none.
_MADE = """
local left, held = redis.call('PTTL', KEYS[1]), redis.pcall('GET', KEYS[1])
local counts = left >= 0 and left <= tonumber(ARGV[1]) and type(held) == 'string'
return counts and held or '0'
"""
# The first attempt begins a period. A value that is not a count is replaced, and every count expires with its period.
_COUNT = """
local count = redis.pcall('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if type(count) ~= 'number' or count < 1 or (count > 1 and left < 0) or left > tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 1)
  count, left = 1, -1
end
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {count, redis.call('PTTL', KEYS[1])}
"""


async def made(store: Valkey, key: str, period_milliseconds: int) -> int:
    """How many attempts there were in this period (Unavailable)."""
    with translated():
        held = await store.register_script(_MADE)([key], [period_milliseconds])
    return int(held) if held.isdigit() and len(held) <= _MOST_DIGITS else 0


async def count(store: Valkey, key: str, period_milliseconds: int) -> tuple[int, int]:
    """Count an attempt: how many there were in this period, and the milliseconds until it ends (Unavailable)."""
    with translated():
        made, left = await store.register_script(_COUNT)([key], [period_milliseconds])
    return int(made), int(left)
