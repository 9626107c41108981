"""An API over files that are still being loaded: it lives, is not ready, and shows no figure."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.api.adapters.read_model import open_read_model
from services.api.app import create_app
from services.dev.local_broker import free_port
from services.embedded.ledger_process import Loading, StoppedWhileLoading
from tests.api.embedded_ledger import journal_in
from tests.api.environment import an_app, asking
from tests.api.processes import STOP_S, embedded
from tests.integration.command import CARRY_OVER, COMMAND, EXAMPLE, environment
from tests.read_model.filling import journal_of
from tests.waiting import eventually

PAGE = {"Accept": "text/html"}


@pytest.fixture
def loading() -> Loading:
    """Half of its files are read."""
    found = Loading(200)
    found.count_bytes(100)
    return found


@pytest.fixture
def app(read_model_url: str, loading: Loading) -> FastAPI:
    parts = an_app(open_read_model(read_model_url)).state.components
    return create_app(replace(parts, percent_loaded=lambda: loading.percent))


def asked(app: FastAPI, path: str, language: str = "fr", **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with asking(app) as client:
            return await client.get(path, headers={"Accept-Language": language, **headers})

    return asyncio.run(ask())


def test_it_lives_and_is_not_ready(app: FastAPI) -> None:
    assert 200 == asked(app, "/healthz").status_code
    answer = asked(app, "/readyz")
    assert (503, {"ready": False}) == (answer.status_code, answer.json())


def test_prometheus_is_answered_with_what_is_known(app: FastAPI) -> None:
    """A target that answers 503 counts as down, tables that are not made yet as gone."""
    assert 503 == asked(app, "/budgets").status_code
    answer = asked(app, "/metrics")
    assert 200 == answer.status_code
    assert 'status="503"} 1.0' in answer.text
    assert "ecluse_read_model" not in answer.text, "an unknown is left out, not 0"


def test_metrics_stay_for_who_may_read_all(app: FastAPI) -> None:
    assert 401 == asked(app, "/metrics", Authorization="Bearer nobody").status_code


@pytest.mark.parametrize("path", ["/budgets", "/events/x", "/treasury/slips", "/console", "/"])
def test_pages_and_addresses_say_how_far_it_is_and_no_figure(app: FastAPI, path: str) -> None:
    for language, sentence in (
        ("fr", "Écluse charge des événements (25 %)."),
        ("en", "Écluse is loading events (25 %)."),
    ):
        answer = asked(app, path, language)
        assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
        assert "loading" == answer.json()["code"]
        assert answer.json()["detail"].startswith(sentence)


def test_a_browser_is_shown_a_page_that_loads_itself_again(app: FastAPI) -> None:
    answer = asked(app, "/console", **PAGE)
    assert (503, "5") == (answer.status_code, answer.headers["Refresh"])
    assert "Écluse charge des événements (25 %)." in answer.text


def test_the_terminal_is_shown_what_the_address_answers() -> None:
    seen: list[tuple[int, int]] = []
    loading = Loading(100, lambda done, of: seen.append((done, of)))
    loading.count_bytes(50)
    loading.count_bytes(51)  # A last line without its end is counted with one.
    loading.show_projected(1, 2)
    assert [(25, 100), (50, 100), (75, 100)] == seen


def test_a_loading_that_is_stopped_ends_at_the_next_line(loading: Loading) -> None:
    loading.stop()
    with pytest.raises(StoppedWhileLoading):
        loading.count_bytes(1)


def test_it_answers_once_all_is_loaded(app: FastAPI, loading: Loading) -> None:
    loading.show_projected(9, 10)
    assert 70 == loading.percent
    loading.count_bytes(100)
    loading.show_projected(10, 10)
    assert 99 == loading.percent, "what follows is not done"
    loading.end()
    assert 200 == asked(app, "/budgets").status_code


def ids_of(journal: list[bytes]) -> list[str]:
    return [json.loads(record)["event_id"] for record in journal]


def accepts(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def answer_at(port: int) -> httpx.Response:
    """What the port answers, once it answers anything."""

    def asked() -> httpx.Response | None:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60)
        return None

    return eventually(asked, "nothing answers")


@pytest.mark.rest
@pytest.mark.timeout(180)
def test_the_port_answers_while_files_are_loaded_in_their_order(tmp_path: Path) -> None:
    """The second file is a pipe, of which the last line comes when the port has answered."""
    first, second = CARRY_OVER
    late, port = tmp_path / second.name, free_port()
    os.mkfifo(late)

    def answered_meanwhile() -> httpx.Response:
        *lines, last = second.read_bytes().splitlines(keepends=True)
        with late.open("wb", buffering=0) as pipe:
            pipe.write(b"".join(lines))
            answer = answer_at(port)
            pipe.write(last)
        return answer

    with ThreadPoolExecutor() as beside:
        meanwhile = beside.submit(answered_meanwhile)
        files = ("--load", first, "--load", late, "--port", port)
        with embedded(tmp_path / "data", *files, log=tmp_path / "log") as running:
            assert 200 == answer_at(port).status_code
            assert 0 == running.stop()
        assert 503 == meanwhile.result().status_code
    expected = journal_of(first, second)
    assert ids_of(expected) == ids_of(journal_in(tmp_path / "data"))[: len(expected)]


@pytest.mark.rest
def test_a_pipe_whose_writer_ends_at_once_is_read_whole(tmp_path: Path) -> None:
    """Opened twice, the second time would wait for a writer for ever."""
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as beside:
        beside.submit(pipe.write_bytes, EXAMPLE.read_bytes())
        with embedded(tmp_path / "data", "--load", pipe, log=tmp_path / "log") as running:
            assert 0 == running.stop()
    expected = journal_of(EXAMPLE)
    assert ids_of(expected) == ids_of(journal_in(tmp_path / "data"))[: len(expected)]


@pytest.mark.rest
@pytest.mark.timeout(180)
def test_a_start_that_is_ended_while_it_loads_goes_on_the_next_time(tmp_path: Path) -> None:
    late, port, data = tmp_path / "late.jsonl", free_port(), tmp_path / "data"
    os.mkfifo(late)
    asked = ["serve", "--embedded", "--data", data, "--load", late, "--port", port]
    process = subprocess.Popen(
        list(map(str, [*COMMAND, *asked])), env=environment(ECLUSE_AUTH="off")
    )
    content = EXAMPLE.read_bytes()
    with late.open("wb", buffering=0) as pipe:
        pipe.write(content[: len(content) // 2])
        assert 503 == answer_at(port).status_code
        process.send_signal(signal.SIGTERM)
        eventually(lambda: not accepts(port), "it goes on answering")
    assert 0 == process.wait(STOP_S)
    late.unlink()
    late.write_bytes(content)
    with embedded(data, "--load", late, log=tmp_path / "log") as running:
        assert 0 == running.stop()
    assert len(journal_of(EXAMPLE)) <= len(journal_in(data))
