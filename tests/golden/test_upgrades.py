"""The state of an earlier shape is thrown away, and made again of the journal."""

import sqlite3
from pathlib import Path

from structlog.testing import capture_logs

from services.ledger.application.ports import Versions
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.application.state_rows import STATE_VERSION
from services.ledger.files.stores import SqliteStore
from services.ledger.files.summary import summary
from tests.golden.test_releases import each_history, summary_of, unpacked, within


@each_history
def test_its_state_is_made_again_of_its_journal_where_the_shape_is_another(
    kept: Path, tmp_path: Path
) -> None:
    """Of a state of an earlier version nothing is read but how much the journal must hold."""
    file = unpacked(kept, "ledger.db", tmp_path)
    db = sqlite3.connect(file)
    db.execute("UPDATE versions SET state = ?", [STATE_VERSION - 1])
    db.execute("UPDATE state SET value = x'80' WHERE kind = 'line'")
    db.commit()
    db.close()
    store = SqliteStore(file)
    assert Versions(STATE_VERSION - 1, VERSIONS.rules) == store.versions()
    journal, rows = list(store.journal()), dict(store.state())
    with capture_logs() as lines:
        assert within(summary_of(kept), summary(open_ledger(store), store.journal()))
    assert [("state_rebuilt", f"the state has the shape of version {STATE_VERSION - 1}")] == [
        (line["event"], line["why"]) for line in lines
    ]
    assert (journal, VERSIONS) == (list(store.journal()), store.versions())
    assert rows != dict(store.state())
    with capture_logs() as again:
        open_ledger(store)
    assert [] == again, "once is enough"
    store.close()
