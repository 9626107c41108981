"""Texts of `ecluse lag`, beside those that it shares with the console's page."""

from typing import Final

from events.sentences import Sentence

UNKNOWN: Final = "—"
"""An unknown figure, which is never 0."""

NO_ANSWER = Sentence("{address}\u00a0: {fault}.", "{address}: {fault}.")
HEADLINE = Sentence("{state}. {said}", "{state}. {said}")
DOES_NOT_ADD_UP = Sentence(
    "Chaque étape avance, mais tout ne concorde pas : voyez plus bas.",
    "Each stage goes on, but not all adds up: see below.",
)
IS_NOT_KNOWN_TO_ADD_UP = Sentence(
    "Chaque étape avance\u00a0; si tout concorde, on ne le sait pas encore.",
    "Each stage goes on; whether all adds up is not known yet.",
)
OLD = Sentence(
    "INCONNU. La surveillance en est restée à {instant} ({age})\u00a0: du présent, on ne sait "
    "rien. Ce qui suit valait alors.",
    "UNKNOWN. The watch stands at {instant} ({age}): nothing is known of now. What follows was so "
    "then.",
)
AS_OF = Sentence("Vu à {instant} ({age}).{watched}", "As seen at {instant} ({age}).{watched}")
LAST_SEEN = Sentence(
    "Les groupes n'ont plus été vus depuis {instant} ({age})\u00a0: Kafka se tait, ou la "
    "surveillance est bloquée.",
    "The groups were last seen at {instant} ({age}): Kafka is silent, or the watch hangs.",
)
NEVER_SEEN = Sentence(
    "Les groupes n'ont pas encore été vus\u00a0: Kafka n'a rien répondu.",
    "The groups have not been seen yet: Kafka has not answered.",
)
NOT_ALL = Sentence(
    "Une partie de ce qui a été reçu n'est pas encore dans les comptes.",
    "Some of what was received is not in the accounts yet.",
)
WHY = Sentence("{stages}\u00a0: {state}. {rule} {do}", "{stages}: {state}. {rule} {do}")
HELD = Sentence(
    "{place} est retenue avant {offset}\u00a0: {event}.",
    "{place} is held before {offset}: {event}.",
)
NO_EVENT = Sentence("événement sans identifiant lisible", "an event without a readable id")

AGO = Sentence("il y a {span}", "{span} ago")
AHEAD = Sentence("dans {span}", "in {span}")
SECONDS = Sentence("{count} s", "{count} s")
MINUTES = Sentence("{count} min", "{count} min")
HOURS = Sentence("{count} h", "{count} h")
DAYS = Sentence("{count} j", "{count} d")

TRENDS: Final = {"up": " ↑", "down": " ↓", "level": " →"}

OUTCOMES = Sentence(
    "Reçus\u00a0: {received} = {accepted} acceptés + {duplicate} doublons + {refused} refusés + "
    "{parked} en attente + {dead_letter} illisibles\u00a0; en cours\u00a0: {in_flight}.",
    "Received: {received} = {accepted} accepted + {duplicate} duplicates + {refused} refused + "
    "{parked} parked + {dead_letter} dead letters; in flight: {in_flight}.",
)
ADDS_UP = Sentence("Le compte est bon.", "The count adds up.")
DOES_NOT = Sentence(
    "Le compte n'est pas bon\u00a0: {gap} lus sans suite connue, {repeated} comptés deux fois.",
    "The count does not add up: {gap} read and of no known outcome, {repeated} counted twice.",
)
CANNOT_TELL = Sentence(
    "Le compte ne se vérifie pas\u00a0: —.", "Whether the count adds up is not known: —."
)

ORDERS = Sentence(
    "Mandats en attente\u00a0: {count}, {amount}\u00a0; le plus ancien\u00a0: {oldest}.",
    "Payment orders waiting: {count}, {amount}; the oldest: {oldest}.",
)
ORDERS_BY_STATE = Sentence("Par état\u00a0: {states}.", "By state: {states}.")
ORDERS_DUE = Sentence("À échéance passée\u00a0: {count}, {amount}.", "Due: {count}, {amount}.")
ORDERS_UNACKNOWLEDGED = Sentence(
    "Sans réponse du comptable depuis trop longtemps\u00a0: {count}, {amount}\u00a0; le plus "
    "ancien\u00a0: {oldest}.",
    "Unacknowledged for too long: {count}, {amount}; the oldest: {oldest}.",
)
DUE = Sentence("échu", "due")
UNACKNOWLEDGED = Sentence("sans réponse", "unacknowledged")

REPORTS = Sentence(
    "Documents en retard\u00a0: {count}\u00a0; le plus ancien\u00a0: {oldest}.",
    "Reports overdue: {count}; the oldest: {oldest}.",
)
CLOSED = Sentence("exercice clos", "closed year")
PARKED = Sentence(
    "Événements en attente\u00a0: {count}, dont {past} au-delà de leur délai\u00a0; le plus "
    "ancien\u00a0: {oldest}.",
    "Parked events: {count}, {past} of them past their deadline; the oldest: {oldest}.",
)
PAST = Sentence("délai passé", "past")
DEAD_LETTERS = Sentence(
    "Illisibles\u00a0: {count}, le premier\u00a0: {oldest}, le dernier\u00a0: {newest}. {reasons}",
    "Dead letters: {count}, the first: {oldest}, the last: {newest}. {reasons}",
)
REFUSALS = Sentence(
    "Refus\u00a0: {count}, le dernier\u00a0: {newest}. {codes}",
    "Refusals: {count}, the last: {newest}. {codes}",
)
INTERNAL_EVENTS = Sentence(
    "Événements d'échéance\u00a0: {written} écrits, {pending} à écrire.",
    "Deadline events: {written} written, {pending} to be written.",
)
BALANCES = Sentence(
    "Contre-vérification ({instance})\u00a0: {budgets} budgets, {differing} soldes différents, "
    "{faults} défauts du journal.",
    "Second opinion ({instance}): {budgets} budgets, {differing} balances that differ, {faults} "
    "faults of the journal.",
)
NOT_READY = Sentence(
    "La surveillance relit encore le journal.", "The watch is still reading the journal."
)

GROUPS: Final = {
    "outcomes": Sentence(
        "Reçus, et ce qu'ils sont devenus\u00a0: —.", "Received, and its outcome: —."
    ),
    "latencies": Sentence("Durées\u00a0: —.", "Latencies: —."),
    "orders": Sentence("Mandats en attente\u00a0: —.", "Payment orders waiting: —."),
    "reports_overdue": Sentence("Documents en retard\u00a0: —.", "Reports overdue: —."),
    "parked": Sentence("Événements en attente\u00a0: —.", "Parked events: —."),
    "dead_letters": Sentence("Illisibles\u00a0: —.", "Dead letters: —."),
    "refusals": Sentence("Refus\u00a0: —.", "Refusals: —."),
    "deadline_events": Sentence("Événements d'échéance\u00a0: —.", "Deadline events: —."),
}
"""Texts for groups of figures that the watch does not know."""
