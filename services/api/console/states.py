"""States of orders, grants, conventions, records, slips, money: a text for each, with its tone."""

from collections.abc import Mapping
from typing import Final

from events.texts import Translatable
from services.api.console.elements import State
from services.api.console.texts import (
    CONVENTION_STATES,
    DOCUMENT_STATES,
    OUTCOMES,
    PIECE_STATES,
    RECOVERY_STATES,
    STAGES,
)
from services.ledger.explain.sentences import GRANT_STATES, ORDER_STATES, OUTSIDE
from services.texts.locale_format import LocaleFormat
from services.treasury.domain.findings import SLIP_STATES

TEXTS: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "order": ORDER_STATES,
    "grant": GRANT_STATES,
    "convention": CONVENTION_STATES,
    "outcome": OUTCOMES,
    "slip": SLIP_STATES,
    "piece": PIECE_STATES,
    "document": DOCUMENT_STATES,
    "recovery": RECOVERY_STATES,
}
TONES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "order": {
        "issued": ("info", "now"),
        "taken_in_charge": ("info", "now"),
        "on_hold": ("warn", "warn"),
        "rejected": ("bad", "bad"),
        "paid": ("good", "good"),
        "cancelled": ("", ""),
    },
    "grant": {
        "announced": ("info", "later"),
        "awarded": ("info", "now"),
        "paid": ("good", "good"),
        "lapsed": ("", ""),
        "withdrawn": ("bad", "bad"),
        "carried": ("info", "info"),
        "carried_over": ("info", "info"),
    },
    "convention": {
        "in_force": ("good", "good"),
        "suspended": ("warn", "warn"),
        "terminated": ("", ""),
        "withdrawn": ("bad", "bad"),
    },
    "outcome": {
        "accepted": ("good", "good"),
        "duplicate": ("", ""),
        "refused": ("bad", "bad"),
        "parked": ("info", "now"),
        "dead_letter": ("bad", "bad"),
    },
    "piece": {
        "taken_in_charge": ("info", "now"),
        "on_hold": ("warn", "warn"),
        "rejected": ("bad", "bad"),
        "settled": ("good", "good"),
    },
    "document": {
        "awaited": ("info", "later"),
        "rejected": ("bad", "bad"),
        "received": ("good", "good"),
    },
    "recovery": {
        "ordered": ("warn", "now"),
        "partly_collected": ("info", "now"),
        "collected": ("good", "good"),
    },
    "slip": {
        "prepared": ("info", "later"),
        "issued": ("info", "now"),
        "accepted": ("good", "good"),
        "refused": ("bad", "bad"),
        "cancelled": ("", ""),
    },
}
"""Tones and icons: no state is shown by colour alone."""


def state_of(code: str, kind: str, locale: LocaleFormat) -> State:
    """The state of a thing of this kind, by its code."""
    return State(locale.say(TEXTS[kind][code]), *TONES[kind][code])


def stage_name(stage: str, locale: LocaleFormat) -> str:
    """A stage of money."""
    return locale.say(STAGES[stage])


def move_ends(origin: str | None, target: str | None, locale: LocaleFormat) -> list[str]:
    """The two stages of a move; of one from outside the budget, or to it, what that is."""
    ends = (origin, target)
    return [locale.say(OUTSIDE[target] if each is None else STAGES[each]) for each in ends]
