"""Acts, grants, conventions with their schedules and documents, recoveries."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, Table
from sqlalchemy import text as text_clause

from services.projector.tables.columns import (
    HALF_FULL,
    Cents,
    Json,
    act,
    beneficiary,
    cents,
    days,
    index_where_named,
    keys,
    line,
    metadata,
    search_text,
    text,
    texts,
)

acts: Final = Table(
    "acts",
    metadata,
    *keys("budget", "sequence", "item"),
    text("role", nullable=False),
    *texts("grant_ref", "convention"),
    text("body", nullable=False),
    text("number"),
    Column("act_on", Date, nullable=False),
    text("title"),
    search_text(),
    Index("acts_by_grant", "budget", "grant_ref"),
    Index("acts_by_number", "folded"),
    comment="Decisions of assemblies. Role: vote, transfer, award, concurring, withdrawal, "
    "amendment, carried (acts that came with an opening event have that event's sequence). "
    "`folded` is the number.",
)

grants: Final = Table(
    "grants",
    metadata,
    *keys("budget", "grant_ref"),
    text("state", nullable=False),
    text("title"),
    *beneficiary(),
    Column("requires_convention", Boolean),
    Column("conditions_year", Integer),
    *act(),
    Column("awarded_cents", Cents, nullable=False, server_default="0"),
    Column("withdrawn_on", Date),
    *texts("withdrawn_cause", "carried_from"),
    Column("sequence", BigInteger, nullable=False),
    search_text(),
    Index("grants_by_siret", "siret"),
    comment="Grants. What was awarded is as the act of the award says; an amendment may have "
    "raised it since. State: announced (only concurring acts yet), awarded, withdrawn, carried "
    "(awarded by the budget `carried_from`). `folded` is the reference, then title, beneficiary "
    "and SIRET, apart by `|`.",
)

grant_lines: Final = Table(
    "grant_lines",
    metadata,
    *keys("budget", "grant_ref"),
    *line(in_key=True),
    Column("amount_cents", Cents, nullable=False),
    Column("services", Json),
    comment="What was awarded on which line, as the act says.",
)

conventions: Final = Table(
    "conventions",
    metadata,
    *keys("budget", "convention"),
    text("grant_ref", nullable=False),
    Column("stands_alone", Boolean, nullable=False),
    text("state", nullable=False),
    *beneficiary(),
    text("signatory"),
    *days("signed_on", "starts_on", "ends_on", "notified_on", "effective_on"),
    *texts("reason", "carried_from", "continues"),
    Column("sequence", BigInteger, nullable=False),
    search_text(),
    Index("conventions_by_grant", "budget", "grant_ref"),
    Index("conventions_by_siret", "siret"),
    index_where_named("conventions_by_former_name", "continues", "budget", "continues"),
    Index(
        "conventions_alone",
        "budget",
        postgresql_where=text_clause("stands_alone"),
        sqlite_where=text_clause("stands_alone"),
    ),
    postgresql_with=HALF_FULL,
    comment="Conventions, and grants that stand without one (`stands_alone`, under the grant's "
    "reference, until a convention is signed). State: in_force, suspended, terminated, with the "
    "day and reason of the last turn; withdrawn where the award fell. `continues` is the name that "
    "its money had before record `sequence`: moves and orders of that time bear it still. "
    "`folded` is its name, then the signatory, apart by `|`.",
)

convention_lines: Final = Table(
    "convention_lines",
    metadata,
    *keys("budget", "convention"),
    *line(in_key=True),
    *cents("granted", "remaining", "ordered", "paid", "released", "carried_over"),
    postgresql_with=HALF_FULL,
    comment="The money of a convention by line; granted is the sum of the others.",
)

instalments: Final = Table(
    "instalments",
    metadata,
    *keys("budget", "convention", "instalment"),
    Column("position", Integer, nullable=False),
    text("trigger", nullable=False),
    Column("ceiling", Boolean, nullable=False),
    Column("documents", Json),
    Column("planned_cents", Cents, nullable=False),
    Column("lines", Json, nullable=False),
    *texts("amendment", "left_out_by"),
    Column("sequence", BigInteger, nullable=False),
    comment="The schedules of a convention. An instalment that an amendment gave up has that "
    "amendment in `left_out_by`, and one that an order held then goes on; one of a grant that "
    "stood alone, called `<grant>/<instalment>`, has the convention signed for it there. What "
    "became of an instalment is in payment_orders and moves.",
)

obligations: Final = Table(
    "obligations",
    metadata,
    *keys("budget", "convention", "kind", "year"),
    Column("due_on", Date, primary_key=True),
    comment="Documents that a convention obliges to, whether or not money waits for them.",
)

documents: Final = Table(
    "documents",
    metadata,
    *keys("budget", "convention", "kind", "year"),
    Column("received_on", Date),
    Column("eligible_cost_cents", Cents),
    text("rejected_for"),
    Column("sequence", BigInteger, nullable=False),
    postgresql_with=HALF_FULL,
    comment="Documents received, by their first receipt; `rejected_for` is the reason where one "
    "was rejected since: it counts as not received.",
)

bank_accounts: Final = Table(
    "bank_accounts",
    metadata,
    *keys("budget", "siret"),
    text("iban", nullable=False),
    text("bic"),
    text("holder", nullable=False),
    Column("sequence", BigInteger, nullable=False),
    comment="The account in force of each establishment. Personal data: masked wherever shown.",
)

recoveries: Final = Table(
    "recoveries",
    metadata,
    *keys("budget", "sequence"),
    *texts("convention", "recovery", "step", nullable=False),
    Column("amount_cents", Cents, nullable=False),
    Column("done_on", Date, nullable=False),
    text("reason"),
    Index("recoveries_by_convention", "budget", "convention"),
    comment="Recoveries (titres de recettes, mandats d'annulation). Step: ordered or collected.",
)
