"""Workers of the ledger killed, frozen and ended while events come in, and their broker too."""

from pathlib import Path

import pytest

from tests.kafka.brokers import Broker
from tests.kafka.faults.fault_run import FaultRun
from tests.kafka.faults.plan import Fault, Plan, chosen_seed

HERE = "tests/kafka/faults/test_run.py"

pytestmark = pytest.mark.fault


@pytest.mark.timeout(600)
def test_whatever_is_killed_each_event_is_journalled_once_and_published_once(
    broker: Broker, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = chosen_seed()
    # Not captured: where it passes, its command is worth as much as where it fails.
    with capsys.disabled():
        print(f"\nrun again: ECLUSE_FAULT_SEED={seed} .venv/bin/python -m pytest {HERE}")
    figures = FaultRun(broker, prefix, tmp_path, Plan(seed)).run()
    print(figures.row())
    assert 20_000 <= figures.published
    assert 4 == figures.verified["partitions"]
    assert 10 <= figures.did[Fault.KILL]
    assert 1 <= figures.did[Fault.FREEZE]
    assert 1 <= figures.did[Fault.TERMINATE]
    assert 1 <= figures.did[Fault.BROKER_KILL]
    assert 1 <= figures.left_open, "a kill landed in a transaction"
