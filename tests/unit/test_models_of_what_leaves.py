"""What leaves fits the published language: the ledger writes it without pydantic, for speed."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest
from pydantic import TypeAdapter

from events.models import Part
from events.outbound import (
    CommitmentEntryRecorded,
    ConventionBalance,
    EventParked,
    EventRefused,
    LineBalance,
    PaymentOrder,
    PaymentOrderIssued,
)
from events.strict_json import canonical
from events.texts import Translatable
from services.ledger.domain.journal import JournalRecord, read_record
from services.ledger.explain.sentences import explain_wait, refusal_sentence
from services.texts.translation import both
from tests.builders import Json, Scenario
from tests.unit.ledger.wire import members
from tests.unit.tables.rows import Row
from tests.unit.tables.test_amendments import ROWS as AMENDMENTS
from tests.unit.tables.test_awards import ROWS as AWARDS
from tests.unit.tables.test_ceilings import ROWS as CEILINGS
from tests.unit.tables.test_conventions import ROWS as CONVENTIONS
from tests.unit.tables.test_conventions_instead import ROWS as CONVENTIONS_INSTEAD
from tests.unit.tables.test_credit import ROWS as CREDIT
from tests.unit.tables.test_deadlines import ROWS as DEADLINES
from tests.unit.tables.test_oracle import EXAMPLE, lines_of
from tests.unit.tables.test_parking import RESUMED_ROWS, WAITING_ROWS
from tests.unit.tables.test_precedence import ROWS as PRECEDENCE
from tests.unit.tables.test_recoveries import ROWS as RECOVERIES
from tests.unit.tables.test_reductions import ROWS as REDUCTIONS
from tests.unit.tables.test_reissues import ROWS as REISSUES
from tests.unit.tables.test_rejected_reports import ROWS as REJECTED_REPORTS
from tests.unit.tables.test_suspensions import ROWS as SUSPENSIONS
from tests.unit.tables.test_withdrawals import ROWS as WITHDRAWALS

ROWS: list[Row] = [
    *AMENDMENTS,
    *DEADLINES,
    *RECOVERIES,
    *REDUCTIONS,
    *REJECTED_REPORTS,
    *SUSPENSIONS,
    *WITHDRAWALS,
    *AWARDS,
    *CEILINGS,
    *CONVENTIONS,
    *CONVENTIONS_INSTEAD,
    *CREDIT,
    *PRECEDENCE,
    *REISSUES,
    *RESUMED_ROWS,
    *WAITING_ROWS,
]


@cache
def scenarios() -> list[Scenario]:
    return [Scenario(*lines_of(EXAMPLE)), *(Scenario(*row.events) for row in ROWS)]


def records() -> Iterator[JournalRecord]:
    for scenario in scenarios():
        yield from scenario.records


def fits(part: type[Part], row: Json) -> None:
    """The row is what the part says, no member more or less, through JSON and back."""
    read = TypeAdapter(part).validate_json(canonical(row))
    assert canonical(row) == canonical(members(read))


def answer(record: JournalRecord, message: Translatable, **more: Any) -> Json:
    return {
        "budget": record.budget,
        "event_id": record.event_id,
        "event_source": record.event_source,
        "sequence": record.sequence,
        "message": asdict(both(message)),
        **more,
    }


def test_each_commitment_entry_is_one_for_the_finance_erp() -> None:
    seen = set()
    for record in records():
        for entry in record.commitment_entries:
            named = {**entry, "budget": record.budget, "sequence": record.sequence}
            fits(CommitmentEntryRecorded, named)
            seen.add(str(entry["kind"]))
    assert {
        "accounting_commitment",
        "legal_commitment",
        "supplementary_commitment",
        "decommitment",
    } == seen


def test_each_issued_order_is_one_for_the_treasury() -> None:
    issued = [
        change.row(record.budget)
        for record in records()
        for change in record.payment_orders
        if change.issued is not None
    ]
    assert {None, "C/advance"} <= {order["previous"] for order in issued}
    for order in issued:
        fits(PaymentOrderIssued, order)


def test_an_issued_order_is_read_from_the_journal_as_it_was_sent() -> None:
    """The treasury's message is made of the journal: its bytes must hold all of it."""
    for scenario in scenarios():
        for record, row in zip(scenario.records, scenario.store.journal(), strict=True):
            read = read_record(row.record)
            for sent, kept in zip(record.payment_orders, read.payment_orders, strict=True):
                if sent.issued is not None:
                    fits(PaymentOrderIssued, kept.row(read.budget))
                    assert sent.row(record.budget) == kept.row(read.budget)


def test_a_journal_record_whose_content_was_changed_is_not_read() -> None:
    written = next(iter(scenarios()[0].store.journal())).record
    assert read_record(written).hash.encode() in written
    changed = written.replace(b'"outcome":"accepted"', b'"outcome":"refused"')
    with pytest.raises(ValueError, match="its hash does not fit it"):
        read_record(changed)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("payment_orders", PaymentOrder),
        ("lines", LineBalance),
        ("conventions", ConventionBalance),
    ],
)
def test_each_row_of_the_summary_is_one_of_the_published_language(
    name: str, model: type[Part]
) -> None:
    rows = [row for scenario in scenarios() for row in scenario.summary()[name]]
    assert rows
    for row in rows:
        fits(model, row)


def test_each_state_that_an_order_can_reach_now_leaves_in_a_summary() -> None:
    orders = [order for scenario in scenarios() for order in scenario.summary()["payment_orders"]]
    assert {"issued", "rejected", "paid", "cancelled"} <= {str(order["state"]) for order in orders}


def test_each_refusal_is_answered_with_its_code_its_facts_and_what_to_do() -> None:
    refused = [record for record in records() if record.refusal is not None]
    assert refused
    for record in refused:
        assert record.refusal is not None
        code, facts = record.refusal["code"], record.refusal["facts"]
        fits(EventRefused, answer(record, refusal_sentence(code, facts), code=code, facts=facts))


def test_each_parked_event_is_answered_with_what_it_waits_for() -> None:
    parked = [record for record in records() if record.waits_for is not None]
    for record in parked:
        assert record.waits_for is not None
        message = explain_wait(record.waits_for)
        fits(EventParked, answer(record, message, waits_for=record.waits_for))
    kinds = {record.waits_for["kind"] for record in parked if record.waits_for is not None}
    assert {"budget", "grant", "convention", "recovery"} == kinds
