"""Rooms and devices of clinics: finding them, and what staff change about them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from db.errors import ConstraintViolated
from db.postgres.booking import resources
from db.postgres.booking.resources import ResourceRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.resources import check_number
from server.domain.errors import DomainError, Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """New values of a resource, by column; an empty `etag` matches every version."""

    resource_id: str
    values: dict[str, Any]
    etag: str


class Resources:
    """Lists, adds and changes resources."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def list(self, caller: Caller, clinic_id: str) -> Sequence[ResourceRow]:
        """All resources of a clinic, by kind and name."""
        require(caller, Action.SEE_RESOURCES, Owner(clinic_id=clinic_id))
        return await read(self._engine, lambda pg: resources.of_clinic(pg, clinic_id), Freshness.OWN_WRITES)

    async def create(self, caller: Caller, new: ResourceRow, write: Write[ResourceRow, M]) -> M:
        """Add a resource, under an id of its own (NOT_ALLOWED, CLINIC_NOT_FOUND, RESOURCE_EXISTS, too many)."""
        now, row = self._clock(), new._replace(id=self._new_id())

        async def work(pg: Connection, claim: Claim) -> ResourceRow:
            await claim.wait_or_answer()
            require(caller, Action.EDIT_CATALOGUE, Owner(clinic_id=row.clinic_id))
            check_number(await resources.number_at(pg, row.clinic_id))
            await resources.add(pg, row, now)
            return row

        async with _named_refusals(row.clinic_id):
            return await perform(self._engine, write, work, now)

    async def update(self, caller: Caller, change: ResourceChange, write: Write[ResourceRow, M]) -> M:
        """Rename a resource, or take it out of use (RESOURCE_NOT_FOUND, NOT_ALLOWED, ETAG_MISMATCH, RESOURCE_EXISTS).

        Appointments that occupy it stay as they are.
        """
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> ResourceRow:
            sent = await resources.lock(pg, change.resource_id)
            await claim.wait_or_answer()
            row = await sent.fetchone()
            if row is None:
                raise not_found(Reason.RESOURCE_NOT_FOUND, "resource", change.resource_id)
            require(caller, Action.EDIT_CATALOGUE, Owner(clinic_id=row.clinic_id))
            check_etag(row.version, change.etag)
            changed = row._replace(**change.values)
            await resources.put(pg, changed, now)
            return changed._replace(version=row.version + 1)

        async with _named_refusals(""):
            return await perform(self._engine, write, work, now)


@asynccontextmanager
async def _named_refusals(clinic_id: str) -> AsyncIterator[None]:
    try:
        yield
    except ConstraintViolated as violated:
        if violated.constraint == "resources_clinic_fkey":
            raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id) from None
        if violated.constraint == "resources_one_name":
            message = "the clinic has a resource of that name: choose another name"
            raise DomainError(Reason.RESOURCE_EXISTS, message) from None
        raise
