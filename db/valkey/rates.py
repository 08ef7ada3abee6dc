"""A rate limit that all processes share: a bucket of one token, filled evenly."""

from db.valkey.client import Valkey, translated

_MOST_AHEAD = 500
"""Calls that wait for their moment: five for each notification worker."""

# Reserves the next free moment, so nobody has to ask twice, and no second gets more than its share. Times are in
# microseconds. A stored moment that is further ahead than all processes together reserve is ignored.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.pcall('GET', KEYS[1])
local at = type(held) == 'string' and tonumber(held) or now
if not (at >= now and at <= now + ARGV[1] * ARGV[2]) then
  at = now
end
redis.call('SET', KEYS[1], string.format('%.0f', at + ARGV[1]), 'EX', 60)
return at - now
"""


class Rate:
    """At most `per_second` calls of a kind a second, over all processes that use the same Valkey."""

    def __init__(self, valkey: Valkey, name: str, per_second: float) -> None:
        self._take = valkey.register_script(_TAKE)
        self._key = f"rate:1:{name}"
        self._apart = 1_000_000 / per_second

    async def take(self) -> float:
        """Reserve the next moment for a call; the seconds until then. Raises Saturated and Unreachable."""
        with translated():
            return float(await self._take(keys=[self._key], args=[self._apart, _MOST_AHEAD])) / 1_000_000
