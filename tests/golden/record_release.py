"""Keep what a release writes, for all later ones: `python -m tests.golden.record_release VERSION`.

Of each history: the ledger's database, the exported journal with its seal, the read model's
database, and the messages on the topics, compressed, with the summary that they add up to; and the
tables of the treasury and of the API's keys. `test_releases.py` shows that this version reads
them. What is there is never written again.
"""

import asyncio
import gzip
import json
import logging
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from events import topics
from services.projector.migrations import prepare_at
from tests.builders import BUDGET, Json
from tests.golden.kept_treasury import a_treasury
from tests.golden.record import HERE
from tests.integration.command import ecluse
from tests.read_model.filling import fill
from tests.unit.ledger.wire import Wire

RELEASES: Final = HERE / "released"
HISTORIES: Final = ("hard-year-2023", "turns-2023", "year-end-2023")
"""Together they have every type of event and every outcome."""

SEALED_AT: Final = "2025-01-31T12:00:00+01:00"
TREASURY: Final = "treasury"
ACCESS: Final = "access"
Part = Callable[[Path], dict[str, bytes]]
"""Files by name, made in a folder."""

APART: Final = frozenset({TREASURY, ACCESS})
"""Folders of a release that are no history."""


def pack(content: bytes) -> bytes:
    """Compressed, the same for the same content."""
    return gzip.compress(content, 9, mtime=0)


def of_database(file: Path) -> bytes:
    """A SQLite file as it is once nobody has it open."""
    copy = file.with_suffix(".copy")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    return copy.read_bytes()


def of_history(name: str, folder: Path) -> dict[str, bytes]:
    """The files of one history, by name."""
    events, db = HERE / f"{name}.events.jsonl", folder / "ledger.db"
    export, seal, key = folder / "export.jsonl", folder / "seal.json", folder / "key.pem"
    summary = ecluse("replay", events, "--db", db, "--json").out
    ecluse("journal", "export", export, "--db", db)
    public_key = ecluse("seal", "--new-key", key).out
    sealed = ecluse("seal", "--journal", export, "--key", key, "-o", seal, "--at", SEALED_AT)
    assert 0 == sealed.code
    url = f"sqlite:///{folder}/read-model.db"
    asyncio.run(prepare_at(url))
    fill(url, export.read_bytes().splitlines())
    return {
        "summary.json": summary,
        "ledger.db.gz": pack(of_database(db)),
        "export.jsonl.gz": pack(export.read_bytes()),
        "seal.json": seal.read_bytes(),
        "public-key.pem": public_key,
        "read-model.db.gz": pack(of_database(folder / "read-model.db")),
        "messages.jsonl.gz": pack(messages_of(events)),
    }


def messages_of(events: Path) -> bytes:
    """What a worker writes of a history, but for dead letters, one record a line."""
    wire = Wire()
    for line in events.read_bytes().splitlines():
        if line.strip():
            wire.tell(line)
    rows = [_row(each.topic, each.key, each.value) for each in wire.sent]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows if row is not None)


def _row(topic: str, key: bytes | None, value: bytes | None) -> Json | None:
    if topic == topics.DEAD_LETTERS or key is None:
        return None
    return {"topic": topic, "key": key.decode(), "value": value and value.decode()}


def of_treasury(folder: Path) -> dict[str, bytes]:
    """The treasury's tables, and what they say."""
    facts = json.dumps(a_treasury(folder), ensure_ascii=False) + "\n"
    return {
        "treasury.db.gz": pack(of_database(folder / "treasury.db")),
        "facts.json": facts.encode(),
    }


def of_access(folder: Path) -> dict[str, bytes]:
    """The API's keys: a database with one, what was shown of it once, and the audit trail."""
    url = f"sqlite:///{folder}/read.db"
    rights = ("--read", "all", "--publish", BUDGET.partition("-")[0])
    made = ecluse("api-keys", "create", "ERP", *rights, "--json", ECLUSE_DATABASE_URL=url)
    listed = ecluse("api-keys", "list", "--json", ECLUSE_DATABASE_URL=url)
    audit = ecluse("api-keys", "audit", "--json", ECLUSE_DATABASE_URL=url)
    return {
        "access.db.gz": pack(of_database(folder / "access.db")),
        "key.json": made.out,
        "keys.json": listed.out,
        "audit.json": audit.out,
    }


def record_release(version: str, releases: Path = RELEASES) -> Path:
    """The new folder of a release."""
    made = releases / version
    if made.exists():
        raise SystemExit(f"{version}: recorded before; a release is never written again")
    parts: dict[str, Part] = {name: partial(of_history, name) for name in HISTORIES}
    parts |= {TREASURY: of_treasury, ACCESS: of_access}
    for name, part in parts.items():
        with TemporaryDirectory() as folder:
            files = part(Path(folder))
        (made / name).mkdir(parents=True)
        for file, content in files.items():
            (made / name / file).write_bytes(content)
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.stdout.write(f"{record_release(sys.argv[1])}\n")
