"""Bad input about turns in a grant's life: amendments, endings, recoveries, deadlines (rule 1)."""

from collections.abc import Callable

from tests.builders import (
    Json,
    a_collection,
    a_deadline,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_withdrawal,
    an_amendment,
    an_amount,
    an_instalment,
)
from tests.unit.tables.bad_records import Bad, bad, invalid

TURNS_REQUIRED: list[tuple[Callable[[], Json], str]] = [
    (a_withdrawal, "budget act act/body act/date grant cause reason"),
    (an_amendment, "budget convention amendment signed_on instalments instalments/0/lines"),
    (a_suspension, "budget convention effective_on reason"),
    (a_resumption, "budget convention effective_on reason"),
    (a_termination, "budget convention effective_on reason"),
    (a_rejected_report, "budget convention document document/kind document/year reason"),
    (a_reduction, "budget convention lines lines/0/line lines/0/amount_cents reason"),
    (a_recovery, "budget convention recovery on reason"),
    (a_collection, "budget convention recovery on reason"),
    (a_deadline, "budget payment_order kind due_on"),
]
"""What each type may not leave out, as paths in `data`."""

LINES_OF_ONE = [an_amount(5)]

TURNS: list[Bad] = [
    invalid("an unknown cause", a_withdrawal(cause="other"), "cause"),
    invalid(
        "an instalment twice in an amendment",
        an_amendment(instalments=[an_instalment(5), an_instalment(6)]),
        "instalments/1/instalment",
    ),
    bad(
        "a recovery of no amount",
        a_recovery(lines=None, amount_cents=None),
        "missing_field: /data/lines",
    ),
    invalid(
        "a recovery by line and in one sum",
        a_recovery(lines=LINES_OF_ONE, amount_cents=5),
        "amount_cents",
    ),
    invalid("a recovery of nothing", a_recovery(0), "amount_cents"),
    invalid("a recovery of no lines", a_recovery(lines=[]), "lines"),
    invalid(
        "of a recovery's lines and its sum the lines are said first",
        a_recovery(lines=[an_amount(0)], amount_cents=0),
        "lines/0/amount_cents",
    ),
    invalid("a deadline of another kind", a_deadline("vote_due"), "kind"),
    bad(
        "a deadline of what waits that names nothing",
        a_deadline("parked"),
        "missing_field: /data/event",
    ),
    bad(
        "a report's deadline that names an order",
        a_deadline("report_due", convention=..., payment_order="C/advance"),
        "missing_field: /data/convention",
    ),
    invalid(
        "a payment's deadline that names a convention too", a_deadline(convention="C"), "convention"
    ),
    invalid(
        "a deadline of what waits that names an order too",
        a_deadline("parked", payment_order="C/1", event={"source": "s", "id": "i"}),
        "payment_order",
    ),
    bad(
        "an event by more than its source and its id",
        a_deadline("parked", event={"source": "s", "id": "i", "type": "t"}),
        "unknown_field: /data/event/type",
    ),
]
