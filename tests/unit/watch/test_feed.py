"""Everything that was read, topic by topic; what others read is dropped, and read anew."""

from datetime import UTC, datetime

from events.topics import BALANCES, DEAD_LETTERS, JOURNAL, PAYMENT_ORDERS, REFUSALS, Place
from services.watch.settings import WATCHED
from services.watch.tables.balances import Fault
from services.watch.tables.budget_balance import Difference
from services.watch.tables.feed import Record, Tables
from services.watch.tables.latencies import Step
from services.watch.tables.partitions import ReadProgress
from tests.builders import a_convention, a_notification, a_vote, an_acknowledgement, an_award
from tests.journal_records import a_record
from tests.unit.lag.builders import NOW_S
from tests.unit.watch.ledger_output import Out, encoded, transactions

YEAR = (a_vote(), an_award(), a_convention(), a_notification(), an_acknowledgement())
OUTS = [out for outs in transactions([encoded(*YEAR)]) for out in outs]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Scene:
    """Tables, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now_s = NOW_S
        self.tables = Tables(lambda: self.now_s)

    def record(self, offset: int, out: Out, *, ago_s: float = 0, imported: bool = False) -> Record:
        headers = ((("ecluse_partitions", b"4"),)) + ((("ecluse_imported", b"1"),) * imported)
        return Record(0, offset, out.key, out.value, headers, self.now_s - ago_s)

    def journal(self, *, ago_s: float = 0, imported: bool = False) -> None:
        records = [out for out in OUTS if out.topic == JOURNAL]
        for offset, out in enumerate(records):
            record = self.record(offset, out, ago_s=ago_s, imported=imported)
            assert not self.tables.read(JOURNAL, record)

    def cycle(self, *, left: int = 0) -> None:
        reached = {}
        for topic in WATCHED:
            worked = self.tables.next_offset(Place(topic, 0))
            reached[Place(topic, 0)] = ReadProgress(worked, worked, worked, worked + left)
        assert [] == self.tables.reconcile(reached, self.now_s)

    def counts(self) -> dict[str, int | None]:
        rows = self.tables.latencies.list_last_hour(self.now_s)
        return {row.stage: row.count for row in rows if row.count}


def test_a_record_of_the_journal_reaches_every_table() -> None:
    scene = Scene()
    scene.journal()
    tables = scene.tables
    assert 5 == tables.outcomes.counts().received == tables.next_offset(Place(JOURNAL, 0))
    assert 1 == len(tables.live.budgets)
    assert 1 == len(tables.deadlines.orders(at(scene.now_s)))
    assert {Step.TREASURY: 1} == scene.counts()


def test_what_comes_to_light_is_given_back() -> None:
    scene = Scene()
    (found,) = scene.tables.read(JOURNAL, Record(0, 0, b"B", b"no record", (), NOW_S))
    assert isinstance(found, Fault)
    balance = next(out for out in OUTS if out.topic == BALANCES)
    (differs,) = scene.tables.read(BALANCES, scene.record(0, balance._replace(key=b"no key")))
    assert isinstance(differs, Difference)
    assert "not_readable" == differs.kind


def test_records_that_come_live_are_timed_and_those_of_the_start_are_not() -> None:
    scene = Scene()
    scene.journal(ago_s=5)
    scene.cycle()
    assert Step.PUBLISHED not in scene.counts()
    later = a_record("dead_letter", 99, budget="_dead.0")
    dead = Out(JOURNAL, 0, b"_dead.0", later)
    assert not scene.tables.read(JOURNAL, scene.record(5, dead, ago_s=3)), (
        "written before the start"
    )
    scene.now_s += 10
    assert not scene.tables.read(JOURNAL, scene.record(6, dead, ago_s=0.5))
    (row,) = [
        each
        for each in scene.tables.latencies.list_last_hour(scene.now_s)
        if each.stage is Step.PUBLISHED
    ]
    assert (1, 0.5) == (row.count, row.max_s)


def test_records_that_waited_for_the_watch_alone_are_not_timed() -> None:
    scene = Scene()
    scene.cycle()
    scene.now_s += 10
    scene.cycle(left=5)
    scene.now_s += 10
    scene.cycle(left=5)
    scene.journal(ago_s=5)
    assert Step.PUBLISHED not in scene.counts()


def test_what_was_decided_on_another_cluster_says_nothing_of_this_one() -> None:
    scene = Scene()
    scene.journal(imported=True)
    assert {} == scene.counts()
    assert 5 == scene.tables.outcomes.counts().received


def test_every_topic_has_its_place_and_loses_it_with_its_partition() -> None:
    scene = Scene()
    tables = scene.tables
    scene.journal()
    assert not tables.read(BALANCES, Record(0, 1, b'["B","65","1",null,null]', None, (), NOW_S))
    assert () == tables.read(
        PAYMENT_ORDERS, Record(0, 2, b"B", b'{"time":"2023-06-01T10:00:00Z"}', (), 1)
    )
    refused = b'{"type":"ecluse.event.refused.v1","data":{"code":"overpayment"}}'
    assert () == tables.read(REFUSALS, Record(0, 3, b"B", refused, (), NOW_S))
    assert () == tables.read(DEAD_LETTERS, Record(0, 4, None, b"x", (), NOW_S))
    scene.cycle()
    where = [Place(topic, 0) for topic in WATCHED]
    before = [tables.next_offset(each) for each in where]
    expected = {JOURNAL: 5, BALANCES: 2, REFUSALS: 4, DEAD_LETTERS: 5, PAYMENT_ORDERS: 3}
    assert expected == dict(zip(WATCHED, before, strict=True))
    tables.keep_only(where)
    assert before == [tables.next_offset(each) for each in where]
    tables.keep_only([Place(topic, 1) for topic in WATCHED])
    assert [0] * 5 == [tables.next_offset(each) for each in where]
    assert (0, 0, 0, []) == (
        tables.outcomes.counts().received,
        tables.refusals.counts().count,
        tables.dead_letters.counts().count,
        tables.deadlines.orders(at(NOW_S)),
    )
    assert (False, scene.now_s) == (tables.reconciliation.has_read(JOURNAL), tables.reconciled_s)
