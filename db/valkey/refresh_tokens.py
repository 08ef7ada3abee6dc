"""Refresh tokens: one family per session, each token valid once; only signed hashes are stored.

A token is stored at `refresh:2:{user_id}:{token_id}` with the id of its family. The family, at
`family:2:{user_id}:{family_id}`, holds its newest token, the one before, and the request that used that one. A family
expires with its newest token. The 2 is the version of the format; a value of another format counts as an expired token.

The families of a user are listed in a sorted set at `families:{user_id}`, by when they were used last.

Somebody who can write to Valkey cannot make a token: its hash is signed under its key, and once more together with the
account's generation, which ends all its sessions when it rises.
"""

from dataclasses import dataclass
from enum import StrEnum

from db.valkey.client import Valkey, translated
from db.valkey.signer import Signer

MOST_SESSIONS = 200
"""Sessions of an account: with the next one, that which was used longest ago ends."""
_FORM = 2
_MOST_DIGITS = 15
_KIND = f"refresh:{_FORM}"


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
    secret_hash: bytes
    generation: int = 0
    """The account's; not needed to end a session."""

    @property
    def key(self) -> str:
        """The key that it is stored at."""
        return f"refresh:{_FORM}:{self.user_id}:{self.token_id}"

    def secret(self, signer: Signer) -> str:
        """What proves that its holder knows the secret."""
        return signer.sign(_KIND, self.secret_hash, self.key).hex()

    def grant(self, signer: Signer) -> str:
        """What proves that it was issued in the account's generation."""
        return signer.sign(_KIND, self.secret_hash, f"{self.key} {self.generation}").hex()


@dataclass(frozen=True, slots=True)
class Rotated:
    """The outcome of using a token, and its family if there is one."""

    outcome: Rotation
    family_id: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A family, as its user may know it; times are in milliseconds, 0 if they are not known."""

    family_id: str
    began: int
    used: int
    program: str
    system: str


# KEYS: the token, its family, the list of the user's families. ARGV: secret, grant, family, life, now, program, system,
# the user's families, the most of them, generation.
_BEGIN = """
redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'grant', ARGV[2], 'family', ARGV[3])
redis.call('HSET', KEYS[2], 'newest', KEYS[1], 'began', ARGV[5], 'used', ARGV[5], 'generation', ARGV[10])
redis.call('HSET', KEYS[2], 'program', ARGV[6], 'system', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
if redis.call('TYPE', KEYS[3]).ok ~= 'zset' then
  redis.call('DEL', KEYS[3])
end
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[5] - ARGV[4])
local over = redis.call('ZCARD', KEYS[3]) - ARGV[9]
if over > 0 then
  for _, oldest in ipairs(redis.call('ZRANGE', KEYS[3], 0, over - 1)) do
    redis.call('DEL', ARGV[8] .. oldest)
  end
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, over - 1)
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
"""
# KEYS: the list of the user's families. ARGV: the user's families, the oldest use that counts, generation.
_LIST = """
local found = {}
local ids = redis.pcall('ZREVRANGEBYSCORE', KEYS[1], '+inf', ARGV[2])
for _, id in ipairs(ids.err and {} or ids) do
  local family = redis.pcall('HMGET', ARGV[1] .. id, 'generation', 'reused', 'began', 'used', 'program', 'system')
  if not family.err and family[1] == ARGV[3] and not family[2] then
    table.insert(found, {id, family[3] or '0', family[4] or '0', family[5] or '', family[6] or ''})
  end
end
return found
"""
# KEYS: a family, the list of the user's families. ARGV: the family's id.
_END_ONE = """
redis.pcall('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
"""
# KEYS: the token, its successor, the user's families, the list of them.
# ARGV: secret, grant, those of the successor, request, now, window, life, generation.
_ROTATE = """
local function fields(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  return found.err and {} or found
end
local token = fields(KEYS[1], 'secret', 'family', 'grant')
if token[1] ~= ARGV[1] or not string.match(token[2] or '', '^[%x-]+$') then
  return {'ended'}
end
local family = KEYS[3] .. token[2]
local found = fields(family, 'newest', 'before', 'request', 'rotated', 'reused')
if not found[1] then
  return {'ended'}
end
local function answer(outcome)
  return {outcome, token[2]}
end
if found[5] then
  return answer('reused')
end
local granted = token[3] == ARGV[2]
if found[1] == KEYS[1] then
  if not granted then
    return {'ended'}
  end
  redis.call('HSET', KEYS[2], 'secret', ARGV[3], 'grant', ARGV[4], 'family', token[2])
  redis.call('HSET', family, 'newest', KEYS[2], 'before', KEYS[1], 'request', ARGV[5], 'rotated', ARGV[6])
  redis.call('HSET', family, 'used', ARGV[6], 'generation', ARGV[9])
  redis.call('PEXPIRE', KEYS[2], ARGV[8])
  redis.call('PEXPIRE', family, ARGV[8])
  redis.pcall('ZADD', KEYS[4], ARGV[6], token[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[8])
  return answer('rotated')
end
-- The successor is unused as long as it is the newest. Clocks of processes may differ by less than the window.
if found[2] == KEYS[1] and math.abs(ARGV[6] - (tonumber(found[4]) or 0)) < tonumber(ARGV[7]) then
  if not granted then
    return {'ended'}
  end
  return answer(found[3] == ARGV[5] and 'rotated' or 'in_progress')
end
redis.call('HSET', family, 'reused', 1)
return answer('reused')
"""
_END = """
local token = redis.pcall('HMGET', KEYS[1], 'secret', 'family')
if token[1] == ARGV[1] and token[2] then
  redis.call('DEL', KEYS[2] .. token[2])
  redis.pcall('ZREM', KEYS[3], token[2])
end
"""


async def begin(store: Valkey, signer: Signer, token: RefreshToken, family: Family, life_milliseconds: int) -> None:
    """Start a family with its first token (Unreachable)."""
    families, family_id = _families(token.user_id), family.family_id
    keys = [token.key, families + family_id, _list(token.user_id)]
    values: list[str | int] = [token.secret(signer), token.grant(signer), family_id, life_milliseconds, family.began]
    with translated():
        await store.register_script(_BEGIN)(
            keys, [*values, family.program, family.system, families, MOST_SESSIONS, token.generation]
        )


async def sessions(store: Valkey, user_id: str, generation: int, since: int) -> list[Family]:
    """A user's families of a generation that were used since then, the last used one first (Unreachable)."""
    with translated():
        rows = await store.register_script(_LIST)([_list(user_id)], [_families(user_id), since, generation])
    found = ([each.decode(errors="replace") for each in row] for row in rows)
    return [
        Family(family_id, _milliseconds(began), _milliseconds(used), program, system)
        for family_id, began, used, program, system in found
    ]


async def end_family(store: Valkey, user_id: str, family_id: str) -> None:
    """End a family (Unreachable)."""
    with translated():
        await store.register_script(_END_ONE)([_families(user_id) + family_id, _list(user_id)], [family_id])


async def rotate(
    store: Valkey,
    signer: Signer,
    token: RefreshToken,
    successor: RefreshToken,
    request_id: str,
    *,
    now: int,
    window: int,
    life: int,
) -> Rotated:
    """Replace a token by its successor, atomically (Unreachable); times are in milliseconds.

    Within the window, and while the successor is unused, the same request may be repeated.
    """
    keys = [token.key, successor.key, _families(token.user_id), _list(token.user_id)]
    proofs = [each for of in (token, successor) for each in (of.secret(signer), of.grant(signer))]
    with translated():
        outcome, *family = await store.register_script(_ROTATE)(
            keys, [*proofs, request_id, now, window, life, token.generation]
        )
    return Rotated(Rotation(outcome.decode()), *(each.decode() for each in family))


async def end(store: Valkey, signer: Signer, token: RefreshToken) -> None:
    """End a token's family, if the token is valid (Unreachable)."""
    with translated():
        keys = [token.key, _families(token.user_id), _list(token.user_id)]
        await store.register_script(_END)(keys, [token.secret(signer)])


def _families(user_id: str) -> str:
    return f"family:{_FORM}:{user_id}:"


def _list(user_id: str) -> str:
    return f"families:{user_id}"


def _milliseconds(text: str) -> int:
    return int(text) if text.isdigit() and len(text) <= _MOST_DIGITS else 0
