"""Which systems' identifiers anybody may write, and which only imports."""

from collections.abc import Collection

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import reserved_systems
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.people.identifiers import check_unreserved, is_ours, is_reserved
from server.domain.rights import Action, require
from server.usecases.unit_of_work import database_failures_as_domain_errors

Pairs = Collection[tuple[str, str]]


class IdentifierSystems:
    """Reserves systems for imports."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def reserve(self, caller: Caller, system: str) -> None:
        """Let only imports write a system's identifiers from now on; repeating it changes nothing."""
        require(caller, Action.RESERVE_IDENTIFIERS)

        async def work(pg: Connection) -> None:
            await reserved_systems.lock(pg)
            await reserved_systems.add(pg, [system], caller.id, self._clock())

        with database_failures_as_domain_errors():
            await transact(self._engine, work, replayable=True)

    async def release(self, caller: Caller, system: str) -> None:
        """Let others write a system's identifiers again (IDENTIFIER_RESERVED if it is that of an import)."""
        require(caller, Action.RESERVE_IDENTIFIERS)

        async def work(pg: Connection) -> None:
            await reserved_systems.lock(pg)
            by = (await reserved_systems.reserved(pg, [system])).get(system)
            if is_ours(system) or by == reserved_systems.IMPORTER:
                raise is_reserved(system)
            await reserved_systems.remove(pg, system)

        with database_failures_as_domain_errors():
            await transact(self._engine, work, replayable=True)


async def check_written(pg: Connection, before: Pairs, after: Pairs) -> None:
    """Refuse to add or remove identifiers that only imports may write (IDENTIFIER_RESERVED).

    From here until the transaction ends, no system can be reserved.
    """
    systems = {system for system, _ in set(before) ^ set(after)}
    if systems:
        await reserved_systems.share(pg)
        check_unreserved(sorted(systems), await reserved_systems.reserved(pg, systems))
