"""Webhooks: every outcome posted once it is there, in order, signed, until it is taken."""

import asyncio
import base64
import hmac
import json
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.access.caller import EVERYBODY, Entities
from services.api.access.store import AccessStore, access_address
from services.api.access.webhook_store import LEASE, Webhook, Webhooks
from services.api.adapters.read_model import open_read_model
from services.api.outcomes.feed import Feed
from services.api.webhooks import delivery
from services.api.webhooks.delivery import Deliverer, Message, secret_of
from services.api.webhooks.runner import WAITS, Runner
from tests.api.answering import Answer, Posted, answering
from tests.api.environment import ALL_KEY, LILLE, LILLE_KEY, NOON, HandClock, an_app, asking
from tests.api.processes import embedded
from tests.api.reads.two_entities import FOREIGN, both
from tests.api.test_embedded import post, readable
from tests.integration.command import EXAMPLE, ecluse
from tests.read_model.filling import fill
from tests.waiting import WAIT_S, eventually

SECRET = secret_of(b"0123456789abcdef0123456789abcdef")
HERE = frozenset({"127.0.0.1"})
JOURNAL = both()
KEYS = [f"{each['budget']}/{each['sequence']}" for each in map(json.loads, JOURNAL)]


@dataclass
class Receiver:
    """An application that takes what is posted to it, or answers as the test says."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """Of the answers to come; then 200."""
    posted: list[Posted] = field(default_factory=list)
    frozen: threading.Event = field(default_factory=threading.Event)

    def answer(self, posted: Posted) -> Answer:
        self.posted.append(posted)
        while self.frozen.is_set():
            time.sleep(0.01)
        status = self.statuses.pop(0) if self.statuses else 200
        return Answer(status, b"", f"{self.url}/elsewhere" if status == 302 else None)

    @property
    def keys(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.posted]


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with answering(lambda _path: Answer(404, b""), receiver.answer) as receiver.url:
        yield receiver


@dataclass
class Town:
    """A read model with its webhooks, and a clock that is turned by hand."""

    url: str
    clock: HandClock
    webhooks: Webhooks
    runner: Callable[..., Runner]

    async def add(self, address: str, entities: Entities = EVERYBODY) -> Webhook:
        return await self.webhooks.add(address, SECRET, entities, "test", "")

    async def deliver(self, webhook: Webhook, **more: Any) -> Webhook:
        """What the runner does when its turn comes; the webhook as it stands then."""
        await self.runner(**more).deliver(webhook)
        found = await self.webhooks.find(webhook.webhook_id)
        assert found is not None
        return found


@asynccontextmanager
async def a_town(url: str) -> AsyncGenerator[Town]:
    clock = HandClock()
    store = AccessStore(access_address(url, None), clock)
    await store.prepare()
    engine = open_read_model(url)
    webhooks = Webhooks(store, clock)

    def runner(of: Webhooks = webhooks, allowed: frozenset[str] = HERE) -> Runner:
        return Runner(of, Feed(engine, clock), clock, allowed)

    try:
        yield Town(url, clock, webhooks, runner)
    finally:
        await engine.dispose()
        await store.dispose()


@asynccontextmanager
async def a_town_that_posts(
    url: str, filled: int = len(JOURNAL)
) -> AsyncGenerator[tuple[Town, Receiver]]:
    """A town with the first records of the journal, and somebody who takes them."""
    fill(url, JOURNAL[:filled])
    with a_receiver() as receiver:
        async with a_town(url) as town:
            yield town, receiver


def signed_as_it_says(posted: Posted, secret: str = SECRET) -> bool:
    """Checked as a receiver does, by the specification and not by our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode()
    expected = base64.b64encode(hmac.new(key, text + posted.body, sha256).digest()).decode()
    return posted.headers["webhook-signature"] == f"v1,{expected}"


async def test_every_outcome_is_posted_in_order_and_signed(read_model_url: str) -> None:
    async with a_town_that_posts(read_model_url) as (town, receiver):
        webhook = await town.deliver(await town.add(receiver.url))
        assert KEYS == receiver.keys
        assert all(map(signed_as_it_says, receiver.posted))
        (first, *_) = [json.loads(each.body) for each in receiver.posted]
        assert {"type": "ecluse.outcome", "timestamp": first["data"]["event_time"]} == {
            name: first[name].replace("+00:00", "Z") for name in ("type", "timestamp")
        }
        await town.deliver(webhook)
        assert len(KEYS) == len(receiver.posted), "nothing is posted twice"
        attempts = await town.webhooks.attempts(webhook.webhook_id)
        assert KEYS == [each.message_id for each in reversed(attempts)]


async def test_a_receiver_that_fails_is_asked_again_later_for_the_same_message(
    read_model_url: str,
) -> None:
    async with a_town_that_posts(read_model_url) as (town, receiver):
        receiver.statuses = [200, 500, 503, 200]
        webhook = await town.deliver(await town.add(receiver.url))
        assert KEYS[:2] == receiver.keys
        assert (1, "HTTP 500") == (webhook.failures, webhook.last_error)
        assert town.clock() + WAITS[0] == webhook.next_attempt_at
        again = await town.deliver(webhook)
        assert KEYS[:2] == receiver.keys, "it is not due yet"
        town.clock.advance(WAITS[0])
        again = await town.deliver(webhook)
        assert (2, town.clock() + WAITS[1]) == (again.failures, again.next_attempt_at)
        assert webhook.failing_since == again.failing_since
        town.clock.advance(WAITS[1])
        again = await town.deliver(again)
        assert (0, None, None) == (again.failures, again.failing_since, again.last_error)
        assert [KEYS[0], KEYS[1], KEYS[1], *KEYS[1:]] == receiver.keys
        bodies = [each.body for each in receiver.posted[1:4]]
        assert 1 == len(set(bodies)), "the same bytes at every attempt"
        assert all(map(signed_as_it_says, receiver.posted)), "each with its own time"


async def test_it_waits_longer_from_time_to_time_and_never_gives_up(sqlite_url: str) -> None:
    async with a_town_that_posts(sqlite_url) as (town, receiver):
        receiver.statuses = [500] * 9
        webhook, waits = await town.add(receiver.url), []
        for _ in range(9):
            webhook = await town.deliver(webhook)
            assert webhook.next_attempt_at is not None
            waits.append(webhook.next_attempt_at - town.clock())
            town.clock.now = webhook.next_attempt_at
        assert [*WAITS, *[timedelta(hours=1)] * 3] == waits
        await town.deliver(webhook)
        assert KEYS == receiver.keys[9:]


@pytest.mark.parametrize("kind", ["slow", "gone", "elsewhere", "inside", "inside by name"])
async def test_what_a_receiver_may_do(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    error = {
        "slow": "no answer within 2 s",
        "gone": "",
        "elsewhere": "HTTP 302",
        "inside": "this address may not be posted to",
        "inside by name": "this address may not be posted to",
    }[kind]
    posted = {"slow": 1, "elsewhere": 1}.get(kind, 0)
    allowed = HERE if posted or kind == "gone" else frozenset({"elsewhere.example"})

    async def resolve(_self: object, name: str, port: int = 0, family: int = 0) -> Any:
        host = {"hostname": name, "host": "127.0.0.1", "port": port}
        return [host | {"family": 2, "proto": 0, "flags": 0}]

    async with a_town_that_posts(sqlite_url) as (town, receiver):
        address = receiver.url
        if kind == "slow":
            monkeypatch.setattr(delivery, "ANSWER_LIMIT_S", 2)
            receiver.frozen.set()
        elif kind == "elsewhere":
            receiver.statuses = [302]
        elif kind == "gone":
            address = "http://127.0.0.1:1/"
        elif kind == "inside by name":
            address = "https://localhost.localdomain.example/"
            monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
        webhook = await town.deliver(await town.add(address), allowed=allowed)
        assert 1 == webhook.failures
        assert error in (webhook.last_error or "")
        assert webhook.last_error
        receiver.frozen.clear()
        assert posted == len(receiver.posted)


async def test_of_two_processes_one_delivers_and_the_other_goes_on_where_it_died(
    read_model_url: str,
) -> None:
    async with a_town_that_posts(read_model_url) as (town, receiver):
        webhook = await town.add(receiver.url)
        other = Webhooks(town.webhooks._store, town.clock)
        receiver.statuses = [200, 500]
        await town.deliver(webhook)
        town.clock.advance(WAITS[0])
        assert WAITS[0] < LEASE
        await town.deliver(webhook, of=other)
        assert KEYS[:2] == receiver.keys, "the first one has it"
        town.clock.advance(LEASE)
        await town.deliver(webhook, of=other)
        assert [KEYS[0], *KEYS[1:]] == [*receiver.keys[:1], *receiver.keys[2:]]


async def test_receivers_that_do_not_answer_keep_no_other_waiting(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_LIMIT_S", 2 * WAIT_S)
    async with a_town_that_posts(sqlite_url, filled=1) as (town, receiver):
        receiver.frozen.set()
        runner, slow = town.runner(), 12
        waiting = [
            asyncio.create_task(runner.deliver(await town.add(receiver.url))) for _ in range(slow)
        ]
        while len(receiver.posted) < slow:  # noqa: ASYNC110 # it stands in another thread
            await asyncio.sleep(0.01)
        with a_receiver() as quick:
            await runner.deliver(await town.add(quick.url))
            assert KEYS[:1] == quick.keys
        assert not any(each.done() for each in waiting), "they wait still"
        receiver.frozen.clear()
        await asyncio.gather(*waiting)


async def test_a_webhook_of_one_entity_gets_nothing_of_another(read_model_url: str) -> None:
    async with a_town_that_posts(read_model_url) as (town, receiver):
        await town.deliver(await town.add(receiver.url, Entities.parse([LILLE])))
        assert receiver.posted
        assert not [
            name for each in receiver.posted for name in FOREIGN if name.encode() in each.body
        ]
        assert [key for key in KEYS if key.startswith(LILLE)] == receiver.keys


async def test_who_may_see_its_entities_sees_a_webhook_and_nobody_its_secret(
    sqlite_url: str,
) -> None:
    async with a_town_that_posts(sqlite_url) as (town, receiver):
        receiver.statuses = [500]
        await town.deliver(await town.add(f"{receiver.url}/?token=hidden"))
        app = an_app(open_read_model(town.url))
        app.state.components = replace(app.state.components, webhooks=town.webhooks)
        async with asking(app, ALL_KEY) as client:
            answer = await client.get("/webhooks")
        (shown,) = answer.json()
        assert ("127.0.0.1", 1, "HTTP 500") == tuple(
            shown[name] for name in ("host", "failures", "last_error")
        )
        assert [500] == [each["status"] for each in shown["attempts"]]
        assert SECRET not in answer.text
        assert "hidden" not in answer.text
        async with asking(app, LILLE_KEY) as client:
            assert [] == (await client.get("/webhooks")).json()


@pytest.mark.rest
@pytest.mark.timeout(180)
def test_by_the_command_on_a_ledger_that_runs(tmp_path: Path) -> None:
    data, env = tmp_path / "data", {"ECLUSE_WEBHOOK_HOSTS": "127.0.0.1"}
    lines = readable(EXAMPLE.read_bytes().splitlines())

    def command(*arguments: object) -> Any:
        result = ecluse("webhooks", *arguments, "--data", data, "--json", given=b"", **env)
        return json.loads(result.out)

    with a_receiver() as receiver, embedded(data, log=tmp_path / "log", **env) as running:
        added = command("add", receiver.url, "--read", "all")
        assert 202 == post(running, lines[:1]).status_code
        eventually(lambda: receiver.posted, "nothing was posted")
        assert signed_as_it_says(receiver.posted[0], added["secret"])
        assert "accepted" == json.loads(receiver.posted[0].body)["data"]["outcome"]
        assert command("test", added["webhook_id"])["done"]
        (listed,) = command("list")["webhooks"]
        assert "secret" not in listed
        deliveries = command("deliveries", added["webhook_id"])["deliveries"]
        assert {200} == {each["status"] for each in deliveries}
        assert {"removed": added["webhook_id"]} == command("remove", added["webhook_id"])
        assert {"webhooks": []} == command("list")
        assert 200 == httpx.get(f"{running.address}/webhooks").status_code


async def test_what_speaks_no_http_makes_no_secret_of_the_address_known() -> None:
    async def babble(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readline()
        writer.write(b"no HTTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1")
    host, port = server.sockets[0].getsockname()
    address = f"http://{host}:{port}/hook?token=hidden"
    key = secret_of(b"0" * 32)
    webhook = Webhook("w", address, key, EVERYBODY, None, NOON, "me", "", 0, None, None, None)
    deliverer = Deliverer(frozenset({host}), lambda: NOON)
    async with server, deliverer.open_session() as session:
        assert (
            "what answers does not speak HTTP"
            == (await deliverer.attempt(session, webhook, Message("b/1", b"{}"))).error
        )
