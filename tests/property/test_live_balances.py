"""The table against the ledger: what any history of events adds up to, read at any pace."""

import json

from hypothesis import given
from hypothesis import strategies as st

from events.topics import BALANCES, JOURNAL, Place
from services.ledger.application.handle import Ledger
from services.watch.tables.budget_balance import Difference, Kind
from tests.builders import Scenario, a_vote
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years
from tests.unit.watch.ledger_output import encoded, transactions
from tests.unit.watch.reader import Reader, of_topic, written

sizes = st.lists(st.integers(1, 12), max_size=20)


@given(histories())
def test_the_table_holds_what_the_ledger_holds(history: list[bytes]) -> None:
    reader = Reader()
    for out in of_topic(written(history), JOURNAL):
        reader.read(out)
    said = Scenario(*history).summary()
    assert {"lines": said["lines"], "conventions": said["conventions"]} == reader.tables()
    assert [] == reader.found


@given(years())
def test_the_table_holds_what_the_ledger_holds_over_the_end_of_a_year(inputs: Inputs) -> None:
    reader, ledger = Reader(), Ledger()
    for history in inputs:
        outs = list(transactions([history], ledger=ledger))
        for topic in (JOURNAL, BALANCES):
            for out in of_topic(outs, topic):
                reader.read(out)
    said = decided(inputs).summary()
    assert {"lines": said["lines"], "conventions": said["conventions"]} == reader.tables()
    assert [] == reader.found
    assert {} == reader.live.open_ends(0), "each balance has met its record"


@given(histories(), sizes, st.lists(st.integers(0, 30)))
def test_nothing_differs_at_whatever_pace_the_two_topics_are_read(
    history: list[bytes], batches: list[int], paces: list[int]
) -> None:
    outs = written(history, batches)
    left = {topic: of_topic(outs, topic) for topic in (JOURNAL, BALANCES)}
    reader = Reader()
    for number, pace in enumerate([*paces, 10**6, 10**6]):
        topic = (JOURNAL, BALANCES)[number % 2]
        for out in left[topic][:pace]:
            reader.read(out)
        left[topic] = left[topic][pace:]
    assert [] == reader.found
    assert {} == reader.live.open_ends(0), "each balance has met its record"
    assert 0 == reader.live.differences()


@given(histories(), st.data())
def test_records_that_come_again_change_nothing(history: list[bytes], data: st.DataObject) -> None:
    outs = written(history)
    journal, balances = of_topic(outs, JOURNAL), of_topic(outs, BALANCES)
    reader = Reader()
    for topic in (journal, balances):
        for out in topic:
            reader.read(out)
    before = reader.tables()
    for topic in (journal, balances):
        back = data.draw(st.integers(0, len(topic)))
        for offset, out in enumerate(topic[back:], start=back):
            reader.read_at(offset, out)
    assert before == reader.tables()
    assert [] == reader.found
    assert {} == reader.live.open_ends(0)


@given(histories(), st.data())
def test_a_cent_that_the_ledger_did_not_move_is_seen(
    history: list[bytes], data: st.DataObject
) -> None:
    outs = written(history)
    last = {out.key: out for out in of_topic(outs, BALANCES)}
    candidates = [out for out in last.values() if out.value is not None]
    if not candidates:
        return
    planted = data.draw(st.sampled_from(candidates))
    assert planted.value is not None
    message = json.loads(planted.value)
    balance = message["data"]["balance"]
    column = data.draw(st.sampled_from([name for name in balance if name.endswith("_cents")]))
    balance[column] += data.draw(st.sampled_from((-1, 1)))
    wrong = planted._replace(value=json.dumps(message).encode())
    reader = Reader()
    order = data.draw(st.sampled_from(((JOURNAL, BALANCES), (BALANCES, JOURNAL))))
    for topic in order:
        for out in of_topic(outs, topic):
            reader.read(wrong if out is planted else out)
    (found,) = reader.found
    assert isinstance(found, Difference)
    assert (Kind.AMOUNTS, balance["budget"]) == (found.kind, found.budget)
    assert found.published is not None
    assert found.live is not None
    differing = [name for name in found.live if found.live[name] != found.published[name]]
    assert [column] == differing
    assert {"line": balance["line"], "convention": balance.get("convention")}.items() <= (
        found.row().items()
    )


@given(histories(), st.data())
def test_a_missing_record_makes_its_budget_unknown_and_no_other(
    history: list[bytes], data: st.DataObject
) -> None:
    journal = of_topic(written(history), JOURNAL)
    gone = data.draw(st.sampled_from(journal))
    behind = [out for out in journal[journal.index(gone) + 1 :] if out.key == gone.key]
    reader, whole = Reader(), Reader()
    for offset, out in enumerate(journal):
        whole.read_at(offset, out)
        if out is not gone:
            reader.read_at(offset, out)
    assert gone.key is not None
    name = gone.key.decode()
    broken = bool(behind) and not name.startswith("_dead.")
    assert [name] * broken == [each.budget for each in reader.found]
    for other, budget in whole.live.budgets.items():
        if other != name:
            assert budget == reader.live.budgets[other]
    if broken:
        assert reader.live.budgets[name].fault is not None
        assert 1 == reader.live.faults()


def test_what_others_read_from_now_on_is_dropped() -> None:
    reader = Reader()
    history: list[list[bytes]] = [encoded(a_vote())]
    for outs in transactions(history, partition=3):
        for out in outs:
            reader.read(out)
    assert (1, 1) == (len(reader.live.budgets), reader.live.next_offset(Place(JOURNAL, 3)))
    reader.live.keep_only([Place(JOURNAL, 3), Place(BALANCES, 3)])
    assert 1 == len(reader.live.budgets)
    reader.live.keep_only([Place(JOURNAL, 2), Place(BALANCES, 2)])
    assert {} == reader.live.budgets
    assert [0, 0] == [reader.live.next_offset(Place(each, 3)) for each in (JOURNAL, BALANCES)]
