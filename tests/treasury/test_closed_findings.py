"""A finding that was closed does not silence its piece."""

from collections.abc import Mapping

from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, at_desk


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
