"""Rows of dead letters: what a program reads of them, accounts shortened."""

import json
from datetime import date

from events import topics
from services.cli.commands.dead_letters import dead_letter_row
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.redrive.dead_letters import Address, DeadLetter
from services.redrive.state import RedriveState, Review
from tests.builders import BUDGET, IBAN


def test_what_settled_a_dead_letter_shows_no_account() -> None:
    place = Source(topics.EVENTS, 3, 41)
    found = DeadLetter(Address("_dead.3", 17, place), "bad_json", RawRecord(b"{", place), 0, True)
    state = RedriveState()
    day = date(2023, 7, 20)
    state.reviews["_dead.3", 17] = Review(BUDGET, 5, IBAN, day, f"to {IBAN}", f"x-{IBAN}")
    row = dead_letter_row(found, state)
    assert IBAN not in json.dumps(row)
    assert ("2023-07-20", BUDGET, 5) == tuple(
        row["settled"][name] for name in ("reviewed_on", "budget", "sequence")
    )
