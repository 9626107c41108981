"""What every benchmark shares: saved figures say what kind of machine, never which one."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from services.cli.garbage_collection import COLLECT_AFTER


@pytest.fixture(autouse=True)
def _collected_as_in_a_worker() -> Iterator[None]:
    """Python searches for cycles as often as in a worker of the ledger."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    yield
    gc.set_threshold(*before)


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Forget the host's name: a figure may be kept with the code."""
    machine_info.pop("node", None)
