"""Accounts as admins see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.postgres.cluster.engines import Engine
from db.postgres.identity import account_list
from db.postgres.identity.account_list import AccountQuery, ListedAccountRow
from server.domain.identity import Caller, Role
from server.domain.rights import Action, require
from server.usecases import paging
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class AccountListing:
    """Which accounts to list; empty fields stand for all, but patients only for the role `patient`."""

    role: str
    clinic_id: str
    state: str
    text: str
    size: int
    page_token: str


class AccountList:
    """Lists accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def page(self, caller: Caller, listing: AccountListing) -> tuple[Sequence[ListedAccountRow], str]:
        """A page, and the token of the next page, empty if there is none (PAGE_TOKEN_INVALID, NOT_ALLOWED)."""
        require(caller, Action.MANAGE_ACCOUNTS)
        size, text = paging.page_size(listing.size), listing.text.strip().lower()
        filters = ("accounts", listing.role, listing.clinic_id, listing.state, text)
        last_id = paging.after_id(listing.page_token, filters) if listing.page_token else None
        query = AccountQuery(
            listing.role or None, listing.clinic_id or None, listing.state or None, text, last_id, size + 1
        )
        patients = listing.role == Role.PATIENT
        rows = await read(self._engine, lambda pg: account_list.find(pg, query, patients=patients))
        return paging.cut(rows, size, filters)
