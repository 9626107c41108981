"""`ecluse doctor`, asked of a cluster, and what it found."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tests.integration.command import ecluse
from tests.kafka.cluster import Cluster

NO_DATABASE: Final = {"ECLUSE_DATABASE_URL": "sqlite:////nowhere/read.db"}
"""Unless a test has one: with `--before-start` nobody misses it."""


class Examined(NamedTuple):
    """The result of an examination."""

    code: int
    checks: list[dict[str, Any]]

    def of_state(self, state: str) -> list[tuple[str, str | None]]:
        """The checks with this result, each with what it is about."""
        return [(each["check"], each["where"]) for each in self.checks if each["state"] == state]

    @property
    def troubles(self) -> list[tuple[str, str | None]]:
        return self.of_state("trouble")

    def text(self, check: str, where: str | None) -> str:
        """What one check says, in English."""
        found = [
            each["message"]["en"]
            for each in self.checks
            if (each["check"], each["where"]) == (check, where)
        ]
        return " | ".join(found)


def examined(cluster: Cluster, *args: str, **env: str) -> Examined:
    """What the command finds on this cluster."""
    return examined_with(cluster.environment | env, *args)


def examined_with(env: Mapping[str, str], *args: str) -> Examined:
    """The same in any environment."""
    result = ecluse("doctor", "--json", *args, given=b"", **NO_DATABASE | dict(env))
    assert result.code in {0, 1}, result.err
    checks: list[dict[str, Any]] = json.loads(result.out)["checks"]
    assert bool(result.code) is any(each["state"] == "trouble" for each in checks)
    for each in checks:
        assert each["message"]["fr"], each
    return Examined(result.code, checks)
