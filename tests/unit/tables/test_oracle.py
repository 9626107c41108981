"""The oracle: the Lille Avenirs year to the cent, and the object that `replay --json` prints."""

from pathlib import Path
from typing import Any

import pytest

from services.ledger.application.restore import open_ledger
from services.ledger.files.stores import MemoryStore, SqliteStore
from services.ledger.files.summary import summary
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)

EXAMPLE = Path(__file__).parents[3] / "schemas" / "examples" / "lille-avenirs-2023.jsonl"
CONVENTION = "CONV-2023-LILLE-AVENIRS"
OPERATIONS = ("489", "1978", "490")
# Section 8, in euros: what each operation was awarded; half of it is the advance.
AWARDED_EUROS = {"489": 1_355_600, "1978": 757_000, "490": 151_000}
HALF_EUROS = {
    "489": {"EMPLOI": 625_400, "RELATIONS-INT": 2_500, "JEUNESSE": 49_900},
    "1978": {"EMPLOI": 378_500},
    "490": {"EMPLOI": 75_500},
}


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


@pytest.fixture(scope="module")
def year() -> Json:
    return Scenario(*lines_of(EXAMPLE)).summary()


def test_the_table_of_the_source_adds_up() -> None:
    assert 2_263_600 == sum(AWARDED_EUROS.values())
    assert 1_131_800 == sum(sum(each.values()) for each in HALF_EUROS.values())
    for operation, services in HALF_EUROS.items():
        assert AWARDED_EUROS[operation] == 2 * sum(services.values())


def test_ten_events_are_accepted_and_nothing_else_happens(year: Json) -> None:
    assert 10 == year["events"]
    assert {
        "accepted": 10,
        "duplicate": 0,
        "refused": 0,
        "parked": 0,
        "dead_letter": 0,
    } == year["outcomes"]
    assert ([], []) == (year["refusals"], year["dead_letters"])


def test_every_line_ends_paid_with_nothing_available(year: Json) -> None:
    expected = [
        {
            "budget": BUDGET,
            "line": a_line(operation),
            "appropriated_cents": 100 * AWARDED_EUROS[operation],
            "available_cents": 0,
            "reserved_cents": 0,
            "committed_cents": 0,
            "ordered_cents": 0,
            "paid_cents": 100 * AWARDED_EUROS[operation],
            "carried_over_cents": 0,
        }
        for operation in sorted(OPERATIONS)
    ]
    assert expected == year["lines"]
    paid = {row["line"]["operation"]: row["paid_cents"] for row in year["lines"]}
    assert {"489": 135_560_000, "1978": 75_700_000, "490": 15_100_000} == paid


def test_the_convention_ends_paid_on_every_line(year: Json) -> None:
    expected = [
        {
            "budget": BUDGET,
            "convention": CONVENTION,
            "line": a_line(operation),
            "granted_cents": 100 * AWARDED_EUROS[operation],
            "remaining_cents": 0,
            "ordered_cents": 0,
            "paid_cents": 100 * AWARDED_EUROS[operation],
            "released_cents": 0,
            "carried_over_cents": 0,
        }
        for operation in sorted(OPERATIONS)
    ]
    assert expected == year["conventions"]


def an_order(instalment: str, due_on: str) -> Json:
    return {
        "payment_order": f"{CONVENTION}/{instalment}",
        "budget": BUDGET,
        "convention": CONVENTION,
        "instalment": instalment,
        "amount_cents": 113_180_000,
        "paid_cents": 113_180_000,
        "state": "paid",
        "due_on": due_on,
        "lines": [
            {
                "line": a_line(operation),
                "amount_cents": 50 * AWARDED_EUROS[operation],
                "services": [
                    {"code": code, "amount_cents": 100 * euros}
                    for code, euros in HALF_EUROS[operation].items()
                ],
            }
            for operation in OPERATIONS
        ],
    }


def test_advance_and_balance_are_two_equal_orders_to_the_cent_and_department(year: Json) -> None:
    # 60 days after the signature of 15 May, and after the certified accounts of 29 June.
    expected = [an_order("avance", "2023-07-14"), an_order("solde", "2023-08-28")]
    assert expected == year["payment_orders"]


def test_the_award_and_the_convention_each_write_an_entry_a_line(year: Json) -> None:
    expected = [
        {
            "entry_id": f"{BUDGET}/{sequence}/{index}",
            "budget": BUDGET,
            "kind": kind,
            "line": a_line(operation),
            "amount_cents": 100 * AWARDED_EUROS[operation],
            "convention": convention,
        }
        for sequence, kind, convention in (
            (2, "accounting_commitment", None),
            (4, "legal_commitment", CONVENTION),
        )
        for index, operation in enumerate(OPERATIONS, start=1)
    ]
    assert expected == year["commitment_entries"]


def test_the_one_flag_is_the_contradiction_of_the_source(year: Json) -> None:
    expected = {
        "budget": BUDGET,
        "event_id": "convention-lille-avenirs-2023",
        "code": "condition_year_differs",
        "facts": {"deliberation": 2022, "convention": [2022, 2023]},
    }
    assert [expected] == year["review_flags"]


def test_the_heads_are_the_same_whatever_the_store(year: Json, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    try:
        Scenario(*lines_of(EXAMPLE), store=store)
        assert year == summary(open_ledger(store), store.journal())
    finally:
        store.close()
    assert [BUDGET] == list(year["heads"])


def test_the_heads_are_the_same_when_each_event_meets_a_ledger_opened_again(year: Json) -> None:
    store = MemoryStore()
    for line in lines_of(EXAMPLE):
        scenario = Scenario(store=store)
        scenario.ledger = open_ledger(store)
        scenario.tell(line)
    assert year == summary(open_ledger(store), store.journal())


KEYS = {
    "events": None,
    "outcomes": ["accepted", "duplicate", "refused", "parked", "dead_letter"],
    "lines": [
        "budget",
        "line",
        "appropriated_cents",
        "available_cents",
        "reserved_cents",
        "committed_cents",
        "ordered_cents",
        "paid_cents",
        "carried_over_cents",
    ],
    "conventions": [
        "budget",
        "convention",
        "line",
        "granted_cents",
        "remaining_cents",
        "ordered_cents",
        "paid_cents",
        "released_cents",
        "carried_over_cents",
    ],
    "payment_orders": [
        "payment_order",
        "budget",
        "convention",
        "instalment",
        "amount_cents",
        "paid_cents",
        "state",
        "due_on",
        "lines",
    ],
    "commitment_entries": ["entry_id", "budget", "kind", "line", "amount_cents", "convention"],
    "refusals": ["budget", "event_id", "code", "facts"],
    "dead_letters": ["position", "reason"],
    "review_flags": ["budget", "event_id", "code", "facts"],
    "heads": None,
}
NEXT_YEAR = BUDGET.replace("2023", "2024")


@pytest.fixture(scope="module")
def two_budgets() -> Json:
    """Something of everything, the later budget first, lines in no order."""
    whole = an_amount(10, services={"EMPLOI": 10})
    return Scenario(
        a_vote(100, budget=NEXT_YEAR),
        a_vote(
            appropriations=[
                an_amount(10, "490"),
                an_amount(20),
                an_amount(5, line=a_line(None, function="9")),
                an_amount(5, line=a_line(None)),
                an_amount(5, line=a_line("1", chapter="6")),
                an_amount(5, line={"chapter": "65", "article": "65748"}),
            ]
        ),
        b"not json",
        an_award(101, budget=NEXT_YEAR),
        an_award(100, budget=NEXT_YEAR, grant="H", interested=["A"]),
        an_award(lines=[an_amount(10, "490"), whole], interested=["B"]),
        a_convention(instalments=[an_instalment(lines=[an_amount(1, "490")])], convention="D"),
        a_convention(
            instalments=[
                an_instalment(name="B", lines=[whole]),
                an_instalment(name="A", lines=[an_amount(9, "490")]),
            ]
        ),
        a_payment(100),
        b"{}",
        a_new_account(budget=NEXT_YEAR),
    ).summary()


def test_rule_35_the_object_has_the_keys_of_section_7_in_their_order(two_budgets: Json) -> None:
    assert list(KEYS) == list(two_budgets)
    for name, keys in KEYS.items():
        seen: Any = two_budgets[name]
        if isinstance(seen, list):
            assert seen, f"nothing in {name}"
            assert all(keys == list(row) for row in seen), name
        elif keys is not None:
            assert keys == list(seen), name


def test_lines_orders_and_services_have_the_keys_of_section_7(two_budgets: Json) -> None:
    lines = [row["line"] for name in ("lines", "conventions") for row in two_budgets[name]]
    parts = [part for order in two_budgets["payment_orders"] for part in order["lines"]]
    entries = [entry["line"] for entry in two_budgets["commitment_entries"]]
    for line in [*lines, *entries, *(part["line"] for part in parts)]:
        assert ["chapter", "article", "function", "operation"] == list(line)
    assert all(["line", "amount_cents", "services"] == list(part) for part in parts)
    services = [each for part in parts for each in part["services"] or ()]
    assert [["code", "amount_cents"]] == [list(each) for each in services]
    assert all(part["services"] != [] for part in parts), "null where none were given"


def test_rule_35_lines_and_conventions_stand_in_the_order_of_their_codes(two_budgets: Json) -> None:
    lines = [
        (row["budget"][-4:], *(row["line"][code] for code in ("chapter", "function", "operation")))
        for row in two_budgets["lines"]
    ]
    assert [
        ("2023", "6", "61", "1"),
        ("2023", "65", None, None),
        ("2023", "65", "61", None),
        ("2023", "65", "61", "489"),
        ("2023", "65", "61", "490"),
        ("2023", "65", "9", None),
        ("2024", "65", "61", "489"),
    ] == lines
    conventions = [
        (row["convention"], row["line"]["operation"]) for row in two_budgets["conventions"]
    ]
    assert [("C", "489"), ("C", "490"), ("D", "490")] == conventions


def test_rule_35_history_stands_by_budget_and_sequence(two_budgets: Json) -> None:
    orders = [row["payment_order"] for row in two_budgets["payment_orders"]]
    assert ["D/advance", "C/B", "C/A"] == orders
    entries = [
        row["entry_id"].removeprefix("21590350100017-00-")
        for row in two_budgets["commitment_entries"]
    ]
    assert ["2023/2/1", "2023/2/2", "2023/3/1", "2023/4/1", "2023/4/2", "2024/3/1"] == entries
    refusals = [(row["budget"], row["code"]) for row in two_budgets["refusals"]]
    assert [(BUDGET, "unknown_payment_order"), (NEXT_YEAR, "insufficient_credit")] == refusals
    flags = [(row["budget"], row["code"]) for row in two_budgets["review_flags"]]
    assert [(BUDGET, "interested_not_recused"), (NEXT_YEAR, "interested_not_recused")] == flags
    assert ["test/0/3", "test/0/10"] == [row["position"] for row in two_budgets["dead_letters"]]
    assert [BUDGET, NEXT_YEAR] == list(two_budgets["heads"])
