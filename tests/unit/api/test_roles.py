"""The types of events of the two offices of public accounting."""

from events.envelope import INBOUND, INTERNAL_EVENTS
from services.api.access.caller import ROLES, is_role_or_type, types_of

REVIEWS = {"ecluse.record.reviewed.v1", "ecluse.event.withdrawn.v1"}


def test_who_orders_says_nothing_of_what_the_accountant_says() -> None:
    said = {
        "ecluse.payment-order.acknowledged.v1",
        "ecluse.payment.executed.v1",
        "ecluse.recovery.collected.v1",
    }
    assert said | REVIEWS == ROLES["comptable"]
    assert REVIEWS == ROLES["comptable"] & ROLES["ordonnateur"]
    assert {each.TYPE for each in INBOUND} - INTERNAL_EVENTS == types_of(ROLES)


def test_words_are_roles_and_types_that_one_sends() -> None:
    vote = "ecluse.budget.voted.v1"
    assert ROLES["comptable"] | {vote} == types_of(["comptable", vote])
    assert frozenset() == types_of([])
    chosen = [
        "ordonnateur",
        vote,
        "ecluse.deadline.passed.v1",
        "ecluse.payment-order.issued.v1",
        "",
    ]
    assert [True, True, False, False, False] == [is_role_or_type(each) for each in chosen]
