"""Rule 39: a parked event is withdrawn, and refused as at its deadline."""

from services.ledger.domain.model.refusals import Refusal
from tests.builders import (
    BUDGET,
    Scenario,
    a_closing,
    a_deadline,
    a_report,
    a_vote,
    a_withdrawn_event,
    an_award,
)
from tests.unit.ledger.tracing import trace_of
from tests.unit.tables.rows import SIGNED, Money, Row, check, each_row, on_one_line, stands

PARKED = a_report(_id="parked", convention="O")
"""A report for a convention whose number was mistyped."""

IDENTITY = {"event_source": "urn:test", "event_id": "parked"}
MISSING = {"kind": "convention", "id": "O"}
VOTED = on_one_line(100, available=100)
ISSUED = stands(ordered=100, advance=("issued", 100, 0))

ROWS = [
    Row(
        "a report whose convention is mistyped",
        [*SIGNED, PARKED, a_withdrawn_event()],
        "dependency_missing",
        ISSUED,
        facts=MISSING,
    ),
    Row(
        "an award before the vote",
        [an_award(_id="parked"), a_withdrawn_event()],
        "dependency_missing",
        Money(),
        facts={"kind": "budget", "id": BUDGET},
    ),
    Row(
        "the right report is sent under another id",
        [*SIGNED, PARKED, a_withdrawn_event(), a_report(_id="right")],
        "accepted",
        ISSUED,
    ),
    Row(
        "it stays refused when what it waited for comes",
        [*SIGNED[:2], a_report(_id="parked"), a_withdrawn_event(), SIGNED[2]],
        "accepted",
        ISSUED,
    ),
    Row(
        "its id is remembered: a repeat is silent",
        [*SIGNED, PARKED, a_withdrawn_event(), PARKED],
        "duplicate",
        ISSUED,
    ),
    Row(
        "nothing waits at all",
        [*SIGNED, a_withdrawn_event()],
        Refusal.NOT_PARKED,
        ISSUED,
        facts=IDENTITY,
    ),
    Row(
        "what it waited for came: it was decided",
        [
            *SIGNED[:2],
            a_report(_id="parked"),
            a_report(_id="waits", convention="O"),
            SIGNED[2],
            a_withdrawn_event(),
        ],
        Refusal.NOT_PARKED,
        ISSUED,
        facts=IDENTITY,
    ),
    Row(
        "another source's event of that id waits on",
        [*SIGNED, PARKED | {"source": "urn:other"}, a_withdrawn_event()],
        Refusal.NOT_PARKED,
        ISSUED,
        facts=IDENTITY,
    ),
    Row(
        "withdrawn a second time",
        [*SIGNED, PARKED, a_withdrawn_event(), a_withdrawn_event(_id="again")],
        Refusal.NOT_PARKED,
        ISSUED,
        facts=IDENTITY,
    ),
    Row(
        "at its deadline, which passes later: nothing",
        [
            *SIGNED,
            PARKED,
            a_withdrawn_event(),
            a_deadline("parked", event={"source": "urn:test", "id": "parked"}),
        ],
        "accepted",
        ISSUED,
    ),
    Row(
        "in a closed year",
        [a_vote(100), PARKED, a_closing(), a_withdrawn_event()],
        Refusal.FISCAL_YEAR_CLOSED,
        VOTED,
        facts={"budget": BUDGET},
    ),
]


@each_row(ROWS)
def test_rule_39_a_withdrawn_event_is_refused_as_at_its_deadline(row: Row) -> None:
    check(row)


def test_rule_39_the_refusal_stands_directly_behind_the_withdrawal_and_others_wait_on() -> None:
    scenario = Scenario(*SIGNED, a_report(_id="before", convention="O"), PARKED)
    records = scenario.tell(a_withdrawn_event())
    assert [("accepted", None), ("refused", 5)] == [
        (str(record.outcome), record.resumes) for record in records
    ]
    assert ("parked", "urn:test") == (records[1].event_id, records[1].event_source)
    outcomes = scenario.summary()["outcomes"]
    assert (4, 1, 1) == (outcomes["accepted"], outcomes["refused"], outcomes["parked"])
    assert [4] == list(scenario.state.memory.parked)


def test_rule_39_a_refused_withdrawal_leaves_what_waits() -> None:
    scenario = Scenario(*SIGNED, PARKED)
    scenario.tell(a_withdrawn_event(event={"source": "urn:test", "id": "another"}))
    assert "not_parked" == scenario.answer()
    assert [4] == list(scenario.state.memory.parked)


def test_rule_39_a_trace_has_the_withdrawal_of_its_own_event_and_not_of_another() -> None:
    trace = trace_of(
        Scenario(
            a_report(_id="parked"),
            a_report(convention="D", _id="another"),
            a_withdrawn_event(),
            a_withdrawn_event(event={"source": "urn:test", "id": "another"}, _id="of another"),
        ),
        "C",
    )
    assert [1, 3, 4] == [each.record.sequence for each in trace.records]
