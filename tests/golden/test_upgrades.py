"""A state that an earlier release wrote is thrown away, and made again from the journal.

`state-1/`, `state-4/`, `state-5/` and `state-6/` hold what the ledgers with these state versions
made of the hard year: its SQLite file as SQL, and its topics, one record a line
(tests/kafka/test_startup_checks.py). `record_state.py` wrote them. `state-7/planned-anew.sql` is a
convention whose order was paid in part and sent back, then planned anew under the same id.
"""

import json
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.ledger.application.handle import RawRecord
from services.ledger.application.ports import Versions
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Source
from services.ledger.files.sqlite import APPLICATION_ID, SqliteStore
from services.ledger.files.summary import summary
from tests.builders import a_rejected_report, encoded
from tests.golden.record import HERE


def stored(dump: str, folder: Path) -> SqliteStore:
    """A ledger's file as an earlier release left it."""
    file = folder / "ledger.db"
    db = sqlite3.connect(file)
    db.executescript((HERE / dump).read_text("utf-8"))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.close()
    return SqliteStore(file)


@pytest.mark.parametrize("version", [1, 4, 5, 6])
def test_a_database_of_an_earlier_state_version_is_upgraded(version: int, tmp_path: Path) -> None:
    """Version 1 knew no internal events; 4 had a row for each remembered event, 5 other members,
    6 no documents that were rejected."""
    store = stored(f"state-{version}/hard-year-2023.sql", tmp_path)
    assert Versions(version, 1) == store.versions()
    before, rows = list(store.journal()), dict(store.state())
    with capture_logs() as lines:
        ledger = open_ledger(store)
    assert [("state_rebuilt", f"the state has the shape of version {version}")] == [
        (line["event"], line["why"]) for line in lines
    ]
    expected = json.loads((HERE / "hard-year-2023.summary.json").read_bytes())
    assert expected == summary(ledger, store.journal())
    assert (before, VERSIONS) == (list(store.journal()), store.versions())
    assert rows != dict(store.state())
    with capture_logs() as again:
        assert expected == summary(open_ledger(store), store.journal())
    assert [] == again, "once is enough"
    store.close()


def test_what_version_7_forgot_of_former_orders_is_made_again(tmp_path: Path) -> None:
    """It dropped their count once their instalment was planned anew (rules, 24)."""
    store = stored("state-7/planned-anew.sql", tmp_path)
    assert Versions(7, 1) == store.versions()
    ledger = open_ledger(store)
    ledger.handle(RawRecord(encoded(a_rejected_report()), Source("later", 0, 0)))
    [row] = ledger.commit_batch([]).records
    assert json.loads(row.record)["review_flags"] is None
    store.close()
