"""The reading routes over the example years: figures, filters, who sees what."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.due.calendar_days import day_of
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.environment import LILLE_KEY, HandClock
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, ROUBAIX_KEY, YEAR, get, items
from tests.builders import (
    a_convention,
    a_payment,
    a_review,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import GOLDEN, journal_of, journal_of_events

HARD = GOLDEN / "hard-year-2023.events.jsonl"
CONVENTION = "CONV-2023-LILLE-AVENIRS"


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


@pytest.mark.parametrize(
    ("asked", "available", "committed"),
    [
        ("effective_on=2023-04-11", 135560000, 0),
        ("effective_on=2023-04-12", 0, 0),
        ("known_at=1", 135560000, 0),
        ("known_at=4", 0, 67780000),
        ("partition=0&offset=3", 0, 67780000),
        ("known_at=4&effective_on=2023-05-14", 0, 0),
    ],
)
def test_a_balance_is_of_any_day_as_known_at_any_record(
    made_in_files: Made, asked: str, available: int, committed: int
) -> None:
    url = made_in_files(journal_of(YEAR))
    (answer,) = get(url, f"/balances/lines?budget={BUDGET}&{asked}")
    (line,) = [row for row in items(answer) if row["line"]["operation"] == "489"]
    assert (available, committed) == (line["available_cents"], line["committed_cents"])


def test_the_moves_behind_a_figure_add_up_to_it(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    line = "chapter=65&article=65748&function=61&operation=489"
    (answer,) = get(url, f"/balances/moves?budget={BUDGET}&{line}&stage=paid")
    assert [67780000, 67780000] == [row["amount_cents"] for row in items(answer)]


def test_another_entitys_budget_is_not_there(made: Made) -> None:
    url = made(journal_of(YEAR))
    lists = (
        "/budgets",
        "/balances/lines",
        "/balances/chapters",
        "/balances/conventions",
        "/balances/grants",
        "/balances/beneficiaries",
        "/payment-orders",
        "/commitment-entries",
        "/grants",
        "/refusals",
        "/parked",
        "/dead-letters",
        "/review-flags",
    )
    ones = (
        f"/budgets/{BUDGET}",
        f"/budgets/{BUDGET}/execution",
        f"/budgets/{BUDGET}/execution.csv",
        f"/budgets/{BUDGET}/execution.xlsx",
        f"/budgets/{BUDGET}/grants.csv",
        f"/budgets/{BUDGET}/grants.xlsx",
        f"/budgets/{BUDGET}/grants/LILLE-AVENIRS-2023",
        f"/budgets/{BUDGET}/payment-orders/{CONVENTION}/avance",
        f"/budgets/{BUDGET}/journal/4",
        "/events/convention-lille-avenirs-2023",
        f"/trace/{CONVENTION}",
        f"/balances/lines?budget={BUDGET}",
        f"/balances/moves?budget={BUDGET}",
        f"/payment-orders?budget={BUDGET}",
        f"/payment-orders?entity={BUDGET[:14]}",
        f"/grants?budget={BUDGET}",
        f"/commitment-entries?budget={BUDGET}",
        f"/refusals?budget={BUDGET}",
    )
    for answer in get(url, *lists, key=ROUBAIX_KEY):
        assert [] == items(answer), answer.url
    for answer in get(url, *ones, key=ROUBAIX_KEY):
        assert 404 == answer.status_code, answer.url
        assert "application/problem+json" == answer.headers["content-type"], answer.url
    for answer in get(url, *ones, key=LILLE_KEY):
        assert 200 == answer.status_code, answer.url


def test_dead_letters_are_only_for_who_reads_all(made_in_files: Made) -> None:
    url = made_in_files(journal_of(HARD))
    (seen, counted) = get(url, "/dead-letters", "/dead-letters/counts")
    assert 3 == len(items(seen))
    assert 3 == sum(each["count"] for each in counted.json())
    (unseen,) = get(url, "/dead-letters", key=LILLE_KEY)
    assert [] == items(unseen)


def test_an_event_is_shown_with_its_code_and_sentence_in_both_languages(made: Made) -> None:
    url = made(
        journal_of_events(map(encoded, [a_vote(), an_award(), a_convention(), a_payment(100_001)]))
    )
    (answer,) = get(url, "/events/payment.executed%2FC%2Fadvance%2F100001?source=urn:test")
    (identity,) = answer.json()
    (record,) = identity["records"]
    assert ("refused", "overpayment") == (identity["outcome"], record["refusal"]["code"])
    assert {"fr", "en"} == record["refusal"]["sentence"].keys()
    assert "1\u202f000,01\u00a0€" in record["refusal"]["sentence"]["fr"]


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


def test_orders_are_filtered_and_their_age_is_that_of_the_day(made: Made) -> None:
    two = [an_instalment(40_000, "a"), an_instalment(60_000, "b")]
    events = [a_vote(), an_award(), a_convention(instalments=two), an_acknowledgement(order="C/a")]
    url = made(journal_of_events(map(encoded, events)))
    # Both were issued on 1 June 2023, the day of the event that issued them.
    clock = HandClock(datetime(2023, 6, 11, 12, tzinfo=UTC))
    answers = get(
        url,
        "/payment-orders?state=issued",
        "/payment-orders?state=issued&state=taken_in_charge",
        "/payment-orders?older_than_days=10",
        "/payment-orders?older_than_days=11",
        "/payment-orders?due_until=2023-07-13",
        "/payment-orders/waiting",
        clock=clock,
    )
    names = [[row["payment_order"] for row in items(each)] for each in answers[:-1]]
    assert [["C/b"], ["C/a", "C/b"], ["C/a", "C/b"], [], []] == names
    waiting = answers[-1].json()
    assert {"count": 2, "left_cents": 100_000} == waiting["due_soon"]
    assert {"count": 1, "left_cents": 40_000} == waiting["by_state"]["taken_in_charge"]


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


def test_what_is_settled_is_asked_for_or_left_out(made: Made) -> None:
    events = [a_vote(10), an_award(5), an_award(5, _id="again"), an_award(50, grant="H")]
    url = made(journal_of_events(map(encoded, [*events, a_review(3)])))
    paths = ("/refusals", "/refusals?settled=false", "/refusals?settled=true")
    answers = get(url, *paths)
    both, to_do, settled = ([each["sequence"] for each in items(answer)] for answer in answers)
    assert ([3, 4], [4], [3]) == (sorted(both), to_do, settled)
    counts = ("/refusals/counts", "/refusals/counts?settled=false")
    numbers = [sum(each["count"] for each in answer.json()) for answer in get(url, *counts)]
    assert [2, 1] == numbers
    (answer,) = get(url, "/refusals?settled=true")
    assert ("Martine AUBERT", 5) == (
        items(answer)[0]["settled"]["reviewed_by"],
        items(answer)[0]["settled"]["sequence"],
    )


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
    ("/balances/lines?colour=red", "colour"),
    ("/balances/lines?chapter=%00", "chapter"),
    ("/balances/moves", "budget"),
    (f"/balances/moves?budget={BUDGET}&article=65748", "chapter"),
    ("/payment-orders?state=lost", "state"),
    ("/payment-orders?stat=paid", "stat"),
    ("/payment-orders?older_than_days=-1", "older_than_days"),
    ("/payment-orders?limit=0", "limit"),
    ("/payment-orders?limit=1001", "limit"),
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


def test_problems_speak_french_too(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    bad_cursor, unknown = get(
        url, "/grants?cursor=abc", "/budgets/21590350100017-00-2022", language="fr"
    )
    assert (400, "Curseur inconnu") == (bad_cursor.status_code, bad_cursor.json()["title"])
    assert (404, "Introuvable") == (unknown.status_code, unknown.json()["title"])
