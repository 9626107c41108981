"""Traces cost seconds: so many at once, no more; and their length counts one's own records."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from services.api.http.components import TRACES_AT_ONCE
from services.api.journal import traces
from tests.api.environment import LILLE_KEY, an_app, an_empty_read_model, asking
from tests.api.made import Made
from tests.api.queries.asked import connected
from tests.api.reads.answers import get
from tests.api.reads.two_entities import both, of_lille
from tests.waiting import WAIT_S

ASKED = 6


def test_a_trace_is_as_long_as_what_the_caller_may_see_of_it(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, read = made(both()), []
    rows = traces._rows

    async def counted(conn: Any, wanted: Any) -> list[bytes]:
        found = await rows(conn, wanted)
        read.extend(found)
        return found

    monkeypatch.setattr(traces, "_rows", counted)
    (answer,) = get(url, "/trace/2023/40", key=LILLE_KEY)
    own = len(read)
    assert 200 == answer.status_code
    assert own <= len(of_lille())
    monkeypatch.setattr(traces, "RECORDS_MAX", own - 1)
    (answer,) = get(url, "/trace/2023/40", key=LILLE_KEY)
    assert (413, "trace_too_long") == (answer.status_code, answer.json()["code"])
    assert f"{own} records" in answer.json()["detail"]
    monkeypatch.setattr(traces, "RECORDS_MAX", own)
    (answer,) = get(url, "/trace/2023/40", key=LILLE_KEY)
    assert 200 == answer.status_code


async def test_few_traces_are_shown_at_once_and_who_waits_holds_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = an_app(an_empty_read_model(tmp_path))
    shown: list[str] = []

    go_on, full = asyncio.Event(), asyncio.Event()

    async def slow(_conn: Any, _entities: Any, ref: str, **_: Any) -> None:
        shown.append(ref)
        if len(shown) == TRACES_AT_ONCE:
            full.set()
        await go_on.wait()

    monkeypatch.setattr(traces, "find_trace", slow)
    async with asking(app) as client:
        asked = [asyncio.create_task(client.get(f"/trace/{at}")) for at in range(ASKED)]
        async with asyncio.timeout(WAIT_S):
            await full.wait()
            others = await client.get("/budgets")  # A turn for the rest to come as far.
        out = app.state.components.engine.pool.checkedout()
        assert (200, TRACES_AT_ONCE, TRACES_AT_ONCE) == (others.status_code, len(shown), out)
        go_on.set()
        assert [404] * ASKED == [answer.status_code for answer in await asyncio.gather(*asked)]
    assert ASKED == len(shown)


async def test_a_trace_that_is_given_up_ends_with_its_thread_and_not_before(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = threading.Event(), threading.Event()

    def searched(*_: Any) -> bool:
        begun.set()
        end.wait(WAIT_S)
        return False

    monkeypatch.setattr(traces, "_add_records", searched)
    async with connected(made_in_files(both())) as conn:
        trace = asyncio.create_task(traces.find_trace(conn, None, "C"))
        await asyncio.to_thread(begun.wait, WAIT_S)
        trace.cancel()
        await asyncio.sleep(0)
        ended_before = trace.done()
        end.set()
        await asyncio.wait([trace])
        assert (False, True) == (ended_before, trace.cancelled())
