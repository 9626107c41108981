"""A state that an earlier release wrote is thrown away, and made again from the journal.

`state-1/`, `state-4/`, `state-5/` and `state-6/` hold what the ledgers with these state versions
made of the hard year: its SQLite file as SQL, and its topics, one record a line
(tests/kafka/test_startup_checks.py). `record_state.py` wrote them.
"""

import json
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.ledger.application.ports import Versions
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.files.sqlite import APPLICATION_ID, SqliteStore
from services.ledger.files.summary import summary
from tests.golden.record import HERE


@pytest.mark.parametrize("version", [1, 4, 5, 6])
def test_a_database_of_an_earlier_state_version_is_upgraded(version: int, tmp_path: Path) -> None:
    """Version 1 knew no internal events; 4 had a row for each remembered event, 5 other members,
    6 no documents that were rejected."""
    file = tmp_path / "ledger.db"
    db = sqlite3.connect(file)
    db.executescript((HERE / f"state-{version}" / "hard-year-2023.sql").read_text("utf-8"))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.close()
    store = SqliteStore(file)
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
