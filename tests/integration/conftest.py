"""What the tests of the command share: a file of events with every outcome, and a database."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.api.a_watch import AWatch, a_watch
from tests.api.lag_boards import NIGHT
from tests.api.lag_scenes import Scene
from tests.integration.command import MIXED, ecluse, journal_of, written
from tests.integration.watched import Json, Serve, answers_of, set_clock_to


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


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A watch that gives a scene; another one each time that it is called."""
    with ExitStack() as open_:

        def a_scene(scene: Scene | Json) -> AWatch:
            return open_.enter_context(a_watch(answers_of(scene)))

        yield a_scene


@pytest.fixture
def _at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the moment at which the scenes play."""
    set_clock_to(monkeypatch, NIGHT)
