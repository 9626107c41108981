"""Shared fixtures of the runtime's tests: Kafka as lists."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from services.runtime.processing import task
from tests.unit.runtime.group import Scene
from tests.unit.runtime.harness import Harness, MemoryReader


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    """A harness that every task of this test reads from, its log captured."""
    MemoryReader.harness = Harness()
    monkeypatch.setattr(task, "Reader", MemoryReader)
    with capture_logs() as MemoryReader.harness.log:
        yield MemoryReader.harness


@pytest.fixture
def scene(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A worker in a group, in that harness."""
    return Scene(harness, monkeypatch)
