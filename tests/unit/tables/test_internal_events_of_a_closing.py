"""Rule 32: which internal events left with a closing is reported by what it moved."""

import json

from events import topics
from services.ledger.domain.fiscal_year.year_openings import openings
from tests.builders import NEXT_BUDGET, a_closing
from tests.unit.ledger.test_internal_events_leave import YEAR
from tests.unit.ledger.wire import by_topic, handled


def test_rule_32_what_a_closing_moved_tells_which_internal_events_left_with_it() -> None:
    wire = handled(*YEAR)
    sent = by_topic(wire.tell(a_closing("all")))
    [internal_event] = sent[topics.INTERNAL_EVENTS]
    closing = wire.decided[-1].record
    event = a_closing("all")
    said = openings(closing.budget, event["source"], event["id"], closing.moves)
    assert [(json.loads(internal_event.value or b"")["id"], NEXT_BUDGET, "C")] == said
