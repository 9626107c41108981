"""Unreadable records explain_record from their bytes, in the sentence that POST /events gives."""

import asyncio
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from events.codec import decode
from events.texts import verbatim
from events.unreadable import Unreadable, explain
from services.api.queries.explanation import (
    NOTHING_KNOWN,
    Explanation,
    Explanations,
    explain_record,
)
from services.api.queries.rejections import DeadLetter
from services.api.queries.verdicts import dead_letter_verdict, refusal_verdict
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import names_of
from services.runtime.ops.errors import Unreachable
from services.texts.translation import both
from tests.builders import BUDGET, a_report, encoded

PLACE = Source("ecluse.events.v1", 3, 41)
WRONG_KIND = encoded(a_report(kind="rapport", _id="rapport-2022", _source="urn:lille:erp"))
TIME_MS = 1_690_000_000_000


def a_record(value: bytes | None, **more: object) -> RawRecord:
    defaults: dict[str, object] = {"key": BUDGET.encode(), "timestamp_ms": TIME_MS}
    return RawRecord(value, PLACE, **(defaults | more))  # type: ignore[arg-type]


def a_dead_letter(reason: str, offset: int = PLACE.offset, **facts: object) -> DeadLetter:
    verdict, of_bytes = dead_letter_verdict(reason, facts), sha256(WRONG_KIND).hexdigest()
    place = (PLACE.topic, PLACE.partition, offset)
    return DeadLetter("_dead.3", 1, *place, reason, of_bytes, verdict, None)


def test_a_refused_report_on_what_was_carried_over_is_sent_where_that_goes_on() -> None:
    closed = {"budget": BUDGET}
    assert "Send it to that budget" not in refusal_verdict("fiscal_year_closed", closed).do.en
    carried = refusal_verdict("fiscal_year_closed", {"budget": "next", "convention": "C"})
    assert carried.do.en.startswith("Send it to that budget, with this number;")
    assert "it goes on in budget next, under number C" in carried.sentence.en


def test_a_value_that_is_not_allowed_is_named_with_those_that_are() -> None:
    unreadable = decode(WRONG_KIND)
    assert isinstance(unreadable, Unreadable)
    found = explain_record(a_record(WRONG_KIND), a_dead_letter(unreadable.reason))
    assert both(explain(unreadable)) == found.sentence
    assert found.sentence is not None
    assert "/data/document/kind (it must be 'activity_report'" in found.sentence.en
    assert ("rapport-2022", "urn:lille:erp") == (found.event_id, found.event_source)
    assert datetime.fromtimestamp(TIME_MS / 1000, UTC) == found.recorded_at


def test_another_reason_than_the_bytes_give_keeps_its_own_sentence() -> None:
    """On a wrong partition, or set aside by an operator: the record alone does not say so."""
    found = explain_record(a_record(WRONG_KIND), a_dead_letter("wrong_partition"))
    assert (None, "rapport-2022") == (found.sentence, found.event_id)


def test_another_record_at_its_place_says_nothing_of_it() -> None:
    """After an import the places are those of the cluster where it was decided."""
    other = encoded(a_report(kind="rapport", _id="another"))
    assert NOTHING_KNOWN == explain_record(a_record(other), a_dead_letter("invalid_value: /data"))


def test_of_one_that_is_too_large_its_length_is_enough() -> None:
    found = explain_record(a_record(b"{", length_bytes=2_000_000), a_dead_letter("too_large"))
    assert found.sentence is not None
    assert "2000000" in found.sentence.en


@pytest.mark.parametrize(
    ("value", "headers", "names"),
    [
        (b"{", (), (None, None)),
        (None, (), (None, None)),
        (b"\xff", (), (None, None)),
        (b"[1]", (), (None, None)),
        (b'{"id": 7, "source": "s"}', (), (None, "s")),
        (b'{"id": "a\\u0000b"}', (), (None, None)),
        (json.dumps({"id": "x" * 600}).encode(), (), ("x" * 500, None)),
        (b"{}", (("ce_id", b"e1"), ("ce_source", b"urn:x")), ("e1", "urn:x")),
        (b'{"id": "FR7610278027150004578690110"}', (), ("FR76…0110", None)),
    ],
)
def test_names_are_read_where_they_can_be(
    value: bytes | None, headers: tuple[tuple[str, bytes], ...], names: tuple[str | None, ...]
) -> None:
    assert names == names_of(a_record(value, headers=headers))[:2]


class Topic:
    """A source that counts how often it is asked."""

    def __init__(self, records: Mapping[Source, RawRecord], away: bool = False) -> None:
        self.records, self.away, self.asked = records, away, 0

    async def __call__(self, places: Collection[Source]) -> Mapping[Source, RawRecord]:
        self.asked += 1
        if self.away:
            raise Unreachable("ecluse.events.v1", verbatim("no answer"))
        return {place: self.records[place] for place in places if place in self.records}


def explanations_of(topic: Topic, *asked: list[DeadLetter]) -> list[list[Explanation]]:
    async def go() -> list[list[Explanation]]:
        explanations = Explanations(topic)
        return [await explanations.explain(each) for each in asked]

    return asyncio.run(go())


def test_a_record_is_read_once() -> None:
    unreadable = decode(WRONG_KIND)
    assert isinstance(unreadable, Unreadable)
    of_its_kind = a_dead_letter(unreadable.reason)
    topic = Topic({PLACE: a_record(WRONG_KIND)})
    first, again = explanations_of(topic, [of_its_kind], [of_its_kind])
    assert first == again
    assert ["rapport-2022"] == [each.event_id for each in first]
    assert 1 == topic.asked


def test_without_its_record_the_reason_alone_is_explained() -> None:
    gone = a_dead_letter("bad_json", offset=7)
    aside = a_dead_letter("quarantined", offset=8, by="op", why="it stops the ledger")
    for topic in (Topic({}), Topic({}, away=True)):
        ((found, by_operator),) = explanations_of(topic, [gone, aside])
        assert NOTHING_KNOWN == found
        assert by_operator.sentence is not None
        assert "(it stops the ledger)" in by_operator.sentence.en
