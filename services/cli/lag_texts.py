"""Texts of `ecluse lag`, beside those that it shares with the console's page."""

from typing import Final

from events.texts import Translatable, _

UNKNOWN: Final = "—"
"""An unknown figure, which is never 0."""

NO_ANSWER = _("{address}: {fault}.")
HEADLINE = Translatable("{state}. {meaning}")
DOES_NOT_ADD_UP = _("Each stage goes on, but not all adds up: see below.")
IS_NOT_KNOWN_TO_ADD_UP = _("Each stage goes on; whether all adds up is not known yet.")
OLD = _(
    "UNKNOWN. The watch stands at {instant} ({age}): nothing is known of now. What follows was so "
    "then."
)
AS_OF = _("As seen at {instant} ({age}).{watched}")
LAST_SEEN = _(
    "The groups were last seen at {instant} ({age}): Kafka is silent, or the watch hangs."
)
NEVER_SEEN = _("The groups have not been seen yet: Kafka has not answered.")
NOT_ALL = _("Some of what was received is not in the accounts yet.")
WHY = _("{stages}: {state}. {rule} {do}")
HELD = _("{place} is held before {offset}: {event}.")
NO_EVENT = _("an event without a readable id")

AGO = _("{span} ago")
AHEAD = _("in {span}")
SECONDS = _("{count} s")
MINUTES = _("{count} min")
HOURS = _("{count} h")
DAYS = _("{count} d")

TRENDS: Final = {"up": " ↑", "down": " ↓", "level": " →"}

OUTCOMES = _(
    "Received: {received} = {accepted} accepted + {duplicate} duplicates + {refused} refused + "
    "{parked} parked + {dead_letter} dead letters; in flight: {in_flight}."
)
ADDS_UP = _("The count adds up.")
DOES_NOT = _(
    "The count does not add up: {gap} read and of no known outcome, {repeated} counted twice."
)
CANNOT_TELL = _("Whether the count adds up is not known: —.")

ORDERS = _("Payment orders waiting: {count}, {amount}; the oldest: {oldest}.")
ORDERS_BY_STATE = _("By state: {states}.")
ORDERS_DUE = _("Due: {count}, {amount}.")
ORDERS_UNACKNOWLEDGED = _("Unacknowledged for too long: {count}, {amount}; the oldest: {oldest}.")
DUE = _("due")
UNACKNOWLEDGED = _("unacknowledged")

REPORTS = _("Reports overdue: {count}; the oldest: {oldest}.")
CLOSED = _("closed year")
PARKED = _("Parked events: {count}, {past} of them past their deadline; the oldest: {oldest}.")
PAST = _("past")
DEAD_LETTERS = _("Dead letters: {count}, the first: {oldest}, the last: {newest}. {reasons}")
REFUSALS = _("Refusals: {count}, the last: {newest}. {codes}")
INTERNAL_EVENTS = _("Deadline events: {written} written, {pending} to be written.")
BALANCES = _(
    "Second opinion ({instance}): {budgets} budgets, {differing} balances that differ, {faults} "
    "faults of the journal."
)
NOT_READY = _("The watch is still reading the journal.")

GROUPS: Final = {
    "outcomes": _("Received, and its outcome: —."),
    "latencies": _("Latencies: —."),
    "orders": _("Payment orders waiting: —."),
    "reports_overdue": _("Reports overdue: —."),
    "parked": _("Parked events: —."),
    "dead_letters": _("Dead letters: —."),
    "refusals": _("Refusals: —."),
    "deadline_events": _("Deadline events: —."),
}
"""Texts for groups of figures that the watch does not know."""
