"""Dead letters sent again by API and console: what is published, for whom, and what is said."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Final

import httpx
import pytest

from events import topics
from events.envelope import CORRECTION
from events.texts import Translatable
from services.api.access.caller import EVERYBODY, ROLES, Action, Caller, Entities, Scope
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.adapters.ports import JournalEnd
from services.api.queries.explanation import Explanations
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import Address
from services.redrive.sending import Author, correction_id, write_patched
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import Unreachable
from tests.api.by_hand import VALUE
from tests.api.environment import Kept, KeptAudit, Known, a_form_token, a_reader, an_app, asking
from tests.api.made import Made
from tests.builders import BUDGET, Json, a_review, a_vote, an_award, encoded

OPERATOR, CLERK, OF_ONE = "key-of-an-operator", "key-of-the-clerk", "key-of-one-entity"
PAYING: Final = "key-of-the-accountant"
OWN: Final = Entities.parse([BUDGET[:14]])
CALLERS: Final = {
    OPERATOR: Caller("key:operator", dict.fromkeys(Scope, EVERYBODY), "Awa Diop"),
    PAYING: Caller("key:paying", dict.fromkeys(Scope, EVERYBODY), "", ROLES["comptable"]),
    CLERK: Caller("key:clerk", {Scope.READ: EVERYBODY, Scope.PUBLISH: OWN}),
    OF_ONE: Caller("key:one", dict.fromkeys(Scope, OWN) | {Scope.READ: EVERYBODY}),
}
HOME: Final = 1
TIME_MS: Final = 1_690_000_000_000
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WRONG: Final = an_award(_id="wrong", grant="G2", _source="urn:lille:erp") | {"traceparent": TRACE}
WRONG["data"]["title"] = ["Aide"]
THRICE: Final = (("ecluse_redrive_count", b"3"),)
MISPLACED, UNREADABLE, TIRED, INTERNAL, NO_JSON = range(1, 6)
"""Numbers of the dead letters of partition 0."""


def record(offset: int, value: bytes, topic: str = topics.EVENTS, **more: object) -> RawRecord:
    found: dict[str, object] = {"key": BUDGET.encode(), "timestamp_ms": TIME_MS} | more
    return RawRecord(value, Source(topic, 0, offset), **found)  # type: ignore[arg-type]


RECORDS: Final = {
    each.source: each
    for each in (
        record(7, encoded(a_vote())),
        record(8, encoded(WRONG)),
        record(9, encoded(an_award()), headers=THRICE),
        record(3, encoded(an_award(_id="inside")), topics.INTERNAL_EVENTS),
        record(10, b"{"),
    )
}
"""On partition 0, where none of them belongs."""


def journal(*more: Json) -> list[bytes]:
    """Five dead letters, and a budget on its own partition."""
    away = Ledger(partition_of=lambda _: HOME)
    for each in RECORDS.values():
        away.handle(each)
    home = Ledger()
    for number, event in enumerate([a_vote(), *more]):
        home.handle(RawRecord(encoded(event), Source(topics.EVENTS, HOME, number)))
    batches = (away.commit_batch([]), home.commit_batch([]))
    return [row.record for batch in batches for row in batch.records]


class Desk:
    """Somebody at API or console, and what is published."""

    def __init__(
        self,
        url: str,
        key: str = OPERATOR,
        records: object = None,
        callers: Mapping[str, Caller] = CALLERS,
    ) -> None:
        self.url, self.key, self.callers = url, key, callers
        self.records = RECORDS if records is None else records
        self.kept, self.audit = Kept(), KeptAudit()
        self.marks: dict[int, set[str]] = {}
        self.asked_from: list[int] = []

    async def source(self, places: Collection[Source]) -> Mapping[Source, RawRecord]:
        if isinstance(self.records, Unreachable):
            raise self.records
        assert isinstance(self.records, dict)
        return {each: self.records[each] for each in places if each in self.records}

    async def marks_behind(self, partition: int, offset: int) -> Collection[str]:
        self.asked_from.append(offset)
        return self.marks.get(partition, ())

    async def journal_ends(self) -> Mapping[int, JournalEnd]:
        return {0: JournalEnd(9, 9)}

    def asks(
        self, what: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
    ) -> httpx.Response:
        async def go() -> httpx.Response:
            app = an_app(a_reader(self.url), Known(self.callers), self.kept, self.audit)
            app.state.components = replace(
                app.state.components,
                source_records=self.source,
                marks_behind=self.marks_behind,
                journal_ends=self.journal_ends,
            )
            app.state.explanations = Explanations(self.source)
            async with asking(app, key=None) as client:
                return await what(client)

        return asyncio.run(go())

    def sends(self, number: int = MISPLACED, reason: str = "murmur2 est réglé") -> httpx.Response:
        path = f"/dead-letters/_dead.0/{number}/redrive"
        headers = {"authorization": f"Bearer {self.key}"}
        return self.asks(lambda client: client.post(path, json={"reason": reason}, headers=headers))

    def sees(self, path: str) -> str:
        answer = self.asks(lambda client: self._at_console(client).get(path))
        assert 200 == answer.status_code, path
        return answer.text

    def posts(self, path: str, **form: str) -> httpx.Response:
        token = {"csrf": a_form_token(self.key)}
        return self.asks(lambda client: self._at_console(client).post(path, data=token | form))

    def _at_console(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        client.headers["accept"] = "text/html"
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, self.key)
        return client

    @property
    def published(self) -> list[Message]:
        return self.kept.messages


def test_a_dead_letter_is_published_as_it_was_with_who_and_why_beside_it(
    made_in_files: Made,
) -> None:
    desk = Desk(made_in_files(journal()))
    answer = desk.sends()
    assert 202 == answer.status_code, answer.text
    assert ("_dead.0", 1, 1) == tuple(
        answer.json()[each] for each in ("chain", "sequence", "redrives")
    )
    again, note = desk.published
    assert (BUDGET.encode(), encoded(a_vote())) == again[:2]
    place = ("ecluse_redrive_of", b"ecluse.events.v1/0/7")
    assert (place, ("ecluse_redrive_count", b"1")) == again.headers
    event = json.loads(note.value)
    assert ("urn:ecluse:console", "api_key", "key:operator") == tuple(
        event[each] for each in ("source", "authtype", "authid")
    )
    said = {name: event["data"][name] for name in ("chain", "sequence", "reviewed_by", "comment")}
    assert {
        "chain": "_dead.0",
        "sequence": 1,
        "reviewed_by": "Awa Diop",
        "comment": "murmur2 est réglé",
    } == said
    ((actor, action, subject, facts),) = desk.audit.lines
    assert ("key:operator", Action.DEAD_LETTER_REDRIVEN, "_dead.0/1") == (actor, action, subject)
    assert f"{BUDGET}/{a_vote()['source']}/{a_vote()['id']}" == facts["event"]


@pytest.mark.parametrize(
    ("key", "number", "reason", "status", "code"),
    [
        (PAYING, MISPLACED, "pourquoi", 403, "event_type_not_allowed"),
        (OPERATOR, MISPLACED, "  ", 422, "invalid_request"),
        (OPERATOR, MISPLACED, "a\x1b[2J", 422, "invalid_request"),
        (OPERATOR, MISPLACED, "a\rb", 422, "invalid_request"),
        (OPERATOR, MISPLACED, "a\x9bb", 422, "invalid_request"),
        (OPERATOR, MISPLACED, "a\u202eb", 422, "invalid_request"),
        (OPERATOR, UNREADABLE, "pourquoi", 409, "still_unreadable"),
        (OPERATOR, TIRED, "pourquoi", 409, "redriven_too_often"),
        (OPERATOR, INTERNAL, "pourquoi", 409, "redriven_by_command"),
    ],
)
def test_nothing_is_published_for_who_may_not_or_what_would_come_back(
    made_in_files: Made, key: str, number: int, reason: str, status: int, code: str
) -> None:
    desk = Desk(made_in_files(journal()), key)
    answer = desk.sends(number, reason)
    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert ([], []) == (desk.published, desk.audit.lines)


def test_where_kafka_does_not_answer_the_record_is_not_said_to_be_gone(made_in_files: Made) -> None:
    silent = Unreachable("kafka:9092", Translatable("no answer"))
    desk = Desk(made_in_files(journal()), records=silent)
    answer = desk.sends()
    assert (503, "source_unreachable") == (answer.status_code, answer.json()["code"])
    assert answer.headers["retry-after"]
    assert 503 == desk.posts(CORRECTS).status_code
    assert [] == desk.published


@pytest.mark.parametrize("records", [{}, {Source(topics.EVENTS, 0, 7): record(7, b"another")}])
def test_a_record_that_is_gone_or_another_is_not_sent(
    made_in_files: Made, records: dict[Source, RawRecord]
) -> None:
    desk = Desk(made_in_files(journal()), records=records)
    assert "record_gone" == desk.sends().json()["code"]
    assert [] == desk.published


def test_what_is_dealt_with_is_not_sent_again(made_in_files: Made) -> None:
    desk = Desk(made_in_files(journal(a_review(1, chain="_dead.0"))))
    assert "already_settled" == desk.sends().json()["code"]
    assert [] == desk.published


def test_what_is_underway_is_not_sent_a_second_time(made_in_files: Made) -> None:
    """The command has sent it, and the ledger does not run."""
    desk = Desk(made_in_files(journal()))
    desk.marks[0] = {"ecluse.events.v1/0/7"}
    assert "redrive_underway" == desk.sends().json()["code"]
    assert ([], []) == (desk.published, desk.audit.lines)
    assert [11] == desk.asked_from, "behind the last that is decided"
    desk.marks[0] = {"ecluse.events.v1/0/9"}
    assert 202 == desk.sends().status_code, "another one is"


def test_the_list_says_what_can_be_read_now(made_in_files: Made) -> None:
    desk = Desk(made_in_files(journal()))
    headers = {"authorization": f"Bearer {OPERATOR}"}
    answer = desk.asks(lambda client: client.get("/dead-letters", headers=headers))
    assert [False, True, True, False, True] == [  # the newest first
        each["is_readable"] for each in answer.json()["items"]
    ]


def test_the_console_offers_what_can_be_done_to_who_may(made_in_files: Made) -> None:
    url, path = made_in_files(journal()), "/console/troubles/unreadable"
    page = Desk(url).sees(path)
    assert 'action="/console/redrive/_dead.0/1"' in page
    assert 'action="/console/redrive/_dead.0/2"' not in page
    assert 'href="/console/send/dead-letter/_dead.0/2"' in page
    assert f"/console/send/dead-letter/_dead.0/{NO_JSON}" not in page, "nothing to begin with"
    assert 409 == Desk(url).posts(f"/console/send/dead-letter/_dead.0/{NO_JSON}").status_code
    assert "/console/redrive/" not in Desk(url, CLERK).sees(path)
    assert "/console/send/dead-letter/" not in Desk(url, CLERK).sees(path)
    assert "on its way" in Desk(url).sees(f"{path}?sent=_dead.0/1")


def test_a_form_of_the_console_sends_it_again(made_in_files: Made) -> None:
    desk = Desk(made_in_files(journal()))
    answer = desk.posts("/console/redrive/_dead.0/1", reason=" réglé ")
    assert (303, "/console/troubles/unreadable?sent=_dead.0%2F1") == (
        answer.status_code,
        answer.headers["location"],
    )
    _, note = desk.published
    assert "réglé" == json.loads(note.value)["data"]["comment"]


CORRECTS: Final = "/console/send/dead-letter/_dead.0/2"
WRONG_RECORD: Final = RECORDS[Source(topics.EVENTS, 0, 8)]
AT: Final = Address("_dead.0", 2, WRONG_RECORD.source)


def corrected(desk: Desk, title: str) -> Json:
    """What the form publishes with this title: the event itself."""
    filled = {name: unescape(value) for name, value in VALUE.findall(desk.sees(CORRECTS))}
    typed = {"/title": title, "/role": "award", "step": "send", "event_id": "0" * 32}
    answer = desk.posts(CORRECTS, **filled | typed | {"event_time": "2023-01-01T00:00:00Z"})
    assert 303 == answer.status_code, answer.text
    event: Json = json.loads(desk.published[0].value)
    return event


def test_a_corrected_one_is_a_new_event_that_names_the_old_one_and_settles_it(
    made_in_files: Made,
) -> None:
    desk = Desk(made_in_files(journal()))
    form = desk.sees(CORRECTS)
    assert 'name="/grant"' in form
    assert "Aide" not in form, "a list has no place where a text is asked for"
    event = corrected(desk, "Aide")
    assert ("wrong", "Aide", "G2") == (
        event["causationid"],
        event["data"]["title"],
        event["data"]["grant"],
    )
    assert (WRONG["time"], WRONG["traceparent"]) == (event["time"], event["traceparent"])
    first, note = desk.published
    assert ("ecluse_redrive_of", b"ecluse.events.v1/0/8") in first.headers
    data = json.loads(note.value)["data"]
    assert ("_dead.0", 2) == (data["chain"], data["sequence"])
    assert {"source": CORRECTION, "id": event["id"]} == data["event"]


def test_whoever_corrects_a_dead_letter_it_is_one_event_for_the_ledger(
    made_in_files: Made,
) -> None:
    """Two tabs, or form and command: the second is a repeat, or its id is taken."""
    url = made_in_files(journal())
    first, other = (corrected(Desk(url), title) for title in ("Aide", "Autre"))
    author = Author("urn:ecluse:command", "Awa", datetime(2023, 7, 20, tzinfo=UTC), "x")
    by_command = json.loads(write_patched(AT, WRONG_RECORD, {"data": {"title": "Aide"}}, author))
    ledger = Ledger()
    events = (a_vote(), by_command, first, other)
    for number, event in enumerate(events):
        ledger.handle(RawRecord(encoded(event), Source("x", 0, number)))
    records = [json.loads(each.record) for each in ledger.commit_batch([]).records]
    assert ["accepted", "accepted", "duplicate", "refused"] == [r["outcome"] for r in records]
    assert "event_id_reused" == records[-1]["refusal"]["code"]


ID: Final = correction_id(AT, WRONG_RECORD)


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        (UNREADABLE, an_award(_id=ID, _source=CORRECTION, grant="G2"), "already_settled"),
        (UNREADABLE, an_award(_id="wrong", _source="urn:lille:erp"), "already_settled"),
        (MISPLACED, a_vote(_id="other"), "readable_as_it_is"),
    ],
)
def test_what_was_decided_meanwhile_or_can_be_read_is_not_corrected(
    made_in_files: Made, number: int, more: Json, code: str
) -> None:
    """A correction without its note, its sender's own one, and a record that is sent as it is."""
    desk = Desk(made_in_files(journal(more)))
    path = f"/console/send/dead-letter/_dead.0/{number}"
    answer = desk.posts(path, step="send")
    assert 409 == answer.status_code
    said = {"already_settled": "Dealt with already", "readable_as_it_is": "Readable as it is"}
    assert said[code] in answer.text
    assert [] == desk.published
