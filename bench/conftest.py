"""What every benchmark shares: saved figures say what kind of machine, never which one."""

from typing import Any


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Forget the host's name: a figure may be kept with the code."""
    machine_info.pop("node", None)
