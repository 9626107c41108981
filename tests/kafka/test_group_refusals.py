"""Settings that a consumer group does not take: each service says which, and ends."""

from pathlib import Path
from typing import Final

import pytest

from tests.kafka.brokers import SETTINGS
from tests.kafka.cluster import Cluster
from tests.kafka.commands import UNREACHABLE
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import WATCH, Process
from tests.kafka.treasury_process import RUN

ROLES: Final = {"treasury": RUN, "watch": WATCH, "ledger": (ECLUSE, "ledger")}
KAFKAS_MOST_MS: Final = "1800000"


@pytest.mark.parametrize("seconds", ["0.5", "3600"])
@pytest.mark.parametrize("role", ROLES)
def test_a_session_timeout_out_of_bounds_ends_a_service_in_words(
    role: str, seconds: str, cluster: Cluster, tmp_path: Path
) -> None:
    own = {
        "ECLUSE_SESSION_TIMEOUT_S": seconds,
        "ECLUSE_TREASURY_URL": f"sqlite:///{tmp_path / 'treasury.db'}",
        "ECLUSE_DATABASE_URL": f"sqlite:///{tmp_path / 'read.db'}",
    }
    with Process(ROLES[role], tmp_path, role, cluster.environment | own) as process:
        assert UNREACHABLE == process.ended()
        least = SETTINGS["group.min.session.timeout.ms"]
        assert f"refuses the session timeout of {int(float(seconds) * 1000)} ms" in process.text
        assert "(ECLUSE_SESSION_TIMEOUT_S)" in process.text
        assert f"allow {least} to {KAFKAS_MOST_MS} ms" in process.text


@pytest.mark.rest
@pytest.mark.parametrize("role", ["treasury", "watch"])
def test_two_processes_of_one_name_end_with_what_to_do(
    role: str, cluster: Cluster, tmp_path: Path
) -> None:
    own = {
        "ECLUSE_INSTANCE": "desk",
        "ECLUSE_SESSION_TIMEOUT_S": "3",
        "ECLUSE_TREASURY_URL": f"sqlite:///{tmp_path / 'treasury.db'}",
    }
    environment = cluster.environment | own
    with Process(ROLES[role], tmp_path, "one", environment) as one:
        one.until_ready()
        with Process(ROLES[role], tmp_path, "another", environment) as another:
            one.until(lambda: one.code is not None or another.code is not None, "one has ended")
            ended = one if one.code is not None else another
            assert UNREACHABLE == ended.ended()
            assert "under the name desk: give each its own" in ended.text
