"""Profiles of doctors and patients, cached for all workers until they expire.

A value is `generation:version:expiry:profile` with a worker's signature; the expiry is in milliseconds since 1970. A
worker that could not reach Valkey, and so may have left an old profile there, raises the generation, which makes all
earlier values invalid. An empty value means that a change is under way.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from db.valkey.client import Valkey
from db.valkey.signer import Signer

CHANGING = timedelta(seconds=15)
"""Longer than a transaction may take."""

_FORM = 1
_MILLISECOND = timedelta(milliseconds=1)
_KIND = f"profile:{_FORM}"
_GENERATION = f"profiles:{_FORM}:generation"
_GENERATION_DIGITS = 15
# A value of any other form counts as absent. A profile does not replace a newer one, nor, unless it comes from the
# writer, the empty value of a change under way.
_PUT = """
local held = redis.pcall('GET', KEYS[1])
held = type(held) == 'string' and held or nil
local is_writer, generation, version = ARGV[1] == '1', tonumber(ARGV[2]), tonumber(ARGV[3])
if held == '' and not is_writer then
  local left = redis.call('PTTL', KEYS[1])
  if left >= 0 and left <= tonumber(ARGV[6]) then
    return 0
  end
end
local of, held_version = string.match(held or '', '^(%d+):(%d+):')
of, held_version = tonumber(of), tonumber(held_version)
if of and (of > generation or (of == generation and held_version >= version)) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
return 1
"""
# Deletes only the value that was seen: it may have been replaced since.
_FORGET = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
"""
# A broken generation restarts at the time in seconds, which is higher than any generation counted so far.
_RAISE = f"""
local raised = redis.pcall('INCR', KEYS[1])
if type(raised) ~= 'number' or raised < 1 or raised >= 1e{_GENERATION_DIGITS} then
  redis.call('SET', KEYS[1], redis.call('TIME')[1])
end
"""


class KeptProfiles:
    """The profiles of one kind. Those stored in another `shape`, for example by another release, count as absent."""

    def __init__(self, signer: Signer, shape: str, clock: Callable[[], datetime]) -> None:
        self._signer = signer
        self._shape = shape
        self._clock = clock

    async def get(self, valkey: Valkey, key: str) -> tuple[int, bytes | None]:
        """The present generation, and the cached profile if it is of that generation."""
        found, held = await valkey.mget(_GENERATION, _place(key))
        generation = _generation(found)
        if not held or not isinstance(held, bytes):
            return generation, None
        signed = self._signer.verified(_KIND, held, self._name(key)) or b"::0:"
        of, _, expiry, profile = signed.split(b":", 3)
        if int(expiry) <= self._now():
            await valkey.eval(_FORGET, 1, _place(key), held)
            return generation, None
        return generation, profile if int(of) == generation else None

    async def put_newer(
        self, valkey: Valkey, key: str, profile: bytes, version: int, life: timedelta, generation: int | None
    ) -> None:
        """Cache a profile that was read after `generation`; the writer of a profile gives none."""
        is_writer = generation is None
        if generation is None:
            [found] = await valkey.mget(_GENERATION)
            generation = _generation(found)
        milliseconds = life // _MILLISECOND
        value = b"%d:%d:%d:%b" % (generation, version, self._now() + milliseconds, profile)
        signed = self._signer.sign(_KIND, value, self._name(key))
        values: list[int | bytes] = [
            int(is_writer),
            generation,
            version,
            signed,
            milliseconds,
            CHANGING // _MILLISECOND,
        ]
        await valkey.eval(_PUT, 1, _place(key), *values)

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def _name(self, key: str) -> str:
        return f"{key} {self._shape}"


async def changing(valkey: Valkey, key: str) -> None:
    """Hide a profile until its writer has stored the new one, or for the time CHANGING."""
    await valkey.set(_place(key), b"", px=CHANGING)


async def raise_generation(valkey: Valkey) -> None:
    """Make all cached profiles invalid."""
    await valkey.eval(_RAISE, 1, _GENERATION)


def _generation(held: bytes | str | None) -> int:
    return int(held) if held and held.isdigit() and len(held) <= _GENERATION_DIGITS else 0


def _place(key: str) -> str:
    return f"profile:{_FORM}:{key}"
