"""Rendered days: cached for all workers, and announced to all workers when they change.

A value is trusted if a worker has signed it. Key and channel contain the version of the format, so that releases with
different formats can run at the same time; each finds the changes that it does not hear of in the database.
"""

import struct
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from db.errors import Unreachable
from db.valkey.client import Valkey, translated
from db.valkey.signer import BYTES as SIGNATURE_BYTES
from db.valkey.signer import Signer

TTL = timedelta(minutes=5)
"""How long a day is cached at most."""

NO_EXPIRY = datetime.max.replace(tzinfo=UTC)
"""`valid_until` of a day that does not change just because time passes."""

_FORM = 3
_CHANNEL = f"slots:{_FORM}"
_KIND = f"day:{_FORM}"
SENDER_BYTES = 8
"""The length of a sender's name, with which every message begins: who sent it need not read it."""
NOBODY = bytes(SENDER_BYTES)
_SILENCE_SECONDS = 2.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
# Epoch, revision, valid_until in microseconds, lengths of the two renderings; then doctor, date and clinic; then until
# when it may be used, in microseconds. The renderings follow, then the signature of all of it.
_HEAD = struct.Struct(">IIQII36s10s36sQ")

# Stores each value that is newer than the stored one, and publishes those in one message, after the sender's name.
# Numbers are doubles: exact up to 2^53 microseconds, which is the year 2255; beyond that, two instants may compare as
# equal. Returns the number of those for which a newer value is stored.
_PUT = """
local published, refused = {}, {}
for i, key in ipairs(KEYS) do
  local value, held, newer = ARGV[2 * i + 1], redis.pcall('GETRANGE', key, 0, 15), true
  if type(held) == 'string' and #held == 16 then
    local _, revision, valid_until = struct.unpack('>I4I4I8', value)
    local _, held_revision, held_valid_until = struct.unpack('>I4I4I8', held)
    newer = held_revision < revision or (held_revision == revision and held_valid_until < valid_until)
  end
  if newer then
    redis.call('SET', key, value, 'PX', ARGV[2 * i + 2])
    published[#published + 1] = value
  else
    refused[#refused + 1] = i
  end
end
if #published > 0 then
  redis.call('PUBLISH', ARGV[1], ARGV[2] .. table.concat(published))
end
return refused
"""


class RenderedDay(NamedTuple):
    """A doctor's day as bytes: of the answer with its free slots, and of the message that shows it whole."""

    doctor_id: str
    date: date
    clinic_id: str
    epoch: int
    revision: int
    valid_until: datetime
    free: bytes
    whole: bytes

    @property
    def version(self) -> tuple[int, int, datetime]:
        """The higher version is newer."""
        return self.epoch, self.revision, self.valid_until


async def put_newer(
    valkey: Valkey, signer: Signer, days: Iterable[RenderedDay], now: datetime, sender: bytes = NOBODY
) -> int:
    """Store each day that is newer than the stored one; how many were stored, and so announced to all other listeners.

    `sender` is the name under which the same process listens.
    """
    lasting = [day for day in days if day.valid_until - now >= _MILLISECOND]
    refused = await _put(valkey, signer, lasting, now, sender)
    # A stored value may claim to be newer without being one of ours: then it has been removed by now.
    again = [day for day in refused if not await get(valkey, signer, day.epoch, [(day.doctor_id, day.date)], now)]
    return len(lasting) - len(refused) + len(again) - len(await _put(valkey, signer, again, now, sender))


async def _put(
    valkey: Valkey, signer: Signer, days: Sequence[RenderedDay], now: datetime, sender: bytes
) -> list[RenderedDay]:
    """Store and announce days; those that were not, because a newer value is stored."""
    if not days:
        return []
    values: list[bytes | int] = []
    for day in days:
        life = min(TTL, day.valid_until - now)
        values += [signer.sign(_KIND, _dump(day, now + life)), life // _MILLISECOND]
    keys = [_key(day.epoch, day.doctor_id, day.date) for day in days]
    refused = await valkey.eval(_PUT, len(keys), *keys, _CHANNEL, sender, *values)
    return [days[number - 1] for number in refused]


async def get(
    valkey: Valkey, signer: Signer, epoch: int, days: Sequence[tuple[str, date]], now: datetime
) -> list[RenderedDay]:
    """The days (doctor_id, date) that are cached in this epoch. Invalid values in their place are removed."""
    keys = [_key(epoch, *day) for day in days]
    found, bad = [], []
    for key, place, value in zip(keys, days, await valkey.mget(keys), strict=True):
        if not isinstance(value, bytes):
            continue
        loaded = next(_load(value, signer), None)
        if loaded and (loaded.epoch, loaded.doctor_id, loaded.date) == (epoch, *place) and now < _usable_until(value):
            found.append(loaded)
        else:
            bad.append(key)
    if bad:
        await valkey.unlink(*bad)
    return found


async def listen(valkey: Valkey, signer: Signer, name: bytes = b"") -> AsyncGenerator[RenderedDay | None, None]:
    """Yields None once it listens, then days as senders other than `name` announce them.

    Ends in Unreachable when the server is lost. What is announced while nobody listens is lost.
    """
    with translated():
        async with valkey.pubsub() as pubsub:
            await pubsub.subscribe(_CHANNEL)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                if message is None and asked:
                    raise Unreachable("no answer")
                asked = message is None
                if asked:
                    await pubsub.ping()
                elif message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message" and message["data"][:SENDER_BYTES] != name:
                    for day in _load(message["data"][SENDER_BYTES:], signer):
                        yield day


def _key(epoch: int, doctor_id: str, day: date) -> str:
    return f"{_CHANNEL}:doctor:{doctor_id}:date:{day}:epoch:{epoch}"


def _usable_until(value: bytes) -> datetime:
    *_, microseconds = _HEAD.unpack_from(value)
    return _EPOCH + int(microseconds) * _MICROSECOND


def _dump(day: RenderedDay, usable_until: datetime) -> bytes:
    valid_until, usable = ((each - _EPOCH) // _MICROSECOND for each in (day.valid_until, usable_until))
    lengths = len(day.free), len(day.whole)
    place = day.doctor_id.encode(), day.date.isoformat().encode(), day.clinic_id.encode()
    return _HEAD.pack(day.epoch, day.revision, valid_until, *lengths, *place, usable) + day.free + day.whole


def _load(values: bytes, signer: Signer) -> Iterator[RenderedDay]:
    """The days in a sequence of bytes, up to the first one that no worker has signed."""
    begin = 0
    while begin < len(values):
        end = _end(values, begin)
        value = signer.verified(_KIND, values[begin:end])
        if value is None:
            return
        yield _day(value)
        begin = end


def _end(values: bytes, begin: int) -> int:
    """Where the day that begins at `begin` ends, according to its head, which may be invalid."""
    if len(values) - begin < _HEAD.size:
        return len(values)
    _, _, _, free, whole, *_ = _HEAD.unpack_from(values, begin)
    return begin + _HEAD.size + int(free) + int(whole) + SIGNATURE_BYTES


def _day(value: bytes) -> RenderedDay:
    epoch, revision, valid_until, free, whole, *place, _ = _HEAD.unpack_from(value)
    doctor_id, day, clinic_id = (each.decode() for each in place)
    middle = _HEAD.size + free
    return RenderedDay(
        doctor_id=doctor_id,
        date=date.fromisoformat(day),
        clinic_id=clinic_id,
        epoch=epoch,
        revision=revision,
        valid_until=_EPOCH + valid_until * _MICROSECOND,
        free=value[_HEAD.size : middle],
        whole=value[middle : middle + whole],
    )
