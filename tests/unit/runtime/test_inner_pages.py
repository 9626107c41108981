"""Pages of workers and of the watch answer by names of their own network only (DNS rebinding)."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from services.runtime.ops.http import host_filter
from services.runtime.processing.health import Health
from services.watch.building import build_watch
from services.watch.settings import WatchSettings
from tests.unit.runtime.harness import a_setting

SETTING = "watch.ecluse.svc.cluster.local, Watch.Lille.fr"


def asked(application: web.Application, path: str, host: str) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        async with TestClient(TestServer(application)) as client:
            answer = await client.get(path, headers={"Host": host})
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    return asyncio.run(ask())


def a_page(**settings: str) -> web.Application:
    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(text="figures")

    application = web.Application(middlewares=[host_filter(a_setting(**settings).hosts)])
    for path in ("/metrics", "/healthz"):
        application.router.add_get(path, metrics)
    return application


@pytest.mark.parametrize(
    ("host", "settings", "status"),
    [
        ("127.0.0.1", {}, 200),  # as compose's own probe asks
        ("127.0.0.1:8080", {}, 200),
        ("10.1.2.3:8080", {}, 200),  # as Kubernetes probes
        ("[fd00::9]:8080", {}, 200),
        ("localhost:6066", {}, 200),
        ("watch:8080", {}, 200),  # as Prometheus and the API ask in docker-compose.yml
        ("ledger-1:8080", {}, 200),
        (f"{socket.gethostname()}:8080", {}, 200),
        ("evil.example", {}, 421),
        ("evil.example:8080", {}, 421),
        ("watch.evil.example", {}, 421),
        ("127.0.0.1.evil.example", {}, 421),
        ("localhost@evil.example", {}, 421),
        ("evil.example/watch", {}, 421),
        ("[::1", {}, 421),
        ("watch.lille.fr:6066", {}, 421),
        ("watch.lille.fr:6066", {"page_hosts": SETTING}, 200),
        ("WATCH.ecluse.svc.cluster.local.", {"page_hosts": SETTING}, 200),
        ("evil.example", {"page_hosts": SETTING}, 421),
        ("lille.fr", {"page_hosts": SETTING}, 421),
    ],
)
def test_a_page_answers_by_names_that_nobody_can_register(
    host: str, settings: Mapping[str, str], status: int
) -> None:
    found, body = asked(a_page(**settings), "/metrics", host)
    assert status == found
    if status == 421:
        assert "host_unknown" == body["error"]
        assert all("ECLUSE_PAGE_HOSTS" in body["message"][language] for language in ("fr", "en"))
        assert "figures" not in str(body)


def test_a_probe_may_ask_by_any_name() -> None:
    assert 200 == asked(a_page(), "/healthz", "evil.example")[0]


@pytest.mark.parametrize(("host", "status"), [("evil.example", 421), ("ledger-1:8080", 200)])
def test_the_page_of_a_worker_answers_so(host: str, status: int) -> None:
    page = Health(a_setting(), CollectorRegistry()).application()
    assert status == asked(page, "/metrics", host)[0]


@pytest.mark.parametrize(("host", "status"), [("evil.example", 421), ("watch:8080", 200)])
def test_the_pages_of_the_watch_answer_so(host: str, status: int) -> None:
    watch = build_watch(a_setting(), WatchSettings())
    web_server: Any = watch.web
    web_server.init_server()
    assert status == asked(web_server.web_app, "/metrics", host)[0]
