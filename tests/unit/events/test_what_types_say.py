"""Each event type says of itself what its readers ask: no reader leaves one out silently."""

from datetime import date
from typing import Final, get_args

import pytest

from events import journal
from events.envelope import INBOUND
from events.fiscal_years import FiscalYearOpened
from events.parts import Concern, EventData
from events.payments import BankAccountChanged
from events.texts import Translatable
from services.api.grants.timeline import OF_ITS_CONVENTION
from services.cli.records.trace_view import SHOWN

SAID: Final = ("SUBJECT", "DAY", "CONCERNS", "SHOWS")

CONCERNED: Final = {
    "grant": {"award", "signature"},
    "convention": {"convention", "commitment", "document", "recovery", "deadline"},
    "payment_order": {"order", "deadline"},
    "beneficiary": {"award", "signature", "beneficiary"},
    "recovery": {"recovery"},
    "document": {"document"},
    "sequence": {"record"},
}
"""By a member that a type has, what such a type may concern."""

OF_ITS_TIME: Final = {
    "ecluse.deliberation.withdrawn.v1",
    "ecluse.bank-account.changed.v1",
    "ecluse.deadline.passed.v1",
    "ecluse.fiscal-year.opened.v1",
    "ecluse.record.reviewed.v1",
}
"""Types with a day or an act that take effect at their event's time all the same."""


def unsaid(each: type[EventData]) -> list[str]:
    """What a type does not say, or says of members that it does not have."""
    lacking = [name for name in SAID if not hasattr(each, name)]
    if lacking:
        return lacking
    members = set(each.__struct_fields__)
    wrong = [name for name in each.SUBJECT if name not in members]
    wrong += [name for name in each.SUBJECT if name not in journal.EventData.__struct_fields__]
    wrong += [name for name in each.SHOWS if name not in members or name not in SHOWN]
    wrong += [name for name in each.CONCERNS if name not in get_args(Concern)]
    for member, concerns in CONCERNED.items():
        if member in members and not concerns & {*each.CONCERNS}:
            wrong.append(f"CONCERNS of one with a {member}")
    if "bank_account" in members and each is not FiscalYearOpened:
        wrong += [] if "account" in each.CONCERNS else ["CONCERNS of one with an account"]
    if each.DAY is not None and each.DAY not in members:
        wrong.append(each.DAY)
    if each.DAY is None and each.TYPE not in OF_ITS_TIME and _days(each):
        wrong.append(f"DAY, of {_days(each)}")
    return wrong if each.CONCERNS else [*wrong, "CONCERNS"]


def _days(each: type[EventData]) -> list[str]:
    """The members of a type that have a day as readers of the journal decode them."""
    known = journal.EventData.__annotations__
    return [
        name
        for name in each.__struct_fields__
        if name in known and known[name] in (date | None, journal.Act | None)
    ]


@pytest.mark.parametrize("each", INBOUND, ids=lambda each: each.TYPE)
def test_a_type_says_what_its_readers_ask(each: type[EventData]) -> None:
    assert [] == unsaid(each)


def test_the_base_of_all_types_says_nothing_for_one_that_leaves_it_out() -> None:
    assert not [name for name in SAID if hasattr(EventData, name)]


class _Unsaid(EventData):
    """A type that only is recorded, and says nothing of itself."""

    TYPE = "ecluse.grant.transferred.v1"
    NAME = Translatable("Grant transferred")

    grant: str
    convention: str
    act: journal.Act


class _Halfway(_Unsaid):
    """The same, which names its own members and no readers."""

    SUBJECT = ("grant", "day")
    DAY = None
    CONCERNS = ("budget",)
    SHOWS = ("grant",)


class _Transferred(_Unsaid):
    """The same, as its readers know it."""

    SUBJECT = ("grant", "act")
    DAY = "act"
    CONCERNS = ("award", "convention")
    SHOWS = ("act",)


def test_a_new_type_is_named_by_what_it_does_not_say() -> None:
    assert [*SAID] == unsaid(_Unsaid)
    assert [
        "day",
        "day",
        "grant",
        "CONCERNS of one with a grant",
        "CONCERNS of one with a convention",
        "DAY, of ['act']",
    ] == unsaid(_Halfway)
    assert [] == unsaid(_Transferred)


def test_a_timeline_has_what_decides_a_payment() -> None:
    decided = {"award", "convention"}
    assert {each.TYPE for each in INBOUND if decided & {*each.CONCERNS}} == OF_ITS_CONVENTION
    assert BankAccountChanged.TYPE not in OF_ITS_CONVENTION
