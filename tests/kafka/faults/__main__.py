"""`python -m tests.kafka.faults`: a long fault-injection run on its own broker, with figures."""

import argparse
import json
import logging
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.integration.command import ROOT
from tests.kafka.brokers import IMAGE, KAFKA, a_broker, chosen_provider
from tests.kafka.faults.fault_run import FaultRun
from tests.kafka.faults.plan import EVENTS, FAULTS, Plan, chosen_seed
from tests.kafka.faults.report import Row, again, table
from tests.kafka.faults.setting import a_setting, kinds_missing

BUILD: Final = ROOT / "build"
FAULTS_MIN: Final = 4
"""One of each kind that every run has."""

PROVED, DISPROVED, NO_BROKER = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, print the figures and keep them; the exit code."""
    asked = parsed(arguments)
    # While the broker is away, the client says so again and again.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        row = json.loads(asked.read.read_text(encoding="utf-8")) if asked.read else _run(asked)
    except pytest.skip.Exception as error:
        print(f"no broker can be had here: {error}", file=sys.stderr)
        return NO_BROKER
    except AssertionError as error:
        print(f"DISPROVED: {error}\nThe logs are in {asked.folder}.", file=sys.stderr)
        return DISPROVED
    print(table(row))
    return PROVED


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kafka.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=FAULTS, help=f"how many, from {FAULTS_MIN}")
    parser.add_argument("--events", type=int, help="how many come in meanwhile")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="from their jars: 3")
    parser.add_argument("--seed", type=int, help="the seed of a run that is to be run again")
    parser.add_argument("--json", type=Path, default=BUILD / "faults.json", help="for the figures")
    parser.add_argument("--read", type=Path, help="run nothing: take the figures of this file")
    parser.add_argument("--folder", type=Path, default=BUILD / "faults", help="for logs and data")
    asked = parser.parse_args(arguments)
    if asked.faults < FAULTS_MIN:
        parser.error(f"--faults: at least {FAULTS_MIN}")
    asked.folder = asked.folder.resolve()  # Its processes change their directory.
    return asked


def _run(asked: argparse.Namespace) -> Row:
    seed = chosen_seed() if asked.seed is None else asked.seed
    events = asked.events or max(EVENTS, asked.faults * EVENTS // FAULTS)
    without = tuple(kinds_missing()) if asked.brokers > 1 else ()
    plan = Plan(seed, events, asked.faults, brokers=asked.brokers, without=without)
    print(f"run again: {again(vars(plan))}", flush=True)
    shutil.rmtree(asked.folder, ignore_errors=True)
    (asked.folder / "broker").mkdir(parents=True)
    where, provider = asked.folder / "broker", "jars" if plan.brokers > 1 else chosen_provider()
    if plan.brokers > 1:
        with a_setting(where, plan) as setting:
            figures = FaultRun(setting.brokers, "faults.", asked.folder, plan, setting).run()
    else:
        with a_broker(provider, where) as broker:
            figures = FaultRun(broker, "faults.", asked.folder, plan).run()
    shutil.rmtree(asked.folder / "broker")  # Kept only for who has to find out.
    row = figures.row() | {"machine": _machine(provider)}
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
    return row


def _machine(provider: str) -> dict[str, object]:
    """What kind of machine, never which one."""
    jars = [path.stem for path in (KAFKA / "libs").glob("kafka_*.jar")]
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "broker": IMAGE if provider == "containers" else " ".join(jars),
    }


if __name__ == "__main__":
    sys.exit(main())
