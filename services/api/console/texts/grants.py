"""Texts of the pages of grants, and of the figures and records behind them."""

from typing import Final

from events.sentences import Sentence
from services.texts.locale_format import Counted

TEXTS: Final = {
    "title": Sentence("Subventions", "Grants"),
    "lead": Sentence(
        "Chaque subvention, de la délibération au paiement.",
        "Every grant, from the deliberation to the payment.",
    ),
    "search": Sentence("Rechercher", "Search"),
    "search_in": Sentence("Subvention à trouver", "Grant to find"),
    "search_for": Sentence("Bénéficiaire, titre, SIRET ou référence", "Name, title, SIRET, ref."),
    "list": Sentence("Liste des subventions", "List of grants"),
    "grant": Sentence("Subvention", "Grant"),
    "beneficiary": Sentence("Bénéficiaire", "Beneficiary"),
    "state": Sentence("État", "State"),
    "awarded": Sentence("Attribué", "Awarded"),
    "paid": Sentence("Payé", "Paid"),
    "progress": Sentence("Avancement", "Progress"),
    "none": Sentence("Aucune subvention.", "No grant."),
    "none_found": Sentence(
        "Aucune subvention ne répond à « {search} ». Essayez un mot du titre, ou le SIRET.",
        "No grant answers to “{search}”. Try a word of the title, or the SIRET.",
    ),
    "found_for": Sentence("pour « {search} »", "for “{search}”"),
    "clear": Sentence("Effacer la recherche", "Clear the search"),
    "siret": Sentence("SIRET", "SIRET"),
    "represented_by": Sentence("Représenté par", "Represented by"),
    "budget": Sentence("Budget", "Budget"),
    "reference": Sentence("Référence", "Reference"),
    "carried_from": Sentence("Reportée du budget", "Carried from budget"),
    "withdrawn_on": Sentence("Retirée le", "Withdrawn on"),
    "schedule": Sentence("Versements", "Instalments"),
    "no_schedule": Sentence(
        "Pas encore d'échéancier\u00a0: il vient avec la convention.",
        "No schedule yet: it comes with the convention.",
    ),
    "stands_alone": Sentence("Sans convention", "Without a convention"),
    "convention": Sentence("Convention {convention}", "Convention {convention}"),
    "signed": Sentence("signée le {day}", "signed {day}"),
    "by_signatory": Sentence("par {signatory}", "by {signatory}"),
    "runs": Sentence("du {start} au {end}", "from {start} to {end}"),
    "lines": Sentence("L'argent, ligne par ligne", "The money, line by line"),
    "lines_lead": Sentence(
        "Chaque montant mène aux mouvements qui le font.",
        "Each amount leads to the moves that make it.",
    ),
    "line": Sentence("Ligne {line}", "Line {line}"),
    "of_this_grant": Sentence("Dont cette subvention", "Of which this grant"),
    "opened": Sentence("{amount} ouverts", "{amount} appropriated"),
    "documents": Sentence("Documents", "Documents"),
    "document": Sentence("Document", "Document"),
    "needed_for": Sentence("Pour", "For"),
    "due_on": Sentence("Dû le", "Due on"),
    "received_on": Sentence("Reçu le", "Received on"),
    "awaited": Sentence("attendu", "awaited"),
    "late": Sentence("en retard", "late"),
    "received": Sentence("reçu", "received"),
    "rejected": Sentence("rejeté\u00a0: {reason}", "rejected: {reason}"),
    "obligation": Sentence("obligation de la convention", "obligation of the convention"),
    "instalment_named": Sentence("versement {instalment}", "instalment {instalment}"),
    "eligible": Sentence("Coût éligible", "Eligible cost"),
    "no_documents": Sentence("Aucun document n'est demandé.", "No document is asked for."),
    "flags": Sentence("À vérifier", "To review"),
    "do": Sentence("Que faire\u00a0:", "What to do:"),
    "acts": Sentence("Actes", "Acts"),
    "act": Sentence("Acte", "Act"),
    "role": Sentence("Rôle", "Role"),
    "date": Sentence("Date", "Date"),
    "journal": Sentence("Journal", "Journal"),
    "journal_lead": Sentence(
        "Tout ce qui est dit plus haut vient de ces enregistrements.",
        "All that is said above comes from these records.",
    ),
    "number": Sentence("N°", "No."),
    "event": Sentence("Événement", "Event"),
    "time": Sentence("Instant", "Time"),
    "outcome": Sentence("Issue", "Outcome"),
    "recoveries": Sentence("Reversements", "Recoveries"),
    "recovery": Sentence("Reversement", "Recovery"),
    "step": Sentence("Étape", "Step"),
    "amount": Sentence("Montant", "Amount"),
    "reason": Sentence("Motif", "Reason"),
    "record": Sentence("Enregistrement", "Record"),
    "acts_number": Sentence("n°\u00a0{number}", "no. {number}"),
}

STEPS: Final = {
    "planned": Sentence("Prévu", "Planned"),
    "condition": Sentence("Condition", "Condition"),
    "ordered": Sentence("Mandaté", "Ordered"),
    "paid": Sentence("Payé", "Paid"),
}

STEP_STATES: Final = {
    "done": Sentence("fait", "done"),
    "now": Sentence("en cours", "under way"),
    "wrong": Sentence("arrêté", "stopped"),
    "later": Sentence("à venir", "to come"),
}

INSTALMENT_STATES: Final = {
    "paid": Sentence("payé", "paid"),
    "partly_paid": Sentence("payé en partie", "partly paid"),
    "ordered": Sentence("mandaté", "ordered"),
    "waiting": Sentence("en attente", "waiting"),
    "planned": Sentence("prévu", "planned"),
    "released": Sentence("dégagé", "released"),
    "rejected": Sentence("mandat rejeté", "order rejected"),
    "ended": Sentence("n'aura pas lieu", "will not take place"),
}

WANTS: Final = {
    "notification": Sentence("la notification de la convention", "the convention to be notified"),
    "document": Sentence("{document}", "{document}"),
    "bank_account": Sentence(
        "les coordonnées bancaires du bénéficiaire", "the beneficiary's bank details"
    ),
    "resumption": Sentence("la reprise de la convention", "the convention to be resumed"),
}

WAITS_FOR: Final = Sentence("attend {wants}", "waits for {wants}")
AND: Final = Sentence(" et ", " and ")
MET: Final = {
    "signature": Sentence("convention signée le {day}", "convention signed {day}"),
    "notification": Sentence("convention notifiée le {day}", "convention notified {day}"),
    "reports": Sentence("documents reçus au {day}", "documents received by {day}"),
}
MET_UNDATED: Final = Sentence("condition remplie", "condition met")
NEXT_EVENT: Final = Sentence(
    "rien ne manque\u00a0: le mandat vient avec le prochain événement de la convention",
    "nothing is missing: the order comes with the next event on the convention",
)
PLANNED_BY_AMENDMENT: Final = Sentence(
    "{trigger}, par l'avenant {amendment}", "{trigger}, by amendment {amendment}"
)
LEFT_OUT: Final = Sentence(
    "plus prévu par l'avenant {amendment}", "planned no more by amendment {amendment}"
)
CEILING: Final = Sentence("au plus, selon le coût éligible", "at most, by the eligible cost")
ORDERED_ON: Final = Sentence("émis le {day}", "issued {day}")
ORDERED_LESS: Final = Sentence("{ordered} sur {planned} prévus", "{ordered} of {planned} planned")
DUE: Final = Sentence("échéance {day}", "due {day}")
PAID_ON: Final = Sentence("{amount} le {day}", "{amount} on {day}")
GIVEN_BACK: Final = Sentence("{amount} dégagés", "{amount} released")
FLAG_COUNT: Final = Counted(
    Sentence("{count} à vérifier", "{count} to review"),
    Sentence("{count} à vérifier", "{count} to review"),
)
FOUND: Final = Counted(
    Sentence("{count} subvention", "{count} grant"),
    Sentence("{count} subventions", "{count} grants"),
)
FOUND_MORE: Final = Counted(
    Sentence("{count} subvention, et d'autres ensuite", "{count} grant, and more"),
    Sentence("{count} subventions, et d'autres ensuite", "{count} grants, and more"),
)
