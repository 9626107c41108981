"""Opening a ledger over a store: the state is believed only where the journal agrees with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from services.ledger.application.handle import RawRecord
from services.ledger.application.ports import (
    Batch,
    JournalRow,
    StateKey,
    Store,
    StoreError,
    Versions,
)
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.application.state_rows import KINDS
from services.ledger.domain.journal import Source
from services.ledger.files.stores import MemoryStore, SqliteStore
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.kept_state import EVENT_BYTES, one_by_one

YEAR: tuple[Json | bytes, ...] = (
    a_notification(convention="D"),
    a_vote(),
    an_award(),
    b"{",
    a_convention(),
    a_payment(1),
    an_acknowledgement("rejected"),
    a_report(),
    a_payment(2),
    a_vote(),
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    kept = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "ledger.db")
    yield kept
    kept.close()


@pytest.fixture
def history(store: Store) -> Scenario:
    return Scenario(*YEAR, store=store)


def opened_with(store: Store) -> tuple[list[str], Scenario]:
    """The log's event names on opening, and a history that goes on with what was opened."""
    with capture_logs() as lines:
        ledger = open_ledger(store)
    again = Scenario(store=store)
    again.ledger = ledger
    return [line["event"] for line in lines], again


def rewritten(store: Store, **changes: bytes) -> Store:
    """The same store with records of the budget replaced, by sequence."""
    other = MemoryStore()
    rows = [
        JournalRow(*row[:2], changes.get(f"n{row.sequence}", row.record))
        if row.budget == BUDGET
        else row
        for row in store.journal()
    ]
    other.commit(Batch(rows), VERSIONS)
    return other


def test_a_store_is_opened_where_it_stood(store: Store, history: Scenario) -> None:
    summary = history.summary()
    logged, again = opened_with(store)
    assert [] == logged
    assert summary == again.summary()


@pytest.mark.parametrize("newer", [VERSIONS._replace(state=99), VERSIONS._replace(rules=99)])
def test_a_store_of_a_newer_program_is_refused(
    store: Store, history: Scenario, newer: Versions
) -> None:
    store.commit(Batch(), newer)
    with pytest.raises(StoreError, match="newer Écluse"):
        open_ledger(store)


def test_a_state_of_an_older_shape_is_made_again(store: Store, history: Scenario) -> None:
    summary = history.summary()
    store.replace_state({StateKey(BUDGET, "old", "x"): b"?"}, VERSIONS._replace(state=0))
    logged, again = opened_with(store)
    assert ["state_rebuilt"] == logged
    assert summary == again.summary()
    assert VERSIONS == store.versions()
    assert [] == opened_with(store)[0]


def test_a_state_that_says_no_version_is_made_again(store: Store, history: Scenario) -> None:
    summary = history.summary()
    if isinstance(store, SqliteStore):
        store._db.execute("DELETE FROM versions")
    else:
        assert isinstance(store, MemoryStore)
        store._versions = None
    logged, again = opened_with(store)
    assert ["state_rebuilt"] == logged
    assert summary == again.summary()
    assert VERSIONS == store.versions()


def test_a_lost_state_is_made_again_from_the_journal(store: Store, history: Scenario) -> None:
    summary, rows = history.summary(), one_by_one(store.state())
    store.replace_state({}, VERSIONS)
    logged, again = opened_with(store)
    assert ["state_rebuilt"] == logged
    assert summary == again.summary()
    assert rows == one_by_one(store.state())


EVERY_KIND = ("budget", "remembered", *KINDS)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_one_lost_row_is_missed(store: Store, history: Scenario, kind: str) -> None:
    summary, rows = history.summary(), dict(store.state())
    lost = next(key for key in rows if key.kind == kind)
    store.commit(Batch(changes={lost: None}), VERSIONS)
    logged, again = opened_with(store)
    assert ["state_rebuilt"] == logged
    assert one_by_one(rows.items()) == one_by_one(store.state())
    assert summary == again.summary()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_row_that_holds_something_else_is_not_believed(
    store: Store, history: Scenario, kind: str
) -> None:
    rows = dict(store.state())
    changed = next(key for key in rows if key.kind == kind)
    store.commit(Batch(changes={changed: b"\x93\x01\x02\x03"}), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert one_by_one(rows.items()) == one_by_one(store.state())


def test_a_commit_that_remembers_many_events_has_several_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.application.state_rows.IDENTITIES_MAX", 3)
    scenario = Scenario(store=store)
    for number, event in enumerate(YEAR):
        scenario.ledger.handle(RawRecord(encoded(event), Source("test", 0, number)))
    store.commit(scenario.ledger.commit_batch([]), VERSIONS)
    sizes = {key.key: len(value) for key, value in store.state() if key.kind == "remembered"}
    assert {"0": 3 * EVENT_BYTES, "1": 3 * EVENT_BYTES, "2": 2 * EVENT_BYTES} == sizes
    logged, again = opened_with(store)
    assert [] == logged
    assert scenario.summary() == again.summary()
    again.tell(a_vote(stage="supplementary"))
    assert {"0", "1", "2", "3"} == {key.key for key, _ in store.state() if key.kind == "remembered"}


def test_a_remembered_event_lost_from_its_row_is_missed(store: Store) -> None:
    scenario = Scenario(store=store)
    for number, event in enumerate(YEAR):
        scenario.ledger.handle(RawRecord(encoded(event), Source("test", 0, number)))
    store.commit(scenario.ledger.commit_batch([]), VERSIONS)
    [(row, value)] = [each for each in store.state() if each[0].kind == "remembered"]
    assert EVENT_BYTES * len(scenario.state.memory.remembered) == len(value)
    store.commit(Batch(changes={row: value[EVENT_BYTES:]}), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert value == dict(store.state())[row]


@pytest.mark.parametrize(
    ("kind", "of", "become"),
    [
        ("line", '["65","65748","61","489"]', lambda found: [*found[:5], found[5] + 1, found[6]]),
        ("convention_progress", "C", lambda found: [{}, found[1]]),
        ("order_progress", "C/advance/2", lambda found: [found[0] + 1, *found[1:]]),
        ("order_progress", "C/advance/2", lambda found: [found[0], "cancelled", found[2]]),
    ],
)
def test_money_that_does_not_add_up_is_not_believed(
    store: Store, history: Scenario, kind: str, of: str, become: Callable[[Any], Any]
) -> None:
    row, rows = StateKey(BUDGET, kind, of), dict(store.state())
    changed = msgspec.msgpack.encode(become(msgspec.msgpack.decode(rows[row], strict=False)))
    assert changed != rows[row]
    store.commit(Batch(changes={row: changed}), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert rows[row] == dict(store.state())[row]


@pytest.mark.parametrize("key", [StateKey(BUDGET, "cat", ""), StateKey("B", "line", '["1","2"]')])
def test_a_row_that_nobody_wrote_is_not_believed(
    store: Store, history: Scenario, key: StateKey
) -> None:
    rows = dict(store.state())
    store.commit(Batch(changes={key: b"\xc0"}), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert one_by_one(rows.items()) == one_by_one(store.state())


@pytest.mark.parametrize("kind", ["convention_progress", "order_progress"])
def test_a_part_of_something_that_is_gone_is_not_believed(
    store: Store, history: Scenario, kind: str
) -> None:
    rows = dict(store.state())
    part = next(key for key in rows if key.kind == kind)
    store.commit(Batch(changes={part._replace(key="gone"): rows[part]}), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert one_by_one(rows.items()) == one_by_one(store.state())


def test_a_state_that_lags_behind_the_journal_is_made_again(
    store: Store, history: Scenario
) -> None:
    rows = dict(store.state())
    history.tell(a_vote(stage="supplementary"))
    ahead = dict(store.state())
    store.replace_state(dict(rows), VERSIONS)
    assert ["state_rebuilt"] == opened_with(store)[0]
    assert one_by_one(ahead.items()) == one_by_one(store.state())


def record(store: Store, sequence: int) -> bytes:
    row = store.find(BUDGET, sequence)
    assert row is not None
    return row.record


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"amount_cents":100000', b'"amount_cents":100001'),  # in what is hashed
        (b'"title":"Subvention 2023"', b'"title":"Subvention 2024"'),  # in the event
        (b'"specversion":"1.0"', b'"specversion":"9.0"'),
        (b'"outcome":"accepted"', b'"outcome":"perhaps"'),
        (b'"moves":', b'"waves":'),
        (b"{", b"["),
    ],
)
def test_a_damaged_record_is_named(store: Store, history: Scenario, old: bytes, new: bytes) -> None:
    damaged = rewritten(store, n3=record(store, 3).replace(old, new))
    assert record(store, 3) != record(damaged, 3)
    with pytest.raises(StoreError, match=f"journal {BUDGET}/3"):
        open_ledger(damaged)


def test_a_record_that_was_moved_is_named(store: Store, history: Scenario) -> None:
    moved = rewritten(store, n3=record(store, 2), n2=record(store, 3))
    with pytest.raises(StoreError, match=f"journal {BUDGET}/2: another one stands there"):
        open_ledger(moved)


def test_a_missing_record_is_named(store: Store, history: Scenario) -> None:
    cut = MemoryStore()
    rows = [row for row in store.journal() if (row.budget, row.sequence) != (BUDGET, 3)]
    cut.commit(Batch(rows), VERSIONS)
    with pytest.raises(StoreError, match=f"journal {BUDGET}/4: it does not follow record 2"):
        open_ledger(cut)


def test_a_record_with_another_history_behind_it_is_named(store: Store, history: Scenario) -> None:
    other = Scenario(a_notification(convention="E"), *YEAR[1:])
    mixed = rewritten(store, n1=record(other.store, 1))
    with pytest.raises(StoreError, match=f"journal {BUDGET}/2: it does not follow"):
        open_ledger(mixed)


def test_a_damaged_end_is_named_even_where_the_state_is_whole(
    store: Store, history: Scenario
) -> None:
    last = json.loads(list(store.journal(BUDGET))[-1].record)["sequence"]
    damaged = rewritten(store, **{f"n{last}": b"{}"})
    with pytest.raises(StoreError, match=f"journal {BUDGET}/{last}"):
        open_ledger(damaged)


def test_a_journal_that_lost_its_end_is_named_where_the_state_knows_more(
    store: Store, history: Scenario
) -> None:
    """To fold what is left would forget, in silence, what was decided."""
    cut = MemoryStore()
    cut.commit(Batch(list(store.journal())[:-1], dict(store.state())), VERSIONS)
    with pytest.raises(StoreError, match=f"journal {BUDGET}: it ends at record"):
        open_ledger(cut)


def test_it_is_named_too_where_the_state_has_an_older_shape(
    store: Store, history: Scenario
) -> None:
    older = VERSIONS._replace(state=VERSIONS.state - 1)
    cut = MemoryStore()
    cut.commit(Batch(list(store.journal())[:-1], dict(store.state())), older)
    with pytest.raises(StoreError, match=f"journal {BUDGET}: it ends at record"):
        open_ledger(cut)
    whole = MemoryStore()
    whole.commit(Batch(list(store.journal()), dict(store.state())), older)
    assert ["state_rebuilt"] == opened_with(whole)[0]
