"""Specialties as filters: an unknown one is an error, not an empty list."""

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import doctors
from server.domain.errors import DomainError, Reason
from server.usecases.unit_of_work import read

_MOST_NAMED = 20


async def check_specialty(engine: Engine, specialty: str) -> None:
    """Refuse a specialty that no doctor has (SPECIALTY_NOT_FOUND); called when a filter has found nothing."""

    async def work(pg: Connection) -> list[str] | None:
        return None if await doctors.is_specialty(pg, specialty) else await doctors.specialties(pg, _MOST_NAMED)

    known = await read(engine, work, Freshness.OWN_WRITES)
    if known is not None:
        raise DomainError(
            Reason.SPECIALTY_NOT_FOUND,
            f"no doctor has this specialty: send one of {', '.join(known)}" if known else "there are no doctors yet",
        )
