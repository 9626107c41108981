"""Events in: read by the ledger's input, published whole or not at all."""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from events.texts import pgettext
from services.api.access.caller import ANYBODY
from services.api.events_in import reading
from services.api.events_in.reading import EVENTS_MAX, PATH, PIECE_BYTES, SentEvents
from services.api.events_in.routes import BODIES_BYTES_MAX
from services.api.http.components import LARGE_UPLOADS_MAX, LARGE_UPLOADS_OF_CALLER_MAX
from services.api.http.dependencies import IN_MEMORY_BYTES
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import Unreachable
from tests.api.environment import (
    ALL_KEY,
    LILLE_KEY,
    ORDERING_KEY,
    PAYING_KEY,
    READ_KEY,
    Kept,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.builders import BUDGET, Json, a_deadline, a_payment, a_vote, encoded

ROUBAIX_BUDGET = "21590512600011-00-2023"
ONE = "application/cloudevents+json"
LINES = "application/x-ndjson"
BLANK_BYTES = 2 * 1024 * 1024
EXAMPLE = Path(__file__).resolve().parents[2] / "schemas/examples/lille-avenirs-2023.jsonl"


def sent(
    tmp_path: Path,
    body: bytes | Iterable[bytes],
    content_type: str = ONE,
    key: str = ALL_KEY,
    publisher: Kept | None = None,
    language: str = "en",
) -> httpx.Response:
    async def stream() -> Any:
        for piece in [body] if isinstance(body, bytes) else body:
            yield piece

    async def send() -> httpx.Response:
        app = an_app(an_empty_read_model(tmp_path), publisher=publisher or Kept())
        async with asking(app, key, language) as client:
            headers = {"Content-Type": content_type}
            content = body if isinstance(body, bytes) else stream()
            return await client.post(PATH, content=content, headers=headers)

    return asyncio.run(send())


def lines_of(*events: Json | bytes) -> bytes:
    return b"".join(encoded(each) + b"\n" for each in events)


def test_one_event_is_kept_byte_for_byte_and_says_where_to_poll(tmp_path: Path) -> None:
    kept, raw = Kept(), encoded(a_vote(_id="vote/1 é"))
    answer = sent(tmp_path, raw, publisher=kept)
    assert (202, 1) == (answer.status_code, answer.json()["published"])
    assert [Message(BUDGET.encode(), raw)] == kept.messages
    (event,) = answer.json()["events"]
    assert event["outcome"].startswith("/events/vote%2F1%20%C3%A9?budget=21590350100017-00-2023&")
    assert event["outcome"] == answer.headers["location"]


def test_a_stream_is_published_in_its_order(tmp_path: Path) -> None:
    kept, raw = Kept(), EXAMPLE.read_bytes()
    pieces = [raw[start : start + 700] for start in range(0, len(raw), 700)]
    answer = sent(tmp_path, pieces, LINES, publisher=kept)
    assert 202 == answer.status_code
    assert raw.splitlines() == [message.value for message in kept.messages]
    assert [json.loads(line)["id"] for line in raw.splitlines()] == [
        event["id"] for event in answer.json()["events"]
    ]


def test_one_bad_line_keeps_all_of_them_back(tmp_path: Path) -> None:
    kept = Kept()
    bad = a_vote(_id="bad")
    bad["data"]["surprise"] = 1
    body = lines_of(a_vote(), bad) + b"\n" + lines_of(b"{}")
    answer = sent(tmp_path, body, LINES, publisher=kept)
    assert (422, "unreadable_events") == (answer.status_code, answer.json()["code"])
    assert [(2, "unknown_field", "/data/surprise"), (4, "missing_field", "/specversion")] == [
        (fault["line"], fault["code"], fault["pointer"]) for fault in answer.json()["faults"]
    ]
    assert [] == kept.messages


def test_faults_are_shown_in_french_too(tmp_path: Path) -> None:
    answer = sent(tmp_path, b"{", language="fr")
    assert "rien n'a été publié" in answer.json()["detail"]
    assert "JSON" in answer.json()["faults"][0]["detail"]
    assert "fr" == answer.headers["content-language"]


@pytest.mark.parametrize(
    ("event", "code", "pointer"),
    [
        (a_deadline(), "unknown_type", "/type"),
        (a_vote(_type="ecluse.fiscal-year.opened.v1"), "unknown_type", "/type"),
        (a_vote(_source="urn:ecluse:ledger"), "invalid_value", "/source"),
        (a_vote(_source="urn:ecluse:treasury"), "invalid_value", "/source"),
        (a_vote(_source="URN:ECLUSE:treasury"), "invalid_value", "/source"),
        (a_vote(_source="urn:Ecluse:treasury"), "invalid_value", "/source"),
        (a_vote(_source="urn:ecluse:console"), "invalid_value", "/source"),
        (a_vote(_source="urn:ecluse:"), "invalid_value", "/source"),
        (a_vote(_partitionkey=ROUBAIX_BUDGET), "wrong_partition_key", "/partitionkey"),
        (b'{"id": 1, "id": 2}', "bad_json", None),
        (b"[]", "bad_json", None),
    ],
)
def test_nobody_speaks_as_a_service_of_ecluse_nor_unreadably(
    tmp_path: Path, event: Json | bytes, code: str, pointer: str | None
) -> None:
    kept = Kept()
    answer = sent(tmp_path, encoded(event), publisher=kept)
    (fault,) = answer.json()["faults"]
    assert (422, code, pointer) == (answer.status_code, fault["code"], fault["pointer"])
    assert [] == kept.messages


@pytest.mark.parametrize("source", ["urn:ecluse:command", "urn:ecluse", "urn:finance:ecluse:a"])
def test_other_names_are_anybody_s(tmp_path: Path, source: str) -> None:
    kept = Kept()
    assert 202 == sent(tmp_path, encoded(a_vote(_source=source)), publisher=kept).status_code
    assert 1 == len(kept.messages)


def test_who_publishes_for_lille_does_not_for_roubaix(tmp_path: Path) -> None:
    kept = Kept()
    other = a_vote(budget=ROUBAIX_BUDGET)
    answer = sent(tmp_path, lines_of(a_vote(), other), LINES, LILLE_KEY, kept)
    assert (403, "entity_not_allowed") == (answer.status_code, answer.json()["code"])
    assert [2] == [fault["line"] for fault in answer.json()["faults"]]
    assert [] == kept.messages
    assert 202 == sent(tmp_path, lines_of(a_vote()), LINES, LILLE_KEY, kept).status_code


@pytest.mark.parametrize(
    ("key", "own", "other"),
    [(ORDERING_KEY, a_vote(), a_payment(1)), (PAYING_KEY, a_payment(1), a_vote())],
    ids=["who orders", "the accountant"],
)
@pytest.mark.parametrize("content_type", [ONE, "application/json", LINES])
def test_who_orders_does_not_say_what_the_accountant_says(
    tmp_path: Path, key: str, own: Json, other: Json, content_type: str
) -> None:
    kept = Kept()
    both = [own, other] if content_type == LINES else [other]
    answer = sent(tmp_path, lines_of(*both), content_type, key, kept)
    assert (403, "event_type_not_allowed") == (answer.status_code, answer.json()["code"])
    (fault,) = answer.json()["faults"]
    assert (len(both), "/type") == (fault["line"], fault["pointer"])
    assert other["type"] in fault["detail"]
    french = sent(tmp_path, lines_of(*both), content_type, key, kept, "fr").json()
    assert "n'envoie pas" in french["detail"]
    assert [] == kept.messages
    assert 202 == sent(tmp_path, encoded(own), ONE, key, kept).status_code


def test_who_only_reads_publishes_nothing(tmp_path: Path) -> None:
    answer = sent(tmp_path, encoded(a_vote()), key=READ_KEY)
    assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])


def test_kafka_down_is_503_with_when_to_try_again(tmp_path: Path) -> None:
    down = Unreachable("Kafka", pgettext("cluster", "no answer"))
    answer = sent(tmp_path, encoded(a_vote()), publisher=Kept(down=down))
    assert (503, "not_published") == (answer.status_code, answer.json()["code"])
    assert "no answer" in answer.json()["detail"]
    assert 0 < int(answer.headers["retry-after"])


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", ONE, 422, "unreadable_events"),
        (b"\n \n", LINES, 422, "no_event"),
        (b"\n" * (60 * 1024 * 1024), LINES, 422, "no_event"),
        (b"{}", "text/plain", 415, "content_type_unknown"),
        (b" " * (1024 * 1024 + 1), ONE, 422, "unreadable_events"),
        (lines_of(a_vote()) * (EVENTS_MAX + 1), LINES, 413, "too_many_events"),
        (b" " * (BODIES_BYTES_MAX[PATH] + 1), LINES, 413, "too_large"),
    ],
    ids=["empty", "blank", "many blank", "kind", "large event", "many events", "large body"],
)
def test_the_limits_of_a_request(
    tmp_path: Path, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = sent(tmp_path, body, content_type)
    assert (status, code) == (answer.status_code, answer.json()["code"])


class Counted(BytesIO):
    """A body that counts how often something is read from it."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)

    def readline(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().readline(size)


@pytest.mark.parametrize("blank", [b"\n", b" \r\n", b"\t" * 999 + b"\n"])
def test_blank_lines_are_passed_many_at_a_time(blank: bytes) -> None:
    count = BLANK_BYTES // len(blank)
    body = Counted(blank * count + lines_of(a_vote()) + blank * count + lines_of(b"{}"))
    sent = SentEvents(body, one=False)
    sent.read(ANYBODY)
    assert [count + 1] == [each.line for each in sent.events]
    assert [2 * count + 2] == [each.line for each in sent.unreadable]
    assert body.reads < 4 * BLANK_BYTES // PIECE_BYTES


@given(
    body=st.lists(st.sampled_from([b"\n", b" ", b"\r", b"\t \n", b"{", b"}\n"]), max_size=40),
    piece_bytes=st.integers(1, 8),
)
def test_a_line_has_the_number_that_its_sender_counts(body: list[bytes], piece_bytes: int) -> None:
    whole = b"".join(body)
    sent = SentEvents(BytesIO(whole), one=False)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(reading, "PIECE_BYTES", piece_bytes)
        sent.read(ANYBODY)
    counted = enumerate(whole.split(b"\n"), start=1)
    assert [number for number, line in counted if line.strip()] == [
        fault.line for fault in sent.unreadable
    ]


def test_a_stream_that_does_not_say_its_length_is_measured(tmp_path: Path) -> None:
    pieces = (b" " * (1024 * 1024) for _ in range(65))
    answer = sent(tmp_path, pieces, LINES)
    assert (413, "too_large") == (answer.status_code, answer.json()["code"])


def a_large_upload(extra_bytes: int = 1) -> bytes:
    return b" " * (IN_MEMORY_BYTES + extra_bytes)


@pytest.mark.parametrize(("language", "phrase"), [("en", "no room left"), ("fr", "plus la place")])
@pytest.mark.parametrize("extra_bytes", [1, 5_000_000])
def test_a_full_disk_is_507_in_words_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra_bytes: int, language: str, phrase: str
) -> None:
    def on_a_full_disk(**_given: Any) -> BinaryIO:
        return Path("/dev/full").open("w+b")

    monkeypatch.setattr(tempfile, "TemporaryFile", on_a_full_disk)
    answer = sent(tmp_path, a_large_upload(extra_bytes), LINES, language=language)
    assert (507, "disk_full") == (answer.status_code, answer.json()["code"])
    assert phrase in answer.json()["detail"]
    assert 202 == sent(tmp_path, lines_of(a_vote()), LINES).status_code


async def test_large_uploads_have_few_slots_and_small_ones_need_none(tmp_path: Path) -> None:
    app = an_app(an_empty_read_model(tmp_path), publisher=Kept())
    slots = app.state.components.upload_slots
    async with asking(app) as client:
        client.headers["Content-Type"] = LINES
        large = a_large_upload()
        with ExitStack() as others:
            for _ in range(LARGE_UPLOADS_OF_CALLER_MAX):
                others.enter_context(slots.take("key:all"))
            answer = await client.post(PATH, content=large)
            assert (429, "too_many_at_once") == (answer.status_code, answer.json()["code"])
            assert 0 < int(answer.headers["retry-after"])
            small = await client.post(PATH, content=lines_of(a_vote()))
            assert 202 == small.status_code
        for _ in range(LARGE_UPLOADS_MAX + 1):
            assert 422 == (await client.post(PATH, content=large)).status_code, "only blank"


def test_the_disk_of_the_container_has_room_for_all_large_uploads() -> None:
    compose = yaml.safe_load((EXAMPLE.parents[2] / "docker-compose.yml").read_text())
    (mounted,) = compose["services"]["api"]["tmpfs"]
    size = re.match(r"/tmp:size=(\d+)m,", mounted)
    assert size is not None
    room_bytes = int(size[1]) * 1024 * 1024
    assert room_bytes > LARGE_UPLOADS_MAX * BODIES_BYTES_MAX[PATH]
