"""Counts of attempts, and turns to make one, shared by all workers."""

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
local left, held = redis.call('PTTL', KEYS[1]), redis.pcall('GET', KEYS[1])
local count = type(held) == 'string' and #held < 10 and held:match('^%d+$')
if not count or left < 0 or left > tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 0, 'PX', ARGV[1])
  count = 0
end
local counts = ARGV[2] == '' or tonumber(count) < tonumber(ARGV[2])
if counts then
  redis.call('INCR', KEYS[1])
end
return {counts and 1 or 0, redis.call('PTTL', KEYS[1])}
"""
_TAKE_BACK = """
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' and #held < 10 and held:match('^[1-9]%d*$') then
  redis.call('DECR', KEYS[1])
end
"""
# Who would have to wait too long takes no turn, so that the queue never gets longer than that. A stored instant beyond
# it is ignored.
_TURN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.pcall('GET', KEYS[1])
local at = type(held) == 'string' and tonumber(held) or now
local every, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
if not (at > now and at <= now + longest + every) then
  at = now
end
if at - now > longest then
  return {0, at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', at + every), 'PX', longest + 2 * every)
return {1, at - now}
"""


async def made(store: Valkey, key: str, period_milliseconds: int) -> int:
    """How many attempts there were in this period (Unreachable)."""
    with translated():
        held = await store.register_script(_MADE)([key], [period_milliseconds])
    return int(held) if held.isdigit() and len(held) <= _MOST_DIGITS else 0


async def count(store: Valkey, key: str, period_milliseconds: int, most: int | None = None) -> tuple[bool, int]:
    """Count an attempt unless there were `most` in this period (Unreachable).

    Whether it was counted, and the milliseconds until the period ends.
    """
    limit = "" if most is None else most
    with translated():
        counted, left = await store.register_script(_COUNT)([key], [period_milliseconds, limit])
    return bool(counted), int(left)


async def take_back(store: Valkey, key: str) -> None:
    """Count an attempt of this period no longer (Unreachable)."""
    with translated():
        await store.register_script(_TAKE_BACK)([key])


async def turn(store: Valkey, key: str, *, every: int, longest: int) -> tuple[bool, int]:
    """Take the next turn, of which there is one every so many milliseconds (Unreachable).

    Whether a turn was taken, which none is after more than `longest` milliseconds, and the milliseconds until it.
    """
    with translated():
        taken, wait = await store.register_script(_TURN)([key], [every, longest])
    return bool(taken), int(wait)


async def remember(store: Valkey, key: str, life_milliseconds: int) -> None:
    """Keep a key for some time (Unreachable)."""
    with translated():
        await store.set(key, 1, px=life_milliseconds)


async def is_remembered(store: Valkey, key: str, life_milliseconds: int) -> bool:
    """Whether a key is kept that lasts no longer than that (Unreachable)."""
    with translated():
        return 0 < await store.pttl(key) <= life_milliseconds
