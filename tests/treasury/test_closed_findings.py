"""A finding that was closed does not silence its piece."""

from collections.abc import Mapping

from sqlalchemy import delete

from services.texts.translation import both
from services.treasury.process.metrics import figures
from services.treasury.slips.order_messages import OwnRefusal
from services.treasury.slips.orders import note_refusals
from services.treasury.store.tables import outbox, own_events
from tests.builders import BUDGET
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import NOW, Desk, a_piece_row, a_slip_row, at_desk


async def closed(desk: Desk, content: bytes) -> list[str]:
    """The kinds of what a file opens, which a person closes."""
    taken = await desk.take(content)
    for each in taken.opened:
        await desk.returns.close(each.finding_id, "test", "seen with the accountant")
    return [each.kind for each in taken.opened]


def a_file(day: str, line: Line, more: Mapping[str, str] = {}) -> bytes:
    return a_return(a_slip(Mandat(34, (line,), more), number=12), head={"DteStr": day})


def paid(total: str, *payments: Paid) -> Line:
    return Line("300.00", payments, str(len(payments)), total)


async def sent(desk: Desk) -> None:
    slip = a_slip_row(12)
    await desk.send(slip, a_piece_row(slip, 34, "C1/1", (30_000,)))


def test_a_rejection_behind_a_closed_finding_is_another_finding(treasury_url: str) -> None:
    wrong = Line("299.99")
    rejected = a_file("2023-06-12", wrong, {"EtatPce": "04", "DtePceRej": "2023-06-12"})

    async def go(desk: Desk) -> None:
        await sent(desk)
        assert ["amount_differs"] == await closed(desk, a_file("2023-06-05", wrong))
        assert [] == await closed(desk, a_file("2023-06-06", wrong)), "it says the same"
        assert ["amount_differs"] == await closed(desk, rejected)
        assert [] == await closed(desk, rejected)
        assert [] == await desk.events()

    at_desk(treasury_url, go)


def test_the_balance_is_published_behind_a_closed_finding(treasury_url: str) -> None:
    first, moved, rest = (
        Paid("100.00", "2023-06-02"),
        Paid("100.00", "2023-06-08"),
        Paid("200.00", "2023-06-15"),
    )
    files = (
        a_file("2023-06-05", paid("100.00", first)),
        a_file("2023-06-09", paid("100.00", moved)),
        a_file("2023-06-16", paid("300.00", moved, rest), {"EtatPce": "05"}),
    )

    async def go(desk: Desk) -> None:
        await sent(desk)
        found = [await closed(desk, each) for each in files]
        assert [[], ["less_paid"], []] == found
        events = await desk.events()
        amounts = [each["data"].get("amount_cents") for each in events]
        assert [None, 10_000, 20_000] == amounts
        for each in (*files, *reversed(files)):
            assert [] == await closed(desk, each)
        assert events == await desk.events()

    at_desk(treasury_url, go)


def test_a_refusal_that_is_read_before_its_event_is_made_again_is_kept(treasury_url: str) -> None:
    """After a restore the ledger's answers are read from their start, the returns come later."""
    content = a_file("2023-06-05", paid("300.00", Paid("300.00")))

    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(content)
        before = await desk.rows("own_events")
        assert [None, None] == [each["refusal"] for each in before]
        state, payment = [each["event_id"] for each in before]
        async with desk.store.transaction() as connection:
            await connection.execute(delete(outbox))
            await connection.execute(delete(own_events))
            for _ in range(2):
                refusal = OwnRefusal(BUDGET, payment, {"code": "order_cancelled"})
                await note_refusals(connection, [refusal], lambda: NOW)
        (finding,) = await desk.returns.findings(frozenset([BUDGET[:14]]), open_only=True)
        assert ("event_refused", BUDGET) == (finding.kind, finding.budget)
        await desk.take(content)
        again = {each["event_id"]: each["refusal"] for each in await desk.rows("own_events")}
        assert {state: None, payment: {"code": "order_cancelled"}} == again
        async with desk.store.reading() as connection:
            assert 1 == (await figures(connection)).events_refused
        assert ["event_refused"] == await desk.found()

    at_desk(treasury_url, go)


def test_an_answer_to_a_cancelled_order_is_no_alarm_and_a_payment_is(treasury_url: str) -> None:
    """The accountant took in charge and paid what was cancelled meanwhile."""

    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(a_file("2023-06-05", paid("300.00", Paid("300.00"))))
        closed = {"code": "payment_order_closed", "facts": {"state": "cancelled"}}
        events = [each["event_id"] for each in await desk.rows("own_events")]
        async with desk.store.transaction() as connection:
            refused = [OwnRefusal(BUDGET, each, closed) for each in events]
            await note_refusals(connection, refused, lambda: NOW)
        (finding,) = await desk.returns.findings(None, open_only=True)
        assert "payment of €300.00 on 2023-06-02" in both(finding.text).en
        assert [closed, closed] == [each["refusal"] for each in await desk.rows("own_events")]

    at_desk(treasury_url, go)


def test_a_file_that_is_refused_behind_its_head_is_a_finding_of_its_entity(
    treasury_in_files: str,
) -> None:
    whole = a_file("2023-06-05", Line("300.00"))

    async def go(desk: Desk) -> None:
        (cut,) = (await desk.take(whole[:-30])).opened
        not_set_up = whole.replace(b'CodBud V="00"', b'CodBud V="07"')
        (other,) = (await desk.take(not_set_up)).opened
        nameless = not_set_up.replace(b'<IdColl V="21590350100017"/>', b"")
        (of_nobody,) = (await desk.take(nameless)).opened
        assert ("file_refused", BUDGET) == (cut.kind, cut.budget)
        assert ("file_refused", BUDGET.replace("-00-", "-07-")) == (other.kind, other.budget)
        assert ("file_refused", None) == (of_nobody.kind, of_nobody.budget)

    at_desk(treasury_in_files, go)
