"""The reading routes over the example years: figures, filters, who sees what."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.due.calendar_days import day_of
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.environment import HandClock
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get, items
from tests.builders import (
    a_convention,
    a_review,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events

STAGES = ("appropriated", "available", "reserved", "committed", "ordered", "paid")


def test_the_oracle_is_shown_by_line_chapter_convention_grant_and_beneficiary(made: Made) -> None:
    url = made(journal_of(YEAR))
    names = ("lines", "chapters", "conventions", "grants", "beneficiaries")
    answers = get(url, *(f"/balances/{name}?budget={BUDGET}" for name in names))
    paid = {
        name: [row["paid_cents"] for row in items(answer)]
        for name, answer in zip(names, answers, strict=True)
    }
    by_line = [75700000, 135560000, 15100000]
    assert {
        "lines": by_line,
        "chapters": [226360000],
        "conventions": by_line,
        "grants": [226360000],
        "beneficiaries": [226360000],
    } == paid
    granted = [[row["granted_cents"] for row in items(each)] for each in answers[2:]]
    assert [by_line, [226360000], [226360000]] == granted


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        # appropriated, available, reserved, committed, ordered, paid
        ("effective_on=2022-12-31", []),
        ("effective_on=2023-04-11", [(135560000, 135560000, 0, 0, 0, 0)]),
        ("effective_on=2023-04-12", [(135560000, 0, 135560000, 0, 0, 0)]),
        ("effective_on=2023-12-31", [(135560000, 0, 0, 0, 0, 135560000)]),
        ("known_at=1", [(135560000, 135560000, 0, 0, 0, 0)]),
        ("known_at=4", [(135560000, 0, 0, 67780000, 67780000, 0)]),
        ("partition=0&offset=3", [(135560000, 0, 0, 67780000, 67780000, 0)]),
        ("known_at=4&effective_on=2023-05-14", [(135560000, 0, 135560000, 0, 0, 0)]),
    ],
)
def test_a_balance_is_of_any_day_as_known_at_any_record(
    made: Made, asked: str, stages: list[tuple[int, ...]]
) -> None:
    (answer,) = get(made(journal_of(YEAR)), f"/balances/lines?budget={BUDGET}&{asked}")
    lines = [row for row in items(answer) if row["line"]["operation"] == "489"]
    assert stages == [tuple(line[f"{name}_cents"] for name in STAGES) for line in lines]


def test_an_event_that_nobody_has_seen_is_404_with_what_to_do(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    (answer,) = get(url, "/events/nobody")
    assert (404, "event_unknown") == (answer.status_code, answer.json()["code"])
    assert "ask again" in answer.json()["advice"]


def test_a_trace_tells_what_came_and_what_is_awaited(made: Made) -> None:
    url = made(
        journal_of_events(
            map(
                encoded,
                [
                    a_vote(),
                    an_award(),
                    a_convention(
                        instalments=[
                            an_instalment(40_000),
                            an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
                        ]
                    ),
                ],
            )
        )
    )
    (answer,) = get(url, "/trace/C")
    shown = answer.json()
    assert (["convention"], [2, 3]) == (
        shown["kinds"],
        [each["sequence"] for each in shown["records"]],
    )
    wants = {each["id"]: [want["kind"] for want in each["waits_for"]] for each in shown["awaited"]}
    assert {"C/advance": ["acknowledgement"], "balance": ["document"]} == wants


@pytest.mark.parametrize(
    ("instant", "overdue", "same_day"),
    [
        (datetime(2023, 7, 14, 21, 59, 59, tzinfo=UTC), 0, "14 July"),
        (datetime(2023, 7, 14, 22, tzinfo=UTC), 1, "15 July"),
    ],
)
def test_an_order_is_late_from_midnight_on_french_clocks_in_the_api_and_the_console(
    made_in_files: Made, instant: datetime, overdue: int, same_day: str
) -> None:
    events = [a_vote(), an_award(), a_convention(instalments=[an_instalment(40_000)])]
    url = made_in_files(journal_of_events(map(encoded, events)))
    (order,) = items(get(url, "/payment-orders")[0])
    assert "2023-07-14" == order["due_on"]
    (answer,) = get(url, "/payment-orders/waiting", clock=HandClock(instant))
    assert overdue == answer.json()["overdue"]["count"]
    locale = LocaleFormat(Language.EN)
    assert f"{same_day} 2023" == locale.day(locale.local_day(instant))
    assert day_of(instant) == locale.local_day(instant)


def test_a_trace_has_the_reviews_of_its_records(made: Made) -> None:
    events = [a_vote(10), an_award(5), an_award(5, _id="again"), a_review(1), a_review(3)]
    url = made(journal_of_events(map(encoded, events)))
    (answer,) = get(url, "/trace/G")
    assert [2, 3, 5] == [each["sequence"] for each in answer.json()["records"]]


def test_a_grant_is_shown_with_its_instalments_orders_and_money(made: Made) -> None:
    url = made(journal_of(YEAR))
    (answer,) = get(url, f"/budgets/{BUDGET}/grants/LILLE-AVENIRS-2023")
    shown = answer.json()
    (convention,) = shown["conventions"]
    instalments = [
        (each["instalment"], each["planned_cents"], each["paid_cents"], len(each["orders"]))
        for each in convention["instalments"]
    ]
    assert [
        ("avance", 113180000, 113180000, 1),
        ("solde", 113180000, 113180000, 1),
    ] == instalments
    assert "FR76…110" == convention["instalments"][0]["orders"][0]["order"]["bank_account"]["iban"]


BAD: list[tuple[str, str]] = [
    ("/balances/lines?budget=lille", "budget"),
    ("/balances/lines?effective_on=12/04/2023", "effective_on"),
    ("/balances/lines?effective_on=2023-02-30", "effective_on"),
    ("/balances/lines?effective_on=1680000000", "effective_on"),
    ("/balances/lines?known_at=4", "known_at"),
    ("/balances/lines?offset=4", "offset"),
    (f"/balances/lines?budget={BUDGET}&known_at=0", "known_at"),
    ("/balances/lines?offset=99999999999999999999&partition=0", "offset"),
    ("/balances/moves", "budget"),
    (f"/balances/moves?budget={BUDGET}&article=65748", "chapter"),
    ("/payment-orders?state=lost", "state"),
    ("/payment-orders?older_than_days=-1", "older_than_days"),
    ("/commitment-entries?kind=encumbrance", "kind"),
    ("/refusals?code=no", "code"),
    ("/dead-letters?code=no", "code"),
    ("/parked?kind=godot", "kind"),
    ("/grants?siret=1", "siret"),
    ("/budgets?fiscal_year=1", "fiscal_year"),
    (f"/budgets/{BUDGET}/journal/0", "sequence"),
    (f"/budgets/{BUDGET}/execution.pdf", "file_format"),
    ("/budgets/lille", "budget"),
    ("/events/%00", "event_id"),
]


def test_whatever_cannot_be_asked_is_a_problem_that_names_it(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    for (path, name), answer in zip(BAD, get(url, *(path for path, _ in BAD)), strict=True):
        assert 422 == answer.status_code, path
        assert "application/problem+json" == answer.headers["content-type"], path
        phrase: dict[str, Any] = answer.json()
        assert "invalid_request" == phrase["code"], path
        assert name in phrase["detail"], path
