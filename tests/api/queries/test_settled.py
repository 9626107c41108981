"""What is to do and what is settled, and by what, in both databases."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from services.api.grants import query as grants
from services.api.queries import rejections as unsettled
from services.api.queries.rejections import Settled
from tests.api.made import Made
from tests.api.queries.asked import ask, connected
from tests.builders import (
    BUDGET,
    Json,
    a_beneficiary,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_payment,
    a_recovery,
    a_report,
    a_review,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events
from tests.read_model.late_documents import LATE_AGAIN

SEEN = date(2023, 7, 20)
NAMED_OTHERWISE = a_convention(beneficiary=a_beneficiary(name="Avenirs de Lille"))
EVENTS: list[Json | bytes] = [
    a_vote(),
    an_award(),
    NAMED_OTHERWISE,  # 3: flagged
    a_payment(100_001),  # 4: refused
    a_payment(100_000),  # 5: the right amount
    an_award(_id="again"),  # 6: refused
    a_payment(1, _id="once more"),  # 7: refused
    b"{",
    b"[",
    a_review(6, comment="Doublon de saisie"),  # 8
    a_review(3),  # 9
    a_review(1, chain="_dead.0"),  # 10
]


def reviewed(sequence: int, comment: str | None = None) -> Settled:
    return Settled(BUDGET, sequence, "Martine AUBERT", SEEN, comment)


async def listed(conn: Any, settled: bool | None) -> dict[str, dict[int, Settled | None]]:
    found: dict[str, list[Any]] = {
        "refused": await unsettled.list_refused(conn, None, settled=settled),
        "flagged": await unsettled.list_flagged(conn, None, settled=settled),
        "unreadable": await unsettled.list_unreadable(conn, None, settled=settled),
    }
    return {name: {each.sequence: each.settled for each in rows} for name, rows in found.items()}


def test_a_list_has_what_is_to_do_or_what_is_settled_and_by_what(made: Made) -> None:
    url = made(journal_of_events(map(encoded, EVENTS)))
    to_do = ask(url, lambda conn: listed(conn, False))
    done = ask(url, lambda conn: listed(conn, True))
    assert {"refused": {7: None}, "flagged": {}, "unreadable": {2: None}} == to_do
    assert {
        "refused": {
            4: Settled(BUDGET, 5, None, None, None),
            6: reviewed(8, "Doublon de saisie"),
        },
        "flagged": {3: reviewed(9)},
        "unreadable": {1: reviewed(10)},
    } == done
    both = ask(url, lambda conn: listed(conn, None))
    assert {name: to_do[name] | done[name] for name in both} == both


def test_the_numbers_by_reason_are_those_of_the_lists(made: Made) -> None:
    url = made(journal_of_events(map(encoded, EVENTS)))

    async def counted(conn: Any, settled: bool | None) -> list[int]:
        found = [
            await unsettled.count_by_reason(conn, None, kind, settled=settled)
            for kind in ("refused", "flagged", "unreadable")
        ]
        return [sum(each.count for each in rows) for rows in found]

    numbers = [ask(url, partial(counted, settled=each)) for each in (False, True, None)]
    assert [[1, 0, 1], [2, 1, 1], [3, 1, 2]] == numbers


async def test_refused_deadlines_of_our_own_are_on_no_list_and_in_no_count(made: Made) -> None:
    events = [a_vote(), a_closing("none"), a_deadline(), a_payment(1)]
    url = made(journal_of_events(map(encoded, events)))
    async with connected(url) as conn:
        rows = [await unsettled.list_refused(conn, None, settled=each) for each in (None, False)]
        counts = [
            await unsettled.count_by_reason(conn, None, "refused", settled=each)
            for each in (None, False, True)
        ]
        assert ([4, 4], [1, 1]) == (
            [each.sequence for some in rows for each in some],
            [each.count for some in counts for each in some],
        ), "the payment alone"


def test_a_late_document_that_a_person_has_seen_is_to_do_again_once_it_is_late_again(
    made: Made,
) -> None:
    came, *again = LATE_AGAIN[4:]
    events = [*LATE_AGAIN[:4], a_review(4), came, *again]
    url = made(journal_of_events(map(encoded, events)))
    to_do = ask(url, lambda conn: listed(conn, False))
    assert {8: None} == to_do["flagged"]
    seen = made(journal_of_events(map(encoded, [*events, a_review(8)])))
    assert {} == ask(seen, lambda conn: listed(conn, False))["flagged"]


PROVES_LITTLE = a_report(eligible_cost_cents=60_000)
OWED = [
    a_vote(),
    an_award(),
    a_convention(
        instalments=[
            an_instalment(80_000),
            an_instalment(20_000, "balance", ceiling=True, documents=[("activity_report", 2022)]),
        ],
        beneficiary=a_beneficiary(name="Avenirs de Lille"),  # 3: flagged
    ),
    a_payment(80_000),
    PROVES_LITTLE,  # 5: flagged, 20,000 cents are owed back
]


@pytest.mark.parametrize(
    ("later", "codes"),
    [
        ([], ["name_differs", "recovery_due"]),
        ([a_recovery(20_000), a_collection(20_000)], ["name_differs"]),
        ([a_recovery(20_000), a_review(3)], []),
    ],
)
def test_a_flag_that_is_settled_is_on_the_grant_no_more(
    made: Made, later: list[Json], codes: list[str]
) -> None:
    url = made(journal_of_events(map(encoded, [*OWED, *later])))
    page = ask(url, lambda conn: grants.one(conn, None, BUDGET, "G"))
    assert page is not None
    assert codes == [each.verdict.code for each in page.flags]
    (listed_grant,) = ask(url, lambda conn: grants.list_grants(conn, None))
    assert len(codes) == page.grant.flags == listed_grant.flags
    to_do = ask(url, lambda conn: unsettled.list_flagged(conn, None, settled=False))
    assert sorted(codes) == sorted(each.verdict.code for each in to_do)
