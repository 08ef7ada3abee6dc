"""Profiles of doctors and patients, kept for all workers until their time is over.

A value is `generation:version:profile`, the profile with a worker's signature. A worker that cannot reach the server,
and so may leave something old there, raises the generation: what is of an earlier one counts for nothing. An empty
value stands while a change is under way.
"""

from datetime import timedelta

from db.valkey.client import Valkey
from db.valkey.signer import Signer

CHANGING = timedelta(seconds=15)
"""Longer than a transaction may take."""

_FORM = 1
_KIND = f"profile:{_FORM}"
_GENERATION = f"profiles:{_FORM}:generation"
# What is of no such form counts as absent. Gives way to a newer profile and, unless it is of the writer, which names no
# generation, to a change under way.
_PUT = """
local function text(key)
  local held = redis.pcall('GET', key)
  return type(held) == 'string' and held or nil
end
local held = text(KEYS[1])
local generation = ARGV[1]
if generation == '' then
  generation = string.match(text(KEYS[2]) or '', '^%d+$') or '0'
elseif held == '' then
  return 0
end
local of, version = string.match(held or '', '^(%d+):(%d+):')
if of and (tonumber(of) > tonumber(generation) or (of == generation and tonumber(version) >= tonumber(ARGV[2]))) then
  return 0
end
redis.call('SET', KEYS[1], generation .. ':' .. ARGV[2] .. ':' .. ARGV[3], 'PX', ARGV[4])
return 1
"""
# Only what was seen: by now something else may stand there.
_FORGET = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
"""
# The time is higher than any number that was counted up to.
_RAISE = """
if type(redis.pcall('INCR', KEYS[1])) ~= 'number' then
  redis.call('SET', KEYS[1], redis.call('TIME')[1])
end
"""


class KeptProfiles:
    """The profiles of one kind. Those that were put in another `shape`, as by another release, count as absent."""

    def __init__(self, signer: Signer, shape: str) -> None:
        self._signer = signer
        self._shape = shape

    async def get(self, valkey: Valkey, key: str) -> tuple[str, bytes | None]:
        """The generation now, and a profile of it, if one is kept."""
        found = await valkey.mget(_GENERATION, _place(key))
        generation, held = (each if isinstance(each, bytes) else b"" for each in found)
        now = generation if generation.isdigit() else b"0"
        of, _, rest = held.partition(b":")
        if not held or of != now:
            return now.decode(), None
        profile = self._signer.verified(_KIND, rest.partition(b":")[2], self._name(key))
        if profile is None:
            await valkey.eval(_FORGET, 1, _place(key), held)
        return now.decode(), profile

    async def put_newer(
        self, valkey: Valkey, key: str, profile: bytes, version: int, life: timedelta, generation: str
    ) -> None:
        """Keep a profile that was read after a generation was; the one who wrote it gives an empty generation."""
        signed, milliseconds = self._signer.sign(_KIND, profile, self._name(key)), life // timedelta(milliseconds=1)
        await valkey.eval(_PUT, 2, _place(key), _GENERATION, generation, version, signed, milliseconds)

    def _name(self, key: str) -> str:
        return f"{key} {self._shape}"


async def changing(valkey: Valkey, key: str) -> None:
    """Give no profile until the writer has put the new one, or for some seconds."""
    await valkey.set(_place(key), b"", px=CHANGING)


async def raise_generation(valkey: Valkey) -> None:
    """Forget all profiles."""
    await valkey.eval(_RAISE, 1, _GENERATION)


def _place(key: str) -> str:
    return f"profile:{_FORM}:{key}"
