"""What every store promises, whatever keeps it: subclassed by the tests of each."""

from abc import ABC, abstractmethod

import pytest

from services.ledger.application.ports import (
    Batch,
    DeadLetter,
    JournalRow,
    Position,
    StateKey,
    Store,
    StoreError,
    Versions,
)

VERSIONS = Versions(1, 1)
LINE = StateKey("A", "line", "65")
ORDER = StateKey("A", "order", "C/advance")


def a_row(budget: str = "A", sequence: int = 1) -> JournalRow:
    return JournalRow(budget, sequence, f"{budget}/{sequence}".encode())


def a_internal_event(sequence: int = 1, chain: str = "_dead.0") -> DeadLetter:
    return DeadLetter(chain, sequence, "bad_json", "t#1", 0, 7, 1, "00", b"\xff\0")


def a_position(next_offset: int = 8, topic: str = "t#1") -> Position:
    return Position(topic, 0, next_offset, "00")


class StoreContract(ABC):
    """The tests; a subclass says how its store is made."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> Store: ...

    def test_a_new_store_is_empty(self, store: Store) -> None:
        assert store.versions() is None
        assert [] == list(store.state())
        assert [] == list(store.journal())
        assert [] == list(store.dead_letters())
        assert [] == store.positions()
        assert [] == store.ends()
        assert store.find("A", 1) is None

    def test_a_commit_keeps_all_that_the_batch_holds(self, store: Store) -> None:
        batch = Batch([a_row()], {LINE: b"\0\x01"}, [a_internal_event()], [a_position()])
        store.commit(batch, VERSIONS)
        assert [a_row()] == list(store.journal())
        assert [(LINE, b"\0\x01")] == list(store.state())
        assert [a_internal_event()] == list(store.dead_letters())
        assert [a_position()] == store.positions()
        assert VERSIONS == store.versions()

    @pytest.mark.parametrize(
        "repeated",
        [
            Batch([a_row("B"), a_row()], {LINE: b"2"}, [a_internal_event(2)], [a_position(9)]),
            Batch([a_row("B"), a_row("B")], {LINE: b"2"}, [a_internal_event(2)], [a_position(9)]),
            Batch([a_row("B")], {LINE: b"2"}, [a_internal_event()], [a_position(9)]),
            Batch(
                [a_row("B")],
                {LINE: b"2"},
                [a_internal_event(2), a_internal_event(2)],
                [a_position(9)],
            ),
        ],
        ids=["record", "record of the batch", "dead letter", "dead letter of the batch"],
    )
    def test_a_batch_that_repeats_a_place_leaves_nothing_behind(
        self, store: Store, repeated: Batch
    ) -> None:
        store.commit(Batch([a_row()], {LINE: b"1"}, [a_internal_event()], [a_position()]), VERSIONS)
        with pytest.raises(StoreError):
            store.commit(repeated, Versions(2, 2))
        assert [a_row()] == list(store.journal())
        assert [a_row()] == store.ends()
        assert store.find("B", 1) is None
        assert [(LINE, b"1")] == list(store.state())
        assert [a_internal_event()] == list(store.dead_letters())
        assert [a_position()] == store.positions()
        assert VERSIONS == store.versions()

    def test_a_store_goes_on_after_a_batch_that_failed(self, store: Store) -> None:
        store.commit(Batch([a_row()]), VERSIONS)
        with pytest.raises(StoreError):
            store.commit(Batch([a_row()]), VERSIONS)
        store.commit(Batch([a_row("A", 2)]), VERSIONS)
        assert [a_row(), a_row("A", 2)] == list(store.journal())

    def test_the_journal_keeps_the_order_of_writing_across_budgets(self, store: Store) -> None:
        first = [a_row("B"), a_row("A"), a_row("B", 2)]
        store.commit(Batch(first), VERSIONS)
        store.commit(Batch([a_row("A", 2)]), VERSIONS)
        assert [*first, a_row("A", 2)] == list(store.journal())
        assert [a_row("B"), a_row("B", 2)] == list(store.journal("B"))
        assert [] == list(store.journal("C"))

    def test_the_last_records_come_oldest_first(self, store: Store) -> None:
        rows = [a_row("A"), a_row("B"), a_row("A", 2), a_row("A", 3)]
        store.commit(Batch(rows), VERSIONS)
        assert rows[2:] == list(store.journal(last=2))
        assert rows == list(store.journal(last=9))
        assert [a_row("A", 2), a_row("A", 3)] == list(store.journal("A", last=2))
        assert [a_row("B")] == list(store.journal("B", last=2))
        assert [] == list(store.journal(last=0))

    def test_one_record_is_found_by_its_place(self, store: Store) -> None:
        store.commit(Batch([a_row("A"), a_row("A", 2), a_row("B")]), VERSIONS)
        assert a_row("A", 2) == store.find("A", 2)
        assert store.find("B", 2) is None

    def test_the_end_of_each_chain_is_its_last_record(self, store: Store) -> None:
        store.commit(Batch([a_row("A"), a_row("A", 2), a_row("B"), a_row("_dead.0")]), VERSIONS)
        assert [a_row("A", 2), a_row("B"), a_row("_dead.0")] == sorted(store.ends())

    def test_a_changed_piece_of_state_replaces_the_one_before(self, store: Store) -> None:
        store.commit(Batch(changes={LINE: b"1", ORDER: b"1"}), VERSIONS)
        store.commit(Batch(changes={LINE: b"2"}), VERSIONS)
        assert {LINE: b"2", ORDER: b"1"} == dict(store.state())

    def test_a_removed_piece_of_state_is_gone(self, store: Store) -> None:
        store.commit(Batch(changes={LINE: b"1", ORDER: b"1"}), VERSIONS)
        store.commit(Batch(changes={LINE: None, StateKey("A", "line", "never"): None}), VERSIONS)
        assert {ORDER: b"1"} == dict(store.state())

    def test_each_source_has_its_own_position_and_the_last_counts(self, store: Store) -> None:
        store.commit(Batch(positions=[a_position(), a_position(3, "u#1")]), VERSIONS)
        store.commit(Batch(positions=[a_position(12)]), VERSIONS)
        assert [a_position(12), a_position(3, "u#1")] == sorted(store.positions())

    def test_replacing_the_state_keeps_journal_positions_and_dead_letters(
        self, store: Store
    ) -> None:
        batch = Batch([a_row()], {LINE: b"1"}, [a_internal_event()], [a_position()])
        store.commit(batch, VERSIONS)
        store.replace_state({ORDER: b"2", LINE: None}, Versions(2, 1))
        assert {ORDER: b"2"} == dict(store.state())
        assert Versions(2, 1) == store.versions()
        assert [a_row()] == list(store.journal())
        assert [a_internal_event()] == list(store.dead_letters())
        assert [a_position()] == store.positions()

    def test_internal_events_are_numbered_in_the_order_in_which_they_were_written(
        self, store: Store
    ) -> None:
        assert [] == list(store.internal_events())
        store.commit(Batch(internal_events=[b"a", b"b"]), VERSIONS)
        store.commit(Batch([a_row()]), VERSIONS)
        store.commit(Batch(internal_events=[b"c"]), VERSIONS)
        assert [(0, b"a"), (1, b"b"), (2, b"c")] == list(store.internal_events())
        assert [(2, b"c")] == list(store.internal_events(2))
        assert [] == list(store.internal_events(3))

    def test_a_batch_that_repeats_a_place_leaves_no_internal_event(self, store: Store) -> None:
        store.commit(Batch([a_row()]), VERSIONS)
        with pytest.raises(StoreError):
            store.commit(Batch([a_row()], internal_events=[b"a"]), VERSIONS)
        assert [] == list(store.internal_events())

    def test_the_versions_of_the_last_writer_count(self, store: Store) -> None:
        store.commit(Batch(), VERSIONS)
        store.commit(Batch(), Versions(3, 4))
        assert Versions(3, 4) == store.versions()
