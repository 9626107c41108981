"""The lists of the API, one a row."""

from typing import Final
from urllib.parse import quote

from services.ledger.domain.model.orders import OrderState
from services.projector.rows.column_values import fold_number
from tests.api.lists.rows import (
    BUDGET,
    ENTITY,
    LINE,
    MOMENT,
    OF_LINE,
    SETTLED,
    Filter,
    ListRow,
    ask_age,
    ask_whole_line,
    goes_by,
    grant_href,
    is_bound,
    is_found,
    is_old,
    is_same,
    plain,
    record_href,
)

ORDERS: Final = ListRow(
    "/payment-orders",
    ("budget", "payment_order"),
    {
        "budget": BUDGET,
        "entity": ENTITY,
        "convention": is_same("convention"),
        "siret": is_same("siret", "beneficiary.siret"),
        "state": Filter(
            lambda row: {"state": [row["state"], OrderState.ISSUED.value]},
            lambda row, asked: row["state"] in {asked["state"], OrderState.ISSUED},
        ),
        "status": Filter(
            lambda row: None if row["state"] == OrderState.REJECTED else {"status": row["state"]},
            lambda row, asked: bool(row["state"] == asked["state"]),
        ),
        "due_from": is_bound("due_from", "due_on", first=True),
        "due_until": is_bound("due_until", "due_on", first=False),
        "older_than_days": Filter(ask_age, is_old),
    },
    sorts={
        "due_on": lambda row: row["due_on"],
        "issued_on": lambda row: row["issued_on"],
        "amount": lambda row: row["amount_cents"],
        "state": lambda row: (row["state"], row["due_on"]),
        "beneficiary": lambda row: plain(row["beneficiary"]["name"]),
        "payment_order": lambda row: row["payment_order"],
    },
    column="payment order",
    page="/console/orders?state=all",
    link=lambda row: f"/console/orders/{row['budget']}/{quote(row['payment_order'])}",
)
GRANTS: Final = ListRow(
    "/grants",
    ("budget", "grant"),
    {
        "budget": BUDGET,
        "entity": ENTITY,
        "state": is_same("state"),
        "siret": is_same("siret", "beneficiary.siret"),
        "search": Filter(
            lambda row: {"search": f"{row['grant'].lower()} {row['beneficiary']['name'].upper()}"},
            lambda row, asked: bool(row["grant"] == asked["grant"]),
        ),
    },
    sorts={
        "grant": lambda _: 0,
        "newest": lambda row: -int(row["budget"][-4:]),
        "beneficiary": lambda row: plain(row["beneficiary"]["name"]),
        "awarded": lambda row: row["awarded_cents"],
        "paid": lambda row: row["paid_cents"],
    },
    column="grant",
    page="/console/grants?sort=grant",
    link=lambda row: f"/console/grants/{row['budget']}/{quote(row['grant'], safe='')}",
)
REFUSALS: Final = ListRow(
    "/refusals",
    ("event_time", "budget", "sequence"),
    {
        "budget": BUDGET,
        "code": is_same("code", "refusal.code"),
        "event_type": is_same("event_type"),
        "settled": SETTLED,
    },
    newest=True,
    column="record no.",
    page="/console/troubles/refused",
    link=record_href,
)
PARKED: Final = ListRow(
    "/parked",
    ("event_time", "budget", "sequence"),
    {"budget": BUDGET, "kind": is_same("kind", "waits_for_kind")},
    beside=frozenset({"ended"}),
    asked={"ended": "true"},
    newest=True,
    column="record no.",
    page="/console/troubles/parked?settled=true",
    link=record_href,
)
DEAD_LETTERS: Final = ListRow(
    "/dead-letters",
    ("chain", "sequence"),
    {"code": is_same("code", "verdict.code"), "settled": SETTLED},
    newest=True,
    column="record no.",
    page="/console/troubles/unreadable",
    link=record_href,
    is_tagged=False,
)
FLAGS: Final = ListRow(
    "/review-flags",
    ("budget", "sequence", "item"),
    {"code": is_same("code", "verdict.code"), "settled": SETTLED},
    newest=True,
    column="record no.",
    cell="sequence",
)


BY_BENEFICIARY: Final = is_same("siret", "beneficiary.siret")
CONVENTIONS: Final = ListRow(
    "/conventions",
    ("budget", "convention"),
    {
        "budget": BUDGET,
        "entity": ENTITY,
        "siret": BY_BENEFICIARY,
        "state": is_same("state"),
        "signed_from": is_bound("signed_from", "signed_on", first=True),
        "signed_until": is_bound("signed_until", "signed_on", first=False),
        "granted_from_cents": is_bound("granted_from_cents", "granted_cents", first=True),
        "granted_until_cents": is_bound("granted_until_cents", "granted_cents", first=False),
        "search": is_found("convention", "beneficiary.siret"),
    },
    sorts={
        "signed_on": lambda row: row["signed_on"] or "",
        "convention": lambda row: row["convention"],
        "beneficiary": lambda row: plain(row["beneficiary"]["name"]),
        "granted": lambda row: row["granted_cents"],
        "paid": lambda row: row["paid_cents"],
    },
    column="convention",
    page="/console/conventions",
    link=grant_href,
)
ACTS: Final = ListRow(
    "/acts",
    ("budget", "sequence", "item"),
    {
        "budget": BUDGET,
        "entity": ENTITY,
        "siret": BY_BENEFICIARY,
        "role": is_same("role"),
        "body": is_same("body", "act.body"),
        "act_from": is_bound("act_from", "act.date", first=True),
        "act_until": is_bound("act_until", "act.date", first=False),
        "search": is_found("grant", "beneficiary.siret"),
    },
    sorts={
        "act_on": lambda row: row["act"]["date"],
        "number": lambda row: fold_number(row["act"]["number"] or ""),
        "amount": lambda row: row["amount_cents"] or 0,
    },
    column="record no.",
    cell="sequence",
    page="/console/acts",
    link=record_href,
)
RECOVERIES: Final = ListRow(
    "/recoveries",
    ("budget", "convention", "recovery"),
    {
        "budget": BUDGET,
        "siret": BY_BENEFICIARY,
        "state": is_same("state"),
        "ordered_from": is_bound("ordered_from", "ordered_on", first=True),
        "ordered_until": is_bound("ordered_until", "ordered_on", first=False),
        "search": is_found("convention", "beneficiary.siret"),
    },
    beside=frozenset({"entity"}),
    sorts={
        "ordered_on": lambda row: row["ordered_on"] or "",
        "beneficiary": lambda row: plain(row["beneficiary"]["name"]),
        "ordered": lambda row: row["ordered_cents"],
        "open": lambda row: row["open_cents"],
    },
    column="recovery",
    page="/console/recoveries",
    link=grant_href,
)
OWED_DOCUMENTS: Final = ListRow(
    "/documents",
    ("budget", "convention", "kind", "year", "due_on"),
    {
        "budget": BUDGET,
        "entity": ENTITY,
        "siret": BY_BENEFICIARY,
        "convention": is_same("convention"),
        "kind": is_same("kind"),
        "state": is_same("state"),
        "is_late": Filter(
            lambda row: {"is_late": str(row["days_late"] is not None).lower()},
            lambda row, asked: (row["days_late"] is None) == (asked["days_late"] is None),
        ),
        "due_from": is_bound("due_from", "due_on", first=True),
        "due_until": is_bound("due_until", "due_on", first=False),
        "search": is_found("convention", "beneficiary.siret"),
    },
    sorts={
        "due_on": lambda row: row["due_on"],
        "beneficiary": lambda row: plain(row["beneficiary"]["name"]),
        "received_on": lambda row: row["received_on"] or "",
        "convention": lambda row: row["convention"],
    },
    column="convention",
    cell="convention",
    page="/console/documents",
    link=grant_href,
)
BALANCES: Final = (
    ListRow(
        "/balances/lines",
        ("budget", *OF_LINE),
        {"budget": BUDGET, **{name: is_same(name, f"line.{name}") for name in LINE}},
        beside=MOMENT,
        column="operation",
    ),
    ListRow(
        "/balances/chapters",
        ("budget", "chapter"),
        {"budget": BUDGET, "chapter": is_same("chapter")},
        beside=MOMENT | {"article", "function", "operation"},
    ),
    ListRow(
        "/balances/conventions",
        ("budget", "convention", *OF_LINE),
        {"budget": BUDGET, "convention": is_same("convention")},
        beside=MOMENT,
    ),
    ListRow(
        "/balances/grants",
        ("budget", "grant"),
        {"budget": BUDGET, "grant": is_same("grant")},
        beside=MOMENT,
    ),
    ListRow(
        "/balances/beneficiaries",
        ("budget", "siret"),
        {"budget": BUDGET, "siret": is_same("siret")},
        beside=MOMENT,
    ),
    ListRow(
        "/balances/moves",
        ("sequence", "item"),
        {
            "chapter": is_same("chapter", "line.chapter"),
            **dict.fromkeys(
                LINE[1:],
                Filter(ask_whole_line, lambda row, asked: bool(row["line"] == asked["line"])),
            ),
            "convention": is_same("convention"),
            "stage": Filter(
                lambda row: {"stage": row["to_stage"]},
                lambda row, asked: goes_by(row, asked["to_stage"]),
            ),
        },
        beside=MOMENT | {"budget"},
        asked={"budget": "21590512600011-00-2023"},
    ),
)
LISTS: Final = (
    ORDERS,
    GRANTS,
    REFUSALS,
    PARKED,
    DEAD_LETTERS,
    FLAGS,
    CONVENTIONS,
    ACTS,
    RECOVERIES,
    OWED_DOCUMENTS,
    *BALANCES,
    ListRow(
        "/budgets",
        ("budget",),
        {"entity": ENTITY, "fiscal_year": is_same("fiscal_year")},
    ),
    ListRow(
        "/commitment-entries",
        ("budget", "sequence", "item"),
        {
            "budget": BUDGET,
            "kind": is_same("kind"),
            "convention": is_same("convention"),
            "from_day": is_bound("from_day", "effective_on", first=True),
            "until_day": is_bound("until_day", "effective_on", first=False),
        },
    ),
    ListRow(
        "/treasury/slips/waiting",
        ("budget", "payment_order", "slip_type"),
        {"budget": BUDGET},
        is_tagged=False,
        of_treasury=True,
    ),
    ListRow(
        "/treasury/slips",
        ("prepared_at", "slip_id"),
        {"budget": BUDGET, "state": is_same("state")},
        newest=True,
        is_tagged=False,
        of_treasury=True,
    ),
    ListRow(
        "/treasury/findings",
        ("opened_at", "finding_id"),
        {"budget": BUDGET},
        beside=frozenset({"is_open"}),
        newest=True,
        is_tagged=False,
        of_treasury=True,
    ),
)
FILES_ALONE: Final = {
    "/balances/figure.{file_format}": "reads/test_list_files.py",
    "/payment-plan.{file_format}": "reads/test_names_in_files.py",
    "/budgets/{budget}/execution.{file_format}": "reads/test_statements.py",
    "/budgets/{budget}/grants.{file_format}": "reads/test_statements.py",
}
"""Files of no list, and where they are tested."""
