"""Jobs of the treasury: one that fails ends nothing, and is tried again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from events.texts import verbatim
from services.runtime.ops.errors import Unreachable
from services.treasury.process.jobs import Jobs
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore
from tests.treasury.desk import NOON


@contextmanager
def a_treasury(folder: Path) -> Iterator[Jobs]:
    own = TreasurySettings(database_url=SecretStr(f"sqlite:///{folder / 'read.db'}"))
    moments = (NOON + timedelta(seconds=n) for n in count())
    jobs = Jobs(own, TreasuryStore.build(own), partial(next, moments))
    yield jobs
    asyncio.run(jobs.close())


async def run(jobs: Jobs, name: str) -> None:
    await jobs.by_name[name]()


def test_a_job_that_fails_is_logged_counted_and_tried_again(tmp_path: Path) -> None:
    runs: list[str] = []

    async def fails() -> None:
        runs.append("run")
        raise AssertionError("a bug of ours")

    with a_treasury(tmp_path) as jobs, capture_logs() as logged:
        jobs.add("entries", fails)
        asyncio.run(run(jobs, "entries"))
        asyncio.run(run(jobs, "entries"))
        assert (2, 2) == (len(runs), jobs.failed["entries"])
    assert [("job_failed", "entries", True)] * 2 == [
        (each["event"], each["job"], each["exc_info"]) for each in logged
    ]


def test_when_a_job_was_last_done_is_known_also_while_it_is_postponed(tmp_path: Path) -> None:
    world = {"answers": False}

    async def asks() -> None:
        if not world["answers"]:
            raise Unreachable("the database", verbatim("no answer"))

    with a_treasury(tmp_path) as jobs:
        jobs.add("entries", asks)
        began = jobs.done["entries"]
        asyncio.run(run(jobs, "entries"))
        assert (began, 0) == (jobs.done["entries"], jobs.failed["entries"])
        world["answers"] = True
        asyncio.run(run(jobs, "entries"))
        assert began < jobs.done["entries"]


def test_a_job_that_is_cancelled_does_not_count_as_failed(tmp_path: Path) -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with a_treasury(tmp_path) as jobs:
        jobs.add("outbox", cancelled)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(run(jobs, "outbox"))
        assert 0 == jobs.failed["outbox"]
