"""Business noes: one enum in order of precedence, what each says, and the facts it carries."""

from enum import StrEnum

from events.sentences import Sentence


class Refusal(StrEnum):
    """Why an event was refused. The order is the order in which they are looked for."""

    FISCAL_YEAR_CLOSED = "fiscal_year_closed"
    EVENT_ID_REUSED = "event_id_reused"
    BUDGET_ALREADY_VOTED = "budget_already_voted"
    UNKNOWN_PAYMENT_ORDER = "unknown_payment_order"
    UNKNOWN_CONVENTION = "unknown_convention"
    GRANT_ALREADY_AWARDED = "grant_already_awarded"
    CONVENTION_EXISTS = "convention_exists"
    BENEFICIARY_DIFFERS = "beneficiary_differs"
    PAYMENT_ORDER_CLOSED = "payment_order_closed"
    ORDERS_OUTSTANDING = "orders_outstanding"
    OVERPAYMENT = "overpayment"
    EXCEEDS_AWARD = "exceeds_award"
    CONVENTION_REQUIRED = "convention_required"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    TOO_MANY_PARKED = "too_many_parked"


FACTS: dict[Refusal, tuple[str, ...]] = {
    Refusal.FISCAL_YEAR_CLOSED: ("budget",),
    Refusal.EVENT_ID_REUSED: ("event_id",),
    Refusal.BUDGET_ALREADY_VOTED: ("budget",),
    Refusal.UNKNOWN_PAYMENT_ORDER: ("payment_order",),
    Refusal.UNKNOWN_CONVENTION: ("convention",),
    Refusal.GRANT_ALREADY_AWARDED: ("grant",),
    Refusal.CONVENTION_EXISTS: ("convention",),
    Refusal.BENEFICIARY_DIFFERS: ("award", "convention"),
    Refusal.PAYMENT_ORDER_CLOSED: ("payment_order", "state"),
    Refusal.ORDERS_OUTSTANDING: ("payment_orders",),
    Refusal.OVERPAYMENT: ("payment_order", "amount_cents", "paid_cents", "asked_cents"),
    Refusal.EXCEEDS_AWARD: ("convention", "line", "award_cents", "asked_cents"),
    Refusal.CONVENTION_REQUIRED: ("siret", "total_cents", "limit_cents"),
    Refusal.INSUFFICIENT_CREDIT: (
        "level",
        "group",
        "available_cents",
        "asked_cents",
        "shortfall_cents",
    ),
    Refusal.TOO_MANY_PARKED: ("budget", "limit"),
}
"""The facts that each refusal carries, in the order in which they are printed."""

SENTENCES: dict[Refusal, Sentence] = {
    Refusal.FISCAL_YEAR_CLOSED: Sentence(
        fr="L'exercice du budget {budget} est clos : seuls les mandats alors pris en charge "
        "peuvent encore être payés ou rejetés. Envoyez l'événement sur le budget de l'exercice "
        "en cours.",
        en="The fiscal year of budget {budget} is closed: only orders that were taken in charge "
        "then can still be paid or rejected. Send the event to the current year's budget.",
    ),
    Refusal.EVENT_ID_REUSED: Sentence(
        fr="L'identifiant {event_id} a déjà servi pour un autre contenu : envoyez un nouvel "
        "identifiant.",
        en="The id {event_id} already stands for other content: send a new id.",
    ),
    Refusal.BUDGET_ALREADY_VOTED: Sentence(
        fr="Le budget {budget} a déjà son vote initial : envoyez un budget supplémentaire ou une "
        "décision modificative.",
        en="The budget {budget} already has its initial vote: send a supplementary budget or an "
        "amendment.",
    ),
    Refusal.UNKNOWN_PAYMENT_ORDER: Sentence(
        fr="Écluse n'a jamais émis le mandat {payment_order} : vérifiez sa référence.",
        en="Écluse never issued the payment order {payment_order}: check its reference.",
    ),
    Refusal.UNKNOWN_CONVENTION: Sentence(
        fr="Le budget ne connaît pas de convention {convention} : vérifiez son numéro.",
        en="The budget knows no convention {convention}: check its number.",
    ),
    Refusal.GRANT_ALREADY_AWARDED: Sentence(
        fr="La subvention {grant} est déjà attribuée. Si cet acte la confirme, envoyez-le comme "
        "délibération concordante (role : concurring).",
        en="The grant {grant} is already awarded. If this act confirms it, send it as a concurring "
        "deliberation (role: concurring).",
    ),
    Refusal.CONVENTION_EXISTS: Sentence(
        fr="La convention {convention} existe déjà, ou sa subvention est déjà mandatée : prenez "
        "un autre numéro, ou une autre subvention.",
        en="The convention {convention} already exists, or its grant is already ordered: use "
        "another number, or another grant.",
    ),
    Refusal.BENEFICIARY_DIFFERS: Sentence(
        fr="La convention désigne un autre organisme ({convention}) que l'attribution ({award}). "
        "Corrigez le SIRET de la convention.",
        en="The convention names another body ({convention}) than the award ({award}). Correct "
        "the convention's SIRET.",
    ),
    Refusal.PAYMENT_ORDER_CLOSED: Sentence(
        fr="Le mandat {payment_order} est clos ({state}) : il n'accepte plus ni accusé de "
        "réception ni paiement. Vérifiez sa référence.",
        en="The payment order {payment_order} is closed ({state}): it takes no more "
        "acknowledgements and no payment. Check its reference.",
    ),
    Refusal.ORDERS_OUTSTANDING: Sentence(
        fr="L'exercice ne peut être clos : le comptable n'a pas pris en charge {payment_orders}. "
        "Envoyez d'abord sa réponse.",
        en="The year cannot be closed: the accountant has not taken {payment_orders} in charge. "
        "Send the accountant's answer first.",
    ),
    Refusal.OVERPAYMENT: Sentence(
        fr="Le mandat {payment_order} est de {amount_cents}, dont {paid_cents} déjà payés : un "
        "paiement de {asked_cents} dépasserait son montant. Vérifiez le montant du paiement.",
        en="The payment order {payment_order} is for {amount_cents}, {paid_cents} already paid: a "
        "payment of {asked_cents} would exceed it. Check the amount of the payment.",
    ),
    Refusal.EXCEEDS_AWARD: Sentence(
        fr="L'attribution n'a plus que {award_cents} sur la ligne {line} ; {convention} en demande "
        "{asked_cents}. Ramenez l'échéancier au montant attribué.",
        en="The award has {award_cents} left on line {line}; {convention} asks for {asked_cents}. "
        "Bring the instalments down to what was awarded.",
    ),
    Refusal.CONVENTION_REQUIRED: Sentence(
        fr="Les subventions de l'année à {siret} atteignent {total_cents} : au-delà de "
        "{limit_cents}, il faut une convention (loi 2000-321, article 10). Envoyez l'attribution "
        "sous un nouvel identifiant, avec requires_convention : true.",
        en="The year's grants to {siret} reach {total_cents}: above {limit_cents} a convention is "
        "required (loi 2000-321, article 10). Send the award under a new id, with "
        "requires_convention: true.",
    ),
    Refusal.INSUFFICIENT_CREDIT: Sentence(
        fr="Crédits insuffisants au niveau {level} {group} : {available_cents} disponibles, "
        "{asked_cents} demandés, il manque {shortfall_cents}. Votez ou virez des crédits.",
        en="Not enough credit at {level} {group}: {available_cents} available, {asked_cents} "
        "asked, {shortfall_cents} short. Vote or transfer credits.",
    ),
    Refusal.TOO_MANY_PARKED: Sentence(
        fr="Déjà {limit} événements du budget {budget} attendent : envoyez d'abord ce qu'ils "
        "attendent.",
        en="Already {limit} events of budget {budget} wait: first send what they wait for.",
    ),
}
"""What the sender should read: what happened, with its facts, and what to do."""
