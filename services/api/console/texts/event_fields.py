"""Names of the members of events, and of the values that they may have, on forms."""

from collections.abc import Mapping
from typing import Final

from events.texts import Translatable, _, pgettext
from services.api.console.texts.codes import ROLES, TRIGGERS, WITHDRAWAL_CAUSES
from services.ledger.explain.sentences import DOCUMENTS
from services.ledger.explain.terms import ORDER_STATES

LABELS: Final[Mapping[str, Translatable]] = {
    "act": _("Act"),
    "acts": _("Acts"),
    "amendment": _("Amendment"),
    "amount_cents": _("Amount (€)"),
    "appropriations": _("Appropriations"),
    "article": _("Article"),
    "bank_account": _("Bank account"),
    "bank_reference": _("Bank reference"),
    "beneficiary": _("Beneficiary"),
    "bic": _("BIC"),
    "body": _("Assembly"),
    "budget": _("Budget"),
    "carry_over": _("Conventions carried over"),
    "cause": _("Cause"),
    "ceiling": _("Capped at the eligible cost"),
    "chapter": _("Chapter"),
    "closed_on": _("Closed on"),
    "code": _("Code"),
    "conditions_year": _("Year of the documents asked for"),
    "convention": _("Convention"),
    "date": _("Date"),
    "document": _("Document"),
    "documents": _("Documents"),
    "due_on": pgettext("report", "Due on"),
    "effective_on": _("Effective on"),
    "eligible_cost_cents": _("Eligible cost (€)"),
    "ends_on": _("Ends on"),
    "executed_on": _("Paid on"),
    "from_line": _("From line"),
    "function": _("Function"),
    "grant": _("Grant"),
    "holder": _("Holder"),
    "iban": _("IBAN"),
    "instalment": _("Instalment"),
    "instalments": _("Instalments"),
    "interested": _("Councillors with an interest"),
    "kind": _("Kind"),
    "label": _("Wording"),
    "line": _("Budget line"),
    "lines": _("Amounts by line"),
    "name": _("Name"),
    "notified_on": _("Notified on"),
    "number": _("Number"),
    "obligations": _("Documents owed"),
    "on": _("Day"),
    "operation": _("Operation"),
    "payment_order": _("Payment order"),
    "published_on": _("Published on"),
    "reason": _("Reason"),
    "received_on": _("Received on"),
    "recovery": _("Recovery"),
    "recused": _("Councillors who took no part"),
    "representative": _("Represented by"),
    "requires_convention": _("Needs a convention"),
    "role": _("Role"),
    "services": _("Services"),
    "signatory": _("Signatory"),
    "signed_on": _("Signed on"),
    "siret": _("SIRET"),
    "stage": _("Vote"),
    "starts_on": _("Starts on"),
    "state": _("State"),
    "stated_condition_years": _("Years named in the text"),
    "stated_total_cents": _("Total named in the text (€)"),
    "title": _("Purpose"),
    "to_line": _("To line"),
    "trigger": _("Paid"),
    "vote_level": _("Vote level"),
    "year": _("Year"),
}
"""By the name of a member of the contract; a test holds it complete."""

ANSWERS: Final = {"true": _("yes"), "false": _("no")}

CHOICES: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "carry_over": {"all": _("all"), "none": _("none")},
    "cause": WITHDRAWAL_CAUSES,
    "ceiling": ANSWERS,
    "kind": DOCUMENTS,
    "requires_convention": ANSWERS,
    "role": ROLES,
    "stage": {
        "initial": _("initial budget"),
        "supplementary": _("supplementary budget"),
        "amendment": _("amendment of the budget"),
    },
    "state": ORDER_STATES,
    "trigger": TRIGGERS,
    "vote_level": {
        "chapter": _("by chapter"),
        "article": _("by article"),
        "operation": _("by operation"),
    },
}
"""By the name of a member, the names of its values."""
