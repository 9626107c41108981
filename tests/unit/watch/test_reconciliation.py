"""When a balance has waited too long: not by a clock, but by what has been read."""

import pytest

from events.journal import try_read_record
from events.topics import BALANCES, JOURNAL, Place
from services.watch.tables.balances import SHRUNK_AFTER, LiveBalances, Reconciliation, Shrunk
from services.watch.tables.budget_balance import Kind
from services.watch.tables.partitions import ReadProgress
from tests.builders import a_vote, an_amount
from tests.unit.watch.ledger_output import Out, encoded, transactions
from tests.unit.watch.reader import of_topic

J, B = Place(JOURNAL, 0), Place(BALANCES, 0)
VOTE = a_vote(appropriations=[an_amount(100_000)])
MORE = a_vote(50, stage="supplementary", vote_level=..., appropriations=[an_amount(50)])
OUTS = list(transactions([[event] for event in encoded(VOTE, MORE)]))
RECORDS, SAID = of_topic(OUTS, JOURNAL), of_topic(OUTS, BALANCES)


class Scene:
    """One partition of both topics: where they end, how far they are fetched and worked on."""

    def __init__(self) -> None:
        self.live = LiveBalances()
        self.reconciliation = Reconciliation(self.live)
        self._fetched = {J: (0, 0, 0), B: (0, 0, 0)}

    def fetched(self, place: Place, position: int, behind_last: int, end: int) -> None:
        self._fetched[place] = (position, behind_last, end)

    def work(self, offset: int, out: Out) -> None:
        if out.topic == JOURNAL:
            assert [] == self.live.add(0, offset, out.key, try_read_record(out.value))
        else:
            assert [] == self.live.publish(0, offset, out.key, out.value)

    def cycle(self, *places: Place) -> list[Kind]:
        reached = {
            place: ReadProgress(self.live.next_offset(place), *self._fetched[place])
            for place in places or (J, B)
        }
        if not self.reconciliation.is_answer(reached):
            return []
        return [each.kind for each in self.reconciliation.reconcile(reached)]


def test_nothing_is_ready_before_a_first_round_and_everything_where_there_is_nothing() -> None:
    scene = Scene()
    assert (False, False) == (scene.reconciliation.ready, scene.reconciliation.is_read(0))
    assert [] == scene.cycle()
    assert (True, True) == (scene.reconciliation.ready, scene.reconciliation.is_read(0))
    assert not scene.reconciliation.is_read(1)


def test_it_is_ready_once_the_ends_of_the_assignment_are_worked_on() -> None:
    scene = Scene()
    scene.fetched(J, 0, 0, end=1)
    scene.cycle()
    before = scene.reconciliation.ready
    scene.fetched(J, 1, 1, end=5)
    scene.cycle()
    fetched = scene.reconciliation.ready
    scene.work(0, RECORDS[0])
    scene.cycle()
    # Fetched is not worked on, and what came since does not count.
    assert (False, False, True) == (before, fetched, scene.reconciliation.ready)
    assert {J: 4, B: 0} == scene.reconciliation.behind


def test_markers_at_the_end_are_nobodys_work() -> None:
    scene = Scene()
    scene.fetched(J, 1, 1, end=3)
    scene.work(0, RECORDS[0])
    scene.cycle()
    assert (False, {J: 2, B: 0}) == (scene.reconciliation.ready, scene.reconciliation.behind)
    scene.fetched(J, 3, 1, end=3)
    scene.cycle()
    assert (True, {J: 0, B: 0}) == (scene.reconciliation.ready, scene.reconciliation.behind)


def test_it_is_not_ready_while_the_cluster_does_not_answer() -> None:
    scene = Scene()
    scene.cycle()
    scene.reconciliation.no_answer()
    assert (False, True) == (scene.reconciliation.ready, scene.reconciliation.is_read(0))
    scene.cycle()
    assert (True, True) == (scene.reconciliation.ready, scene.reconciliation.is_read(0))


def test_no_partition_is_not_ready() -> None:
    cycles = Reconciliation(LiveBalances())
    assert [] == cycles.reconcile({})
    assert not cycles.ready


def test_a_partition_without_its_counterpart_is_not_judged() -> None:
    scene = Scene()
    scene.cycle(J)
    assert not scene.reconciliation.ready


def test_what_goes_to_others_and_comes_back_is_read_anew() -> None:
    scene = Scene()
    scene.cycle()
    scene.reconciliation.keep_only([J, B])
    kept = scene.reconciliation.ready
    scene.reconciliation.keep_only([J])
    assert (True, False) == (kept, scene.reconciliation.ready)


def test_a_topic_that_ends_before_what_was_read_of_it_is_another() -> None:
    scene = Scene()
    scene.fetched(J, 1, 1, end=0)
    scene.work(0, RECORDS[0])
    for _ in range(SHRUNK_AFTER - 1):
        assert ([], False) == (scene.cycle(), scene.reconciliation.ready)
    with pytest.raises(Shrunk, match=r"ecluse\.journal\.v1/0 ends at 0, but was read to 1"):
        scene.cycle()


def test_a_broker_that_leads_no_more_says_an_old_end_for_a_while() -> None:
    scene = Scene()
    scene.cycle()
    scene.work(0, RECORDS[0])
    for _ in range(2):
        scene.fetched(J, 1, 1, end=0)
        for _ in range(SHRUNK_AFTER - 1):
            assert ([], False) == (scene.cycle(), scene.reconciliation.ready)
        scene.fetched(J, 1, 1, end=1)
        assert ([], True) == (scene.cycle(), scene.reconciliation.ready)


def test_what_was_not_published_is_found_when_the_balances_are_read_to_their_end() -> None:
    scene = Scene()
    scene.cycle()
    scene.work(0, RECORDS[0])
    scene.fetched(J, 1, 1, end=1)
    scene.fetched(B, 0, 0, end=2)
    for _ in range(5):
        assert [] == scene.cycle(), "the balance may stand in what is not read yet"
    scene.fetched(B, 2, 0, end=2)
    assert [Kind.NOT_PUBLISHED] == [kind for _ in range(4) for kind in scene.cycle()]


def test_what_is_published_in_an_open_transaction_is_not_missed() -> None:
    """Its commit is seen in the journal first; the other partition still hides the balance."""
    scene = Scene()
    scene.work(0, RECORDS[0])
    scene.fetched(J, 2, 1, end=2)
    scene.fetched(B, 0, 0, end=1)
    for _ in range(5):
        assert [] == scene.cycle()
    scene.work(0, SAID[0])
    scene.fetched(B, 2, 1, end=2)
    for _ in range(5):
        assert [] == scene.cycle()
    assert 0 == scene.live.differences()


def test_a_balance_that_comes_between_two_rounds_is_in_time() -> None:
    scene = Scene()
    for number, (record, said) in enumerate(zip(RECORDS, SAID, strict=True)):
        scene.fetched(J, number + 1, number + 1, end=number + 1)
        scene.fetched(B, number, number, end=number + 1)
        scene.work(number, record)
        assert [] == scene.cycle()
        assert [] == scene.cycle()
        scene.fetched(B, number + 1, number + 1, end=number + 1)
        scene.work(number, said)
    assert [] == scene.cycle()
    assert 0 == scene.live.differences()


def test_a_balance_that_follows_no_record_is_found_when_the_journal_is_read_to_its_end() -> None:
    scene = Scene()
    scene.cycle()
    scene.work(0, SAID[1])
    scene.fetched(B, 1, 1, end=1)
    scene.fetched(J, 0, 0, end=2)
    for _ in range(5):
        assert [] == scene.cycle()
    scene.fetched(J, 2, 0, end=2)
    assert [Kind.NOT_IN_JOURNAL] == [kind for _ in range(4) for kind in scene.cycle()]
