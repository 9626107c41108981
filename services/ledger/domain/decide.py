"""decide(state, event): the ledger's answer. It changes nothing and reads no clock."""

from events.codec import Received
from services.ledger.domain.handler import Context
from services.ledger.domain.model.book import BudgetState, shortened
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.verdicts import Accepted, Duplicate, Refused, Verdict, Waits
from services.ledger.domain.parking import PARKED_MAX
from services.ledger.domain.rules.late_events import refusal_of_late
from services.ledger.domain.rules.table import handler_of


def decide(state: BudgetState, received: Received) -> Verdict:
    """The verdict on an event that arrives: its identity is looked up first, then the rules.

    A closed year refuses an event before its identity is looked up (rules, 31).
    """
    memory, envelope = state.memory, received.envelope
    if state.book.closed:
        refused = refusal_of_late(state.book, envelope.data)
        if refused is not None:
            return refused
    known = memory.remembered.get(shortened(received.identity))
    if known is not None:
        if known == shortened(received.digest):
            return Duplicate()
        return Refused(Refusal.EVENT_ID_REUSED, {"event_id": envelope.id})
    verdict = rule(state, received)
    if isinstance(verdict, Waits) and len(memory.parked) >= PARKED_MAX:
        facts = {"budget": state.book.budget, "limit": PARKED_MAX}
        return Refused(Refusal.TOO_MANY_PARKED, facts)
    return verdict


def decide_again(state: BudgetState, received: Received) -> Accepted | Refused | Waits:
    """The verdict on a parked event, now that what it waited for is there (rules, 28)."""
    return rule(state, received)


def rule(state: BudgetState, received: Received) -> Accepted | Refused | Waits:
    """The verdict of the rules."""
    event, at = received.envelope.data, Context(received.envelope.time.date(), state.memory)
    return handler_of(event).decide(state.book, event, at)
