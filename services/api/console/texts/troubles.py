"""Texts of the lists of refused, parked and unreadable events; and of records."""

from typing import Final

from events.sentences import Sentence
from services.texts.locale_format import Counted

TEXTS: Final = {
    "title": Sentence("À traiter", "To deal with"),
    "tabs": Sentence("Ce qui n'est pas passé", "What did not go through"),
    "refused": Sentence("Refusés", "Refused"),
    "parked": Sentence("En attente", "Parked"),
    "unreadable": Sentence("Illisibles", "Dead letters"),
    "flagged": Sentence("À vérifier", "To review"),
    "flagged_lead": Sentence(
        "Quelqu'un devrait regarder\u00a0; l'argent suit son cours.",
        "Somebody should look; the money goes on.",
    ),
    "refused_lead": Sentence(
        "Un refus ne déplace rien. Pour une nouvelle décision, l'émetteur envoie un nouvel "
        "événement, sous un nouvel identifiant.",
        "A refusal moves nothing. For another decision the sender sends a new event, under a new "
        "id.",
    ),
    "parked_lead": Sentence(
        "Ce qui attend est décidé dès qu'arrive ce qui lui manque, et refusé après 30 jours.",
        "What waits is decided as soon as what it lacks arrives, and refused after 30 days.",
    ),
    "unreadable_lead": Sentence(
        "Ce ne sont pas des événements du contrat\u00a0: rien n'en a été décidé. Corrigés, ils "
        "peuvent garder leur identifiant.",
        "These are no events of the contract: nothing was decided from them. Mended, they may keep "
        "their id.",
    ),
    "no_refused": Sentence("Rien n'est refusé.", "Nothing is refused."),
    "no_parked": Sentence("Rien n'attend.", "Nothing waits."),
    "no_unreadable": Sentence("Tout a été lu.", "All was readable."),
    "no_flagged": Sentence("Rien à vérifier.", "Nothing to review."),
    "not_yours": Sentence(
        "Ils ne nomment aucune entité\u00a0: seul un accès à toutes les entités les voit.",
        "They name no entity: only an access to all entities sees them.",
    ),
    "by_reason": Sentence("Par motif", "By reason"),
    "all_reasons": Sentence("Tous", "All"),
    "reason": Sentence("Motif", "Reason"),
    "event": Sentence("Événement", "Event"),
    "time": Sentence("Instant", "Time"),
    "do": Sentence("Que faire", "What to do"),
    "budget": Sentence("Budget", "Budget"),
    "chain": Sentence("Chaîne", "Chain"),
    "sender": Sentence("Émetteur", "Sender"),
    "record": Sentence("Enregistrement {number}", "Record {number}"),
    "record_title": Sentence("Enregistrement {number}", "Record {number}"),
    "place": Sentence("Lu dans", "Read from"),
    "place_said": Sentence(
        "{topic}, partition {partition}, position {offset}",
        "{topic}, partition {partition}, offset {offset}",
    ),
    "journal_place": Sentence("Place au journal", "Place in the journal"),
    "resumes": Sentence("Reprend", "Resumes"),
    "event_sha256": Sentence("SHA-256 reçu", "SHA-256 received"),
    "moves": Sentence("Mouvements", "Moves"),
    "no_moves": Sentence("Aucun argent n'a bougé.", "No money moved."),
    "from": Sentence("De", "From"),
    "to": Sentence("Vers", "To"),
    "outside": Sentence("hors budget", "outside"),
    "line": Sentence("Ligne", "Line"),
    "amount": Sentence("Montant", "Amount"),
    "for": Sentence("Pour", "For"),
    "entries": Sentence("Écritures d'engagement", "Commitment entries"),
    "kind": Sentence("Nature", "Kind"),
    "orders": Sentence("Mandats", "Payment orders"),
    "order_issued": Sentence("émis ici", "issued here"),
    "order_changed": Sentence("changé ici", "changed here"),
    "due_on": Sentence("Échéance", "Due on"),
    "received": Sentence("L'événement, tel que reçu", "The event, as received"),
    "bytes": Sentence("Les octets", "The bytes"),
    "bytes_lead": Sentence(
        "Les octets de l'enregistrement au journal\u00a0; {count}.",
        "The bytes of the record in the journal; {count}.",
    ),
    "masked": Sentence(
        "Les IBAN sont masqués (•), à leur place.", "IBANs are masked (•), in their place."
    ),
    "show_them": Sentence("Les voir ici", "See them here"),
    "as_text": Sentence("En texte", "As text"),
    "as_hex": Sentence("En hexadécimal", "As hexadecimal"),
    "cut": Sentence(
        "Seul le début est montré ici\u00a0: {shown} sur {count}.",
        "Only the beginning is shown here: {shown} of {count}.",
    ),
    "previous": Sentence("Enregistrement précédent", "Previous record"),
    "next": Sentence("Enregistrement suivant", "Next record"),
    "neighbours": Sentence("Enregistrements voisins", "Records beside it"),
    "show_bytes": Sentence("Montrer les octets reçus", "Show the bytes received"),
    "show_bytes_hint": Sentence(
        "Réservé aux opérateurs\u00a0; les IBAN restent masqués. La consultation est inscrite au "
        "journal d'audit.",
        "For operators; IBANs stay masked. That you looked is written into the audit log.",
    ),
    "bytes_for_operators": Sentence(
        "Les octets reçus ne se montrent qu'aux opérateurs.",
        "The bytes received are shown to operators only.",
    ),
    "bytes_gone": Sentence(
        "Les octets reçus ne sont plus conservés\u00a0; l'empreinte reste.",
        "The bytes received are kept no longer; the hash stays.",
    ),
    "received_bytes": Sentence("Les octets reçus\u00a0; {count}.", "The bytes received; {count}."),
    "figure": Sentence("Les mouvements derrière un montant", "The moves behind a figure"),
    "figure_lead": Sentence(
        "Ce montant est la somme des mouvements ci-dessous, dans l'ordre du journal.",
        "This figure is the sum of the moves below, in the order of the journal.",
    ),
    "figure_part": Sentence(
        "Ce montant est la somme de tous ses mouvements\u00a0; cette page en montre une partie.",
        "This figure is the sum of all its moves; this page shows a part of them.",
    ),
    "figure_none": Sentence("Aucun mouvement\u00a0: ce montant est nul.", "No move: it is nil."),
    "effective_on": Sentence("Effet au", "Effective on"),
    "change": Sentence("Mouvement", "Move"),
    "after": Sentence("Montant après", "Figure after"),
}

BYTES: Final = Counted(
    Sentence("{count} octet", "{count} byte"), Sentence("{count} octets", "{count} bytes")
)

REFUSED_COUNT: Final = Sentence("Événements refusés", "Refused events")
PARKED_COUNT: Final = Sentence("Événements en attente", "Parked events")
UNREADABLE_COUNT: Final = Sentence("Enregistrements illisibles", "Dead letters")
FLAGS_COUNT: Final = Sentence("Points à vérifier", "Points to review")
LATE_COUNT: Final = Sentence("Mandats échus", "Overdue payment orders")
