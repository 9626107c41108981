"""A few sockets that would shut everybody out: another town's reader is answered meanwhile."""

import json
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.http.components import LARGE_UPLOADS_OF_CALLER_MAX, LIVE_PAGES_OF_CALLER_MAX
from services.api.http.connection_limits import CONNECTIONS_OF_ADDRESS_MAX
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET
from tests.attack.target import Target, statuses
from tests.waiting import WAIT_S, eventually

ELSEWHERE: Final = "127.0.0.2"
"""An address that is no proxy's: connections from there are counted."""

SILENT: Final = 300
STREAMS: Final = 60
UPLOADS: Final = 20
UNREAD: Final = 20
READERS: Final = 2
ANSWERS: Final = 50
ROUNDS: Final = 4
"""A hole makes every round slow; other work on the machine makes one slow now and then."""

LATE_S: Final = 1.0
"""Of the server's own work: where a machine does much else, an answer takes longer by the clock."""

HANGING_S: Final = 8.0
"""By the clock: below the limits of headers and answers, for which one would wait in the queue."""

PATIENCE: Final = 4
"""On a machine that is slow without an attack, it may take so many times as long as then."""

LARGE_BYTES: Final = 1_500_000
HTTP: Final = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def clocks_s(target: Target) -> tuple[float, float]:
    """The time, and that for which the server has been at work."""
    stat = Path(f"/proc/{target.running.process.pid}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return time.monotonic(), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def answered_in(target: Target) -> list[float]:
    """Seconds by both clocks that answers to the reader of Roubaix take: 99 of a hundred less.

    Each has a connection of its own.
    """
    taken = []
    for _ in range(ANSWERS):
        before_s = clocks_s(target)
        with target.client("roubaix") as client:
            answer = client.get(f"/budgets/{ROUBAIX_BUDGET}")
        assert 200 == answer.status_code, answer.text
        both = zip(before_s, clocks_s(target), strict=True)
        taken.append([now_s - then_s for then_s, now_s in both])
    return [round(sorted(each)[ANSWERS * 99 // 100], 3) for each in zip(*taken, strict=True)]


def first_status(line: socket.socket) -> int:
    """The status of the answer that has begun; 0: none has."""
    line.settimeout(WAIT_S)
    try:
        found = statuses(line.recv(4096))
    except OSError:
        return 0
    return found[0] if found else 0


def asking(target: Target, request: str, key: str, source: str = "127.0.0.1") -> socket.socket:
    line = target.connect(source)
    bearer = f"Authorization: Bearer {target.keys[key]}\r\n"
    with suppress(OSError):
        line.sendall(f"{request} {HTTP}{bearer}".encode())
    return line


def silent(target: Target, stack: ExitStack) -> None:
    """Hundreds of connections from one address, of which some begin a header and stop."""
    for number in range(SILENT):
        line = stack.enter_context(target.connect(ELSEWHERE))
        with suppress(OSError):
            line.sendall(b"GET / HTTP/1.1\r\nX: " if number % 2 else b"")
        if number == 0:
            first = line
        if number >= CONNECTIONS_OF_ADDRESS_MAX and first_status(line) not in {0, 503}:
            assert 408 == first_status(first), "its time was over, so there is room again"
            return


def half_uploads(target: Target, stack: ExitStack) -> int:
    """Uploads that stop in the middle, beyond what stays in memory; how many were refused."""
    lines = []
    for _ in range(UPLOADS):
        line = stack.enter_context(asking(target, "POST /events", "lille"))
        lines.append(line)
        with suppress(OSError):
            line.sendall(b"Content-Type: application/x-ndjson\r\nContent-Length: 60000000\r\n\r\n")
            line.sendall(b" " * LARGE_BYTES)
    until_s, refused = time.monotonic() + WAIT_S, 0
    while refused < UPLOADS - LARGE_UPLOADS_OF_CALLER_MAX and time.monotonic() < until_s:
        answered, _, _ = select.select(lines, [], [], 0.1)
        refused += sum(first_status(line) == 429 for line in answered)
        lines = [line for line in lines if line not in answered]
    return refused


def streams(target: Target, stack: ExitStack) -> list[int]:
    """The statuses of many live pages with one key."""
    found = []
    for _ in range(STREAMS):
        line = stack.enter_context(asking(target, "GET /console/live", "lille"))
        line.sendall(b"\r\n")
        found.append(first_status(line))
    return found


def unread(target: Target, stack: ExitStack) -> None:
    """Many questions one behind the other, of which no answer is read."""
    for _ in range(UNREAD):
        line = stack.enter_context(asking(target, f"GET /budgets/{LILLE_BUDGET}", "lille"))
        line.setblocking(False)
        bearer = f"Authorization: Bearer {target.keys['lille']}\r\n\r\n"
        request = f"GET /moves?budget={LILLE_BUDGET} {HTTP}{bearer}".encode()
        with suppress(OSError):
            line.sendall(b"\r\n" + request * 50)


@contextmanager
def busy(target: Target) -> Iterator[None]:
    """Readers of Lille that ask for what takes longest, again and again, and forms of signs."""
    is_over = threading.Event()

    def ask() -> None:
        with target.client("lille") as client:
            while not is_over.is_set():
                client.get("/trace/C")
                client.get(f"/budgets/{LILLE_BUDGET}/grants.xlsx")
                client.post("/console/login", content=b"&" * 200_000)
                client.post("/events", content=b"[" * 500_000, headers={"Content-Type": "x/y"})

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join(WAIT_S)


@pytest.mark.timeout(400)
def test_another_town_is_answered_within_a_second_while_few_sockets_attack(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    before_s, _ = answered_in(target)
    limits_s = [max(HANGING_S, PATIENCE * before_s), LATE_S]

    def is_late(taken_s: list[float]) -> bool:
        return any(taken >= limit for taken, limit in zip(taken_s, limits_s, strict=True))

    with ExitStack() as stack:
        silent(target, stack)
        refused = half_uploads(target, stack)
        opened = streams(target, stack)
        unread(target, stack)
        stack.enter_context(busy(target))
        during_s = [answered_in(target)]
        while is_late(during_s[-1]) and len(during_s) < ROUNDS:
            during_s.append(answered_in(target))
    assert UPLOADS - LARGE_UPLOADS_OF_CALLER_MAX == refused
    assert LIVE_PAGES_OF_CALLER_MAX == opened.count(200)
    assert STREAMS - LIVE_PAGES_OF_CALLER_MAX == opened.count(429)
    with capsys.disabled():
        print(f"\np99 of {ANSWERS} answers by round: {during_s} s; before: {before_s} s")
    assert not is_late(during_s[-1])


@pytest.mark.timeout(400)
def test_after_the_attack_all_slots_are_free_again(target: Target) -> None:
    with ExitStack() as stack:
        streams(target, stack)
        half_uploads(target, stack)

    def is_answered() -> bool:
        with asking(target, "GET /console/live", "lille") as line:
            line.sendall(b"\r\n")
            return first_status(line) == 200

    eventually(is_answered, "no slot is free")
    with target.client("lille") as client:
        client.headers["Content-Type"] = "application/x-ndjson"
        for _ in range(LARGE_UPLOADS_OF_CALLER_MAX + 1):
            assert 422 == client.post("/events", content=b" " * LARGE_BYTES).status_code, (
                "blank, and taken in"
            )


def test_who_goes_away_in_the_middle_is_no_error(target: Target) -> None:
    offset = target.log.stat().st_size
    for kind in ("application/x-ndjson", "application/cloudevents+json"):
        with asking(target, "POST /events", "lille") as line:
            line.sendall(f"Content-Type: {kind}\r\nContent-Length: 900\r\n\r\n{{".encode())
            time.sleep(0.1)

    def gone() -> list[dict[str, object]]:
        return [each for each in lines_since(target.log, offset) if each.get("status") == 499]

    eventually(lambda: len(gone()) > 1, lambda: f"only {gone()}")
    assert [("info", "client_gone")] * 2 == [(each["level"], each["reason"]) for each in gone()]
    with target.client("all") as client:
        metrics = client.get("/metrics").text
    assert 'route="/events",status="499"' in metrics
    assert 'route="/events",status="500"' not in metrics


def lines_since(log: Path, offset: int) -> list[dict[str, object]]:
    lines = log.read_bytes()[offset:].decode().splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_a_key_is_not_found_by_time(target: Target) -> None:
    """Not measured, which would be chance: whatever is wrong with a key, the answer is the same."""
    known = target.keys["lille"]
    wrong = [known[:-1] + "_", known[:18] + "A" * 43, "ecluse_" + "0" * 12 + known[-44:]]
    with httpx.Client(base_url=target.running.address, timeout=WAIT_S) as client:
        answers = [
            client.get("/budgets", headers={"Authorization": f"Bearer {key}"}).json()["detail"]
            for key in wrong
        ]
    assert 1 == len(set(answers))
