"""Rendered days: kept for all workers, and told to all workers when they change."""

import struct
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from db.errors import Unavailable
from db.valkey.client import Valkey, translated

TTL = timedelta(minutes=5)
"""How long a day is kept at most."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""`valid_until` of a day that does not change by the clock alone."""

_CHANNEL = "slots"
_SILENCE_SECONDS = 2.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Epoch, revision, valid_until in microseconds, length of the first form; then doctor, date and clinic.
_HEAD = struct.Struct(">IIQI36s10s36s")

# Gives 1 if it kept the value, which it then tells to all workers. Numbers are doubles: exact up to 2^53 microseconds,
# which is the year 2255; beyond, two instants may count as equal.
_PUT = """
local held = redis.call('GETRANGE', KEYS[1], 0, 15)
if #held == 16 then
  local _, revision, valid_until = struct.unpack('>I4I4I8', ARGV[1])
  local _, held_revision, held_valid_until = struct.unpack('>I4I4I8', held)
  if held_revision > revision or (held_revision == revision and held_valid_until >= valid_until) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1
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
        """The higher is newer."""
        return self.epoch, self.revision, self.valid_until


async def put_newer(valkey: Valkey, day: RenderedDay, now: datetime) -> bool:
    """Keep a day unless one as new is kept already; whether it was kept, and so told to all who listen."""
    kept = min(TTL, day.valid_until - now) // timedelta(milliseconds=1)
    if kept <= 0:
        return False
    key = _key(day.epoch, day.doctor_id, day.date)
    return bool(await valkey.eval(_PUT, 1, key, _dump(day), kept, _CHANNEL))


async def get(valkey: Valkey, epoch: int, doctor_id: str, day: date) -> RenderedDay | None:
    """A day of that epoch, if it is kept."""
    value = await valkey.get(_key(epoch, doctor_id, day))
    return _load(value) if isinstance(value, bytes) else None


async def listen(valkey: Valkey) -> AsyncIterator[RenderedDay | None]:
    """Days as they are told, from the None on that comes first. Ends in Unavailable when the server is lost.

    What is told while nobody listens is lost.
    """
    with translated():
        async with valkey.pubsub() as pubsub:
            await pubsub.subscribe(_CHANNEL)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                if message is None and asked:
                    raise Unavailable("no answer")
                asked = message is None
                if asked:
                    await pubsub.ping()
                elif message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message":
                    yield _load(message["data"])


def _key(epoch: int, doctor_id: str, day: date) -> str:
    return f"slots:doctor:{doctor_id}:date:{day}:epoch:{epoch}"


def _dump(day: RenderedDay) -> bytes:
    valid_until = (day.valid_until - _EPOCH) // _MICROSECOND
    place = day.doctor_id.encode(), day.date.isoformat().encode(), day.clinic_id.encode()
    return _HEAD.pack(day.epoch, day.revision, valid_until, len(day.free), *place) + day.free + day.whole


def _load(value: bytes) -> RenderedDay:
    epoch, revision, valid_until, length, doctor_id, day, clinic_id = _HEAD.unpack_from(value)
    end = _HEAD.size + length
    return RenderedDay(
        doctor_id=doctor_id.decode(),
        date=date.fromisoformat(day.decode()),
        clinic_id=clinic_id.decode(),
        epoch=epoch,
        revision=revision,
        valid_until=_EPOCH + valid_until * _MICROSECOND,
        free=value[_HEAD.size : end],
        whole=value[end:],
    )
