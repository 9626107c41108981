"""Unreadable records in console and API: what POST says of them, from the record itself."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from events.texts import verbatim
from services.api.queries.explanation import Explanations
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.runtime.ops.errors import Unreachable
from tests.api.environment import a_reader, an_app, asking
from tests.builders import BUDGET, a_report, a_vote, an_award, encoded
from tests.read_model.filling import fill, journal_of_events

WRONG_KIND = encoded(a_report(kind="rapport", _id="rapport-2022", _source="urn:lille:erp"))
LIST, RECORD = "/console/troubles/unreadable", "/console/records/_dead.0/1"
TIME_MS = 1_690_000_000_000
SENTENCE = {
    "fr": "Valeur non admise en /data/document/kind (il faut",
    "en": "Value not allowed at /data/document/kind (it must be",
}


@dataclass
class ATopic:
    """The source, as it is found; it knows how many connections of the database are taken."""

    value: bytes | None
    away: bool = False
    taken: list[int] = field(default_factory=list)
    engine: Any = None

    async def __call__(self, places: Collection[Source]) -> Mapping[Source, RawRecord]:
        self.taken.append(self.engine.pool.checkedout())
        if self.away:
            raise Unreachable("ecluse.events.v1", verbatim("no answer"))
        value = self.value
        if value is None:
            return {}
        return {each: RawRecord(value, each, (), BUDGET.encode(), TIME_MS) for each in places}


def page(
    url: str, path: str, topic: ATopic, language: str = "en", more: Sequence[bytes] = ()
) -> str:
    fill(url, journal_of_events([encoded(a_vote()), WRONG_KIND, *more]))
    (answer,) = answers(url, topic, path, language=language)
    return answer.text


def answers(url: str, topic: ATopic, *paths: str, language: str = "en") -> list[httpx.Response]:
    async def go() -> list[httpx.Response]:
        app = an_app(a_reader(url))
        topic.engine = app.state.components.engine
        app.state.explanations = Explanations(topic)
        async with asking(app, language=language) as client:
            found = [await client.get(path) for path in paths]
        assert {200} == {each.status_code for each in found}, found[0].text
        return found

    return asyncio.run(go())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", [LIST, RECORD])
def test_what_is_wrong_is_said_as_post_says_it(sqlite_url: str, path: str, language: str) -> None:
    topic = ATopic(WRONG_KIND)
    text = page(sqlite_url, path, topic, language).replace("\xa0", " ")
    assert SENTENCE[language] in text
    assert "activity_report" in text
    assert "rapport-2022" in text
    assert "urn:lille:erp" in text
    assert "<title>Enregistrement 1" not in text
    assert "<title>Record 1" not in text
    assert [0] == topic.taken, "nobody waits for the source with a connection"


@pytest.mark.parametrize(("source", "is_known"), [("urn:lille:erp", True), ("urn:other", False)])
def test_an_unreadable_record_leads_to_the_one_that_came_corrected(
    sqlite_url: str, source: str, is_known: bool
) -> None:
    corrected = encoded(an_award(_id="rapport-2022", _source=source))
    text = page(sqlite_url, LIST, ATopic(WRONG_KIND), more=[corrected])
    assert is_known == ("The same id was accepted:" in text)
    assert is_known == (f'href="/console/records/{BUDGET}/2"' in text)
    comment = f">Accepted under the same id: {BUDGET}, record 2</textarea>"
    assert is_known == (comment in text), "who marks it need write nothing"
    assert is_known == ('<details class="review" open>' in text)


@pytest.mark.parametrize("topic", [ATopic(None), ATopic(WRONG_KIND, away=True)])
@pytest.mark.parametrize("path", [LIST, RECORD])
def test_without_the_record_its_reason_and_its_place_are_shown(
    sqlite_url: str, path: str, topic: ATopic
) -> None:
    text = page(sqlite_url, path, topic)
    assert "invalid_value" in text
    assert "What to do:" in text
    assert "partition 0, offset 2" in text
    assert "rapport-2022" not in text.split("The bytes")[0]


def test_the_api_gives_the_sentence_of_post_in_both_languages(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events([encoded(a_vote()), WRONG_KIND]))
    topic = ATopic(WRONG_KIND)
    (answer,) = answers(sqlite_url, topic, "/dead-letters")
    (found,) = answer.json()["items"]
    for language, beginning in SENTENCE.items():
        assert found["explanation"][language].replace("\xa0", " ").startswith(beginning)
    assert ("rapport-2022", "urn:lille:erp") == (found["event_id"], found["event_source"])
    assert "2023-07-22T04:26:40Z" == found["recorded_at"]
    assert [0] == topic.taken, "nobody waits for the source with a connection"


def test_without_its_record_a_dead_letter_has_its_code_and_is_asked_for_again(
    sqlite_url: str,
) -> None:
    fill(sqlite_url, journal_of_events([encoded(a_vote()), WRONG_KIND]))
    topic = ATopic(WRONG_KIND, away=True)
    (answer,) = answers(sqlite_url, topic, "/dead-letters")
    (found,) = answer.json()["items"]
    assert "invalid_value" == found["verdict"]["code"]
    unknown = ("explanation", "event_id", "event_source", "recorded_at")
    assert {None} == {found[name] for name in unknown}
    assert "etag" not in answer.headers, "it is another answer once the source is back"
    assert "no-store" == answer.headers["cache-control"]


def test_a_long_page_is_read_from_the_source_in_parts(sqlite_url: str) -> None:
    events = [encoded(a_report(kind="rapport", _id=f"r-{each}")) for each in range(120)]
    fill(sqlite_url, journal_of_events([encoded(a_vote()), *events]))
    topic = ATopic(None)
    answers(sqlite_url, topic, "/dead-letters?limit=1000")
    assert 3 == len(topic.taken)
