"""The types of events that a key sends as one of the two offices of public accounting.

Who orders does not pay: the authorising officer (ordonnateur) cannot say that the public accountant
(comptable) has taken an order in charge, paid it, or collected a recovery.
"""

from collections.abc import Iterable
from typing import Final, get_args

from events.envelope import INBOUND, INTERNAL_EVENTS
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.recoveries import RecoveryCollected
from events.reviews import ReviewEvent

SENDABLE: Final = frozenset(each.TYPE for each in INBOUND) - INTERNAL_EVENTS
"""The types that anybody sends."""

ACCOUNTANT: Final = frozenset(
    each.TYPE for each in (PaymentOrderAcknowledged, PaymentExecuted, RecoveryCollected)
)
"""Types of events by which the accountant answers."""

ROLES: Final = {
    "ordonnateur": SENDABLE - ACCOUNTANT,
    # Each reviews what became of its own events.
    "comptable": ACCOUNTANT | {each.TYPE for each in get_args(ReviewEvent)},
}


def is_role_or_type(name: str) -> bool:
    """True if a key may be made for a role or type of this name."""
    return name in ROLES or name in SENDABLE


def types_of(names: Iterable[str]) -> frozenset[str]:
    """The types of events that these names stand for: roles, or types themselves."""
    return frozenset().union(*(ROLES.get(name, {name}) for name in names))
