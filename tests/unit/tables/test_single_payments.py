"""The two single payments of the source, behind the year of its three operations."""

import json

import pytest

from tests.builders import SIRET, Json, Scenario
from tests.unit.tables.test_oracle import AWARDED_EUROS, EXAMPLE, lines_of

SINGLE_PAYMENTS = EXAMPLE.parent / "lille-avenirs-single-payments.jsonl"
ILLUSTRATIVE = "ILLUSTRATIVE-"
CLSPD, LOMME = "CONV-2023-LILLE-AVENIRS-CLSPD", "CONV-2023-LILLE-AVENIRS-LOMME"
LOMME_AWARD = "deliberation-lomme-2023-40-participation-de-lomme"


@pytest.fixture(scope="module")
def year() -> Json:
    return Scenario(*lines_of(EXAMPLE), *lines_of(SINGLE_PAYMENTS)).summary()


def test_every_event_is_accepted_and_nothing_more_is_flagged(year: Json) -> None:
    assert 20 == year["events"] == year["outcomes"]["accepted"]
    assert ["condition_year_differs"] == [flag["code"] for flag in year["review_flags"]]


def test_with_them_the_year_pays_the_total_of_the_act(year: Json) -> None:
    assert 2_370_600_00 == sum(row["paid_cents"] for row in year["lines"])
    assert 2_370_600_00 == sum(order["paid_cents"] for order in year["payment_orders"])
    left = ("available_cents", "reserved_cents", "committed_cents", "ordered_cents")
    assert {0} == {row[name] for row in year["lines"] for name in left}


def test_they_stand_on_lines_of_their_own_and_take_nothing_from_the_three_operations(
    year: Json,
) -> None:
    paid = {row["line"]["operation"]: row["paid_cents"] for row in year["lines"]}
    own = {"ILLUSTRATIVE-CLSPD": 26_000_00, "ILLUSTRATIVE-LOMME": 81_000_00}
    assert own | {name: 100 * euros for name, euros in AWARDED_EUROS.items()} == paid
    for line in lines_of(SINGLE_PAYMENTS):
        named = json.loads(line)["data"].get("lines", ())
        assert all(each["line"]["operation"].startswith(ILLUSTRATIVE) for each in named)


def test_each_is_paid_once_at_signature_and_on_notification(year: Json) -> None:
    orders = {order["payment_order"]: order for order in year["payment_orders"]}
    clspd, lomme = orders[f"{CLSPD}/single"], orders[f"{LOMME}/single"]
    assert (26_000_00, "paid", "2023-04-21") == (
        clspd["amount_cents"],
        clspd["state"],
        clspd["due_on"],
    )
    assert (81_000_00, "paid", "2023-07-21") == (
        lomme["amount_cents"],
        lomme["state"],
        lomme["due_on"],
    )


def test_article_5_4_before_the_notification_nothing_is_ordered() -> None:
    events = [json.loads(line) for line in lines_of(SINGLE_PAYMENTS)]
    untold = [each for each in events if each["type"] != "ecluse.convention.notified.v1"]
    scenario = Scenario(*lines_of(EXAMPLE), *untold)
    assert f"{LOMME}/single" not in scenario.orders()


def test_rule_14_without_convention_the_payment_of_lomme_is_refused() -> None:
    events = [json.loads(line) for line in lines_of(SINGLE_PAYMENTS)]
    before = [each for each in events if each["time"] < "2023-04"]
    [award] = [each for each in events if each["id"] == LOMME_AWARD]
    alone = award | {"data": award["data"] | {"requires_convention": False}}
    scenario = Scenario(*lines_of(EXAMPLE), *before, alone)
    assert scenario.last.refusal == {
        "code": "convention_required",
        "facts": {"siret": SIRET, "total_cents": 2_370_600_00, "limit_cents": 23_000_00},
    }
