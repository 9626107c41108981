"""Slips from orders that wait to files: who waits and why, drafts, numbers, files, cancelling."""

from datetime import date
from hashlib import sha256

import pytest
from msgspec.json import encode

from services.treasury.domain.slips import Original, SlipState
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.slips.order_messages import CancelledOrder, IssuedOrder
from services.treasury.slips.orders import take
from services.treasury.slips.slips import Slips
from services.treasury.store.database import NAMED_AT_ONCE
from tests.builders import BUDGET, IBAN, OTHER_BODY, SIRET
from tests.treasury.desk import CANCELLATION, NOON, PAYMENT, At, Desk, refusal
from tests.treasury.orders import a_config, an_order, is_now, known


def test_an_issued_order_waits_until_it_stands_on_a_slip(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance", "D/advance")
        assert await desk.waiting() == {"C/advance": None, "D/advance": None}
        slip = await desk.prepared()
        assert (slip.state, slip.number, slip.piece_count) == (SlipState.PREPARED, None, 2)
        assert await desk.waiting() == {}
        assert await desk.slips.prepare(BUDGET, PAYMENT, "anne") is None

    at_a_desk(work)


def test_more_orders_than_a_statement_names_stand_on_one_slip_and_wait_again(at_a_desk: At) -> None:
    count = NAMED_AT_ONCE + 1

    async def work(desk: Desk) -> None:
        await desk.orders(*(f"C{number}/advance" for number in range(count)))
        slip = await desk.prepared()
        assert (slip.piece_count, await desk.waiting()) == (count, {})
        await desk.slips.cancel(slip.slip_id, "anne")
        assert len(await desk.waiting()) == count

    at_a_desk(work)


def test_an_order_that_the_read_model_does_not_know_waits_with_this_reason(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        order = an_order("C/advance")
        async with desk.both.store.transaction() as connection:
            await take(connection, [IssuedOrder(order, encode(order))])
        (reason,) = (await desk.waiting()).values()
        assert reason is not None
        assert "C/advance is still being processed" in reason
        assert await desk.slips.prepare(BUDGET, PAYMENT, "anne") is None
        await known(desk.both, order)
        assert await desk.waiting() == {"C/advance": None}

    at_a_desk(work)


@pytest.mark.parametrize(
    ("state", "paid_cents"),
    [
        ("cancelled", 0),
        ("rejected", 0),
        ("taken_in_charge", 0),
        ("on_hold", 0),
        ("paid", 100_000),
        ("issued", 1),
    ],
)
def test_only_an_issued_order_of_which_nothing_is_paid_is_offered(
    at_a_desk: At, state: str, paid_cents: int
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance", "D/advance")
        await is_now(desk.both, "C/advance", state, paid_cents)
        assert await desk.waiting() == {"D/advance": None}
        assert await desk.on(await desk.prepared()) == [("D/advance", None, (100_000,))]

    at_a_desk(work)


def test_a_fault_keeps_one_order_and_the_others_go_on(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        await desk.orders("D/advance", bank_account={"iban": IBAN, "holder": "Компания"})
        waiting = await desk.waiting()
        assert waiting["C/advance"] is None
        assert "ISO-8859-1" in str(waiting["D/advance"])
        assert await desk.on(await desk.prepared()) == [("C/advance", None, (100_000,))]
        assert [*await desk.waiting()] == ["D/advance"]

    at_a_desk(work)


def test_without_the_codes_of_the_accountant_no_slip_is_prepared(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        assert "ECLUSE_TREASURY_FILE" in str((await desk.waiting())["C/advance"])
        assert await desk.slips.prepare(BUDGET, PAYMENT, "anne") is None

    at_a_desk(work, TreasuryConfig())


def test_orders_are_shown_to_their_own_entity_alone(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        slip = await desk.prepared()
        await desk.orders("D/advance")
        for sirets, names, found in (
            (None, ["D/advance"], [slip]),
            (frozenset({OTHER_BODY}), ["D/advance"], [slip]),
            (frozenset({SIRET}), [], []),
            (frozenset[str](), [], []),
        ):
            waiting = await desk.slips.waiting(sirets)
            assert [each.payment_order for each in waiting] == names
            assert await desk.slips.list_all(sirets) == found

    at_a_desk(work)


def test_the_oldest_orders_come_first_and_so_many_as_are_asked_for(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("B/advance", "A/advance", issued_on=date(2023, 6, 2))
        await desk.orders("Z/advance", issued_on=date(2023, 6, 1))
        slip = await desk.slips.prepare(BUDGET, PAYMENT, "anne", at_most=2)
        assert slip is not None
        assert [name for name, _, _ in await desk.on(slip)] == ["Z/advance", "A/advance"]
        assert await desk.waiting() == {"B/advance": None}

    at_a_desk(work)


def test_an_issued_slip_has_numbers_a_file_and_a_message(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance", line_cents=(100, 50))
        await desk.orders("D/advance", line_cents=(7,))
        draft = await desk.prepared()
        slip = await desk.slips.issue(draft.slip_id, "benoit")
        assert (slip.state, slip.number, slip.piece_count) == (SlipState.ISSUED, 1, 2)
        assert (slip.amount_cents, slip.cumulative_cents) == (157, 157)
        assert (slip.issued_on, slip.issued_by) == (date(2023, 6, 3), "benoit")
        assert await desk.on(slip) == [("C/advance", 1, (100, 50)), ("D/advance", 2, (7,))]
        assert await desk.slips.find(slip.slip_id) == slip
        assert await desk.sent_messages() == [f"{slip.slip_id}/issued"]

    at_a_desk(work)


def test_the_file_is_the_same_for_ever_and_who_took_it_first_is_noted(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        draft = await desk.prepared()
        assert "has no file yet" in await refusal(desk.slips.export(draft.slip_id, "anne"))
        slip = await desk.slips.issue(draft.slip_id, "anne")
        file = await desk.slips.export(slip.slip_id, "anne")
        await desk.orders("D/advance")
        await desk.issued()
        other_settings = Slips(
            desk.both.store, desk.both.read_model, TreasuryConfig(), lambda: NOON
        )
        assert await other_settings.export(slip.slip_id, "benoit") == file
        assert (sha256(file.content).hexdigest(), file.name) == (slip.file_sha256, slip.file_name)
        found = await desk.slips.find(slip.slip_id)
        assert found is not None
        assert (found.exported_by, found.exported_at is None) == ("anne", False)

    at_a_desk(work)


def test_an_order_cancelled_while_it_stood_on_a_draft_goes(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance", line_cents=(10,))
        draft = await desk.prepared()
        await is_now(desk.both, "A/advance", "cancelled")
        slip = await desk.slips.issue(draft.slip_id, "anne")
        assert await desk.on(slip) == [("B/advance", 1, (10,))]
        assert (slip.piece_count, slip.amount_cents) == (1, 10)
        assert await desk.waiting() == {}
        assert await desk.slips.prepare(BUDGET, CANCELLATION, "anne") is None

    at_a_desk(work)


def test_an_order_that_a_setting_keeps_back_since_waits_again(at_a_desk: At) -> None:
    public = {"name": "Ville de Lille", "siret": OTHER_BODY}
    directory = {OTHER_BODY: {"CatTiers": "21", "NatJur": "09"}}
    known_body = a_config().model_copy(
        update={
            "third_parties": TreasuryConfig.model_validate(
                {"third_parties": directory}
            ).third_parties
        }
    )

    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(10,))
        await desk.orders("B/advance", beneficiary=public)
        draft = await desk.prepared()
        assert draft.piece_count == 2
        unknown_body = Slips(desk.both.store, desk.both.read_model, a_config(), lambda: NOON)
        slip = await unknown_body.issue(draft.slip_id, "anne")
        assert await desk.on(slip) == [("A/advance", 1, (10,))]
        assert await desk.waiting() == {"B/advance": None}
        other = await desk.prepared()
        assert "None of the orders of draft" in await refusal(
            unknown_body.issue(other.slip_id, "anne")
        )

    at_a_desk(work, known_body)


def test_a_draft_of_which_nothing_is_left_is_not_issued(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        draft = await desk.prepared()
        await is_now(desk.both, "A/advance", "cancelled")
        assert "Cancel the draft" in await refusal(desk.slips.issue(draft.slip_id, "anne"))
        assert (await desk.slips.cancel(draft.slip_id, "anne")).state is SlipState.CANCELLED
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_an_order_cancelled_after_it_was_sent_is_taken_back_as_far_as_it_is_unpaid(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(100, 50, 25))
        paying = await desk.sent()
        async with desk.both.store.transaction() as connection:
            await take(connection, [CancelledOrder(BUDGET, "A/advance")])
        assert "was cancelled, which is still being processed" in str(await desk.waiting())
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=120)
        (waiting,) = await desk.slips.waiting(None)
        assert (waiting.slip_type, waiting.reasons) == (CANCELLATION, ())
        assert waiting.original == Original(1, 1, 2023)
        slip = await desk.sent(CANCELLATION)
        assert await desk.on(slip) == [("A/advance", 1, (0, 30, 25))]
        assert slip.amount_cents == 55
        assert await desk.waiting() == {}
        assert await desk.slips.find(paying.slip_id) is not None

    at_a_desk(work)


def test_what_the_accountant_paid_of_another_line_than_the_first_is_not_taken_back(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance", line_cents=(100, 200))
        await desk.sent()
        await desk.returned("A/advance", line=2, amount_cents=200)
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=200)
        await is_now(desk.both, "B/advance", "cancelled", paid_cents=200)
        slip = await desk.sent(CANCELLATION)
        assert await desk.on(slip) == [("A/advance", 1, (100, 0)), ("B/advance", 2, (0, 100))]

    at_a_desk(work)


def test_an_order_of_which_returns_and_ledger_have_other_payments_is_not_taken_back(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(100, 200))
        await desk.sent()
        await desk.returned("A/advance", line=2, amount_cents=150)
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=100)
        reason = (await desk.waiting())["A/advance"]
        assert reason is not None
        assert "returns pay €1.50 of it, and the ledger has only €1.00 as paid" in reason
        assert "as a finding says, open or closed" in reason
        assert await desk.slips.prepare(BUDGET, CANCELLATION, "anne") is None
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=150)
        assert await desk.on(await desk.sent(CANCELLATION)) == [("A/advance", 1, (100, 50))]

    at_a_desk(work)


def test_an_order_of_which_a_part_was_paid_by_hand_waits_for_the_return_that_names_it(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(100, 200))
        await desk.sent()
        await desk.returned("A/advance", line=1, amount_cents=100)
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=150)
        reason = (await desk.waiting())["A/advance"]
        assert reason is not None
        assert "has €1.50 of it as paid, and the accountant's newest returns only €1.00" in reason
        assert "Ask the accountant for a return that names the payment" in reason
        await desk.returned("A/advance", line=2, amount_cents=50)
        assert await desk.waiting() == {"A/advance": None}

    at_a_desk(work)


def test_an_order_of_which_a_return_pays_too_much_on_a_line_waits_for_another_return(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(100, 200))
        await desk.sent()
        await desk.returned("A/advance", line=1, amount_cents=150)
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=150)
        reason = (await desk.waiting())["A/advance"]
        assert reason is not None
        assert "returns and ledger have €1.50 of it as paid" in reason
        assert "Have the accountant correct the return" in reason

    at_a_desk(work)


def test_an_order_cancelled_on_a_slip_that_never_left_waits_for_that_slip(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        slip = await desk.issued()
        await is_now(desk.both, "A/advance", "cancelled")
        assert "was never exported" in str((await desk.waiting())["A/advance"])
        await desk.slips.cancel(slip.slip_id, "anne")
        assert await desk.waiting() == {"B/advance": None}

    at_a_desk(work)


def test_an_order_that_the_accountant_rejected_is_gone_by_itself(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        await desk.sent()
        await is_now(desk.both, "A/advance", "rejected")
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_an_unknown_slip_is_said_to_be_none(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        for doing in (desk.slips.issue, desk.slips.export, desk.slips.cancel):
            assert "No slip is called X" in await refusal(doing("X", "anne"))
        assert await desk.slips.find("X") is None

    at_a_desk(work)
