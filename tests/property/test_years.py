"""What holds over the end of a year: both years' identities, and one journal however it is read."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import topics
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.restore import VERSIONS, fold, open_ledger
from services.ledger.domain.fiscal_year import next_year
from services.ledger.domain.journal import Outcome, Source
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import CARRY_OVER, OPEN, RELEASE
from services.ledger.domain.model.orders import OrderChange
from services.ledger.files.stores import MemoryStore, SqliteStore
from tests.builders import BUDGET, NEXT_BUDGET, Json, Scenario
from tests.kept_state import kept, one_by_one
from tests.property.checker import check
from tests.property.reach import reached_by
from tests.property.test_histories import journal
from tests.property.years import Inputs, count, decided, years

EXAMPLES = 500

Key = tuple[str, str | None, Line]


@given(years())
def test_both_years_keep_their_identities(inputs: Inputs) -> None:
    scenario = decided(inputs)
    check(scenario.store.journal(), count(inputs, scenario), scenario.summary())


@given(years())
def test_what_is_carried_over_opens_the_next_year_to_the_cent(inputs: Inputs) -> None:
    """Whatever the new year holds already, unless it is closed (rules, 32)."""
    scenario = decided(inputs)
    refused = {
        record.event_id: record.refusal
        for record in scenario.records
        if record.outcome is Outcome.REFUSED and record.event_source == "urn:ecluse:ledger"
    }
    assert {"fiscal_year_closed"} >= {str(each and each["code"]) for each in refused.values()}
    carried, written, opened = Counter[Key](), Counter[Key](), Counter[Key]()
    for record in scenario.records:
        names = {
            flag["facts"]["to"]: flag["facts"]["from"]
            for flag in record.review_flags
            if flag["code"] == "convention_renamed"
        }
        for move in record.moves:
            name = move.convention
            if move.kind is CARRY_OVER:
                carried[next_year(record.budget), name, move.line] += move.amount_cents
            if move.kind is OPEN:
                opened[record.budget, names.get(name, name), move.line] += move.amount_cents
    for internal_event in scenario.internal_events():
        data = internal_event["data"]
        for each in data["lines"]:
            line = Line(*(each["line"].get(code) for code in Line._fields))
            written[data["budget"], data["convention"], line] += each["amount_cents"]
            if internal_event["id"] in refused:
                opened[data["budget"], data["convention"], line] += each["amount_cents"]
    assert carried == written == opened


@given(years())
def test_the_journal_folds_and_the_rows_restore_over_the_end_of_a_year(inputs: Inputs) -> None:
    for store in (MemoryStore(), SqliteStore(Path(":memory:"))):
        scenario = decided(inputs, Scenario(store=store))
        live = kept(scenario.ledger.budgets)
        assert live == kept(fold(store.journal()))
        assert live == one_by_one(store.state())
        assert live == kept(open_ledger(store).budgets)
        store.close()


@given(years(), st.integers(1, 12))
def test_batches_and_restarts_give_the_same_journal_and_internal_events(
    inputs: Inputs, size: int
) -> None:
    whole = decided(inputs)
    store, ledger = MemoryStore(), Ledger()
    number = delivered = 0
    for history in inputs:
        sources = []
        for event in history:
            number += 1
            sources.append(RawRecord(event, Source("test", 0, number)))
        while sources:
            batch, sources = sources[:size], sources[size:]
            for raw in batch:
                ledger.handle(raw)
            store.commit(ledger.commit_batch([]), VERSIONS)
            assert kept(ledger.budgets) == one_by_one(store.state())
            ledger = open_ledger(store)
            if not sources:
                internal_events = list(store.internal_events(delivered))
                delivered += len(internal_events)
                sources = [
                    RawRecord(value, Source(topics.INTERNAL_EVENTS, 0, place))
                    for place, value in internal_events
                ]
    assert journal(whole.store) == journal(store)
    assert list(whole.store.internal_events()) == list(store.internal_events())
    assert kept(whole.ledger.budgets) == kept(ledger.budgets)


REPORTS = ("report.received", "report.rejected", "deadline.passed")
TURNS = ("suspended", "resumed", "amended", "reduced", "terminated", "withdrawn", "collected")


def reached(scenario: Scenario) -> set[str]:
    """What happened in these years, in words."""
    found = {
        str(record.refusal["code"]) for record in scenario.records if record.refusal is not None
    }
    state = scenario.ledger.budgets.get(BUDGET)
    if state is not None and state.book.closed_out:
        found.add("a year closed out")
    if state is not None and state.book.closed and not state.book.closed_out:
        found.add("a year closed with open orders")
    closed: set[str] = set()
    for record in scenario.records:
        found |= _reached_by(record.budget, record.payment_orders)
        event = json.loads(record.event or b"{}")
        subject = event.get("type", "").removeprefix("ecluse.").removesuffix(".v1")
        if subject == "fiscal-year.closed" and record.outcome is Outcome.ACCEPTED:
            closed.add(record.budget)
        elif record.budget in closed and subject in REPORTS:
            refused = record.refusal and record.refusal["facts"].get("convention")
            found.add(f"closed and {subject} {record.outcome}{' goes on' if refused else ''}")
            found |= {f"closed and {flag['code']}" for flag in record.review_flags}
        if any(flag["code"] == "recovery_is_revenue" for flag in record.review_flags):
            found.add(f"revenue of {record.budget[-4:]}")
        if any(flag["code"] == "convention_renamed" for flag in record.review_flags):
            found.add("a number that is taken")
        if any(move.kind is OPEN for move in record.moves) and any(
            move.kind is RELEASE for move in record.moves
        ):
            found.add("a grant that fell before its internal event came")
        if record.budget == NEXT_BUDGET and record.outcome is Outcome.ACCEPTED:
            event = str(record.event)
            found |= {f"carried and {turn}" for turn in TURNS if f".{turn}.v1" in event}
        kinds = {str(entry["kind"]) for entry in record.commitment_entries}
        if "carry_over" in kinds:
            found.add(f"carried over from {record.budget[-4:]}")
    for internal_event in scenario.internal_events():
        found |= _said_by(internal_event["data"])
    return found


def _reached_by(budget: str, changes: Sequence[OrderChange]) -> set[str]:
    found = set()
    for change in changes:
        if budget == NEXT_BUDGET:
            found.add(f"carried and {change.order.state}")
            if change.issued is not None and change.issued["previous"] is not None:
                found.add("carried and issued again")
    return found


def _said_by(data: Json) -> set[str]:
    found = (
        {"an internal event of an award alone"}
        if data["stands_alone"]
        else {"an internal event of a convention"}
    )
    if data["state"] == "suspended":
        found.add("an internal event of a suspended convention")
    if any("due_again_on" in each for each in data["instalments"]):
        found.add("an internal event of a rejected order")
    if any("eligible_cost_cents" in each for each in data["documents"]):
        found.add("an internal event with a cost")
    return found


WANTED = {
    *("fiscal_year_closed", "orders_outstanding", "unknown_convention"),
    *("a year closed out", "a year closed with open orders"),
    *("carried over from 2023", "carried over from 2024"),
    *("carried and issued", "carried and paid", "carried and issued again"),
    *("carried and cancelled", "revenue of 2023"),
    *(f"closed and {each} accepted" for each in REPORTS),
    *(f"closed and {each} refused goes on" for each in REPORTS),
    *("closed and report_late", "closed and report_rejected_after_order"),
    *(f"carried and {turn}" for turn in TURNS),
    *("an internal event of an award alone", "an internal event of a convention"),
    *("an internal event of a suspended convention", "a number that is taken"),
    "a grant that fell before its internal event came",
    *("an internal event of a rejected order", "an internal event with a cost"),
}


@pytest.mark.rest
def test_the_years_reach_what_these_properties_are_about() -> None:
    seen = reached_by(years(), EXAMPLES, lambda inputs: reached(decided(inputs)))
    assert set() == WANTED - set(seen)
