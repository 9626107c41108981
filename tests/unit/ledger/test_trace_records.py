"""Records of the trace of a reference: a table of all that it may name."""

from dataclasses import dataclass

import pytest

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_deadline,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.ledger.tracing import trace_of
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import read_table

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2022)])
HALVES = [an_instalment(60), BALANCE]
OTHER = read_events("""
    award 100, grant H, beneficiary {name Autre, siret '21590350100017'};
    convention 100, convention D, grant H, beneficiary {name Autre, siret '21590350100017'}
""")
"""Another grant: of no trace but its own. Records 2 and 3."""
BOTH = [a_vote(), *OTHER, an_award(100), a_convention(instalments=HALVES)]
"""Grant G is awarded by record 4, its convention C signed by record 5."""
ALONE = an_award(100, requires_convention=False)


@dataclass(frozen=True)
class Row:
    """Events, a reference, what it names, and the records of its trace."""

    says: str
    events: list[Json]
    ref: str
    kinds: list[str]
    records: list[int]


def read_row(says: str, events: list[Json], expected: str) -> Row:
    """Read `grant and convention G: records 4, 5`."""
    name, _, records = expected.partition(": records ")
    *kinds, ref = name.replace(" and ", " ").split(" ")
    return Row(says, events, ref, kinds, [int(each) for each in records.split(", ")])


def read_rows(text: str) -> list[Row]:
    return read_table(text, globals(), read_row)


CONVENTION_ROWS = [
    *read_rows("""
    its award and its signature
        BOTH
        => convention C: records 4, 5
    a concurring act before the award, the answers of the accountant, payments, documents
        vote; concurring act; award 100; OTHER;
        convention [advance 60, balance 40 against activity_report 2022]; C/advance taken_in_charge;
        payment 60; report; payment 10 of D/advance
        => convention C: records 2, 3, 6, 7, 8, 9
    what was refused and what came twice
        BOTH; convention [advance 60, balance 40 against activity_report 2022]; payment 61;
        convention, id again; payment 1 of C/advanse
        => convention C: records 4, 5, 6, 7, 8, 9
    new bank details of its beneficiary, not of another
        BOTH; new account, beneficiary {name Autre, siret '21590350100017'}; new account
        => convention C: records 4, 5, 7
    amended, suspended, asked back, terminated
        BOTH; payment 60; amendment 40; suspension; recovery 10; collection 10;
        recovery 10, convention D; termination
        => convention C: records 4, 5, 6, 7, 8, 9, 10, 12
    signed before its award: parked, and decided behind it
        vote; convention 100; report; award 100
        => convention C: records 2, 3, 4, 5, 6
    never signed: who names it waits
        vote; notification, convention D; award 100;
        convention [advance 60, balance 40 against activity_report 2022]
        => convention D: records 2
    """),
    Row(
        "a deadline that ended the wait of one of its events, not of another's",
        [
            a_report(),
            a_report(convention="D"),
            a_deadline(
                "parked", event={"source": "urn:test", "id": a_report()["id"]}, _id="too late"
            ),
            a_deadline(
                "parked",
                event={"source": "urn:test", "id": a_report(convention="D")["id"]},
                _id="too late as well",
            ),
        ],
        "C",
        ["convention"],
        [1, 3, 4],
    ),
    *read_rows("""
    late: the deadlines of its payment and of its report
        BOTH; deadline payment_due; deadline report_due, due_on 2023-12-31
        => convention C: records 4, 5, 6, 7
    the account that another convention of its beneficiary brings
        vote; award 100; convention 100, no bank_account; award 50, grant I;
        convention 50, convention E, grant I
        => convention C: records 2, 3, 5
    a grant that stood for it before it was signed
        vote; ALONE; notification, convention G; convention 100
        => convention C: records 2, 3, 4
    the withdrawal of its award
        BOTH; withdrawal
        => convention C: records 4, 5, 6
    an attempt to sign it that was refused, with the award that it named
        vote; award 100; convention 101
        => convention C: records 2, 3
    """),
]

GRANT_ROWS = read_rows("""
    a grant with all of its conventions
        vote; OTHER; award 100; convention 40; convention 60, convention E; payment 60 of E/advance;
        convention 1, convention F
        => grant G: records 4, 5, 6, 7, 8
    a grant without convention is both
        vote; OTHER; ALONE; new account; payment 100 of G/1
        => convention and grant G: records 4, 5, 6
    a closing that lets its reserve lapse, not what carries over another
        vote; award 100; award 100, grant H; closing none
        => grant G: records 2, 4
    a closing in which it has nothing left is none of its own
        vote; award 100, grant H, beneficiary {name Autre, siret '21590350100017'};
        convention 100, convention D, grant H, beneficiary {name Autre, siret '21590350100017'};
        award 100; withdrawal; closing none
        => grant G: records 4, 5
""")

ACT_ROWS = read_rows("""
    the trace begins with the act
        vote; award 100, act {body 'Conseil municipal', date 2023-04-12, number 2023/40};
        concurring act, act {body 'Conseil municipal', date 2023-04-13, number 2023/41};
        convention 100
        => act 2023/41: records 3, 4
    an act that gave two grants has the trace of both
        vote; award 100, act {body 'Conseil municipal', date 2023-04-13, number 2023/41};
        award 100, act {body 'Conseil municipal', date 2023-04-13, number 2023/41}, grant H;
        award 100, grant I; convention 100
        => act 2023/41: records 2, 3, 5
    a vote is its own trace, with what it wakes
        award 100; report; vote, act {body 'Conseil municipal', date 2023-04-12, number V1};
        supplementary vote 100_000
        => act V1: records 3, 4
    an amendment rests on an act: its convention from there on
        BOTH; payment 60;
        amendment 50, act {body 'Conseil municipal', date 2023-04-13, number 2023/41}; report
        => act 2023/41: records 7, 8
    a transfer may rest on one
        vote; transfer 1_000 from 489 to 490, act {body 'Conseil municipal', date 2023-04-13,
        number 2023/41}; transfer 1_000 from 489 to 490, id another
        => act 2023/41: records 2
""")

BALANCE_RECORDS = [
    *BOTH,
    an_acknowledgement(),
    a_notification(),
    a_report("evaluation"),
    a_report(),
    a_payment(60),
    a_payment(40, "C/balance"),
]
ORDER_ROWS = read_rows("""
    the other instalment, its documents and the notification are left out
        BALANCE_RECORDS
        => payment_order C/advance: records 4, 5, 6, 10
    the documents that it waits for, and no others
        BALANCE_RECORDS
        => payment_order C/balance: records 4, 5, 9, 11
    one that is planned and not issued yet
        BOTH
        => payment_order C/balance: records 4, 5
    rejected and issued again by a document of no matter otherwise
        BOTH; C/advance rejected; report evaluation 2022; payment 60 of C/advance/2
        => payment_order C/advance/2: records 4, 5, 6, 7, 8
    the notification where it waits for it
        vote; award 100, grant H, beneficiary {name Autre, siret '21590350100017'};
        convention 100, convention D, grant H, beneficiary {name Autre, siret '21590350100017'};
        award 100; convention [advance 100 at notification]; rejected report; notification
        => payment_order C/advance: records 4, 5, 7
    one that was never issued: whoever named it was refused
        BOTH; payment 1 of X/1
        => payment_order X/1: records 6
    a name without a slash is no order's, and yet somebody named it
        BOTH; payment 1 of 4711
        => payment_order 4711: records 6
    what is released with the whole convention is of each instalment
        BOTH; termination
        => payment_order C/balance: records 4, 5, 6
""")

EVENT_ROWS = read_rows("""
    its own record
        BOTH
        => event deliberation.adopted/G/award: records 4
    what it woke, and what that woke
        vote; report; convention 100; award 100; C/advance taken_in_charge
        => event deliberation.adopted/G/award: records 4, 5, 6
    both of its records, where it waited
        vote; convention 100; award 100
        => event convention.signed/G/C: records 2, 4
    each time that it came
        vote; vote; vote 1
        => event budget.voted/initial: records 1, 2, 3
    an id that is a convention's number too
        BOTH; report, id C
        => event and convention C: records 4, 5, 6
""")

ROWS = [*CONVENTION_ROWS, *GRANT_ROWS, *ACT_ROWS, *ORDER_ROWS, *EVENT_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_records_of_a_trace(row: Row) -> None:
    trace = trace_of(Scenario(*row.events), row.ref)
    assert (row.kinds, row.records) == (
        [kind.value for kind in trace.kinds],
        [each.record.sequence for each in trace.records],
    )


def test_a_name_that_nobody_gave_has_no_trace() -> None:
    for ref in ("nobody", "", "C/", "2023"):
        trace = trace_of(Scenario(*BOTH), ref)
        assert ([], []) == (trace.kinds, trace.records)
