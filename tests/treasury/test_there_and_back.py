"""A slip from its orders to the accountant and back: what was sent is what answers are about."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from lxml import etree

from services.treasury.returns.returns import Returns
from services.treasury.store.slips import SlipRow
from tests.builders import Scenario, a_convention, a_vote, an_award
from tests.read_model.databases import Server
from tests.read_model.roles import Roles
from tests.treasury.databases import opened, with_tables
from tests.treasury.desk import NOON, At, Desk, all_sent
from tests.treasury.orders import a_config, an_order, issued
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip, an_answer, an_element
from tests.treasury.sent_slips import Desk as SentSlips
from tests.treasury.sent_slips import a_piece_row, a_slip_row, at_desk

ORDERS = ("C/advance", "D/advance")


def of_file(content: bytes, element: str) -> str:
    """The value of an element of a PES file."""
    found = etree.fromstring(content).find(f".//{element}")
    assert found is not None
    return str(found.get("V"))


def head_of(content: bytes) -> dict[str, object]:
    """The head of what comes back to a file."""
    return {
        "IdPost": of_file(content, "IdPost"),
        "CodColl": of_file(content, "CodCol"),
        "CodBud": of_file(content, "CodBud"),
    }


def paid_back(content: bytes, slip: SlipRow) -> bytes:
    """A return in which all pieces of a file are settled."""
    pieces = []
    for piece in etree.fromstring(content).iter("Piece"):
        amounts = [str(each.get("V")) for each in piece.iter("MtHT")]
        number = piece.find(".//IdPce")
        assert number is not None
        lines = (Line(each, (Paid(each),), "1", each) for each in amounts)
        pieces.append(Mandat(number.get("V"), tuple(lines), {"EtatPce": "05"}))
    numbers = {"number": of_file(content, "IdBord"), "kind": slip.slip_type.value}
    return a_return(a_slip(*pieces, **numbers), head=head_of(content))


def test_a_slip_is_answered_and_paid_by_what_stands_in_its_file(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders(*ORDERS)
        slip = await desk.sent()
        content = (await desk.slips.export(slip.slip_id, "anne")).content
        returns = Returns(desk.both.store, a_config(), lambda: NOON)

        async def take(file: bytes) -> Any:
            return await returns.take(BytesIO(file), "file.xml", "anne")

        head = head_of(content)
        answer = an_answer(
            an_element(1, NumBord=of_file(content, "IdBord"), ExerciceBord=2023),
            file_name=of_file(content, "NomFic"),
            head={"IdPost": head["IdPost"], "CodCol": head["CodColl"], "CodBud": head["CodBud"]},
        )
        answered = await take(answer)
        assert (slip.slip_id, True, 0) == (answered.slip_id, answered.accepted, answered.findings)
        back = paid_back(content, slip)
        paid = await take(back)
        assert (2, 4, 0) == (paid.pieces, paid.events, paid.findings)
        assert 0 == (await take(back)).events

    at_a_desk(work)


def test_the_ledger_accepts_what_a_return_says_and_ends_paid(treasury_in_files: str) -> None:
    """An advance is taken in charge and paid in two parts; all of it again is a duplicate."""
    ledger = Scenario(a_vote(), an_award(), a_convention())
    parts = Line("1000.00", (Paid("400.00"), Paid("600.00", "2023-06-03")), "2", "1000.00")

    async def go(desk: SentSlips) -> list[bytes]:
        slip = a_slip_row(1)
        await desk.send(slip, a_piece_row(slip, 1, "C/advance"))
        await desk.take(a_return(a_slip(Mandat(1, (parts,), {"EtatPce": "05"}))))
        return [row["value"] for row in await desk.rows("outbox")]

    events = at_desk(treasury_in_files, go)
    outcomes = [ledger.tell(each)[-1].outcome for each in (*events, *events)]
    assert ["accepted"] * 3 + ["duplicate"] * 3 == outcomes
    (order,) = ledger.summary()["payment_orders"]
    assert ("C/advance", "paid", 100_000) == (
        order["payment_order"],
        order["state"],
        order["paid_cents"],
    )


@pytest.mark.rest
def test_the_api_s_own_role_issues_and_cancels_slips_and_takes_returns(
    postgresql_server: Server,
) -> None:
    """Policies of the outbox let through what its rows say."""
    url = with_tables(postgresql_server.a_read_model())
    roles = Roles(postgresql_server, url)
    given = roles.granted("--apply")
    assert 0 == given.code, given.err

    async def go() -> list[str]:
        async with opened(url) as owners, opened(roles.url_of("api")) as both:
            desk = Desk(both, a_config())
            await issued(owners, an_order(ORDERS[0]))
            slip = await desk.issued()
            await all_sent(owners)
            content = (await desk.slips.export(slip.slip_id, "anne")).content
            taken = await Returns(both.store, a_config(), lambda: NOON).take(
                BytesIO(paid_back(content, slip)), "file.xml", "anne"
            )
            assert 2 == taken.events, "paid, and its state"
            await issued(owners, an_order(ORDERS[1]))
            await desk.slips.cancel((await desk.issued()).slip_id, "anne")
            return await desk.sent_messages()

    sent = asyncio.run(go())
    ends = [each.rpartition("/")[2] for each in sent]
    assert ["issued", "issued", "cancelled"] == [ends[0], *ends[3:]]
    assert 5 == len(sent)
