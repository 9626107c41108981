"""Record a new history: `.venv/bin/python -m tests.golden.record NAME EVENTS`.

EVENTS is a file of events, or a row of a table: `tests.unit.tables.test_orders:paid in full`.

Writes NAME.events.jsonl (the events as given), NAME.journal.jsonl (what the ledger made of them)
and NAME.summary.json beside this file. A history that is recorded stays as it is: where one of the
files is there already, nothing is written. Rules that decide otherwise raise RULES_VERSION, and
bring histories of their own.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from services.ledger.application.handle import Ledger
from services.ledger.files.replay import replay
from services.ledger.files.stores import MemoryStore
from services.ledger.files.summary import summary
from tests.builders import Json, encoded

HERE = Path(__file__).resolve().parent


def decided(events: Path) -> tuple[bytes, Json]:
    """The journal that a file of events leads to, one record a line, and its summary."""
    store, ledger = MemoryStore(), Ledger()
    with events.open("rb") as stream:
        replay(store, events.name, stream, ledger, lambda _bytes: None)
    journal = b"".join(row.record + b"\n" for row in store.journal())
    return journal, summary(ledger, store.journal())


def record(name: str, events: Path, folder: Path = HERE) -> list[Path]:
    """Keep a new history; the three files that now hold it."""
    kinds = ("events.jsonl", "journal.jsonl", "summary.json")
    files = [folder / f"{name}.{kind}" for kind in kinds]
    there = [file.name for file in files if file.exists()]
    if there:
        raise SystemExit(f"{', '.join(there)}: recorded before; a history is never written again")
    # The name is part of each record's source: it is decided under the one that it will keep.
    files[0].write_bytes(events.read_bytes())
    journal, said = decided(files[0])
    files[1].write_bytes(journal)
    files[2].write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return files


def file_of(events: str, folder: Path) -> Path:
    """The file of events that an argument names; that of a table's row is made in `folder`."""
    module, _, name = events.partition(":")
    if not name:
        return Path(events)
    [row] = [row for row in import_module(module).ROWS if row.says == name]
    made = folder / "events.jsonl"
    made.write_bytes(b"".join(encoded(each) + b"\n" for each in row.events))
    return made


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    with TemporaryDirectory() as folder:
        for written in record(sys.argv[1], file_of(sys.argv[2], Path(folder))):
            print(written)
