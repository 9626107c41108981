"""Refusals: an enum in order of precedence, with their sentences and facts."""

from enum import StrEnum

from events.sentences import Sentence


class Refusal(StrEnum):
    """The reasons for which an event is refused, in order of precedence."""

    FISCAL_YEAR_CLOSED = "fiscal_year_closed"
    EVENT_ID_REUSED = "event_id_reused"
    BUDGET_ALREADY_VOTED = "budget_already_voted"
    UNKNOWN_PAYMENT_ORDER = "unknown_payment_order"
    UNKNOWN_CONVENTION = "unknown_convention"
    GRANT_ALREADY_AWARDED = "grant_already_awarded"
    GRANT_WITHDRAWN = "grant_withdrawn"
    CONVENTION_EXISTS = "convention_exists"
    BENEFICIARY_DIFFERS = "beneficiary_differs"
    CONVENTION_TERMINATED = "convention_terminated"
    WRONG_STATE = "wrong_state"
    PAYMENT_ORDER_CLOSED = "payment_order_closed"
    ORDERS_OUTSTANDING = "orders_outstanding"
    OVERPAYMENT = "overpayment"
    RECOVERY_EXCEEDS = "recovery_exceeds"
    EXCEEDS_AWARD = "exceeds_award"
    BELOW_ORDERED = "below_ordered"
    CONVENTION_REQUIRED = "convention_required"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    DEPENDENCY_MISSING = "dependency_missing"
    TOO_MANY_PARKED = "too_many_parked"


class Missing(StrEnum):
    """The things that an event may wait for: it is decided as soon as one is there (rules, 28)."""

    BUDGET = "budget"
    GRANT = "grant"
    CONVENTION = "convention"
    RECOVERY = "recovery"


FACTS: dict[Refusal, tuple[str, ...]] = {
    Refusal.FISCAL_YEAR_CLOSED: ("budget",),
    Refusal.EVENT_ID_REUSED: ("event_id",),
    Refusal.BUDGET_ALREADY_VOTED: ("budget",),
    Refusal.UNKNOWN_PAYMENT_ORDER: ("payment_order",),
    Refusal.UNKNOWN_CONVENTION: ("convention",),
    Refusal.GRANT_ALREADY_AWARDED: ("grant",),
    Refusal.GRANT_WITHDRAWN: ("grant",),
    Refusal.CONVENTION_EXISTS: ("convention",),
    Refusal.BENEFICIARY_DIFFERS: ("award", "convention"),
    Refusal.CONVENTION_TERMINATED: ("convention",),
    Refusal.WRONG_STATE: ("convention", "state"),
    Refusal.PAYMENT_ORDER_CLOSED: ("payment_order", "state"),
    Refusal.ORDERS_OUTSTANDING: ("payment_orders",),
    Refusal.OVERPAYMENT: ("payment_order", "amount_cents", "paid_cents", "asked_cents"),
    Refusal.RECOVERY_EXCEEDS: ("convention", "room_cents", "asked_cents"),
    Refusal.EXCEEDS_AWARD: ("convention", "line", "award_cents", "asked_cents"),
    Refusal.BELOW_ORDERED: ("convention", "instalment", "line", "remaining_cents", "asked_cents"),
    Refusal.CONVENTION_REQUIRED: ("siret", "total_cents", "limit_cents"),
    Refusal.INSUFFICIENT_CREDIT: (
        "level",
        "group",
        "available_cents",
        "asked_cents",
        "shortfall_cents",
    ),
    Refusal.DEPENDENCY_MISSING: ("kind", "id"),
    Refusal.TOO_MANY_PARKED: ("budget", "limit"),
}
"""The facts that each refusal carries, in the order in which they are printed.

Of `below_ordered` it is the instalment that an amendment names, or the line that is reduced."""

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
    Refusal.GRANT_WITHDRAWN: Sentence(
        fr="L'attribution de la subvention {grant} est retirée ou annulée : attribuez une nouvelle "
        "subvention, sous une autre référence.",
        en="The award of grant {grant} was withdrawn or annulled: award a new grant, under another "
        "reference.",
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
    Refusal.CONVENTION_TERMINATED: Sentence(
        fr="La convention {convention} est résiliée, ou son attribution retirée : elle n'est plus "
        "modifiée. Vérifiez son numéro, ou signez une nouvelle convention.",
        en="The convention {convention} is terminated, or its award withdrawn: it is changed no "
        "more. Check its number, or sign a new convention.",
    ),
    Refusal.WRONG_STATE: Sentence(
        fr="La convention {convention} est {state} : elle ne peut ni être suspendue deux fois, ni "
        "reprendre sans avoir été suspendue. Vérifiez l'événement qui précède.",
        en="The convention {convention} is {state}: it cannot be suspended twice, nor resume when "
        "it was not suspended. Check the event before.",
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
    Refusal.RECOVERY_EXCEEDS: Sentence(
        fr="Il ne reste que {room_cents} à reverser sur la convention {convention}, et "
        "l'événement en demande {asked_cents}. Vérifiez le montant.",
        en="Only {room_cents} is left to recover from convention {convention}, and the event asks "
        "for {asked_cents}. Check the amount.",
    ),
    Refusal.EXCEEDS_AWARD: Sentence(
        fr="L'attribution n'a plus que {award_cents} sur la ligne {line} ; {convention} en demande "
        "{asked_cents}. Ramenez l'échéancier au montant attribué ; un avenant peut citer l'acte "
        "qui le relève.",
        en="The award has {award_cents} left on line {line}; {convention} asks for {asked_cents}. "
        "Bring the instalments down to what was awarded; an amendment may cite the act that raises "
        "it.",
    ),
    Refusal.BELOW_ORDERED: Sentence(
        fr="Sur la convention {convention}{where}, il ne reste que {remaining_cents} non mandatés, "
        "et l'événement porte sur {asked_cents}. Ne touchez pas à ce qui est mandaté.",
        en="On convention {convention}{where} only {remaining_cents} is not ordered yet, and the "
        "event is about {asked_cents}. Leave what is ordered as it is.",
    ),
    Refusal.CONVENTION_REQUIRED: Sentence(
        fr="Les subventions de l'année à {siret} atteignent {total_cents} : au-delà de "
        "{limit_cents}, il faut une convention (loi 2000-321, article 10). Envoyez l'attribution "
        "sous un nouvel identifiant, avec requires_convention : true ; si elle est déjà faite, "
        "faites signer une convention avant de la relever.",
        en="The year's grants to {siret} reach {total_cents}: above {limit_cents} a convention is "
        "required (loi 2000-321, article 10). Send the award under a new id, with "
        "requires_convention: true; if it is made already, have a convention signed before it is "
        "raised.",
    ),
    Refusal.INSUFFICIENT_CREDIT: Sentence(
        fr="Crédits insuffisants au niveau {level} {group} : {available_cents} disponibles, "
        "{asked_cents} demandés, il manque {shortfall_cents}. Votez ou virez des crédits.",
        en="Not enough credit at {level} {group}: {available_cents} available, {asked_cents} "
        "asked, {shortfall_cents} short. Vote or transfer credits.",
    ),
    Refusal.DEPENDENCY_MISSING: Sentence(
        fr="Ce qu'attendait l'événement n'est pas arrivé à temps ({kind} {id}) : envoyez-le, puis "
        "renvoyez l'événement sous un nouvel identifiant.",
        en="What the event waited for did not arrive in time ({kind} {id}): send it, then send the "
        "event again under a new id.",
    ),
    Refusal.TOO_MANY_PARKED: Sentence(
        fr="Déjà {limit} événements du budget {budget} attendent : envoyez d'abord ce qu'ils "
        "attendent.",
        en="Already {limit} events of budget {budget} wait: first send what they wait for.",
    ),
}
"""The sentence for the sender, by refusal: what happened, with its facts, and what to do."""
