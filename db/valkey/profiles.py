"""Profiles of doctors and patients, cached for all workers until they expire.

A value is `generation:version:profile`, where the profile has a worker's signature. A worker that could not reach
Valkey, and so may have left an old profile there, raises the generation, which makes all earlier values invalid. An
empty value means that a change is under way.
"""

from datetime import timedelta

from db.valkey.client import Valkey
from db.valkey.signer import Signer

CHANGING = timedelta(seconds=15)
"""Longer than a transaction may take."""

_FORM = 1
_KIND = f"profile:{_FORM}"
_GENERATION = f"profiles:{_FORM}:generation"
# A value of any other form counts as absent. A profile does not replace a newer one, nor, unless it comes from the
# writer, who gives no generation, the empty value of a change under way.
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
# Deletes only the value that was seen: it may have been replaced since.
_FORGET = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
"""
# A broken generation restarts at the time in seconds, which is higher than any generation counted so far.
_RAISE = """
if type(redis.pcall('INCR', KEYS[1])) ~= 'number' then
  redis.call('SET', KEYS[1], redis.call('TIME')[1])
end
"""


class KeptProfiles:
    """The profiles of one kind. Those stored in another `shape`, for example by another release, count as absent."""

    def __init__(self, signer: Signer, shape: str) -> None:
        self._signer = signer
        self._shape = shape

    async def get(self, valkey: Valkey, key: str) -> tuple[str, bytes | None]:
        """The present generation, and the cached profile if it is of that generation."""
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
        """Cache a profile that was read after `generation`; the writer of a profile passes an empty generation."""
        signed, milliseconds = self._signer.sign(_KIND, profile, self._name(key)), life // timedelta(milliseconds=1)
        await valkey.eval(_PUT, 2, _place(key), _GENERATION, generation, version, signed, milliseconds)

    def _name(self, key: str) -> str:
        return f"{key} {self._shape}"


async def changing(valkey: Valkey, key: str) -> None:
    """Hide a profile until its writer has stored the new one, or for the time CHANGING."""
    await valkey.set(_place(key), b"", px=CHANGING)


async def raise_generation(valkey: Valkey) -> None:
    """Make all cached profiles invalid."""
    await valkey.eval(_RAISE, 1, _GENERATION)


def _place(key: str) -> str:
    return f"profile:{_FORM}:{key}"
