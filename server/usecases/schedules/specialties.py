"""Specialties as filters: an unknown one is an error, not an empty list."""

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import doctors
from server.domain.errors import DomainError, Reason
from server.usecases.reach import Reach
from server.usecases.unit_of_work import read

_MOST_NAMED = 20


async def check_specialty(engine: Engine, specialty: str, reached: Reach) -> None:
    """Refuse a specialty that no doctor whom a caller sees has (SPECIALTY_NOT_FOUND); called when nothing was found."""
    only = None if reached.everything else reached.clinic_ids

    async def work(pg: Connection) -> list[str] | None:
        if await doctors.is_specialty(pg, specialty, only):
            return None
        return await doctors.specialties(pg, _MOST_NAMED, only)

    known = await read(engine, work, Freshness.OWN_WRITES)
    if known is not None:
        raise DomainError(
            Reason.SPECIALTY_NOT_FOUND,
            f"no doctor has this specialty: send one of {', '.join(known)}" if known else "there are no doctors yet",
        )
