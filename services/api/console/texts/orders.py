"""Texts of the pages of payment orders."""

from typing import Final

from events.sentences import Sentence
from services.texts.locale_format import Counted

TEXTS: Final = {
    "title": Sentence("Mandats", "Payment orders"),
    "lead": Sentence(
        "Ce que la trésorerie doit payer, le premier dû d'abord. Un mandat est dû 60 jours après "
        "ce qui l'a déclenché.",
        "What the treasury is to pay, the first due first. An order is due 60 days after what set "
        "it off.",
    ),
    "waiting": Sentence("En attente", "Waiting"),
    "oldest": Sentence("Le plus ancien", "The oldest"),
    "issued_ago": Sentence("émis {age}", "issued {age}"),
    "none_waits": Sentence("aucun", "none"),
    "due_soon": Sentence("Dus sous 60 jours", "Due within 60 days"),
    "overdue": Sentence("Échus", "Overdue"),
    "by_state": Sentence("Par état", "By state"),
    "all_states": Sentence("Tous", "All"),
    "totals": Sentence(
        "Sous chaque état en attente, ce qui reste à payer\u00a0; sous les autres, le montant des "
        "mandats.",
        "Under each state that waits stands what is still to be paid; under the others, what the "
        "orders come to.",
    ),
    "narrow": Sentence("Filtrer", "Filter"),
    "narrow_by": Sentence(
        "Filtrer par budget, échéance ou âge", "Filter by budget, due date or age"
    ),
    "clear": Sentence("Tout montrer", "Show all"),
    "due_from": Sentence("Échéance à partir du", "Due from"),
    "due_until": Sentence("Échéance jusqu'au", "Due until"),
    "older_than": Sentence("Âge d'au moins (jours)", "At least this old (days)"),
    "still_waiting": Sentence("En attente", "Waiting"),
    "order": Sentence("Mandat", "Payment order"),
    "beneficiary": Sentence("Bénéficiaire", "Beneficiary"),
    "amount": Sentence("Montant", "Amount"),
    "left": Sentence("Reste à payer", "Still to pay"),
    "paid": Sentence("Payé", "Paid"),
    "state": Sentence("État", "State"),
    "since": Sentence("depuis le {day}", "since {day}"),
    "issued_on": Sentence("Émis le", "Issued on"),
    "acknowledged_on": Sentence("Réponse du comptable le", "Acknowledged on"),
    "due_on": Sentence("Échéance", "Due on"),
    "late_by": Sentence("échu {away}", "overdue, {away}"),
    "none": Sentence("Aucun mandat ici.", "No payment order here."),
    "list": Sentence("Liste des mandats", "List of payment orders"),
    "title_of_act": Sentence("Objet", "Purpose"),
    "siret": Sentence("SIRET", "SIRET"),
    "budget": Sentence("Budget", "Budget"),
    "convention": Sentence("Convention", "Convention"),
    "grant": Sentence("Subvention", "Grant"),
    "instalment": Sentence("Versement", "Instalment"),
    "previous": Sentence("Remplace", "Replaces"),
    "reason": Sentence("Motif du comptable", "The accountant's reason"),
    "lines": Sentence("Imputations", "Budget lines"),
    "line": Sentence("Ligne", "Line"),
    "services": Sentence("Délégations", "Services"),
    "sum": Sentence("Total", "Total"),
    "payments": Sentence("Paiements", "Payments"),
    "no_payment": Sentence("Rien n'est encore payé.", "Nothing is paid yet."),
    "executed_on": Sentence("Exécuté le", "Executed on"),
    "bank_reference": Sentence("Référence bancaire", "Bank reference"),
    "record": Sentence("Enregistrement", "Record"),
    "account": Sentence("Compte crédité", "Account credited"),
    "iban": Sentence("IBAN", "IBAN"),
    "bic": Sentence("BIC", "BIC"),
    "holder": Sentence("Titulaire", "Holder"),
    "masked": Sentence(
        "Donnée personnelle\u00a0: seules les extrémités sont montrées.",
        "Personal data: only the ends are shown.",
    ),
    "reveal": Sentence("Montrer l'IBAN entier", "Show the whole IBAN"),
    "reveal_hint": Sentence(
        "Réservé aux opérateurs, pour cette page seulement. La consultation est inscrite au "
        "journal d'audit.",
        "For operators, on this page only. That you looked is written into the audit log.",
    ),
    "revealed": Sentence("IBAN montré", "IBAN shown"),
    "revealed_said": Sentence(
        "Votre accès, ce mandat et l'heure sont inscrits au journal d'audit. Recharger la page le "
        "masque.",
        "Your access, this order and the time are written into the audit log. Opening the page "
        "again masks it.",
    ),
    "records": Sentence("Enregistrements au journal", "Records of the journal"),
    "issued_by": Sentence("L'émission", "The issue"),
    "changed_by": Sentence("Le dernier changement", "The last change"),
}

ORDERS: Final = Counted(
    Sentence("{count} mandat", "{count} order"), Sentence("{count} mandats", "{count} orders")
)
