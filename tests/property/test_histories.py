"""What holds for any sequence of events, checked over histories that reach deep states."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from events.codec import ReceivedEvent, decode
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Store
from services.ledger.application.restore import VERSIONS, fold, open_ledger
from services.ledger.application.state_rows import KINDS, restore_budgets
from services.ledger.domain.decide import decide
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.book import new_budget
from services.ledger.files.stores import MemoryStore, SqliteStore
from tests.builders import Json, Scenario
from tests.kept_state import all_rows, kept, one_by_one
from tests.property.checker import check
from tests.property.histories import BUDGETS, budgets_of, histories, unreadable, woven

MONEY = KINDS.keys() - {"parked"}
LISTS = ("lines", "conventions", "payment_orders", "commitment_entries", "refusals", "review_flags")

places = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=9)


def money(ledger: Ledger) -> Json:
    """All that decides over money, packed: without the chain and what is remembered of ids."""
    states = kept(ledger.budgets)
    found = {str(key): value for key, value in states.items() if key.kind in MONEY}
    levels = {name: state.book.vote_level for name, state in ledger.budgets.items()}
    return found | {name: level for name, level in levels.items() if level is not None}


def journal(store: Store) -> list[bytes]:
    return [row.record for row in store.journal()]


@given(histories())
def test_rule_33_any_sequence_of_events_keeps_the_identities(history: list[bytes]) -> None:
    scenario = Scenario(*history)
    check(scenario.store.journal(), len(history), scenario.summary())


@given(histories())
def test_what_is_not_accepted_leaves_the_money_as_it_was_byte_for_byte(
    history: list[bytes],
) -> None:
    scenario = Scenario()
    before = money(scenario.ledger)
    for event in history:
        records = scenario.tell(event)
        after = money(scenario.ledger)
        if records[0].outcome is not Outcome.ACCEPTED:
            assert 1 == len(records), "only what is accepted wakes others"
            assert before == after
        before = after


@given(histories())
def test_a_decision_by_itself_changes_nothing(history: list[bytes]) -> None:
    """What is decided is written, then applied: before that, nothing of the state has moved."""
    scenario = Scenario()
    for event in history:
        received = decode(event)
        if isinstance(received, ReceivedEvent):
            budget = received.envelope.data.budget
            state = scenario.ledger.budgets.get(budget, new_budget(budget))
            before = all_rows(state)
            decide(state, received)
            assert before == all_rows(state)
        scenario.tell(event)


@given(histories(), places)
def test_duplicates_inserted_anywhere_change_no_balance_order_refusal_or_flag(
    history: list[bytes], repeats: list[tuple[int, int]]
) -> None:
    alone = Scenario()
    known = [event for event in history if is_remembered(alone.tell(event)[0])]
    repeated = list(history)
    for which, where in repeats if known else ():
        event = known[which % len(known)]
        earliest = repeated.index(event) + 1
        repeated.insert(earliest + where % (len(repeated) - earliest + 1), event)
    again = Scenario(*repeated)
    assert lists(alone.summary()) == lists(again.summary())
    silent = again.summary()["outcomes"]["duplicate"] - alone.summary()["outcomes"]["duplicate"]
    assert len(repeated) - len(history) == silent


def is_remembered(record: JournalRecord) -> bool:
    """Whether a repeat is silent: the unreadable, and a reused id, are answered each time."""
    if record.refusal is not None and record.refusal["code"] == Refusal.EVENT_ID_REUSED:
        return False
    return record.outcome is not Outcome.DEAD_LETTER


def lists(said: Json) -> Json:
    """What the summary lists, without the numbers of journal records."""
    listed = {name: [dict(row) for row in said[name]] for name in LISTS}
    for entry in listed["commitment_entries"]:
        del entry["entry_id"]
    return listed


@given(st.data())
def test_two_budgets_give_interleaved_in_any_way_what_they_give_alone(data: st.DataObject) -> None:
    apart = [data.draw(budgets_of(name)) for name in BUDGETS]
    together = Scenario(*data.draw(woven([*apart, data.draw(unreadable)]))).summary()
    for name, history in zip(BUDGETS, apart, strict=True):
        assert of_budget(Scenario(*history).summary(), name) == of_budget(together, name)


def of_budget(said: Json, budget: str) -> Json:
    """The part of a summary that is about one budget, its head included."""
    listed = {name: [row for row in said[name] if row["budget"] == budget] for name in LISTS}
    return listed | {"head": said["heads"].get(budget)}


@given(histories())
def test_the_journal_folds_and_the_rows_restore_to_the_state_that_wrote_them(
    history: list[bytes],
) -> None:
    for store in (MemoryStore(), SqliteStore(Path(":memory:"))):
        scenario = Scenario(*history, store=store)
        live = kept(scenario.ledger.budgets)
        assert live == kept(fold(store.journal()))
        assert live == one_by_one(store.state())
        opened = open_ledger(store)
        assert live == kept(opened.budgets)
        assert scenario.ledger.dead == opened.dead
        store.close()


@given(st.data())
def test_rows_restore_in_whatever_order_a_store_gives_them(data: st.DataObject) -> None:
    scenario = Scenario(*data.draw(histories()))
    rows = data.draw(st.permutations(list(scenario.store.state())))
    assert kept(scenario.ledger.budgets) == kept(restore_budgets(rows))


@given(histories(), st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20))
def test_batches_of_any_size_and_restarts_between_them_give_the_same_journal(
    history: list[bytes], cuts: list[tuple[int, bool]]
) -> None:
    whole = Scenario(*history)
    store = MemoryStore()
    ledger = Ledger()
    left = iter([*cuts, (len(history) + 1, True)])
    size, restarts = next(left)
    for number, event in enumerate(history, start=1):
        ledger.handle(RawRecord(event, Source("test", 0, number)))
        size -= 1
        if size == 0 or number == len(history):
            store.commit(ledger.commit_batch([]), VERSIONS)
            if restarts:
                # Else opening would mend it from the journal.
                assert kept(ledger.budgets) == one_by_one(store.state())
                ledger = open_ledger(store)
            size, restarts = next(left, (len(history) + 1, False))
    assert journal(whole.store) == journal(store)
    assert kept(whole.ledger.budgets) == kept(ledger.budgets)
    assert list(whole.store.dead_letters()) == list(store.dead_letters())
