"""Profiles of doctors and patients, kept for all workers until their time is over.

A value is `generation:version:profile`. A worker that could not reach the server, and so may have left something old
there, raises the generation: what is of an earlier one counts for nothing. An empty value stands while a change is
under way.
"""

from datetime import timedelta

from db.valkey.client import Valkey

CHANGING = timedelta(seconds=15)
"""Longer than a transaction may take."""

_GENERATION = "profiles:generation"
# Gives way to a newer profile and, unless it is of the writer, which names no generation, to a change under way.
_PUT = """
local held = redis.call('GET', KEYS[1])
local generation = ARGV[1]
if generation == '' then
  generation = redis.call('GET', KEYS[2]) or '0'
elseif held == '' then
  return 0
end
if held and held ~= '' then
  local of, version = string.match(held, '^(%d+):(%d+):')
  if tonumber(of) > tonumber(generation) or (of == generation and tonumber(version) >= tonumber(ARGV[2])) then
    return 0
  end
end
redis.call('SET', KEYS[1], generation .. ':' .. ARGV[2] .. ':' .. ARGV[3], 'PX', ARGV[4])
return 1
"""


async def get(valkey: Valkey, key: str) -> tuple[str, bytes | None]:
    """The generation now, and a profile of it, if one is kept."""
    found = await valkey.mget(_GENERATION, key)
    generation, held = (each if isinstance(each, bytes) else b"" for each in found)
    now = generation.decode() or "0"
    if not held:
        return now, None
    of, _, profile = held.split(b":", 2)
    return now, profile if of.decode() == now else None


async def put_newer(valkey: Valkey, key: str, profile: bytes, version: int, life: timedelta, generation: str) -> None:
    """Keep a profile that was read after a generation was; the one who wrote it gives an empty generation."""
    await valkey.eval(_PUT, 2, key, _GENERATION, generation, version, profile, life // timedelta(milliseconds=1))


async def changing(valkey: Valkey, key: str) -> None:
    """Give no profile until the writer has put the new one, or for some seconds."""
    await valkey.set(key, b"", px=CHANGING)


async def raise_generation(valkey: Valkey) -> None:
    """Forget all profiles."""
    await valkey.incr(_GENERATION)
