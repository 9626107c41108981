"""The watch's deadlines against the ledger's book: each deadline event once, whatever is killed."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from events.codec import reread
from events.follow_up import DeadlinePassed
from events.journal import read_record, try_read_record
from events.topics import EVENTS, INTERNAL_EVENTS
from services.due.deadline_events import Deadline, deadline_event_id, read_deadline
from services.due.deadlines import Deadlines
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.projector.rows.fold import Fold
from services.projector.sql import columns
from tests.property.owing import Order, Owed, orders_in, owed_in, owing_years
from tests.property.years import Inputs

HOME = 5
LATE = datetime(2190, 1, 1, tzinfo=UTC)
"""By then everything is overdue."""

MOMENTS = [
    datetime(2023, 7, 16, tzinfo=UTC),
    datetime(2024, 7, 2, tzinfo=UTC),
    datetime(2026, 7, 2, tzinfo=UTC),
]


class World:
    """A ledger, its journal, the topic of internal events, and a watch between them."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.journal: list[bytes] = []
        self.topic: list[bytes] = []
        """Deadline events of the ledger and of the watch, as they stand there."""
        self.written: list[str] = []
        """The ids of the watch's."""
        self.deadlines = Deadlines()
        self._received = self._delivered = self._read = 0

    def tell(self, event: bytes, topic: str = EVENTS) -> None:
        self._received += 1
        # A file's line has neither key nor partition: a history may hold what no topic takes.
        source = Source(topic if topic == INTERNAL_EVENTS else "history.jsonl", 0, self._received)
        self.ledger.handle(RawRecord(event, source))
        batch = self.ledger.commit_batch([])
        self.journal += [row.record for row in batch.records]
        self.topic += batch.internal_events

    def deliver(self, most: int = 10**6) -> None:
        """The ledger reads on among the deadline events."""
        for _ in range(min(most, len(self.topic) - self._delivered)):
            self._delivered += 1
            self.tell(self.topic[self._delivered - 1], INTERNAL_EVENTS)

    def read(self, most: int = 10**6) -> None:
        """The watch reads on in the journal."""
        for raw in self.journal[self._read :][:most]:
            self.deadlines.add(HOME, self._read, try_read_record(raw))
            self._read += 1

    def write(self, now: datetime, most: int = 10**6) -> list[str]:
        """The watch writes a prefix of the deadline events that are due; what it wrote."""
        deadline_events = self.deadlines.deadline_events(HOME, now)[:most]
        self.topic += [each.value for each in deadline_events]
        self.written += [each.id for each in deadline_events]
        return [each.id for each in deadline_events]

    def wrote(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.deadlines.wrote(HOME, each)

    def restart(self, *, looks_first: bool) -> None:
        """A new watch: it learns what stands in the topic before or after it reads the journal."""
        self.deadlines, self._read = Deadlines(), 0
        if looks_first:
            self.wrote(self.written)
        self.read()
        self.wrote(self.written)

    def stated(self) -> set[str]:
        """The ids that the watch would give to passed deadlines that others stated already."""
        found = set()
        for record in map(read_record, self.journal):
            event = record.event
            if event and event.type == DeadlinePassed.TYPE and record.outcome == "accepted":
                found.add(deadline_event_id(read_deadline(record.budget, event.data)))
        return found

    def due(self, now: datetime) -> list[str]:
        """The deadline events that the ledger's own book asks for, by their ids."""
        today, found = now.date(), []
        for state in self.ledger.budgets.values():
            book = state.book
            for order in () if book.closed else orders_in(state):
                if order.state != "rejected" and order.due_on < today:
                    subject = (order.payment_order,)
                    found.append(Deadline(book.budget, "payment_due", subject, order.due_on))
            for each in owed_in(state):
                if each.due_on < today:
                    subject = (each.convention,)
                    found.append(Deadline(book.budget, "report_due", subject, each.due_on))
        return sorted({deadline_event_id(each) for each in found})


def documents_to_do(journal: Iterable[bytes]) -> set[tuple[str, str, str, int]]:
    """The late documents that the read model has on the list of what is to do."""
    fold = Fold(0)
    for offset, raw in enumerate(journal):
        fold.add(offset, raw)
    changes, names = fold.take_changes(), columns("review_flags")
    found = set()
    for values in changes.appended["review_flags"]:
        row = dict(zip(names, values, strict=True))
        row |= changes.patched["review_flags"].get(values[:3], {})
        if row["code"] == "report_late" and row["settled_sequence"] is None:
            facts = json.loads(row["facts"])
            [document] = facts["documents"]
            found.add((row["budget"], facts["convention"], document["kind"], document["year"]))
    return found


def shown(deadlines: Deadlines) -> tuple[list[Order], list[Owed], list[tuple[str, str]]]:
    orders = [
        Order(
            each.budget,
            each.payment_order,
            each.state,
            each.amount_cents,
            each.paid_cents,
            each.due_on,
        )
        for each in deadlines.orders(LATE)
    ]
    owed = [
        Owed(each.budget, each.convention, each.document_kind, each.year or 0, each.due_on)
        for each in deadlines.reports_overdue(LATE)
    ]
    return (
        sorted(orders),
        sorted(owed),
        [(each.budget, each.event_id) for each in deadlines.list_parked(LATE)],
    )


def held(ledger: Ledger) -> tuple[list[Order], list[Owed], list[tuple[str, str]]]:
    states = ledger.budgets.values()
    return (
        sorted(order for each in states for order in orders_in(each)),
        sorted({owed for each in states for owed in owed_in(each)}),
        [
            (each.book.budget, reread(parked.raw).envelope.id)
            for each in states
            for parked in each.memory.parked.values()
        ],
    )


@given(owing_years())
def test_what_waits_and_is_owed_is_what_the_ledger_holds(inputs: Inputs) -> None:
    world = World()
    for history in inputs:
        for event in history:
            world.tell(event)
            world.read()
            orders, owed, parked = shown(world.deadlines)
            ours, theirs = (orders, owed, sorted(parked)), held(world.ledger)
            assert (theirs[0], theirs[1], sorted(theirs[2])) == ours
        world.deliver()
        world.read()


steps = st.tuples(
    st.sampled_from(("events", "write", "killed", "deadline_events", "read", "events", "write")),
    st.integers(1, 30),
    st.booleans(),
)


@given(owing_years(), st.lists(steps, min_size=10, max_size=30))
def test_each_deadline_has_one_deadline_event_whatever_was_written_read_and_killed(
    inputs: Inputs, plan: list[tuple[str, int, bool]]
) -> None:
    """A prefix of the deadline events is written, the ledger reads some, the watch is killed."""
    world, now = World(), iter([*MOMENTS, *MOMENTS[-1:] * len(plan)])
    events = [event for history in inputs for event in history]
    for step, count, is_sure in plan:
        match step:
            case "events":
                for event in events[:count]:
                    world.tell(event)
                events = events[count:]
            case "deadline_events":
                world.deliver(count)
            case "read":
                world.read(count)
            case "write":
                world.wrote(world.write(next(now), count))
            case _:
                if is_sure:
                    world.write(next(now), count)
                world.restart(looks_first=count % 2 == 0)
    for event in events:
        world.tell(event)
    last = MOMENTS[-1]
    while True:
        world.deliver()
        world.read()
        written = world.write(last)
        world.wrote(written)
        if not written:
            break
        # Everything delivered is in the journal: what is written then, the ledger accepts. What
        # was written earlier may have missed a turn, and be refused once it has waited too long.
        known = len(world.journal)
        world.deliver()
        answers = [read_record(raw) for raw in world.journal[known:]]
        assert {"accepted"} == {each.outcome for each in answers if each.event_id in written}
    assert len(world.written) == len(set(world.written)), "none twice"
    assert set(world.due(last)) <= {*world.written, *world.stated()}, "none missed"
    assert [] == world.deadlines.list_parked(last), (
        "what waits too long is ended by its deadline event"
    )
    assert 0 == world.deadlines.pending(last)
    owed = {each for state in world.ledger.budgets.values() for each in owed_in(state)}
    by_now = {each[:4] for each in owed if each.due_on < last.date()}
    to_do = documents_to_do(world.journal)
    assert set() == by_now - to_do, "each late document is on the list of what is to do"
    assert set() == to_do - {each[:4] for each in owed}, "and none that nobody owes"
    world.restart(looks_first=False)
    assert [] == world.write(last)
