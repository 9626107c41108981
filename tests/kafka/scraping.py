"""A real Prometheus as a process: the configuration of the stack, other addresses, what it says."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from services.dev.local_broker import dies_with_us, free_port
from tests.observability.written import FOLDER, alarms, program
from tests.waiting import eventually

START_S: Final = 30
STOP_S: Final = 20
RINGS: Final = {"stage": "ledger", "group": "g", "job": "ledger", "instance": "a", "figure": "b"}
"""Labels that an alarm's words may name."""


class Prometheus:
    """Leaving it ends the process."""

    def __init__(self, folder: Path, targets: Mapping[str, Sequence[str]], key: str) -> None:
        self._port = free_port()
        self._folder = folder
        at = folder / "prometheus"
        shutil.copytree(FOLDER, at)
        (at / "keys" / "api").write_text(key + "\n")
        config = yaml.safe_load((at / "prometheus.yml").read_text(encoding="utf-8"))
        # Each second: a test has no time to wait for five.
        config["global"] = {f"{name}_interval": "1s" for name in ("scrape", "evaluation")}
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": list(targets[job["job_name"]])}]
        (at / "prometheus.yml").write_text(yaml.safe_dump(config))
        (at / "rules" / "ringing.yml").write_text(yaml.safe_dump(ringing()))
        self._log = folder / "prometheus.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *dies_with_us(),
                    program("prometheus"),
                    f"--config.file={at / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        eventually(self._is_ready, lambda: self._log.read_text()[-2000:], START_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=5) as answer:
                return bool(HTTPStatus.OK == answer.status)
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer; what it refuses is an error with its words."""
        where = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with urlopen(where, timeout=10) as answer:
                return json.load(answer)["data"]
        except HTTPError as refusal:
            raise AssertionError(f"{parameters}: {refusal.read().decode()}") from refusal

    def query(self, expr: str) -> list[dict[str, Any]]:
        """What a query gives now; what is not a number is nothing."""
        found = self.ask("query", query=expr)
        if found["resultType"] == "scalar":
            found["result"] = [{"metric": {}, "value": found["result"]}]
        return [each for each in found["result"] if each["value"][1] != "NaN"]

    def targets(self) -> dict[str, str]:
        """What each target's last scrape ended with, "" for well; by its job."""
        found = self.ask("targets")["activeTargets"]
        return {
            each["labels"]["job"]: "" if each["health"] == "up" else each["lastError"] or "unknown"
            for each in found
        }

    def names(self) -> set[str]:
        """Every metric that it has."""
        return set(self.ask("label/__name__/values"))

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with its health."""
        groups = self.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def alerts(self) -> list[dict[str, Any]]:
        """What rings, with its words filled in."""
        found: list[dict[str, Any]] = self.ask("alerts")["alerts"]
        return found


def ringing() -> dict[str, Any]:
    """Every alarm under another name, ringing at once: to see its words filled in."""
    expr = "vector(75)"
    for label, value in RINGS.items():
        expr = f'label_replace({expr}, "{label}", "{value}", "", "")'
    rules = [
        {"alert": f"Ringing{name}", "expr": expr, "annotations": rule["annotations"]}
        for name, rule in alarms().items()
    ]
    return {"groups": [{"name": "ringing", "rules": rules}]}
