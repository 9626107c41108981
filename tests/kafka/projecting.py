"""A projector as a process of its own, and journals written for it to a real broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from bench.world import opening, stream
from events.topics import JOURNAL
from services.runtime.local_broker import free_port
from services.runtime.settings import Settings
from tests.kafka.told import Writer, told
from tests.read_model.filling import Tables, query, read
from tests.unit.watch.ledger_output import Out

ROOT: Final = Path(__file__).resolve().parents[2]
ECLUSE: Final = (str(Path(sys.executable).parent / "ecluse"), "projector")
WAIT_S: Final = 60.0
"""How long a projector may take to do anything at all, on a machine that does much else."""

Journal = list[list[Out]]
"""Records of the journal, transaction by transaction."""


def journal_of(events: Iterable[bytes], batch_events: int = 500) -> Journal:
    """What a ledger leaves of these events in its journal."""
    batches = told(events, batch_events)
    return [[out for out in batch if out.topic == JOURNAL] for batch in batches]


def write(settings: Settings, journal: Sequence[Sequence[Out]], *, abort: bool = False) -> None:
    """Write transactions of the journal."""

    async def go() -> None:
        async with Writer(settings) as writer:
            for outs in journal:
                await writer.write(outs, abort=abort)

    asyncio.run(go())


class Projector:
    """`ecluse projector`; leaving it ends the process, and says what it logged."""

    def __init__(self, settings: Settings, url: str, folder: Path, *args: str, **more: str) -> None:
        self.port = free_port()
        self._log = folder / f"projector-{self.port}.log"
        self._out = folder / f"projector-{self.port}.out"
        self._command = (*ECLUSE, *args)
        self._environment = {
            **{name: value for name, value in os.environ.items() if "ECLUSE" not in name},
            "PYTHONPATH": str(ROOT),
            "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
            "ECLUSE_DATABASE_URL": url,
            "ECLUSE_INSTANCE": "projector",
            "ECLUSE_HEALTH_PORT": str(self.port),
            "ECLUSE_LOG_LEVEL": "INFO",
            "ECLUSE_LANG": "en",
            **more,
        }
        self._folder = folder
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log, self._out.open("ab") as out:
            return subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=out, stderr=log
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        print(self.said()[-4000:])

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self._process = self._start()

    def stop(self, limit_s: float = WAIT_S) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=limit_s)

    def ends(self, limit_s: float = WAIT_S) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._process.wait(timeout=limit_s)

    def printed(self) -> str:
        """What it said on standard output."""
        return self._out.read_text()

    def said(self) -> str:
        """Everything it logged."""
        return self._log.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        logged = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in logged if line["event"] == event]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def projected(self) -> float:
        """How many records this process has projected."""
        figures = (line.rsplit(" ", 1) for line in self.get("/metrics")[1].splitlines())
        return sum(
            float(figure)
            for name, figure in figures
            if name.startswith("ecluse_projector_records_total")
        )

    def until(self, what: Callable[[], Any], why: str, limit_s: float = WAIT_S) -> None:
        """Look until it is so, no longer than that nor than the process lives."""
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s:
            if what():
                return
            assert self._process.poll() is None, f"it ended while waiting: {why}"
            time.sleep(0.05)
        raise AssertionError(f"never: {why}")


def a_long_journal(records: int) -> Journal:
    """So many records of 500 budgets, on four partitions."""
    journal = journal_of(islice([*opening(), *stream()], records))
    assert records == count(journal)
    # The partitions take turns, as they do where each has a ledger of its own.
    by_partition: dict[int, Journal] = {}
    for batch in journal:
        by_partition.setdefault(batch[0].partition, []).append(batch)
    turns = zip_longest(*by_partition.values())
    return [batch for turn in turns for batch in turn if batch is not None]


def count(journal: Journal) -> int:
    """How many records it has."""
    return sum(map(len, journal))


def rows(url: str) -> int:
    """How many records are in the tables."""
    return int(query(url, "SELECT count(*) FROM journal"))


def content(url: str) -> Tables:
    """All rows; but for how often they were made again."""
    found = read(url)
    for row in found["positions"]:
        del row["generation"]
    return found


def clean_run(settings: Settings, url: str, folder: Path, records: int) -> Tables:
    """What a projector that nobody disturbs makes of the same journal."""
    with Projector(settings, url, folder) as projector:
        projector.until(lambda: rows(url) == records, "all records", limit_s=180)
        assert 0 == projector.stop()
    return content(url)


def assert_same(expected: Tables, found: Tables) -> None:
    """Table by table: a difference of a hundred thousand rows is no message."""
    for name, of_table in expected.items():
        assert len(of_table) == len(found[name]), name
        for one, other in zip(of_table, found[name], strict=True):
            assert one == other, name
