"""Streams that a revoked key had opened show nothing more."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.access.session import SESSION_COOKIE
from tests.api.processes import embedded
from tests.attack.target import Target
from tests.integration.command import ecluse
from tests.waiting import WAIT_S

PATHS: Final = ["/outcomes/stream", "/console/live", "/console/today/live"]


def ends(client: httpx.Client, path: str, revoke: Callable[[], object]) -> None:
    """Read a stream to its end, which comes behind the act that ends its key."""
    with client.stream("GET", path) as answer:
        assert 200 == answer.status_code
        lines = answer.iter_lines()
        next(lines)
        revoke()
        until_s = time.monotonic() + WAIT_S
        for _line in lines:
            assert time.monotonic() < until_s, "it goes on"


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_a_revoked_key_ends_its_streams(target: Target, path: str, by_session: bool) -> None:
    made = json.loads(target.ecluse("api-keys", "create", "x", "--read", "all", "--json").out)
    with target.client() as client:
        if by_session:
            answer = client.post("/console/login", data={"key": made["key"]})
            client.headers["Cookie"] = f"{SESSION_COOKIE}={answer.cookies[SESSION_COOKIE]}"
        else:
            client.headers["Authorization"] = f"Bearer {made['key']}"
        ends(client, path, lambda: target.ecluse("api-keys", "revoke", made["key_id"]))
        assert 401 == client.get("/budgets").status_code


def test_a_revoked_key_ends_its_streams_without_kafka(tmp_path: Path) -> None:
    data = ("--data", tmp_path / "data")
    data[1].mkdir()
    made = json.loads(ecluse("api-keys", "create", "x", "--read", "all", *data, "--json").out)
    with (
        embedded(data[1], log=tmp_path / "log", ECLUSE_AUTH="on") as running,
        httpx.Client(base_url=running.address, timeout=WAIT_S) as client,
    ):
        client.headers["Authorization"] = f"Bearer {made['key']}"
        revoke = lambda: ecluse("api-keys", "revoke", made["key_id"], *data)  # noqa: E731 # once
        ends(client, "/outcomes/stream", revoke)
        assert 0 == running.stop()
