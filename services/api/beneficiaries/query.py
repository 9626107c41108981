"""The bank details that a beneficiary has had: the query apart from the page that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import INBOUND
from events.journal import BankAccount, read_record
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.queries.rows import (
    Entities,
    MaskedAccount,
    mask_text,
    record_of,
    shorten_iban,
    visible,
)
from services.projector.tables import journal, mentions

NAME_AN_ACCOUNT = tuple(each.TYPE for each in INBOUND if "account" in each.CONCERNS)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """Bank details that a record states, masked, from a day on."""

    since: date
    account: MaskedAccount
    budget: str
    sequence: int


async def accounts_of(
    conn: AsyncConnection, entities: Entities, siret: str
) -> Sequence[KnownAccount]:
    """Bank details of an establishment, the newest first; who states the same again adds none."""
    rows = await _naming_an_account.rows(conn, entities=entities, siret=siret)
    found: list[KnownAccount] = []
    last: dict[str, BankAccount] = {}
    for row in rows:
        event = read_record(bytes(row["record"])).event
        account = None if event is None else event.data.bank_account
        if event is None or account is None or last.get(row["budget"]) == account:
            continue
        last[row["budget"]] = account
        since = event.data.effective_on or event.data.signed_on or row["effective_on"]
        masked = MaskedAccount(
            shorten_iban(account.iban), account.bic, mask_text(account.holder) or ""
        )
        found.append(KnownAccount(since, masked, row["budget"], row["sequence"]))
    return sorted(found, key=lambda each: (each.since, each.budget, each.sequence), reverse=True)


@PreparedQuery
def _naming_an_account(entities: Parameters | None, siret: Parameter) -> Select[Any]:
    named = (mentions.c.id == siret) & (mentions.c.kind == "beneficiary")
    return (
        select(journal.c.budget, journal.c.sequence, journal.c.effective_on, journal.c.record)
        .join_from(mentions, journal, record_of(mentions))
        .where(named, visible(mentions.c.budget, entities))
        .where(journal.c.event_type.in_(NAME_AN_ACCOUNT), journal.c.outcome == "accepted")
        .order_by(journal.c.budget, journal.c.sequence)
    )
