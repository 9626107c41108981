"""What stands in deploy/observability: alarms, recorded figures, queries of dashboards, metrics."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from tests.kafka.brokers import IN_CI
from tests.kafka.processes import BIN

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "deploy" / "observability"
RULES: Final = sorted((FOLDER / "rules").glob("*.yml"))
UNIT_TESTS: Final = sorted((FOLDER / "tests").glob("*.yml"))
DASHBOARDS: Final = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
QUOTED: Final = re.compile(r'"[^"]*"')
METRIC: Final = re.compile(r"(?<![\w:])(?:(?:ecluse|kafka)_\w+|up)(?![\w:(])")


class Query(NamedTuple):
    """One query of a panel."""

    where: str
    expr: str


def rules() -> list[dict[str, Any]]:
    """Every rule: alarms and recorded figures."""
    groups = [yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] for path in RULES]
    return [rule for of_file in groups for group in of_file for rule in group["rules"]]


def alarms() -> dict[str, dict[str, Any]]:
    """The alarms by their names."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def unit_tests() -> list[dict[str, Any]]:
    """Every test of promtool."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in UNIT_TESTS]
    return [test for file in files for test in file["tests"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """The dashboards by the names of their files."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS}


def queries() -> Iterator[Query]:
    """Every query of every panel."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield Query(f"{name}: {panel['title']} {target['refId']}", target["expr"])


def metrics_of(expr: str) -> set[str]:
    """The metrics that a query names, recorded ones left out."""
    return set(METRIC.findall(QUOTED.sub('""', expr)))


def program(name: str) -> str:
    """`prometheus` or `promtool`: what deploy/set-up brought, else the machine's own.

    Where CI=true it is there or the test fails; elsewhere the test is skipped.
    """
    found = shutil.which(name, path=os.pathsep.join((str(BIN), os.environ.get("PATH", ""))))
    if found is not None:
        return found
    why = f"there is no {name}: deploy/images/prometheus.sh fetches it on Debian"
    if IN_CI:
        pytest.fail(f"CI=true requires it: {why}")
    pytest.skip(why)
