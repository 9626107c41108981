"""What tests of the runtime share: a world whose topics are lists."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from services.runtime.processing import task
from tests.unit.runtime.group import Scene
from tests.unit.runtime.world import MemoryReader, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world that every task of this test reads from, its log kept."""
    MemoryReader.world = World()
    monkeypatch.setattr(task, "Reader", MemoryReader)
    with capture_logs() as MemoryReader.world.log:
        yield MemoryReader.world


@pytest.fixture
def scene(world: World, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A worker in a group, in that world."""
    return Scene(world, monkeypatch)
