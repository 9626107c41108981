"""Forms for who may send, and for nobody else."""

import re
from typing import Final

import pytest

from tests.api.by_hand import ACCESS, PAGE, PAID, YEAR
from tests.api.environment import (
    ALL_KEY,
    ORDERING_KEY,
    PAYING_KEY,
    READ_KEY,
    Kept,
    KeptAudit,
    a_reader,
    an_app,
    asking,
)
from tests.api.made import Made
from tests.builders import (
    BUDGET,
    Json,
    a_closing,
    a_new_account,
    a_payment,
    a_report,
    an_acknowledgement,
    encoded,
)
from tests.read_model.filling import journal_of_events

EVENTS: Final = [*YEAR, a_payment(900_000), a_report(convention="O")]


@pytest.fixture
def url(made_in_files: Made) -> str:
    return made_in_files(journal_of_events(map(encoded, EVENTS)))


async def test_who_orders_does_not_say_by_a_form_that_the_accountant_has_paid(url: str) -> None:
    kept, audit = Kept(), KeptAudit()

    async def pay(key: str) -> tuple[int, bool]:
        async with asking(an_app(a_reader(url), ACCESS, kept, audit), key) as client:
            client.headers.update(PAGE)
            typed = {"step": "send", "/amount_cents": "1", "/executed_on": "2023-05-30"}
            answer = await client.post(PAID, data=typed)
            said = "This access does not send events of the type ecluse.payment.executed.v1"
            return answer.status_code, said in answer.text

    assert (422, True) == await pay(ORDERING_KEY)
    assert ([], []) == (audit.lines, kept.messages)
    assert (303, False) == await pay(PAYING_KEY)
    assert 1 == len(kept.messages)


async def test_who_only_reads_is_shown_no_way_to_a_form(url: str) -> None:
    pages = (
        f"/console/orders/{BUDGET}/C/advance",
        f"/console/grants/{BUDGET}/G",
        f"/console/records/{BUDGET}/4",
        "/console/troubles/refused",
    )

    async def links(key: str) -> list[int]:
        async with asking(an_app(a_reader(url), ACCESS), key) as client:
            client.headers.update(PAGE)
            return [(await client.get(path)).text.count("/console/send/") for path in pages]

    assert [0, 0, 0, 0] == await links(READ_KEY)
    assert [4, 1, 1, 1] == await links(ALL_KEY)


@pytest.mark.parametrize(
    ("events", "forms"),
    [
        ([a_payment(60_000)], []),
        ([an_acknowledgement("rejected")], ["bank-account"]),
        ([an_acknowledgement("rejected"), a_new_account()], []),
        ([an_acknowledgement("rejected"), a_closing()], []),
    ],
)
async def test_a_closed_order_offers_nothing_but_what_issues_another(
    made_in_files: Made, events: list[Json], forms: list[str]
) -> None:
    url = made_in_files(journal_of_events(map(encoded, [*YEAR, *events])))
    async with asking(an_app(a_reader(url), ACCESS)) as client:
        client.headers.update(PAGE)
        assert forms == re.findall(
            "/console/send/([^/]*)", (await client.get(f"/console/orders/{BUDGET}/C/advance")).text
        )
