"""Trials behind a known state: they decide as trials over the whole journal do."""

from collections.abc import Sequence

import pytest

from services.ledger.application.handle import RawRecord
from services.ledger.application.trial import (
    STATES_MAX,
    KnownState,
    KnownStates,
    Trial,
    trial_behind,
    trial_of,
)
from services.ledger.domain.journal import JournalRecord, Source, read_record
from services.ledger.domain.model.book import BudgetState
from tests.builders import a_payment, a_vote, encoded
from tests.read_model.filling import RECORDED, golden

PARTS = 4


def read(name: str) -> list[JournalRecord]:
    return [read_record(raw) for raw in golden(name)]


def in_parts(records: Sequence[JournalRecord]) -> tuple[Trial, dict[str, KnownState]]:
    """A trial behind states that went from trial to trial, each some records on."""
    budgets = {each.budget for each in records}
    known: dict[str, KnownState] = {}
    for part in range(PARTS):
        first, last = (len(records) * each // PARTS for each in (part, part + 1))
        trial, known = trial_behind(known, records[first:last], budgets)
        # What a trial decides is nothing that the next one begins from.
        decide(trial, "tried")
    return trial_behind(known, (), budgets)


def decide(trial: Trial, name: str) -> list[tuple[str, str]]:
    """What becomes of some events in each budget."""
    for budget in sorted(trial.before):
        for each in (a_vote(budget=budget, _id=name), a_payment(1, budget=budget, _id=name)):
            trial.handle(RawRecord(encoded(each), Source("trial", 0, 0)))
    records = [read_record(row.record) for row in trial.ledger.commit_batch([]).records]
    return [(each.outcome, repr((each.moves, each.refusal, each.waits_for))) for each in records]


def whole(state: BudgetState) -> tuple[object, ...]:
    memory = state.memory
    remembered = (memory.sequence, memory.head, memory.remembered, memory.lasting)
    return (state.book, *remembered, memory.parked, memory.waiting)


@pytest.mark.parametrize("name", RECORDED)
def test_a_trial_behind_a_known_state_decides_as_one_over_all_records(name: str) -> None:
    records = [each for each in read(name) if not each.budget.startswith("_dead")]
    over_all = trial_of(records, {each.budget for each in records})
    behind, known = in_parts(records)
    assert {budget: whole(each) for budget, each in over_all.ledger.budgets.items()} == {
        budget: whole(each) for budget, each in behind.ledger.budgets.items()
    }
    for budget, state in over_all.ledger.budgets.items():
        assert (state.memory.sequence, state.memory.head) == known[budget][:2]
    assert decide(over_all, "last") == decide(behind, "last")


def test_the_states_of_the_budgets_tried_last_are_kept() -> None:
    states = KnownStates()
    names = [str(each) for each in range(STATES_MAX + 1)]
    for name in names:
        states.keep({name: KnownState(1, name, {})})
    assert names[1:] == list(states.find(names))
