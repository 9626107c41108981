"""Rule 39: a parked event is withdrawn, and refused as at its deadline."""

from tests.builders import Scenario, a_report, a_withdrawn_event
from tests.unit.ledger.tracing import trace_of
from tests.unit.tables.rows import SIGNED, Row, check, each_row, reader_of

PARKED = a_report(_id="parked", convention="O")
"""A report for a convention whose number was mistyped."""


read_rows = reader_of(globals())

ROWS = read_rows("""
    a report whose convention is mistyped
        SIGNED; PARKED; withdrawn event
        => refused dependency_missing: kind convention, id O; 489 for C: 100 ordered;
           C/advance issued 100
    an award before the vote
        award, id parked; withdrawn event
        => refused dependency_missing: kind budget, id 21590350100017-00-2023; no money
    the right report is sent under another id
        SIGNED; PARKED; withdrawn event; report, id right
        => 489 for C: 100 ordered; C/advance issued 100
    it stays refused when what it waited for comes
        vote 100; award 100; report, id parked; withdrawn event; convention 100
        => 489 for C: 100 ordered; C/advance issued 100
    its id is remembered: a repeat is silent
        SIGNED; PARKED; withdrawn event; PARKED
        => duplicate; 489 for C: 100 ordered; C/advance issued 100
    nothing waits at all
        SIGNED; withdrawn event
        => refused not_parked: event_source urn:test, event_id parked; 489 for C: 100 ordered;
           C/advance issued 100
    what it waited for came: it was decided
        vote 100; award 100; report, id parked; report, convention O, id waits; convention 100;
        withdrawn event
        => refused not_parked: event_source urn:test, event_id parked; 489 for C: 100 ordered;
           C/advance issued 100
    another source's event of that id waits on
        SIGNED; report, convention O, id parked, source urn:other; withdrawn event
        => refused not_parked: event_source urn:test, event_id parked; 489 for C: 100 ordered;
           C/advance issued 100
    withdrawn a second time
        SIGNED; PARKED; withdrawn event; withdrawn event, id again
        => refused not_parked: event_source urn:test, event_id parked; 489 for C: 100 ordered;
           C/advance issued 100
    at its deadline, which passes later: nothing
        SIGNED; PARKED; withdrawn event; deadline parked, event {source urn:test, id parked}
        => 489 for C: 100 ordered; C/advance issued 100
    in a closed year
        vote 100; PARKED; closing none; withdrawn event
        => refused fiscal_year_closed: budget 21590350100017-00-2023; 489: 100 available
""")


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
