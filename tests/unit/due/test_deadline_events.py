"""The deadline events themselves: whole events of the contract, and one for each deadline."""

import json
from datetime import UTC, date, datetime

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from events import schemas
from events.codec import ReceivedEvent, decode
from events.envelope import SourceKind
from events.follow_up import DeadlinePassed
from services.due.deadline_events import (
    WATCH,
    Deadline,
    Kind,
    deadline_event_id,
    deadline_event_of,
    own_id,
)
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_deadline,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.due.scenario import HOME, Scenario, in_short, on, whole

EARLY = a_report(_id="early", convention="D")
YEAR = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[an_instalment(60), an_instalment(40, "rest", documents=[("evaluation", 2022)])]
    ),
    EARLY,
]
DUE = ["report_due C 2023-06-30", "parked early 2023-07-01", "payment_due C/advance 2023-07-14"]
DAY = on("2023-07-15")

PAYMENT = Deadline(BUDGET, "payment_due", ("C/advance",), date(2023, 7, 14))


@pytest.mark.parametrize(
    ("kind", "subject", "golden"),
    [
        ("payment_due", ["C/advance"], "e15c4965-2f5e-5db9-8cbd-b430b7ebe453"),
        ("report_due", ["C"], "f9e0f2f7-3d0e-5545-a1b3-36d35f9bc028"),
        ("parked", ["urn:test", "early"], "9766d795-79cb-53c0-9e56-146963dfc42b"),
    ],
)
def test_the_id_of_a_deadline_event_never_changes(
    kind: Kind, subject: list[str], golden: str
) -> None:
    """A watch of another version would write all that was written once more."""
    assert golden == deadline_event_id(Deadline(BUDGET, kind, tuple(subject), date(2023, 7, 14)))


def test_whatever_makes_another_deadline_makes_another_id() -> None:
    others = [
        PAYMENT,
        PAYMENT._replace(budget="21590350100017-00-2024"),
        PAYMENT._replace(kind="report_due"),
        PAYMENT._replace(subject=("C/advance/2",)),
        PAYMENT._replace(subject=("C", "advance")),
        PAYMENT._replace(due_on=date(2023, 7, 15)),
    ]
    assert len(others) == len(set(map(deadline_event_id, others)))


def test_a_deadline_event_is_golden_to_the_byte() -> None:
    deadline_event = deadline_event_of(PAYMENT, datetime(2023, 7, 14, 22, tzinfo=UTC))
    assert (deadline_event_id(PAYMENT), BUDGET, "payment_due", date(2023, 7, 14)) == deadline_event[
        :4
    ]
    assert (
        b'{"specversion":"1.0","id":"e15c4965-2f5e-5db9-8cbd-b430b7ebe453","source":"urn:ecluse:watch",'
        b'"type":"ecluse.deadline.passed.v1","time":"2023-07-14T22:00:00+00:00",'
        b'"partitionkey":"21590350100017-00-2023","datacontenttype":"application/json",'
        b'"data":{"budget":"21590350100017-00-2023","payment_order":"C/advance",'
        b'"kind":"payment_due","due_on":"2023-07-14"}}'
    ) == deadline_event.value


def test_a_deadline_event_tells_its_time_in_utc() -> None:
    with pytest.raises(AssertionError, match="UTC"):
        deadline_event_of(PAYMENT, on("2023-07-15", "00:00"))


def test_every_kind_is_an_event_of_the_contract_and_fits_its_schema() -> None:
    schema = schemas.documents()[f"{DeadlinePassed.TYPE}.schema.json"]
    validator = Draft202012Validator(json.loads(schema), format_checker=FormatChecker(["date"]))
    deadline_events = Scenario(*YEAR).deadlines.deadline_events(HOME, DAY)
    assert DUE == [in_short(each) for each in deadline_events]
    for each in deadline_events:
        assert [] == list(validator.iter_errors(whole(each)))
        read = decode(each.value, (), BUDGET.encode(), SourceKind.INTERNAL_EVENTS)
        assert isinstance(read, ReceivedEvent)
        data = read.envelope.data
        assert isinstance(data, DeadlinePassed)
        assert (each.id, each.budget) == (read.envelope.id, data.budget)
        assert (each.kind, each.due_on) == (data.kind, data.due_on)
        assert read.envelope.time <= DAY


def test_the_same_deadline_event_has_the_same_content_whenever_it_is_written() -> None:
    scenario = Scenario(*YEAR)
    assert scenario.deadlines.deadline_events(HOME, DAY) == scenario.deadlines.deadline_events(
        HOME, on("2026-01-01")
    )


def test_the_ledger_decides_them() -> None:
    scenario = Scenario(*YEAR)
    assert DUE == scenario.post(DAY)
    decided = [json.loads(each) for each in scenario.journal[4:]]
    assert [["report_late"], [], [], ["payment_late"]] == [
        [flag["code"] for flag in each["review_flags"] or []] for each in decided
    ]
    assert {"code": "dependency_missing", "facts": {"kind": "convention", "id": "D"}} == (
        decided[2]["refusal"]
    )


# ------------------------------------------------------------ each once


def test_a_deadline_event_is_known_by_its_id_among_others() -> None:
    (own, *_) = Scenario(*YEAR).deadlines.deadline_events(HOME, DAY)
    assert own.id == own_id(own.value)
    names_the_watch = encoded(EARLY | {"subject": WATCH})
    for another in (None, b"", encoded(EARLY), names_the_watch, WATCH.encode()):
        assert own_id(another) is None


def test_what_was_written_is_not_due_again() -> None:
    scenario = Scenario(*YEAR)
    first, *others = scenario.deadlines.deadline_events(HOME, DAY)
    scenario.deadlines.wrote(HOME, first.id)
    assert others == scenario.deadlines.deadline_events(HOME, DAY)
    assert 2 == scenario.deadlines.pending(DAY)


def test_what_stands_in_the_topic_is_not_due_though_nobody_was_offered_it() -> None:
    """A watch that starts learns what stands there before, or after, it has read the journal."""
    ids = [each.id for each in Scenario(*YEAR).deadlines.deadline_events(HOME, DAY)]
    scenario = Scenario()
    for each in ids[:2]:
        scenario.deadlines.wrote(HOME, each)
    scenario.send(*YEAR)
    assert 1 == scenario.deadlines.pending(DAY)
    assert DUE[2:] == scenario.deadline_events(DAY)
    scenario.restart()
    scenario.deadlines.wrote(HOME, ids[2])
    assert DUE[:2] == scenario.deadline_events(DAY)
    assert DUE[:2] == scenario.deadline_events(DAY), "it is reported once and for all"


def test_what_the_journal_holds_is_not_due_again_after_a_restart() -> None:
    scenario = Scenario(*YEAR)
    scenario.post(DAY)
    scenario.restart()
    assert [] == scenario.deadline_events(DAY)


@pytest.mark.parametrize(
    ("by_hand", "left"),
    [
        (a_deadline(), [DUE[0], DUE[1]]),
        (a_deadline("report_due", due_on="2023-06-30"), DUE[1:]),
        (a_deadline("parked", event={"source": "urn:test", "id": "early"}), [DUE[0], DUE[2]]),
        (a_deadline(due_on="2023-07-13"), DUE),
        (
            a_deadline("report_due", convention="X", due_on="2023-06-30"),
            [DUE[0], "parked deadline.passed/X 2023-07-01", *DUE[1:]],  # it waits itself
        ),
        (a_deadline("parked", event={"source": "urn:test", "id": "late"}), DUE),
        (a_deadline(payment_order="C/none"), DUE),
    ],
)
def test_deadline_events_written_by_hand_count_too(by_hand: Json, left: list[str]) -> None:
    """Where it names the same deadline; what it names instead is its writer's affair."""
    assert left == Scenario(*YEAR, by_hand).deadline_events(DAY)
