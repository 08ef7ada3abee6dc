"""Refresh tokens: one family per session, each token valid once; only hashes are stored.

A token is stored at `refresh:1:{user_id}:{token_id}` with the id of its family. The family, at
`family:1:{user_id}:{family_id}`, holds its newest token, the one before, and the request that used that one. A family
expires with its newest token. The 1 is the version of the format; a value of another format counts as an expired token.
"""

from dataclasses import dataclass
from enum import StrEnum

from db.valkey.client import Valkey, translated

_FORM = 1


class Rotation(StrEnum):
    """The outcome of using a refresh token."""

    ROTATED = "rotated"
    """Its successor is now the newest token of the family, from this request or an earlier attempt of it."""
    IN_PROGRESS = "in_progress"
    """Another request has just used it."""
    ENDED = "ended"
    """The token or its family does not exist (any more)."""
    REUSED = "reused"
    """It was used before; its family is revoked."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is stored."""

    user_id: str
    token_id: str
    secret_hash: str

    @property
    def key(self) -> str:
        """The key that it is stored at."""
        return f"refresh:{_FORM}:{self.user_id}:{self.token_id}"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The outcome of using a token, and its family if there is one."""

    outcome: Rotation
    family_id: str = ""
    generation: int = 0


_BEGIN = """
redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'family', ARGV[2])
redis.call('HSET', KEYS[2], 'newest', KEYS[1], 'generation', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
"""
# KEYS: the token, its successor, the user's families. ARGV: secret, request, successor's secret, now, window, life.
_ROTATE = """
local function fields(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  return found.err and {} or found
end
local token = fields(KEYS[1], 'secret', 'family')
if token[1] ~= ARGV[1] or not string.match(token[2] or '', '^[%x-]+$') then
  return {'ended'}
end
local family = KEYS[3] .. token[2]
local found = fields(family, 'newest', 'generation', 'before', 'request', 'rotated', 'reused')
if not found[1] or not string.match(found[2] or '', '^%d%d?%d?%d?%d?%d?%d?%d?%d?$') then
  return {'ended'}
end
local function answer(outcome)
  return {outcome, token[2], found[2]}
end
if found[6] then
  return answer('reused')
end
if found[1] == KEYS[1] then
  redis.call('HSET', KEYS[2], 'secret', ARGV[3], 'family', token[2])
  redis.call('HSET', family, 'newest', KEYS[2], 'before', KEYS[1], 'request', ARGV[2], 'rotated', ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
  redis.call('PEXPIRE', family, ARGV[6])
  return answer('rotated')
end
-- The successor is unused as long as it is the newest.
if found[3] == KEYS[1] and ARGV[4] - (tonumber(found[5]) or 0) < tonumber(ARGV[5]) then
  return answer(found[4] == ARGV[2] and 'rotated' or 'in_progress')
end
redis.call('HSET', family, 'reused', 1)
return answer('reused')
"""
_END = """
local token = redis.pcall('HMGET', KEYS[1], 'secret', 'family')
if token[1] == ARGV[1] and token[2] then
  redis.call('DEL', KEYS[2] .. token[2])
end
"""


async def begin(store: Valkey, token: RefreshToken, family_id: str, generation: int, life_milliseconds: int) -> None:
    """Start a family with its first token (Unavailable); `generation` is the account's present one."""
    keys = [token.key, _families(token.user_id) + family_id]
    with translated():
        await store.register_script(_BEGIN)(keys, [token.secret_hash, family_id, generation, life_milliseconds])


async def rotate(
    store: Valkey, token: RefreshToken, successor: RefreshToken, request_id: str, *, now: int, window: int, life: int
) -> Rotated:
    """Replace a token by its successor, atomically (Unavailable); times are in milliseconds.

    Within the window, and while the successor is unused, the same request may be repeated.
    """
    keys = [token.key, successor.key, _families(token.user_id)]
    values: list[str | int] = [token.secret_hash, request_id, successor.secret_hash, now, window, life]
    with translated():
        outcome, *rest = await store.register_script(_ROTATE)(keys, values)
    if not rest:
        return Rotated(Rotation(outcome.decode()))
    return Rotated(Rotation(outcome.decode()), rest[0].decode(), int(rest[1]))


async def end(store: Valkey, token: RefreshToken) -> None:
    """End a token's family, if the token is valid (Unavailable)."""
    with translated():
        await store.register_script(_END)([token.key, _families(token.user_id)], [token.secret_hash])


def _families(user_id: str) -> str:
    return f"family:{_FORM}:{user_id}:"
