"""The refusals, explained."""

from events.sentences import Sentence
from services.ledger.domain.refusals import Refusal
from services.ledger.explain.code_help import Advice

REFUSALS: dict[Refusal, Advice] = {
    Refusal.FISCAL_YEAR_CLOSED: Advice(
        Sentence("exercice clos", "fiscal year closed"),
        (30, 31),
        Sentence(
            "L'exercice est clos, et l'événement n'est ni un reversement, ni au sujet d'un mandat "
            "encore ouvert à la clôture ; ou il attendait encore quand l'exercice a été clos.",
            "The year is closed, and the event is neither a recovery nor about an order that was "
            "open at closing; or it still waited when the year was closed.",
        ),
        Sentence(
            "Envoyez l'événement sur le budget de l'exercice en cours.",
            "Send the event to the current year's budget.",
        ),
    ),
    Refusal.EVENT_ID_REUSED: Advice(
        Sentence("identifiant déjà employé", "event id reused"),
        (3, 4),
        Sentence(
            "La même source a déjà envoyé cet identifiant au même budget, avec un autre contenu.",
            "The same source has sent this id to the same budget already, with other content.",
        ),
        Sentence("Envoyez un nouvel identifiant.", "Send a new id."),
    ),
    Refusal.BUDGET_ALREADY_VOTED: Advice(
        Sentence("budget déjà voté", "budget already voted"),
        (30,),
        Sentence("Le budget a déjà son vote initial.", "The budget has its initial vote already."),
        Sentence(
            "Envoyez un budget supplémentaire ou une décision modificative (stage).",
            "Send a supplementary budget or an amendment (stage).",
        ),
    ),
    Refusal.UNKNOWN_PAYMENT_ORDER: Advice(
        Sentence("mandat inconnu", "unknown payment order"),
        (20,),
        Sentence(
            "Écluse n'a jamais émis ce mandat sur ce budget : rien ne le fera attendre.",
            "Écluse never issued this order on this budget: nothing makes the event wait for it.",
        ),
        Sentence(
            "Vérifiez la référence du mandat et le budget.",
            "Check the order's reference, and the budget.",
        ),
    ),
    Refusal.UNKNOWN_CONVENTION: Advice(
        Sentence("convention inconnue", "unknown convention"),
        (30, 31),
        Sentence(
            "Une clôture, ou un reversement d'un exercice clos, nomme une convention que le budget "
            "ne connaît pas ; d'autres événements attendraient.",
            "A closing, or a recovery of a closed year, names a convention that the budget does "
            "not know; other events would wait.",
        ),
        Sentence("Vérifiez son numéro.", "Check its number."),
    ),
    Refusal.GRANT_ALREADY_AWARDED: Advice(
        Sentence("subvention déjà attribuée", "grant already awarded"),
        (9, 32),
        Sentence(
            "La subvention a déjà son attribution, de l'exercice ou reportée.",
            "The grant has its award already, of this year or carried over.",
        ),
        Sentence(
            "Si cet acte la confirme, envoyez-le comme délibération concordante "
            "(role : concurring) ; sinon, donnez une autre référence à la subvention.",
            "If this act confirms it, send it as a concurring deliberation (role: concurring); "
            "else give the grant another reference.",
        ),
    ),
    Refusal.GRANT_WITHDRAWN: Advice(
        Sentence("attribution retirée", "grant withdrawn"),
        (9, 17),
        Sentence(
            "L'attribution de la subvention est retirée ou annulée.",
            "The award of the grant was withdrawn or annulled.",
        ),
        Sentence(
            "Attribuez une nouvelle subvention, sous une autre référence.",
            "Award a new grant, under another reference.",
        ),
    ),
    Refusal.CONVENTION_EXISTS: Advice(
        Sentence("convention existante", "convention exists"),
        (10, 13),
        Sentence(
            "Le numéro est pris, ou la subvention sans convention est déjà mandatée, payée ou "
            "réclamée, et rien n'en est retenu au-delà de 23 000 €.",
            "The number is taken, or the grant without convention has been ordered, paid or asked "
            "back, and nothing of it is held back above 23,000 €.",
        ),
        Sentence("Prenez un autre numéro.", "Use another number."),
    ),
    Refusal.BENEFICIARY_DIFFERS: Advice(
        Sentence("autre bénéficiaire", "beneficiary differs"),
        (11,),
        Sentence(
            "La convention désigne un organisme d'un autre SIREN que l'attribution.",
            "The convention names a body of another SIREN than the award.",
        ),
        Sentence("Corrigez le SIRET de la convention.", "Correct the convention's SIRET."),
    ),
    Refusal.CONVENTION_TERMINATED: Advice(
        Sentence("convention résiliée", "convention terminated"),
        (17,),
        Sentence(
            "La convention est résiliée, ou son attribution retirée : elle n'est plus modifiée.",
            "The convention is terminated, or its award fell: it is changed no more.",
        ),
        Sentence(
            "Vérifiez son numéro, ou signez une nouvelle convention.",
            "Check its number, or sign a new convention.",
        ),
    ),
    Refusal.WRONG_STATE: Advice(
        Sentence("mauvais état", "wrong state"),
        (17,),
        Sentence(
            "Une suspension d'une convention déjà suspendue, ou la reprise d'une convention qui "
            "ne l'est pas.",
            "A suspension of a convention that is suspended, or a resumption of one that is not.",
        ),
        Sentence("Vérifiez l'événement qui précède.", "Check the event before."),
    ),
    Refusal.PAYMENT_ORDER_CLOSED: Advice(
        Sentence("mandat clos", "payment order closed"),
        (20,),
        Sentence(
            "Le mandat est payé, rejeté ou annulé et n'accepte plus d'accusé de réception ; rejeté "
            "ou annulé, plus de paiement non plus.",
            "The order is paid, rejected or cancelled and takes no more acknowledgements; rejected "
            "or cancelled, no payment either.",
        ),
        Sentence(
            "Vérifiez sa référence ; un mandat réémis a la sienne (/2, /3).",
            "Check its reference; an order issued again has its own (/2, /3).",
        ),
    ),
    Refusal.ORDERS_OUTSTANDING: Advice(
        Sentence("mandats en instance", "orders outstanding"),
        (30,),
        Sentence(
            "La clôture trouve des mandats émis ou mis en instance, que le comptable n'a pas pris "
            "en charge.",
            "The closing finds orders issued or on hold, which the accountant has not taken in "
            "charge.",
        ),
        Sentence(
            "Envoyez d'abord les réponses du comptable, puis la clôture sous un autre identifiant.",
            "Send the accountant's answers first, then the closing under a new id.",
        ),
    ),
    Refusal.OVERPAYMENT: Advice(
        Sentence("paiement excessif", "overpayment"),
        (20,),
        Sentence(
            "Avec ce paiement, le mandat serait payé au-delà de son montant.",
            "With this payment the order would be paid above its amount.",
        ),
        Sentence("Vérifiez le montant du paiement.", "Check the amount of the payment."),
    ),
    Refusal.RECOVERY_EXCEEDS: Advice(
        Sentence("reversement excessif", "recovery exceeds"),
        (27, 31),
        Sentence(
            "On demande plus que ce qui est payé et pas encore réclamé, ou il rentre plus que ce "
            "qui était réclamé, en tout ou sur une ligne.",
            "More is asked back than was paid and not asked back yet, or more came than was asked "
            "back; in all, or on a line.",
        ),
        Sentence("Vérifiez le montant.", "Check the amount."),
    ),
    Refusal.EXCEEDS_AWARD: Advice(
        Sentence("attribution dépassée", "exceeds award"),
        (10, 13, 15),
        Sentence(
            "L'échéancier demande plus sur une ligne que ce que l'attribution y a encore.",
            "The instalments ask more of a line than the award has left for it.",
        ),
        Sentence(
            "Ramenez l'échéancier au montant attribué ; un avenant peut citer l'acte qui le "
            "relève.",
            "Bring the instalments down to what was awarded; an amendment may cite the act that "
            "raises it.",
        ),
    ),
    Refusal.BELOW_ORDERED: Advice(
        Sentence("déjà mandaté", "below ordered"),
        (15, 16),
        Sentence(
            "Un avenant nomme un versement déjà mandaté, ou une réduction dépasse ce qui reste à "
            "mandater sur une ligne.",
            "An amendment names an instalment that is ordered, or a reduction exceeds what is left "
            "to order on a line.",
        ),
        Sentence("Ne touchez pas à ce qui est mandaté.", "Leave what is ordered as it is."),
    ),
    Refusal.CONVENTION_REQUIRED: Advice(
        Sentence("convention obligatoire", "convention required"),
        (14,),
        Sentence(
            "Les attributions de l'exercice à cet établissement dépassent 23 000 € (loi 2000-321, "
            "article 10 ; décret 2001-495), et celle-ci serait sans convention.",
            "The year's awards to this establishment exceed 23,000 € (loi 2000-321, article 10; "
            "décret 2001-495), and this one would have no convention.",
        ),
        Sentence(
            "Renvoyez l'attribution sous un nouvel identifiant, avec requires_convention : true ; "
            "avant un avenant qui la relève, faites signer une convention.",
            "Send the award under a new id, with requires_convention: true; before an amendment "
            "that raises it, have a convention signed.",
        ),
    ),
    Refusal.INSUFFICIENT_CREDIT: Advice(
        Sentence("crédits insuffisants", "insufficient credit"),
        (26,),
        Sentence(
            "Le disponible du niveau de vote finirait au-dessous de zéro, par l'effet net de tout "
            "l'événement.",
            "The vote level's available credit would end below zero, by the net effect of the "
            "whole event.",
        ),
        Sentence(
            "Votez ou virez des crédits, puis renvoyez l'événement sous un nouvel identifiant.",
            "Vote or transfer credits, then send the event again under a new id.",
        ),
    ),
    Refusal.DEPENDENCY_MISSING: Advice(
        Sentence("attente échue", "dependency missing"),
        (29,),
        Sentence(
            "L'événement attendait, et ce qu'il attendait n'est pas arrivé à l'échéance.",
            "The event waited, and what it waited for had not come by its deadline.",
        ),
        Sentence(
            "Envoyez ce qui manquait, puis l'événement sous un nouvel identifiant.",
            "Send what was missing, then the event again under a new id.",
        ),
    ),
    Refusal.TOO_MANY_PARKED: Advice(
        Sentence("trop d'événements en attente", "too many parked"),
        (28,),
        Sentence(
            "L'événement devrait attendre, et le budget a déjà 1 000 événements en attente.",
            "The event would have to wait, and 1,000 events of the budget wait already.",
        ),
        Sentence(
            "Envoyez d'abord ce qu'ils attendent (ecluse parked les nomme), puis l'événement sous "
            "un nouvel identifiant.",
            "First send what they wait for (ecluse parked names them), then the event under a new "
            "id.",
        ),
    ),
}
"""The refusals, in order of precedence."""
