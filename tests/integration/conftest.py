"""What the tests of the command share: a file of events with every outcome, and a database."""

from pathlib import Path

import pytest

from tests.integration.command import MIXED, ecluse, journal_of, written


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    return written(tmp_path / "mixed.jsonl", *MIXED)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def exported(mixed: Path, db: Path, tmp_path: Path) -> Path:
    """The journal of the mixed events, as a file of records."""
    ecluse("replay", mixed, "--db", db)
    return journal_of(db, tmp_path / "exported.jsonl")
