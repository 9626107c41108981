"""Payments of returns, and events in the treasury's name, against those of the ledger.

Kafka says who may write a topic, not in whose name: whoever may write `ecluse.events.v1` may name
the treasury as the source. The ledger takes the first event of an id, whosever it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.codec import reread
from events.payments import PaymentExecuted
from events.treasury import TREASURY
from services.projector.tables import journal, payment_order_lines, payments
from services.treasury.domain.slips import unpaid_cents
from services.treasury.reconciliation.discrepancy import NAMES, Codes, Discrepancy, DiscrepancyKind
from services.treasury.store.tables import outbox, own_events


class _ReturnedPayment(NamedTuple):
    """A payment that a return has."""

    event_id: str
    payment_order: str
    facts: Mapping[str, Any]
    """Its line (IdLigne) and its cents, among others."""


class _LedgerPayment(NamedTuple):
    """A payment that the ledger has."""

    sequence: int
    payment_order: str
    amount_cents: int
    event_id: str
    event_source: str


async def compare_payments(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Payments that only one of both has, and those that stand on other lines than the ledger's.

    Orders of which no return has a payment are passed over: payments of theirs come otherwise.
    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    returned: dict[str, list[_ReturnedPayment]] = defaultdict(list)
    for each in await _list_returned(treasury, budget):
        returned[each.payment_order].append(each)
    if not returned:
        return []
    paid: dict[str, list[_LedgerPayment]] = defaultdict(list)
    for payment in await _list_paid(ledger, budget):
        paid[payment.payment_order].append(payment)
    unsent = await _list_unsent(treasury, budget)
    found: list[Discrepancy] = []
    for order in sorted(returned):
        only = list(_find_in_one_alone(budget, returned[order], paid[order], unsent))
        found += only
        if not only and not any(each.event_id in unsent for each in returned[order]):
            lines = await _list_lines(ledger, budget, order)
            found += _find_on_another_line(budget, lines, returned[order], paid[order])
    return found


async def _list_returned(treasury: AsyncConnection, budget: str) -> list[_ReturnedPayment]:
    asked = (
        select(own_events.c.event_id, own_events.c.payment_order, own_events.c.facts)
        .where(own_events.c.budget == budget, own_events.c.event_type == PaymentExecuted.TYPE)
        .order_by(own_events.c.made_at, own_events.c.event_id)
    )
    return [_ReturnedPayment(*row) for row in await treasury.execute(asked)]


async def _list_unsent(treasury: AsyncConnection, budget: str) -> frozenset[str]:
    """Ids of messages that wait to be sent: the ledger cannot have them yet."""
    asked = select(outbox.c.message_id).where(outbox.c.budget == budget, outbox.c.sent_at.is_(None))
    return frozenset((await treasury.execute(asked)).scalars())


async def _list_paid(ledger: AsyncConnection, budget: str) -> list[_LedgerPayment]:
    asked = (
        select(
            payments.c.sequence,
            payments.c.payment_order,
            payments.c.amount_cents,
            journal.c.event_id,
            journal.c.event_source,
        )
        .join(
            journal,
            (journal.c.budget == payments.c.budget) & (journal.c.sequence == payments.c.sequence),
        )
        .where(payments.c.budget == budget)
        .order_by(payments.c.sequence)
    )
    return [_LedgerPayment(*row) for row in await ledger.execute(asked)]


async def _list_lines(
    ledger: AsyncConnection, budget: str, payment_order: str
) -> list[tuple[Codes, int]]:
    """The lines of an order with their amounts, in their order."""
    table = payment_order_lines.c
    asked = (
        select(*(table[name] for name in NAMES), table.amount_cents)
        .where(table.budget == budget, table.payment_order == payment_order)
        .order_by(table.position)
    )
    return [((row[0], row[1], row[2], row[3]), row[4]) for row in await ledger.execute(asked)]


def _find_in_one_alone(
    budget: str,
    returned: Sequence[_ReturnedPayment],
    paid: Sequence[_LedgerPayment],
    unsent: frozenset[str],
) -> Iterator[Discrepancy]:
    """Payments of an order that the ledger has not, and those that no return has."""
    ours = {(each.event_id, each.amount_cents) for each in paid if each.event_source == TREASURY}
    for each in returned:
        is_ours = (each.event_id, each.facts["amount_cents"]) in ours
        if not is_ours and each.event_id not in unsent:
            yield Discrepancy(
                kind=DiscrepancyKind.NOT_IN_LEDGER,
                budget=budget,
                payment_order=each.payment_order,
                found_cents=each.facts["amount_cents"],
            )
    known = {each.event_id for each in returned}
    for payment in paid:
        if payment.event_source != TREASURY or payment.event_id not in known:
            yield Discrepancy(
                kind=DiscrepancyKind.IN_NO_RETURN,
                budget=budget,
                payment_order=payment.payment_order,
                expected_cents=payment.amount_cents,
                records=(payment.sequence,),
            )


def _find_on_another_line(
    budget: str,
    lines: Sequence[tuple[Codes, int]],
    returned: Sequence[_ReturnedPayment],
    paid: Sequence[_LedgerPayment],
) -> Iterator[Discrepancy]:
    """Lines of which the accountant paid another amount than the ledger, which fills them in order.

    That is no fault of either (rules, 20), and ends once the order is paid.
    """
    by_line: dict[int, int] = defaultdict(int)
    for each in returned:
        by_line[each.facts["line"]] += each.facts["amount_cents"]
    paid_cents = sum(each.amount_cents for each in paid)
    left = unpaid_cents((cents for _, cents in lines), paid_cents)
    for number, ((codes, cents), left_cents) in enumerate(zip(lines, left, strict=True), start=1):
        if by_line[number] != cents - left_cents:
            yield Discrepancy(
                kind=DiscrepancyKind.PAID_ON_ANOTHER_LINE,
                budget=budget,
                payment_order=returned[0].payment_order,
                codes=codes,
                expected_cents=cents - left_cents,
                found_cents=by_line[number],
                records=tuple(each.sequence for each in paid),
            )


class _Content(msgspec.Struct):
    digest: str
    """SHA-256 of what the event says."""


_read_content: Final = msgspec.json.Decoder(_Content).decode


async def compare_events(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Accepted events in the treasury's name that it never made, or that say something else.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    columns = [journal.c[name] for name in ("sequence", "event_id", "payment_order", "record")]
    in_its_name = (journal.c.event_source == TREASURY) & (journal.c.outcome == "accepted")
    asked = select(*columns).where(journal.c.budget == budget, in_its_name)
    accepted = (await ledger.execute(asked.order_by(journal.c.sequence))).all()
    made = await _list_made(treasury, budget) if accepted else {}
    return [
        Discrepancy(
            kind=kind, budget=budget, payment_order=row.payment_order, records=(row.sequence,)
        )
        for row in accepted
        if (kind := _find_fault(row.event_id, row.record, made)) is not None
    ]


async def _list_made(treasury: AsyncConnection, budget: str) -> dict[str, bytes | None]:
    """The events made of returns by their ids, as they were sent."""
    sent = outbox.c.message_id == own_events.c.event_id
    asked = select(own_events.c.event_id, outbox.c.value).join_from(
        own_events, outbox, sent, isouter=True
    )
    rows = await treasury.execute(asked.where(own_events.c.budget == budget))
    return {row.event_id: row.value for row in rows}


def _find_fault(
    event_id: str, record: bytes, made: Mapping[str, bytes | None]
) -> DiscrepancyKind | None:
    if event_id not in made:
        return DiscrepancyKind.FOREIGN_EVENT
    value = made[event_id]
    if value is not None and reread(value).digest.hex() != _read_content(record).digest:
        return DiscrepancyKind.EVENT_DIFFERS
    return None
