"""Changes after an order was issued: what a person is shown, and what a confirmation covers."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.texts.translation import both
from services.treasury.domain.slips import Change, ChangeKind, Confirmation, SlipType, Waiting
from tests.builders import IBAN, OTHER_IBAN
from tests.treasury.orders import an_order

ACCOUNT = Change.replace_account(7, IBAN, OTHER_IBAN)
SUSPENDED = Change(
    kind=ChangeKind.CONVENTION_SUSPENDED, record=9, convention="C", on=date(2023, 9, 1)
)


def test_a_replaced_account_is_named_by_its_ends() -> None:
    text = both(ACCOUNT.text("C/advance"))
    assert "C/advance was issued to the account FR76…0110" in text.en
    assert "account is FR76…0185 by now" in text.en
    assert IBAN not in text.en + text.fr
    facts = {"kind": "account_replaced", "old": "FR76…0110", "new": "FR76…0185"}
    assert facts == ACCOUNT.facts, "as the audit log has it"


def test_a_suspension_is_named_with_its_day() -> None:
    text = both(SUSPENDED.text("C/advance"))
    assert "Convention C was suspended on 2023-09-01, after order C/advance" in text.en
    assert "01/09/2023" in text.fr
    assert {"kind": "convention_suspended"} == SUSPENDED.facts


@pytest.mark.parametrize(
    ("confirmed_record", "to_confirm"), [(None, 9), (7, 9), (8, 9), (9, None), (12, None)]
)
def test_a_confirmation_covers_what_was_known_then(
    confirmed_record: int | None, to_confirm: int | None
) -> None:
    order = Waiting(an_order("C/advance"), SlipType.PAYMENT, (1,), None, ())
    assert order.to_confirm is None
    order = replace(order, changes=(ACCOUNT, SUSPENDED))
    if confirmed_record is not None:
        at = datetime(2023, 9, 2, tzinfo=UTC)
        order = replace(order, confirmation=Confirmation(confirmed_record, at, "Léa"))
    assert to_confirm == order.to_confirm
